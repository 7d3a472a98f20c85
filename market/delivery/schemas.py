"""What a receipt looks like to a program."""

from marshmallow import fields

from market.fields import Digest, Number, Schema, Timestamp, Uuid


class ReceiptOut(Schema):
    """What was handed over."""

    number = Number()
    filename = fields.String()
    digest = Digest(metadata={"description": "SHA-256 of the file, computed again from the stored bytes"})
    size = fields.Integer(metadata={"description": "bytes"})
    first_byte_at = Timestamp()
    completed_at = Timestamp()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)
