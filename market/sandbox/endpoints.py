"""The API's addresses: which parameters each takes and what it does. What is not here is refused."""

from collections.abc import Callable
from dataclasses import dataclass

from market.sandbox import accounts, disputes, intents, money, reversals, sessions
from market.sandbox.calls import Call, Json, shown
from market.sandbox.methods import TYPES, WALLETS
from market.sandbox.parameters import (
    Check,
    Required,
    Table,
    address,
    array,
    boolean,
    choice,
    currency,
    group,
    integer,
    metadata,
    text,
)
from market.sandbox.refusals import wrong

_EXPAND = {"expand": array(text())}
_CAPABILITY = group({"requested": boolean})
_RANGE = group({word: integer() for word in ("gt", "gte", "lt", "lte")})

_ACCOUNT: Table = {
    "business_profile": group({"name": text(), "url": address, "product_description": text()}),
    "capabilities": group({"transfers": _CAPABILITY, "card_payments": _CAPABILITY}),
    "controller": group(
        {
            "fees": group({"payer": choice("account", "application")}),
            "losses": group({"payments": choice("application", "stripe")}),
            "requirement_collection": choice("application", "stripe"),
            "stripe_dashboard": group({"type": choice("express", "full", "none")}),
        }
    ),
    "country": text(2),
    "email": text(800),
    "metadata": metadata,
    **_EXPAND,
}

_LINK: Table = {
    "account": Required(text()),
    "collection_options": group({"fields": Required(choice("currently_due", "eventually_due"))}),
    "refresh_url": Required(address),
    "return_url": Required(address),
    "type": Required(choice("account_onboarding", "account_update")),
    **_EXPAND,
}

_MEANS: Table = {
    "payment_method_options": group(
        {
            "alipay": group({}),
            "card": group({}),
            "wechat_pay": group({"client": choice("web", "ios", "android")}),
        }
    ),
    "payment_method_types": array(choice(*TYPES)),
}

_CONFIRM: Table = {
    "off_session": boolean,
    "payment_method": text(),
    "payment_method_data": group(
        {"type": Required(choice(*WALLETS)), "alipay": group({}), "wechat_pay": group({})}
    ),
    "return_url": address,
    **_EXPAND,
}

_INTENT: Table = {
    **_CONFIRM,
    **_MEANS,
    "amount": Required(integer(1, sessions.LARGEST)),
    "automatic_payment_methods": group(
        {"enabled": Required(boolean), "allow_redirects": choice("always", "never")}
    ),
    "capture_method": choice("automatic", "automatic_async"),
    "confirm": boolean,
    "currency": Required(currency),
    "description": text(1000),
    "metadata": metadata,
    "transfer_group": text(255),
}

