"""Shapes of this room's answers."""

from marshmallow import fields

from market.fields import Cursor, MinorUnits, Number, Schema, Text, Timestamp, Uuid
from market.payments.statement import Book, Movement


class WebhookOut(Schema):
    """The answer to a webhook."""

    received = fields.Boolean(required=True, metadata={"description": "false: this event was here already"})


class OperationsQuery(Schema):
    """Where a list begins."""

    cursor = Cursor()


class OperationOut(Schema):
    """One operation at the payment platform."""

    id = Uuid(required=True)
    kind = fields.String(required=True, metadata={"description": "checkout, transfer, refund or reversal"})
    processor = fields.String(required=True, metadata={"description": "stripe or bank"})
    trade = Number(required=True, metadata={"description": "The trade's number"})
    attempt = fields.Integer(required=True)
    amount = MinorUnits(required=True, metadata={"description": "Minor units of the currency"})
    fee = MinorUnits(required=True, metadata={"description": "Minor units the exchange keeps"})
    currency = fields.String(required=True)
    state = fields.String(required=True)
    failure = fields.String(allow_none=True)
    reference = fields.String(allow_none=True, metadata={"description": "Of a bank transfer"})
    stripe_id = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    planned_at = Timestamp(required=True)
    entry_id = Uuid(required=True, metadata={"description": "The ledger entry that last wrote it"})


class OperationsOut(Schema):
    """A page of operations, the latest planned first."""

    items = fields.List(fields.Nested(OperationOut), required=True)
    next = fields.String(required=True, allow_none=True)


class StatementQuery(Schema):
    """Whose statement it is."""

    organisation = Uuid(metadata={"description": "For operators and auditors; without it your own"})


class MovementOut(Schema):
    """One movement of a statement."""

    kind = fields.String(required=True, metadata={"enum": [kind.value for kind in Movement]})
    trade = Number(required=True, metadata={"description": "The trade's number"})
    time = Timestamp(required=True, metadata={"description": "When it was booked"})
    amount = fields.Integer(
        required=True,
        metadata={"description": "Minor units that it adds to the balance; negative: takes from it"},
    )
    balance = fields.Integer(required=True, metadata={"description": "Minor units after it"})
    operation_id = Uuid(required=True)
    entry_id = Uuid(required=True, metadata={"description": "The ledger entry that booked it"})


class TotalOut(Schema):
    """What the movements of one kind add up to."""

    kind = fields.String(required=True, metadata={"enum": [kind.value for kind in Movement]})
    amount = fields.Integer(required=True, metadata={"description": "Minor units"})


class SectionOut(Schema):
    """One side of the organisation in one currency."""

    side = fields.String(required=True, metadata={"enum": [book.value for book in Book]})
    currency = fields.String(required=True)
    opening = fields.Integer(required=True, metadata={"description": "Minor units when the month begins"})
    movements = fields.List(fields.Nested(MovementOut), required=True)
    totals = fields.List(fields.Nested(TotalOut), required=True)
    closing = fields.Integer(
        required=True, metadata={"description": "Minor units when it ends: the next month's opening"}
    )


class StatementOut(Schema):
    """What the books say of an organisation in one calendar month in China Standard Time."""

    organisation_id = Uuid(required=True)
    month = Text(required=True, metadata={"description": "Such as 2026-11"})
    since = Timestamp(required=True, metadata={"description": "Its first moment"})
    until = Timestamp(required=True, metadata={"description": "The first moment after it"})
    complete = fields.Boolean(required=True, metadata={"description": "The month is over"})
    sections = fields.List(fields.Nested(SectionOut), required=True)
