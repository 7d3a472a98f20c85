"""Taking transfers back: what is reversed leaves the connected account, which must hold it (Stripe, "Reversals")."""

from market.sandbox.calls import Call, Json
from market.sandbox.money import connected, move
from market.sandbox.refusals import wrong


def create_reversal(call: Call) -> Json:
    """Take a transfer back, or a part of it; at most what is left of it and what the account still holds."""
    transfer = call.get("transfer", call.id, "transfer")
    account = call.get("account", transfer["destination"], "destination")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if amount > left or not left:
        message = f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})"
        raise wrong(message, param="amount")
    if amount > connected(call, account).get(transfer["currency"], 0):
        message = f"Insufficient funds in the balance of account {account['id']} to reverse this transfer."
        raise wrong(message, code="balance_insufficient", param="amount")
    reversal = call.made(
        "transfer_reversal",
        "trr",
        amount=amount,
        currency=transfer["currency"],
        destination_payment_refund=None,
        metadata=call.params.get("metadata", {}),
        source_refund=None,
        transfer=transfer["id"],
    )
    reversal["balance_transaction"] = move(call, "transfer_refund", reversal, amount, 0)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    call.store.save(reversal)
    call.store.save(transfer)
    call.emit("transfer.reversed", transfer)
    return reversal
