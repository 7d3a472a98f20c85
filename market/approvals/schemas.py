"""What comes in and goes out of the routes of an organisation's rule."""

import re
from typing import Any

from marshmallow import ValidationError, fields, post_load

from contracts.errors import MoneyError
from contracts.money import Money
from market.approvals.asks import Asks
from market.approvals.models import ApprovalRule
from market.approvals.ruling import Rule
from market.fields import MinorUnits, Schema, Shaped, Text, Timestamp, Uuid, one_of, says
from market.i18n import _, lazy


class Currency(Shaped):
    """A currency by its code."""

    shape = re.compile(r"[A-Z]{3}\Z")
    default_error_messages = says(
        invalid=lazy("Write a currency by its three letters (ISO 4217), such as CNY.")
    )


def _asks() -> fields.Field[Any]:
    return one_of(*(asks.value for asks in Asks), required=True)


def _unknown() -> ValidationError:
    return ValidationError(_("Write a currency by its three letters (ISO 4217), such as CNY."), "currency")


def _lacking(name: str) -> ValidationError:
    return ValidationError(_("Say from which price on an approval is needed."), name)


class RuleIn(Schema):
    """When a second person must approve: never, always, or from a price on."""

    asks = _asks()
    amount = MinorUnits(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The least price, in minor units of `currency`; with `from` alone. A price in "
            "another currency always needs an approval"
        },
    )
    currency = Currency(load_default=None, allow_none=True)

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> Rule:
        asks = Asks(data["asks"])
        for name in ("amount", "currency"):
            if asks is Asks.FROM and data[name] is None:
                raise _lacking(name)
            if asks is not Asks.FROM and data[name] is not None:
                raise ValidationError(_("Leave this out unless the rule asks from a price on."), name)
        try:
            return Rule(asks, Money(data["amount"], data["currency"]) if asks is Asks.FROM else None)
        except MoneyError as error:
            raise _unknown() from error


class RuleForm(Schema):
    """The same as a person sends it: the price in whole units, and looked at only where it counts."""

    asks = _asks()
    amount = Text(low=0, high=60, load_default="")
    currency = Text(low=0, high=3, load_default="CNY")

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> Rule:
        asks = Asks(data["asks"])
        if asks is not Asks.FROM:
            return Rule(asks)
        if not data["amount"]:
            raise _lacking("amount")
        try:
            Money(0, data["currency"])
        except MoneyError as error:
            raise _unknown() from error
        try:
            return Rule(asks, Money.parse(data["amount"], data["currency"]))
        except MoneyError as error:
            raise ValidationError(_("Write an amount such as 1280.50."), "amount") from error


class RuleOut(Schema):
    """The rule of your organisation."""

    asks = fields.String(metadata={"description": "never, from or always"})
    amount = fields.Integer(
        allow_none=True, metadata={"description": "minor units of `currency`, when it asks from a price on"}
    )
    currency = fields.String(allow_none=True)
    ruled_at = Timestamp(allow_none=True, metadata={"description": "null when it was never set"})


class RuleStepOut(RuleOut):
    """The rule after it was set, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


def shown(rule: Rule, row: ApprovalRule | None) -> dict[str, Any]:
    """Return what :class:`RuleOut` says of a rule."""
    return {
        "asks": rule.asks.value,
        "amount": None if rule.threshold is None else rule.threshold.amount,
        "currency": None if rule.threshold is None else rule.threshold.currency,
        "ruled_at": None if row is None else row.ruled_at,
    }
