"""The API's addresses: which parameters each takes and what it does. What is not here is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from market.sandbox import money, reversals
from market.sandbox.money import Call, Json
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

_PRICE = group(
    {
        "currency": Required(currency),
        "unit_amount": Required(integer(1, money.LARGEST)),
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
            data = money.fresh_session(call, data)
        for path in call.params.get("expand", []):
            _expand(call, data, path.split("."))
        return data

    return answer


_REFERENCES = {"latest_charge": "charge", "balance_transaction": "balance_transaction", "charge": "charge"}


def _expand(call: Call, data: Json, path: list[str]) -> None:
    """Put the object in place of its id, as deep as the path goes."""
    name = path[0]
    if name not in _REFERENCES or name not in data:
        raise wrong(f"This property cannot be expanded ({name}).", param="expand")
    if isinstance(data[name], str):
        data[name] = call.get(_REFERENCES[name], data[name])
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
    if kind == "event":
        table |= {"created": _RANGE, "types": array(text()), "type": text(), "delivery_success": boolean}

    def answer(call: Call) -> Json:
        equal = {name: call.params[name] for name in (*filters, "type") if name in call.params}
        if of:
            equal[of] = call.get(of, call.id, of)["id"]
        found = [data for data in call.store.every(kind, **equal) if _in_range(data, call.params)]
        ids = [data["id"] for data in found]
        after = call.params.get("starting_after")
        if after is not None and after not in ids:
            call.get(kind, after, "starting_after")
        start = ids.index(after) + 1 if after in ids else 0
        end = start + call.params.get("limit", 10)
        page = [money.shown(data) for data in found[start:end]]
        return {"object": "list", "data": page, "has_more": end < len(found), "url": f"/v1/{kind}s"}

    return table, answer


def _in_range(data: Json, params: Mapping[str, Any]) -> bool:
    span, made = params.get("created", {}), data["created"]
    return (
        made > span.get("gt", -1)
        and made >= span.get("gte", 0)
        and made < span.get("lt", made + 1)
        and made <= span.get("lte", made)
        and data.get("type") in params.get("types", [data.get("type")])
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/v1/accounts", _ACCOUNT, money.create_account),
    Endpoint("GET", "/v1/accounts", *_list("account")),
    Endpoint("GET", "/v1/accounts/<id>", _EXPAND, _retrieve("account", "account")),
    Endpoint("POST", "/v1/checkout/sessions", _SESSION, money.create_session),
    Endpoint("GET", "/v1/checkout/sessions", *_list("checkout.session", "payment_intent")),
    Endpoint("GET", "/v1/checkout/sessions/<id>", _EXPAND, _retrieve("checkout.session", "session")),
    Endpoint("POST", "/v1/checkout/sessions/<id>/expire", _EXPAND, money.expire_session),
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
    Endpoint("GET", "/v1/balance", _EXPAND, money.balance),
    Endpoint("GET", "/v1/balance_transactions", *_list("balance_transaction", "source", "type")),
    Endpoint("GET", "/v1/events", *_list("event")),
    Endpoint("GET", "/v1/events/<id>", _EXPAND, _retrieve("event", "id")),
)
