"""Shapes of this room's answers."""

from marshmallow import fields

from market.fields import Cursor, MinorUnits, Number, Schema, Timestamp, Uuid


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
    trade = Number(required=True, metadata={"description": "The trade's number"})
    attempt = fields.Integer(required=True)
    amount = MinorUnits(required=True, metadata={"description": "Minor units of the currency"})
    fee = MinorUnits(required=True, metadata={"description": "Minor units the exchange keeps"})
    currency = fields.String(required=True)
    state = fields.String(required=True)
    failure = fields.String(allow_none=True)
    stripe_id = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    planned_at = Timestamp(required=True)
    entry_id = Uuid(required=True, metadata={"description": "The ledger entry that last wrote it"})


class OperationsOut(Schema):
    """A page of operations, the latest planned first."""

    items = fields.List(fields.Nested(OperationOut), required=True)
    next = fields.String(required=True, allow_none=True)
