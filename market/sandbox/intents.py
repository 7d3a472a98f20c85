"""Payment intents: made, confirmed, cancelled, and come back to by payers who were at their bank or wallet."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from market.sandbox.calls import Call, Json, shown
from market.sandbox.charging import attempt, decline
from market.sandbox.methods import CARD_TYPES, TYPES, WALLETS, take
from market.sandbox.refusals import Declined, Refusal, wrong
from market.sandbox.store import new_id

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELLABLE = (*CONFIRMABLE, "requires_capture")


def create(call: Call) -> Json:
    """Make a payment intent; confirmed at once when asked.

    Raises:
        Declined: confirmed and declined; the intent stands.
    """
    params = call.params
    automatic = params.get("automatic_payment_methods", {})
    if automatic.get("enabled") and "payment_method_types" in params:
        raise wrong(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        )
    types = params.get("payment_method_types", list(TYPES))
    if automatic.get("allow_redirects") == "never":
        types = list(CARD_TYPES)
    intent = fresh(call, params["amount"], params["currency"], types, params)
    intent["automatic_payment_methods"] = automatic or None
    if "payment_method" in params or "payment_method_data" in params:
        chosen = _method(call, intent)
        intent |= {"payment_method": chosen["id"], "status": "requires_confirmation"}
    call.store.save(intent)
    call.emit("payment_intent.created", intent)
    if params.get("confirm"):
        return _confirm(call, intent)
    if "return_url" in params or "off_session" in params:
        raise wrong("return_url and off_session may only be given when confirm is true.", param="confirm")
    return intent


def fresh(call: Call, amount: int, currency: str, types: list[str], given: Mapping[str, Any]) -> Json:
    """Make and save an intent that nobody has tried to pay."""
    intent = call.made(
        "payment_intent",
        "pi",
        amount=amount,
        amount_received=0,
        automatic_payment_methods=None,
        canceled_at=None,
        cancellation_reason=None,
        capture_method=given.get("capture_method", "automatic_async"),
        confirmation_method="automatic",
        currency=currency,
        description=given.get("description"),
        last_payment_error=None,
        latest_charge=None,
        metadata=given.get("metadata", {}),
        next_action=None,
        payment_method=None,
        payment_method_types=types,
        status="requires_payment_method",
        transfer_group=given.get("transfer_group"),
        # What the platform keeps aside from the object it shows:
        _fails=False,
        _off_session=False,
        _return_url=None,
        _session=None,
    )
    intent["client_secret"] = f"{intent['id']}_{new_id('secret')}"
    call.store.save(intent)
    return intent


def confirm(call: Call) -> Json:
    """Try to take the money of an intent.

    Raises:
        Refusal: it is over, or there is nothing to pay with.
        Declined: the card was declined; the intent stands.
    """
    intent = call.get("payment_intent", call.id, "intent")
    _only_ours(intent, "confirm")
    if intent["status"] not in CONFIRMABLE:
        raise _unexpected(intent, "confirm", CONFIRMABLE)
    return _confirm(call, intent)


def _confirm(call: Call, intent: Json) -> Json:
    chosen = _method(call, intent)
    intent["_off_session"] = bool(call.params.get("off_session"))
    intent["_return_url"] = call.params.get("return_url") or intent["_return_url"]
    if not intent["_return_url"] and _may_redirect(intent, chosen):
        message = (
            "This PaymentIntent is configured to accept payment methods that may redirect your customer:"
            " return_url is needed, or automatic_payment_methods[allow_redirects]=never."
        )
        raise wrong(message, param="return_url")
    error = attempt(call, intent, chosen)
    if error:
        raise Declined({**error, "payment_intent": shown(intent)})
    return intent


def _may_redirect(intent: Json, chosen: Json) -> bool:
    automatic = intent["automatic_payment_methods"] or {}
    return chosen["type"] in WALLETS or bool(
        automatic.get("enabled") and automatic.get("allow_redirects") != "never"
    )


def _method(call: Call, intent: Json) -> Json:
    """Return what this request, or the one before, pays with."""
    data = call.params.get("payment_method_data", {})
    named = data.get("type") or call.params.get("payment_method") or intent["payment_method"]
    if named is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise _with(intent, message, "payment_intent_unexpected_state")
    chosen = take(call, named)
    if chosen["type"] not in intent["payment_method_types"]:
        allowed = ", ".join(intent["payment_method_types"])
        message = f"The PaymentMethod provided ({chosen['type']}) is not allowed here: {allowed}."
        raise wrong(message, code="payment_intent_invalid_parameter", param="payment_method")
    return chosen


def cancel(call: Call) -> Json:
    """Give up an intent that has brought no money."""
    intent = call.get("payment_intent", call.id, "intent")
    _only_ours(intent, "cancel")
    if intent["status"] not in CANCELLABLE:
        raise _unexpected(intent, "cancel", CANCELLABLE)
    intent |= {
        "status": "canceled",
        "canceled_at": call.now,
        "cancellation_reason": call.params.get("cancellation_reason"),
        "next_action": None,
    }
    call.store.save(intent)
    call.emit("payment_intent.canceled", intent)
    return intent


def authorize(call: Call, intent: Json, *, succeeds: bool) -> Json:
    """Go on after the payer was at the bank or wallet; a wallet may still fail later."""
    if intent["status"] != "requires_action":
        return intent
    paid_with = call.get("payment_method", intent["payment_method"])
    if succeeds:
        attempt(call, intent, paid_with, authenticated=True)
    else:
        message = (
            "We are unable to authenticate your payment method. Please choose a different payment method."
        )
        decline(call, intent, paid_with, ("payment_intent_authentication_failure", "", message))
    return intent


def back_url(intent: Json) -> str:
    """Return where a payer goes after the bank or wallet."""
    url = str(intent["_return_url"])
    failed = intent["status"] in ("requires_payment_method", "canceled")
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "failed" if failed else "succeeded",
        }
    )
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _only_ours(intent: Json, verb: str) -> None:
    if intent["_session"]:
        message = f"You cannot {verb} this PaymentIntent: it belongs to a Checkout Session."
        raise _with(intent, f"{message} Expire the session instead.", "payment_intent_unexpected_state")


def _unexpected(intent: Json, verb: str, allowed: tuple[str, ...]) -> Refusal:
    message = (
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        f" Only a PaymentIntent with one of the following statuses may be {verb}ed: {', '.join(allowed)}."
    )
    return _with(intent, message, "payment_intent_unexpected_state")


def _with(intent: Json, message: str, code: str) -> Refusal:
    refusal = wrong(message, code=code)
    refusal.error["payment_intent"] = shown(intent)
    return refusal