_CANCEL: Table = {
    "cancellation_reason": choice("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
    **_EXPAND,
}

_DISPUTE: Table = {
    "evidence": group({name: text(150_000) for name in disputes.TEXTS}),
    "metadata": metadata,
    "submit": boolean,
    **_EXPAND,
}

_PRICE = group(
    {
        "currency": Required(currency),
        "unit_amount": Required(integer(1, sessions.LARGEST)),
        "product_data": Required(group({"name": Required(text(250)), "description": text()})),
    }
)

_SESSION: Table = {
    "cancel_url": address,
    "client_reference_id": text(200),
    "expires_at": integer(),
    "line_items": Required(
        array(group({"price_data": Required(_PRICE), "quantity": Required(integer(1, 10_000))}))
    ),
    "locale": choice("auto", "zh", "en"),
    "metadata": metadata,
    "mode": Required(choice("payment")),
    "payment_intent_data": group(
        {"description": text(1000), "metadata": metadata, "transfer_group": text(255)}
    ),
    "success_url": Required(address),
    "ui_mode": choice("hosted_page"),
    **_MEANS,
    **_EXPAND,
}

_TRANSFER: Table = {
    "amount": Required(integer(1)),
    "currency": Required(currency),
    "description": text(),
    "destination": Required(text()),
    "metadata": metadata,
    "source_transaction": text(),
    "transfer_group": text(255),
    **_EXPAND,
}

_REVERSAL: Table = {"amount": integer(1), "description": text(), "metadata": metadata, **_EXPAND}

_REFUND: Table = {
    "amount": integer(1),
    "charge": text(),
    "metadata": metadata,
    "payment_intent": text(),
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    **_EXPAND,
}


@dataclass(frozen=True)
class Endpoint:
    """One address: its parameters, and what answers."""

    method: str
    path: str
    table: Table
    answer: Callable[[Call], Json]


def _retrieve(kind: str, name: str) -> Callable[[Call], Json]:
    """Fetch one object; a reference may be expanded."""

    def answer(call: Call) -> Json:
        data = call.get(kind, call.id, name)
        if kind == "checkout.session":
            data = sessions.fresh(call, data)
        for path in call.params.get("expand", []):
            _expand(call, data, path.split("."))
        return data

    return answer


_REFERENCES = {
    name: name for name in ("balance_transaction", "charge", "payment_intent", "payment_method")
} | {"latest_charge": "charge", "destination": "account"}


def _expand(call: Call, data: Json, path: list[str]) -> None:
    """Put the object in place of its id, as deep as the path goes."""
    name = path[0]
    if name not in _REFERENCES or name not in data:
        raise wrong(f"This property cannot be expanded ({name}).", param="expand")
    if isinstance(data[name], str):
        data[name] = shown(call.get(_REFERENCES[name], data[name]))
    if path[1:] and data[name]:
        _expand(call, data[name], path[1:])


def _list(kind: str, *filters: str, of: str = "") -> tuple[Table, Callable[[Call], Json]]:
    """List objects newest first, a page at a time, by equal fields; ``of`` names the kind they hang on."""
    table: dict[str, Check | Required] = {
        "limit": integer(1, 100),
        "starting_after": text(),
        **{name: text() for name in filters},
        **_EXPAND,
    }
    if not of:
        table["created"] = _RANGE
    if kind == "event":
        table |= {"types": array(text()), "type": text(), "delivery_success": boolean}

    def answer(call: Call) -> Json:
        params = call.params
        after = params.get("starting_after")
        if after is not None:
            call.get(kind, after, "starting_after")
        equal = {name: params[name] for name in (*filters, "type") if name in params}
        if of:
            equal[of] = call.get(of, call.id, of)["id"]
        limit = params.get("limit", 10)
        found = call.store.page(
            kind,
            equal,
            params.get("created", {}),
            params.get("types", []),
            after,
            limit + 1,
        )
        page = [shown(data) for data in found[:limit]]
        url = f"/v1/{kind.replace('.', '/')}s"
        return {"object": "list", "data": page, "has_more": len(found) > limit, "url": url}

    return table, answer


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/v1/accounts", _ACCOUNT, accounts.create),
    Endpoint("GET", "/v1/accounts", *_list("account")),
    Endpoint("GET", "/v1/accounts/<id>", _EXPAND, _retrieve("account", "account")),
    Endpoint("POST", "/v1/account_links", _LINK, accounts.create_link),
    Endpoint("POST", "/v1/checkout/sessions", _SESSION, sessions.create),
    Endpoint("GET", "/v1/checkout/sessions", *_list("checkout.session", "payment_intent")),
    Endpoint("GET", "/v1/checkout/sessions/<id>", _EXPAND, _retrieve("checkout.session", "session")),
    Endpoint("POST", "/v1/checkout/sessions/<id>/expire", _EXPAND, sessions.expire),
    Endpoint("POST", "/v1/payment_intents", _INTENT, intents.create),
    Endpoint("POST", "/v1/payment_intents/<id>/confirm", _CONFIRM, intents.confirm),
    Endpoint("POST", "/v1/payment_intents/<id>/cancel", _CANCEL, intents.cancel),
    Endpoint("GET", "/v1/payment_methods/<id>", _EXPAND, _retrieve("payment_method", "payment_method")),
    Endpoint("GET", "/v1/payment_intents", *_list("payment_intent")),
    Endpoint("GET", "/v1/payment_intents/<id>", _EXPAND, _retrieve("payment_intent", "intent")),
    Endpoint("GET", "/v1/charges", *_list("charge", "payment_intent", "transfer_group")),
    Endpoint("GET", "/v1/charges/<id>", _EXPAND, _retrieve("charge", "charge")),
    Endpoint("POST", "/v1/transfers", _TRANSFER, money.create_transfer),
    Endpoint("GET", "/v1/transfers", *_list("transfer", "transfer_group", "destination")),
    Endpoint("GET", "/v1/transfers/<id>", _EXPAND, _retrieve("transfer", "transfer")),
    Endpoint("POST", "/v1/transfers/<id>/reversals", _REVERSAL, reversals.create_reversal),
    Endpoint("GET", "/v1/transfers/<id>/reversals", *_list("transfer_reversal", of="transfer")),
    Endpoint("POST", "/v1/refunds", _REFUND, money.create_refund),
    Endpoint("GET", "/v1/refunds", *_list("refund", "payment_intent", "charge")),
    Endpoint("GET", "/v1/refunds/<id>", _EXPAND, _retrieve("refund", "refund")),
    Endpoint("GET", "/v1/disputes", *_list("dispute", "charge", "payment_intent")),
    Endpoint("GET", "/v1/disputes/<id>", _EXPAND, _retrieve("dispute", "dispute")),
    Endpoint("POST", "/v1/disputes/<id>", _DISPUTE, disputes.update),
    Endpoint("POST", "/v1/disputes/<id>/close", _EXPAND, disputes.close),
    Endpoint("GET", "/v1/balance", _EXPAND, money.balance),
    Endpoint(
        "GET",
        "/v1/balance_transactions",
        *_list("balance_transaction", "source", "type", "payout", "currency"),
    ),
    Endpoint("GET", "/v1/events", *_list("event")),
    Endpoint("GET", "/v1/events/<id>", _EXPAND, _retrieve("event", "id")),
)
