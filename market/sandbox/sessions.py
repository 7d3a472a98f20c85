"""Checkout sessions: a pay page from its opening until it is paid, expired or closed."""

from collections.abc import Mapping
from typing import Any

from market.sandbox import charging, intents
from market.sandbox.calls import Call, Json
from market.sandbox.methods import CARD_TYPES, DECLINED, TYPES, WALLETS, take
from market.sandbox.refusals import wrong

LARGEST = 99_999_999
"""The largest amount of one charge, minor units (Stripe: eight digits)."""


def create(call: Call) -> Json:
    """Make a pay page; it stays open until paid, expired or closed."""
    params = call.params
    lines = params["line_items"]
    currencies = {line["price_data"]["currency"] for line in lines}
    if len(currencies) != 1:
        raise wrong("All line items must have the same currency.", param="line_items")
    total = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in lines)
    if not 0 < total <= LARGEST:
        raise wrong("The total must be positive and of at most eight digits.", code="amount_too_large")
    expires = params.get("expires_at", call.now + 86_400)
    if not call.now + 1_790 <= expires <= call.now + 86_410:
        raise wrong("expires_at must be 30 minutes to 24 hours ahead.", param="expires_at")
    session = call.made(
        "checkout.session",
        "cs_test",
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=currencies.pop(),
        custom_fields=[],
        custom_text=dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        expires_at=expires,
        metadata=params.get("metadata", {}),
        mode=params["mode"],
        payment_intent=None,
        payment_method_types=_types(params),
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        success_url=params["success_url"],
        ui_mode="hosted_page",
        # What the platform keeps aside from the object it shows:
        _description=lines[0]["price_data"]["product_data"]["name"],
        _intent=params.get("payment_intent_data", {}),
    )
    session["url"] = f"{call.base}/pay/{session['id']}"
    call.store.save(session)
    return session


def _types(params: Mapping[str, Any]) -> list[str]:
    """Return the means of payment of a page: those asked for, else all that this account has."""
    asked: list[str] = params.get("payment_method_types", list(TYPES))
    client = params.get("payment_method_options", {}).get("wechat_pay", {}).get("client")
    if "payment_method_types" in params and "wechat_pay" in asked and not client:
        name = "payment_method_options[wechat_pay][client]"
        raise wrong(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return asked


def expire(call: Call) -> Json:
    """Close an open pay page."""
    session = fresh(call, call.get("checkout.session", call.id, "session"))
    if session["status"] != "open":
        raise wrong("Only Checkout Sessions with a status of `open` can be expired.")
    return _expire(call, session)


def fresh(call: Call, session: Json) -> Json:
    """Return a session as it is now: past its time it is expired."""
    if session["status"] == "open" and session["expires_at"] <= call.now:
        return _expire(call, session)
    return session


def _expire(call: Call, session: Json) -> Json:
    session |= {"status": "expired", "url": None}
    call.store.save(session)
    if session["payment_intent"]:
        intent = call.get("payment_intent", session["payment_intent"])
        call.store.save(intent | {"status": "canceled", "canceled_at": call.now, "next_action": None})
    call.emit("checkout.session.expired", session)
    return session


def pay(call: Call, session: Json, *, named: str, succeeds: bool) -> Json:
    """Attempt a payment on an open session; a failed attempt leaves it open for another.

    Args:
        call: the request.
        session: the open session.
        named: alias of a test card, or a wallet.
        succeeds: False lets a card be declined at once and a wallet fail later.
    """
    intent = _intent(call, session)
    if not succeeds and named not in WALLETS:
        named = DECLINED
    paid_with = take(call, named)
    intent["_fails"] = not succeeds
    # The page stands for the wallet's own; only a bank's question has a page of its own.
    charging.attempt(call, intent, paid_with, authenticated=named in WALLETS)
    return follow(call, intent)


def follow(call: Call, intent: Json) -> Json:
    """Bring the session to where its payment is."""
    session = call.get("checkout.session", intent["_session"])
    status, before = intent["status"], session["status"]
    if status == "succeeded":
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        call.store.save(session)
        word = "completed" if before == "open" else "async_payment_succeeded"
        call.emit(f"checkout.session.{word}", session)
    elif status == "processing":
        session |= {"status": "complete", "url": None}
        call.store.save(session)
        call.emit("checkout.session.completed", session)
    elif before == "complete":
        call.emit("checkout.session.async_payment_failed", session)
    return session


def settle(call: Call, id: str) -> None:
    """Bring a wallet's payment to its end, and its pay page with it."""
    intent = call.get("payment_intent", id)
    if intent["status"] == "processing":
        charging.settle(call, intent)
        if intent["_session"]:
            follow(call, intent)


def _intent(call: Call, session: Json) -> Json:
    """Return the session's payment intent; it is made at the first attempt."""
    if session["payment_intent"]:
        return call.get("payment_intent", session["payment_intent"])
    types = session["payment_method_types"]
    intent = intents.fresh(call, session["amount_total"], session["currency"], types, session["_intent"])
    intent["_session"] = session["id"]
    call.store.save(intent)
    session["payment_intent"] = intent["id"]
    call.store.save(session)
    return intent


def offered(session: Json) -> tuple[list[str], bool]:
    """Return the wallets of a pay page, and whether it takes cards."""
    types = session["payment_method_types"]
    return [kind for kind in WALLETS if kind in types], CARD_TYPES[0] in types
