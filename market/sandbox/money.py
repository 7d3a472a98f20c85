"""Money that the platform moves: transfers, refunds, and the balance that every movement changes."""

from market.sandbox.calls import Call, Json
from market.sandbox.refusals import wrong

REFUND_SECONDS = 5
"""How long the refunds of some cards take, unless a test wants otherwise."""

_CATEGORIES = {"transfer_refund": "transfer_reversal"}
"""How a kind of movement is called in reports, where that is another word (Stripe, "Reporting categories")."""


def create_transfer(call: Call) -> Json:
    """Move money to a connected account, from a charge or from the balance."""
    params = call.params
    account = call.get("account", params["destination"], "destination")
    if account["capabilities"].get("transfers") != "active":
        message = (
            "Your destination account needs to have at least one of the following capabilities: transfers."
        )
        raise wrong(message, code="insufficient_capabilities_for_transfer", param="destination")
    source = params.get("source_transaction")
    if source:
        charge = call.get("charge", source, "source_transaction")
        if not charge["paid"] or charge["currency"] != params["currency"]:
            raise wrong(
                "The source transaction cannot be used for this transfer.", param="source_transaction"
            )
        if charge["transfer_group"] and params.get("transfer_group") not in (None, charge["transfer_group"]):
            raise wrong("transfer_group must equal that of the source transaction.", param="transfer_group")
        used = sum(one["amount"] for one in call.store.every("transfer", source_transaction=source))
        available = charge["amount"] - used
        available_on = call.get("balance_transaction", charge["balance_transaction"])["available_on"]
    else:
        available = totals(call, "available").get(params["currency"], 0)
        available_on = call.now
    if params["amount"] > available:
        raise wrong(
            "You have insufficient funds for this transfer.", code="balance_insufficient", param="amount"
        )
    transfer = call.made(
        "transfer",
        "tr",
        amount=params["amount"],
        amount_reversed=0,
        currency=params["currency"],
        description=params.get("description"),
        destination=account["id"],
        metadata=params.get("metadata", {}),
        reversals={"object": "list", "data": [], "has_more": False, "url": "/v1/transfers"},
        reversed=False,
        source_transaction=source,
        transfer_group=params.get("transfer_group") or (charge["transfer_group"] if source else None),
    )
    transfer["balance_transaction"] = move(
        call, "transfer", transfer, -transfer["amount"], 0, available_on=available_on
    )
    call.store.save(transfer)
    call.emit("transfer.created", transfer)
    return transfer


def create_refund(call: Call) -> Json:
    """Give back a payment or a part of it; at most what is left."""
    params = call.params
    if ("payment_intent" in params) == ("charge" in params):
        raise wrong("One of the following params should be provided: payment_intent or charge.")
    if "payment_intent" in params:
        intent = call.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = call.get("charge", intent["latest_charge"] or "", "payment_intent")
    else:
        charge = call.get("charge", params["charge"], "charge")
    left = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise wrong("This payment has no successful charge to refund.", param="payment_intent")
    if left == 0:
        raise wrong(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge.get("_charged_back"):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise wrong(message, code="charge_disputed")
    amount = params.get("amount", left)
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise wrong(message, param="amount")
    refund = call.made(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=params.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
        status="pending"
        if charge.get("_refund") == "pending"
        else call.store.setting("refund_status", "succeeded"),
    )
    refund["balance_transaction"] = move(call, "refund", refund, -amount, 0)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.store.save(refund)
    call.store.save(charge)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge)
    if charge.get("_refund"):
        call.later("refund", refund["id"], "refund_after", REFUND_SECONDS)
    return refund


def finish_refund(call: Call, id: str) -> None:
    """Bring a refund of a card whose refunds take time, or fail, to its end."""
    refund = call.get("refund", id)
    fails = call.get("charge", refund["charge"])["_refund"] == "failed"
    resolve_refund(call, refund, "failed" if fails else "succeeded")


def resolve_refund(call: Call, refund: Json, status: str) -> Json:
    """Let a refund arrive, or fail: then its money is back on the platform's account."""
    if refund["status"] in (status, "failed"):
        return refund
    refund["status"] = status
    if status == "failed":
        refund["failure_reason"] = "unknown"
        refund["failure_balance_transaction"] = move(call, "refund_failure", refund, refund["amount"], 0)
        charge = call.get("charge", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        call.store.save(charge)
    call.store.save(refund)
    call.emit("refund.updated", refund)
    if status == "failed":
        call.emit("refund.failed", refund)
    return refund


def balance(call: Call) -> Json:
    """Add up what is left on the platform's own account, or a connected one: what can be used now, and what not yet."""
    if call.account:
        available, pending = connected(call, call.get("account", call.account)), {"cny": 0}
    else:
        available, pending = totals(call, "available"), totals(call, "pending")
    return {
        "object": "balance",
        "livemode": False,
        "available": [{"amount": amount, "currency": name} for name, amount in available.items()],
        "pending": [{"amount": amount, "currency": name} for name, amount in pending.items()],
    }


def totals(call: Call, status: str) -> dict[str, int]:
    """Add up the movements that are ``available`` or ``pending``, minor units by currency."""
    return {"cny": 0} | call.store.sums("balance_transaction", "net", by="currency", status=status)


def connected(call: Call, account: Json) -> dict[str, int]:
    """Return what a connected account holds by currency: what transfers left there, less what it has paid out."""
    found = {"cny": 0}
    for one in call.store.every("transfer", destination=account["id"]):
        held = found.get(one["currency"], 0)
        found[one["currency"]] = held + one["amount"] - one["amount_reversed"]
    paid_out = account.get("_paid_out", {})
    return {currency: amount - paid_out.get(currency, 0) for currency, amount in found.items()}


def move(
    call: Call,
    type: str,
    source: Json,
    amount: int,
    fee: int,
    *,
    category: str = "",
    available_on: int = 0,
    pending: bool = False,
) -> str:
    """Write one movement of the platform's own account and return its id.

    Args:
        call: the request.
        type: the platform's word for it.
        source: the object it is about.
        amount: minor units; negative when money leaves.
        fee: what the platform keeps of it, minor units.
        category: the reporting category, where it is not the type.
        available_on: when it may be used, in seconds; 0 is now.
        pending: whether it may be used only later, as long as a test wants (setting ``available_after``).
    """
    if pending:
        available_on = call.now + call.seconds("available_after", 0)
    status = "pending" if available_on > call.now else "available"
    movement = call.made(
        "balance_transaction",
        "txn",
        amount=amount,
        available_on=max(available_on, call.now),
        balance_type="payments",
        currency=source["currency"],
        description=None,
        exchange_rate=None,
        fee=fee,
        fee_details=[_fee(type, source, fee)] if fee else [],
        net=amount - fee,
        reporting_category=category or _CATEGORIES.get(type, type),
        source=source["id"],
        status=status,
        type=type,
    )
    if status == "pending":
        call.store.plan("available", movement["id"], available_on)
    return str(movement["id"])


def _fee(type: str, source: Json, fee: int) -> Json:
    words = "Dispute fee" if type == "adjustment" else "Stripe processing fees"
    return {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": words,
        "type": "stripe_fee",
    }


def become_available(call: Call, id: str) -> None:
    """Let the money of a movement be used."""
    call.store.save(call.get("balance_transaction", id) | {"status": "available"})
