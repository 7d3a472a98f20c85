"""What the platform does: accounts, pay pages, charges, transfers, refunds, and the events about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market.sandbox.refusals import missing, wrong
from market.sandbox.store import Store, new_id

FEE_PER_MYRIAD = 290
"""What the platform keeps of a charge: 2.9 %, in ten-thousandths; rounded half up."""

LARGEST = 99_999_999
"""The largest amount of one charge, minor units (Stripe: eight digits)."""

Json = dict[str, Any]

_CATEGORIES = {"transfer_refund": "transfer_reversal"}
"""How a kind of movement is called in reports, where that is another word (Stripe, "Reporting categories")."""


@dataclass(frozen=True)
class Call:
    """One request being done: its parameters, the time in seconds, and who asked."""

    store: Store
    now: int
    params: Mapping[str, Any]
    base: str
    request_id: str = ""
    key: str = ""
    id: str = ""
    account: str = ""
    """The connected account on whose behalf it is asked (``Stripe-Account``); empty for the platform itself."""

    def get(self, kind: str, id: str, param: str = "id") -> Json:
        """Return an object, or refuse with 404."""
        found = self.store.find(kind, id)
        if found is None:
            raise missing(kind.replace("_", " ") if kind == "checkout.session" else kind, id, param)
        return found

    def made(self, kind: str, prefix: str, **fields: Any) -> Json:
        """Make and save an object."""
        data = {"id": new_id(prefix), "object": kind, "created": self.now, "livemode": False, **fields}
        self.store.save(data)
        return data

    def emit(self, type: str, data: Json) -> None:
        """Write an event with the object as it is now, and queue it for the webhook endpoint."""
        event = self.made(
            "event",
            "evt",
            type=type,
            api_version="2026-05-27.dahlia",
            data={"object": shown(data)},
            pending_webhooks=1,
            request={"id": self.request_id or None, "idempotency_key": self.key or None},
        )
        if self.store.setting("webhooks", "off") != "off":
            self.store.post(
                event, self.now, "held" if self.store.setting("webhooks") == "hold" else "waiting"
            )


def create_account(call: Call) -> Json:
    """Open a connected account; capabilities asked for are active at once, unless a test wants otherwise."""
    asked = call.params.get("capabilities", {})
    account = call.made(
        "account",
        "acct",
        business_profile={"name": call.params.get("business_profile", {}).get("name")},
        capabilities={
            name: call.store.setting("transfers", "active")
            for name, wish in asked.items()
            if wish.get("requested")
        },
        controller={**call.params.get("controller", {}), "type": "application"},
        country=call.params.get("country", "HK"),
        email=call.params.get("email"),
        charges_enabled=True,
        payouts_enabled=True,
        details_submitted=True,
        default_currency="cny",
        metadata=call.params.get("metadata", {}),
    )
    call.emit("account.updated", account)
    return account


def create_session(call: Call) -> Json:
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
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=currencies.pop(),
        expires_at=expires,
        metadata=params.get("metadata", {}),
        mode=params["mode"],
        payment_intent=None,
        payment_method_types=["card"],
        payment_status="unpaid",
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


def expire_session(call: Call) -> Json:
    """Close an open pay page."""
    session = fresh_session(call, call.get("checkout.session", call.id, "session"))
    if session["status"] != "open":
        raise wrong("Only Checkout Sessions with a status of `open` can be expired.")
    return _expire(call, session)


def fresh_session(call: Call, session: Json) -> Json:
    """Return a session as it is now: past its time it is expired."""
    if session["status"] == "open" and session["expires_at"] <= call.now:
        return _expire(call, session)
    return session


def _expire(call: Call, session: Json) -> Json:
    session |= {"status": "expired", "url": None}
    call.store.save(session)
    call.emit("checkout.session.expired", session)
    return session


def pay(call: Call, session: Json, *, succeeds: bool) -> Json:
    """Attempt a payment on an open session; a failed attempt leaves it open for another."""
    intent = _intent(call, session)
    charge = call.made(
        "charge",
        "ch",
        amount=session["amount_total"],
        amount_refunded=0,
        balance_transaction=None,
        currency=session["currency"],
        metadata=intent["metadata"],
        paid=succeeds,
        payment_intent=intent["id"],
        refunded=False,
        status="succeeded" if succeeds else "failed",
        transfer_group=intent["transfer_group"],
    )
    intent["latest_charge"] = charge["id"]
    if not succeeds:
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
        }
        call.store.save(intent)
        call.emit("charge.failed", charge)
        call.emit("payment_intent.payment_failed", intent)
        return session
    fee = (charge["amount"] * FEE_PER_MYRIAD + 5_000) // 10_000
    charge["balance_transaction"] = move(call, "charge", charge, charge["amount"], fee)
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    session |= {"status": "complete", "payment_status": "paid", "url": None, "payment_intent": intent["id"]}
    for data in (charge, intent, session):
        call.store.save(data)
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    call.emit("checkout.session.completed", session)
    return session


def _intent(call: Call, session: Json) -> Json:
    """Return the session's payment intent; it is made at the first attempt."""
    if session["payment_intent"]:
        return call.get("payment_intent", session["payment_intent"])
    asked = session["_intent"]
    intent = call.made(
        "payment_intent",
        "pi",
        amount=session["amount_total"],
        amount_received=0,
        canceled_at=None,
        capture_method="automatic",
        currency=session["currency"],
        description=asked.get("description"),
        last_payment_error=None,
        latest_charge=None,
        metadata=asked.get("metadata", {}),
        status="requires_payment_method",
        transfer_group=asked.get("transfer_group"),
    )
    session["payment_intent"] = intent["id"]
    call.store.save(session)
    return intent


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
    else:
        available = _totals(call).get(params["currency"], 0)
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
        reversed=False,
        source_transaction=source,
        transfer_group=params.get("transfer_group") or (charge["transfer_group"] if source else None),
    )
    transfer["balance_transaction"] = move(call, "transfer", transfer, -transfer["amount"], 0)
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
        status=call.store.setting("refund_status", "succeeded"),
    )
    refund["balance_transaction"] = move(call, "refund", refund, -amount, 0)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.store.save(refund)
    call.store.save(charge)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge)
    return refund


