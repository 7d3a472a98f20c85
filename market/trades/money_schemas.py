"""What goes out of the route of a trade's money."""

from marshmallow import fields

from market.fields import Number, Schema, Timestamp, Uuid


class MoneyStepOut(Schema):
    """What one step made of an operation, or of an instalment."""

    instalment = fields.Integer(
        attribute="ordinal", required=True, allow_none=True, metadata={"description": "which instalment"}
    )
    kind = fields.String(required=True)
    side = fields.String(required=True, metadata={"description": "provider, buyer, operator or exchange"})
    organisation_id = Uuid(
        required=True, allow_none=True, metadata={"description": "null: the exchange itself"}
    )
    time = Timestamp(required=True)
    state = fields.String(
        required=True, allow_none=True, metadata={"description": "after the step; null where that was lost"}
    )
    request_id = fields.String(
        required=True, allow_none=True, metadata={"description": "the platform's, for those it concerns"}
    )
    entry_id = Uuid(required=True)
    index = fields.Integer(required=True, allow_none=True)


class MoneyOperationOut(Schema):
    """One operation at the payment platform with its steps; what it is called there, for those it concerns."""

    id = Uuid(required=True)
    instalment = fields.Integer(
        required=True, allow_none=True, metadata={"description": "which instalment's money it moves"}
    )
    kind = fields.String(required=True)
    attempt = fields.Integer(required=True)
    organisation_id = Uuid(required=True, metadata={"description": "whose money it is"})
    amount = fields.Integer(required=True, metadata={"description": "minor units"})
    fee = fields.Integer(required=True, metadata={"description": "minor units that the exchange keeps"})
    currency = fields.String(required=True)
    state = fields.String(required=True)
    failure = fields.String(required=True, allow_none=True)
    stripe_id = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.Nested(MoneyStepOut), required=True)


class PostingOut(Schema):
    """An amount that moved from one book account to another."""

    operation_id = Uuid(required=True)
    debit = fields.String(required=True)
    credit = fields.String(required=True)
    amount = fields.Integer(required=True, metadata={"description": "minor units"})
    currency = fields.String(required=True)
    booked_at = Timestamp(required=True)
    entry_id = Uuid(required=True)


class BalanceOut(Schema):
    """What a book account holds of the trade."""

    account = fields.String(required=True)
    currency = fields.String(required=True)
    debit = fields.Integer(required=True, metadata={"description": "minor units that were debited"})
    credit = fields.Integer(required=True, metadata={"description": "minor units that were credited"})
    balance = fields.Integer(required=True, metadata={"description": "debits less credits"})
    of_trade = fields.Boolean(
        required=True, metadata={"description": "one that a settled trade leaves at zero"}
    )


class TradeMoneyOut(Schema):
    """The money of a trade: what was asked of the payment platform, and what was booked."""

    number = Number(required=True)
    settlement = fields.List(
        fields.Nested(MoneyStepOut), required=True, metadata={"description": "the steps of its instalments"}
    )
    operations = fields.List(fields.Nested(MoneyOperationOut), required=True)
    postings = fields.List(fields.Nested(PostingOut), required=True)
    balances = fields.List(fields.Nested(BalanceOut), required=True)
    at_zero = fields.Boolean(required=True, metadata={"description": "nothing is held or owed on this trade"})
