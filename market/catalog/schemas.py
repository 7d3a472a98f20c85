"""What comes in and goes out of the routes of listings."""

import re
from typing import Any

from marshmallow import ValidationError, fields, post_load

from contracts.errors import ContractError
from contracts.facts import Promise
from contracts.instalments import MONTHS
from contracts.money import Money
from contracts.vocabulary import Action, Indicator, Method, Operator, Purpose, Remedy
from market.catalog.models import Benefit
from market.catalog.reading import PriceFilter
from market.catalog.sectors import Sector
from market.catalog.states import ListingState
from market.catalog.terms import LONGEST_TERM, ONCE, Proposal, subscription, use_of
from market.catalog.warning_schemas import VerdictOut, WarnedOut
from market.fields import (
    SMALLEST_AMOUNT,
    BoundedInt,
    Cursor,
    DecimalText,
    Digest,
    MinorUnits,
    Part,
    Reason,
    Schema,
    Several,
    Shaped,
    Text,
    Timestamp,
    TypedInt,
    Uuid,
    YesNo,
    one_of,
    says,
)
from market.i18n import _, lazy
from market.texts.values import Values

_DATA = "data-provision/1.0"


def _words(words: type[Purpose] | type[Action], low: int = 0, **kwargs: Any) -> Several:
    return Several(one_of(*(word.value for word in words)), low=low, high=len(words), **kwargs)


def _no_promise() -> str:
    return _("A share is a decimal from 0 to 1; a count is a whole number and about the whole file.")


class PromiseIn(Schema):
    """A promise about quality: shares between 0 and 1, counts whole."""

    indicator = one_of(*(word.value for word in Indicator), required=True)
    operator = one_of(*(word.value for word in Operator), load_default=Operator.AT_LEAST.value)
    value = DecimalText(required=True)
    field = Text(low=1, high=200, load_default=None, allow_none=True, metadata={"description": "A column"})
    method = one_of(*(word.value for word in Method), load_default=Method.FULL.value)
    remedy = one_of(*(word.value for word in Remedy), load_default=Remedy.RESCIND.value)

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> Promise:
        try:
            return Promise(
                Indicator(data["indicator"]),
                Operator(data["operator"]),
                data["value"],
                data["field"],
                Method(data["method"]),
                Remedy(data["remedy"]),
            )
        except ContractError as error:
            raise ValidationError(_no_promise(), "value") from error


class _ProposalIn(Schema):
    """What the API and the page's form have in common."""

    asset = Uuid(required=True)
    title = Text(low=2, high=200, required=True)
    summary = Text(low=10, high=4000, lines=True, required=True)
    sector = one_of(*(sector.value for sector in Sector), required=True)
    benefit = one_of(*(benefit.value for benefit in Benefit), required=True)
    model = Text(low=5, high=60, load_default=_DATA)
    purposes = _words(Purpose, low=1, required=True)
    permitted = _words(Action, load_default=list)
    prohibited = _words(Action, load_default=list)
    cost_basis = Text(
        low=2,
        high=1000,
        lines=True,
        metadata={"description": "What `cost` is made up of; everybody can read it (R3.3)"},
    )


class ListingIn(_ProposalIn):
    """A listing as programs send it; the price in minor units (fen)."""

    price = MinorUnits(
        required=True,
        metadata={
            "description": f"Minor units of `currency`: 0 for free data, else at least {SMALLEST_AMOUNT}. "
            "What all payments come to, where `terms` say that there are several"
        },
    )
    cost = MinorUnits(
        metadata={
            "description": "What the data cost you, minor units of `currency`: the most that a public-benefit"
            " listing may ask for (R3.3)"
        },
    )
    term_days = BoundedInt(low=1, high=LONGEST_TERM, required=True)
    currency = one_of("CNY", load_default="CNY")
    exclusive = YesNo(
        load_default=False,
        metadata={"description": "Sold once: when one buyer has signed, no other contract comes into force"},
    )
    quality = Several(Part(PromiseIn), load_default=list)
    terms = Values(
        load_default=dict,
        metadata={
            "description": "Values of further blanks of the model text, by name; the rest keep their defaults"
        },
    )

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        price = Money(data["price"], data["currency"])
        return _proposal(data, price, data["quality"], data.get("cost"))


class _Rows(Shaped):
    """A number of rows as a person types it."""

    shape = re.compile(r"(0|[1-9][0-9]{0,11})\Z")
    default_error_messages = says(invalid=lazy("Write a whole number such as 1461."))


class ListingForm(_ProposalIn):
    """A listing as a person types it; the price in yuan, one promise a box."""

    price = Text(low=1, high=60, required=True)
    cost = Text(low=1, high=60)
    exclusive = one_of("no", "yes", load_default="no")
    paid = one_of(ONCE, *MONTHS, load_default=ONCE)
    periods = TypedInt(low=1, high=120, load_default=12)
    rows = _Rows()
    completeness = DecimalText()
    uniqueness = DecimalText()
    term_days = TypedInt(low=1, high=LONGEST_TERM, required=True)

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        price = _yuan(data["price"], "price")
        cost = _yuan(data["cost"], "cost").amount if "cost" in data else None
        if data["paid"] != ONCE and price.amount:
            try:
                price, data["terms"] = subscription(price, data["paid"], data["periods"])
            except ContractError as error:
                raise ValidationError(_("Write an amount in yuan such as 1280.50."), "price") from error
        quality = []
        for indicator in (Indicator.ROWS, Indicator.COMPLETENESS, Indicator.UNIQUENESS):
            if indicator.value in data:
                try:
                    quality.append(Promise(indicator, Operator.AT_LEAST, data[indicator.value]))
                except ContractError as error:
                    raise ValidationError(_no_promise(), indicator.value) from error
        return _proposal({**data, "exclusive": data["exclusive"] == "yes"}, price, quality, cost)


