"""What comes in and goes out of the routes of attestations."""

from marshmallow import fields

from market.fields import Digest, File, Number, Schema, Timestamp, Uuid


class AttestationFileIn(Schema):
    """The file that ``qilu inspect --key`` wrote."""

    file = File(required=True)


class AttestedIn(Schema):
    """Which registered data an inspection is of."""

    number = Number(required=True)


class AttestedOut(Schema):
    """An inspection by a third party, attached to registered data."""

    id = Uuid()
    number = fields.String(metadata={"description": "Registration number"})
    file_digest = Digest(metadata={"description": "SHA-256 of the file that was measured"})
    report_digest = Digest()
    statement_digest = Digest(metadata={"description": "SHA-256 of what was signed"})
    attested_at = Timestamp()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})
