"""Shapes of what comes in and goes out about reports and the money desk."""

from marshmallow import fields

from market.fields import MAX_SAFE, BoundedInt, Cursor, Day, Number, Reason, Schema, Timestamp, Uuid


class Signed(BoundedInt):
    """Signed minor units of a currency."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(low=-MAX_SAFE, high=MAX_SAFE, **kwargs)


class ReconciliationIn(Schema):
    """Which days (UTC) a report is about, the last one included."""

    first = Day(required=True)
    last = Day(required=True)


class SignOffIn(Schema):
    """What was found out about the differences; needed where there are any."""

    note = Reason()


class ReconciliationsQuery(Schema):
    """Where a list begins."""

    cursor = Cursor()


class ReconciliationOut(Schema):
    """A report, without its lines."""

    id = Uuid(required=True)
    object = fields.String(required=True, metadata={"description": "Handle of its entries in the ledger"})
    first = fields.Date(required=True, metadata={"description": "First day (UTC)"})
    last = fields.Date(required=True, metadata={"description": "Last day (UTC)"})
    state = fields.String(required=True, metadata={"description": "PLANNED, MADE or SIGNED"})
    planned_at = Timestamp(required=True)
    made_at = Timestamp(required=True, allow_none=True)
    signed_at = Timestamp(required=True, allow_none=True)
    differences = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Lines that differ, and currencies whose balance is not explained"},
    )
    note = fields.String(required=True, allow_none=True)
    entry_id = Uuid(required=True, metadata={"description": "The ledger entry that last wrote it"})


class ReconciliationsOut(Schema):
    """A page of reports, the latest planned first."""

    items = fields.List(fields.Nested(ReconciliationOut), required=True)
    next = fields.String(required=True, allow_none=True)


class OutcomeOut(Schema):
    """How many lines had one outcome in one currency, and what each side adds up to."""

    outcome = fields.String(
        required=True, metadata={"description": "matched, amount, fee, platform, books or pending"}
    )
    currency = fields.String(required=True)
    count = fields.Integer(required=True)
    platform = Signed(required=True)
    books = Signed(required=True)
    platform_fee = Signed(required=True)
    books_fee = Signed(required=True)


class BalanceOut(Schema):
    """What the platform says it holds and what the books say, minor units."""

    currency = fields.String(required=True)
    platform = Signed(required=True)
    books = Signed(required=True)
    in_flight = Signed(required=True)
    explained = Signed(required=True, metadata={"description": "Not explained before the last sign-off"})
    difference = Signed(
        required=True, metadata={"description": "platform less books, in flight and what was explained"}
    )


class LineOut(Schema):
    """One charge, transfer or refund that did not match; null where a side does not have it."""

    outcome = fields.String(required=True)
    at = Timestamp(required=True)
    currency = fields.String(required=True)
    platform = Signed(required=True, allow_none=True)
    books = Signed(required=True, allow_none=True)
    platform_fee = Signed(required=True, allow_none=True)
    books_fee = Signed(required=True, allow_none=True)
    difference = Signed(required=True)
    type = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "The platform's number of it"})
    trade = Number(required=True, allow_none=True)
    operation = fields.String(required=True, allow_none=True)


class WholeReconciliationOut(ReconciliationOut):
    """A report with its sums and the lines that did not match."""

    outcomes = fields.List(fields.Nested(OutcomeOut), required=True)
    accounts = fields.List(fields.Nested(BalanceOut), required=True)
    left_off = fields.Integer(required=True, metadata={"description": "Lines beyond those kept"})
    lines = fields.List(fields.Nested(LineOut), required=True)


class AlarmOut(Schema):
    """Something that must be looked at."""

    kind = fields.String(
        required=True,
        metadata={
            "description": "unknown, held, refund, doubt, events, late, differences, receivable or chargeback"
        },
    )
    count = fields.Integer(required=True)
    since = Timestamp(required=True)


class AccountTotalOut(Schema):
    """What the accounts of one name add up to: debits less credits, minor units."""

    account = fields.String(required=True)
    currency = fields.String(required=True)
    amount = Signed(required=True)


class MoneyDeskOut(Schema):
    """What must be looked at, and what the books add up to."""

    alarms = fields.List(fields.Nested(AlarmOut), required=True)
    totals = fields.List(fields.Nested(AccountTotalOut), required=True)