def _yuan(text: str, name: str) -> Money:
    try:
        return Money.parse(text)
    except ContractError as error:
        raise ValidationError(_("Write an amount in yuan such as 1280.50."), name) from error


def _proposal(data: dict[str, Any], price: Money, quality: list[Promise], cost: int | None) -> dict[str, Any]:
    proposal = Proposal(
        title=data["title"],
        summary=data["summary"],
        sector=Sector(data["sector"]),
        benefit=Benefit(data["benefit"]),
        price=price,
        model=data["model"],
        quality=tuple(quality),
        use=_use(data),
        term_days=data["term_days"],
        further=data.get("terms", {}),
        cost=cost,
        cost_basis=data.get("cost_basis"),
        exclusive=data["exclusive"],
    )
    return {"asset_id": data["asset"], "proposal": proposal}


def _use(data: dict[str, Any]) -> Any:
    try:
        return use_of(data["purposes"], data["permitted"], data["prohibited"])
    except ContractError as error:
        raise ValidationError(
            _("An action is either permitted or prohibited, not both."), "prohibited"
        ) from error


class ListingsQuery(Schema):
    """What somebody looks for, and the page."""

    q = Text(low=0, high=200, load_default="")
    sector = one_of(*(sector.value for sector in Sector))
    benefit = one_of(*(benefit.value for benefit in Benefit))
    price = one_of(*(price.value for price in PriceFilter))
    cursor = Cursor()


class ReasonIn(Schema):
    """Why the operator suspends or restores."""

    reason = Reason(required=True)


class ProviderOut(Schema):
    """Who offers."""

    name_zh = fields.String()
    name_en = fields.String()


class MeasuredColumnOut(Schema):
    """A measured column, without any value out of the data."""

    name = fields.String()
    type = fields.String()
    nulls = fields.Integer()
    distinct = fields.Integer()


class MeasuredOut(Schema):
    """What the exchange measured in the offered file."""

    rows = fields.Integer()
    duplicate_rows = fields.Integer()
    nulls = fields.Integer()
    columns = fields.List(fields.Nested(MeasuredColumnOut))
    report_digest = Digest()


class PromiseOut(Schema):
    """A promise beside what was measured."""

    indicator = fields.String()
    operator = fields.String()
    value = fields.String()
    field = fields.String(allow_none=True)
    measured = fields.String()


class ListingItemOut(Schema):
    """A listing in the catalogue."""

    number = fields.String()
    title = fields.String()
    summary = fields.String()
    sector = fields.String()
    benefit = fields.String()
    price = fields.Integer(metadata={"description": "minor units of the currency"})
    currency = fields.String()
    cost = fields.Integer(
        allow_none=True,
        metadata={"description": "Of a public-benefit listing with a price: its stated cost, minor units"},
    )
    cost_basis = fields.String(allow_none=True, metadata={"description": "What that cost is made up of"})
    model = fields.String()
    state = fields.Enum(ListingState, by_value=True)
    offer = fields.String(
        allow_none=True, metadata={"description": "standing offer by which it can be accepted at once"}
    )
    exclusive = fields.Boolean(metadata={"description": "whether it is sold once"})
    sold = fields.Boolean(metadata={"description": "whether it has its one buyer"})
    provider = fields.Nested(ProviderOut)
    listed_at = Timestamp(allow_none=True)


class ListingOut(ListingItemOut):
    """A listing with its terms and what was measured."""

    asset_number = fields.String()
    filename = fields.String()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "bytes"})
    measured = fields.Nested(MeasuredOut)
    quality = fields.List(fields.Nested(PromiseOut))
    purposes = fields.List(fields.String())
    permitted = fields.List(fields.String())
    prohibited = fields.List(fields.String())
    term_days = fields.Integer()
    terms = fields.Dict(metadata={"description": "what stands in the blanks of the model text, by name"})
    authority = fields.String(
        allow_none=True, metadata={"description": "the authority whose public data these are registered as"}
    )
    warnings = fields.List(
        fields.Nested(WarnedOut), metadata={"description": "what to know before money moves"}
    )


class ListingStepOut(ListingOut):
    """A listing after a step; ``index`` is null until the entry is integrated."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True)


class ListingShownOut(ListingStepOut):
    """A listing as you see it."""

    waiver = fields.Nested(
        VerdictOut, allow_none=True, metadata={"description": "of your own organisation; null for others"}
    )


class ListingsOut(Schema):
    """A page of the catalogue."""

    items = fields.List(fields.Nested(ListingItemOut))
    next = fields.String(allow_none=True)