def balance(call: Call) -> Json:
    """Add up what is left on the platform's own account, or a connected one; everything is available at once here."""
    totals = connected(call, call.get("account", call.account)) if call.account else _totals(call)
    parts = [{"amount": amount, "currency": currency} for currency, amount in totals.items()]
    return {"object": "balance", "livemode": False, "available": parts, "pending": []}


def _totals(call: Call) -> dict[str, int]:
    totals = {"cny": 0}
    for movement in call.store.every("balance_transaction"):
        totals[movement["currency"]] = totals.get(movement["currency"], 0) + movement["net"]
    return totals


def shown(data: Json) -> Json:
    """Return an object as the API shows it: without what is kept aside."""
    return {name: value for name, value in data.items() if not name.startswith("_")}


def connected(call: Call, account: Json) -> dict[str, int]:
    """Return what a connected account holds by currency: what transfers left there, less what it has paid out."""
    totals = {"cny": 0}
    for one in call.store.every("transfer", destination=account["id"]):
        held = totals.get(one["currency"], 0)
        totals[one["currency"]] = held + one["amount"] - one["amount_reversed"]
    paid_out = account.get("_paid_out", {})
    return {currency: amount - paid_out.get(currency, 0) for currency, amount in totals.items()}


def move(call: Call, type: str, source: Json, amount: int, fee: int) -> str:
    """Write a movement of the platform's own balance; return its id."""
    movement = call.made(
        "balance_transaction",
        "txn",
        amount=amount,
        currency=source["currency"],
        exchange_rate=None,
        fee=fee,
        net=amount - fee,
        reporting_category=_CATEGORIES.get(type, type),
        source=source["id"],
        status="available",
        type=type,
    )
    return str(movement["id"])
