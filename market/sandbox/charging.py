"""Taking money for a payment intent: declined, asked at the bank first, at once, or a while later."""

from market.sandbox.calls import Call, Json, shown
from market.sandbox.methods import WALLETS, method_of
from market.sandbox.money import move
from market.sandbox.refusals import card_error

FEE_PER_MYRIAD = 290
"""What the platform keeps of a charge: 2.9 %, in ten-thousandths; rounded half up."""

WALLET_SECONDS, DISPUTE_SECONDS = 2, 0
"""How long a wallet's money and a bank's second thoughts take, unless a test wants otherwise."""

_AUTHENTICATION = "authentication_required"


def attempt(call: Call, intent: Json, paid_with: Json, *, authenticated: bool = False) -> Json | None:
    """Try to take the money; the intent is changed and saved.

    Args:
        call: the request.
        intent: the payment intent.
        paid_with: the payment method.
        authenticated: whether the payer was at the bank or wallet already.

    Returns:
        The card error when it was declined; None when it was paid, is on its way or needs the payer.
    """
    method = method_of(paid_with)
    intent |= {"payment_method": paid_with["id"], "last_payment_error": None, "next_action": None}
    if not authenticated and (method.authenticates or method.type in WALLETS):
        if intent["_off_session"]:
            message = "Your card was declined. This transaction requires authentication."
            return decline(call, intent, paid_with, (_AUTHENTICATION, _AUTHENTICATION, message))
        _ask_payer(call, intent)
        return None
    if method.decline[0]:
        return decline(call, intent, paid_with, method.decline)
    if method.type in WALLETS:
        begin(call, intent, paid_with)
    else:
        succeed(call, intent, _charge(call, intent, paid_with, status="succeeded"))
    return None


def begin(call: Call, intent: Json, paid_with: Json) -> None:
    """Start a payment that a wallet settles by itself a little later."""
    charge = _charge(call, intent, paid_with, status="pending")
    intent |= {"status": "processing", "latest_charge": charge["id"]}
    call.store.save(intent)
    call.emit("charge.pending", charge)
    call.emit("payment_intent.processing", intent)
    call.later("settle", intent["id"], "wallet_after", WALLET_SECONDS)


def settle(call: Call, intent: Json) -> None:
    """Bring a wallet's payment to its end, good or bad."""
    charge = call.get("charge", intent["latest_charge"])
    if intent["_fails"]:
        paid_with = call.get("payment_method", intent["payment_method"])
        reason = ("payment_intent_payment_attempt_failed", "", "The payment was not completed at the wallet.")
        _failed(call, intent, paid_with, charge, reason)
    else:
        succeed(call, intent, charge)


def succeed(call: Call, intent: Json, charge: Json) -> None:
    """Book the money of a charge, and plan what this card does afterwards."""
    method = method_of(call.get("payment_method", charge["payment_method"]))
    fee = (charge["amount"] * FEE_PER_MYRIAD + 5_000) // 10_000
    charge |= {"status": "succeeded", "paid": True, "captured": True}
    charge["balance_transaction"] = move(
        call, "charge", charge, charge["amount"], fee, pending=not method.immediate
    )
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    call.store.save(charge)
    call.store.save(intent)
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    if method.dispute:
        call.later("dispute", charge["id"], "dispute_after", DISPUTE_SECONDS)


def decline(call: Call, intent: Json, paid_with: Json, reason: tuple[str, str, str]) -> Json:
    """Write down a refused attempt and return its card error; the intent can be tried again."""
    charge = _charge(call, intent, paid_with, status="failed")
    intent["latest_charge"] = charge["id"]
    return _failed(call, intent, paid_with, charge, reason)


def _failed(call: Call, intent: Json, paid_with: Json, charge: Json, reason: tuple[str, str, str]) -> Json:
    code, decline_code, message = reason
    charge |= {"status": "failed", "failure_code": code, "failure_message": message}
    error = card_error(code, decline_code, message) | {
        "charge": charge["id"],
        "payment_method": shown(paid_with),
    }
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": error,
        "next_action": None,
    }
    call.store.save(charge)
    call.store.save(intent)
    call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", intent)
    return error


def _ask_payer(call: Call, intent: Json) -> None:
    """Send the payer to a page of the bank or wallet."""
    back = {"url": f"{call.base}/authorize/{intent['id']}", "return_url": intent["_return_url"]}
    intent |= {
        "status": "requires_action",
        "next_action": {"type": "redirect_to_url", "redirect_to_url": back},
    }
    call.store.save(intent)
    call.emit("payment_intent.requires_action", intent)


def _charge(call: Call, intent: Json, paid_with: Json, *, status: str) -> Json:
    """Make the charge of one attempt."""
    kind = paid_with["type"]
    return call.made(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=0 if status != "succeeded" else intent["amount"],
        amount_refunded=0,
        balance_transaction=None,
        billing_details=paid_with["billing_details"],
        captured=status == "succeeded",
        currency=intent["currency"],
        description=intent["description"],
        disputed=False,
        failure_code=None,
        failure_message=None,
        metadata=intent["metadata"],
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=paid_with["id"],
        payment_method_details={"type": kind, kind: paid_with[kind]},
        refunded=False,
        status=status,
        transfer_group=intent["transfer_group"],
        _refund=method_of(paid_with).refund,
    )
