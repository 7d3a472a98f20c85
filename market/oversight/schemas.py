"""What entries look like to a program."""

from marshmallow import fields

from market.fields import Cursor, Day, Number, Schema, Text, Timestamp, Uuid, one_of
from market.steps import Kind


class OpeningSchema(Schema):
    """What a commitment opens to; the README of an evidence bundle says how it is checked."""

    field = fields.String()
    subject = Uuid(allow_none=True, metadata={"description": "Whom a personal value concerns"})
    salt = fields.String(metadata={"description": "64 hex digits"})
    value = fields.Raw(allow_none=True)


class EntrySchema(Schema):
    """One entry of the ledger."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until it is integrated"})
    kind = fields.String()
    object = fields.String(metadata={"description": "The object's handle in the log"})
    seq = fields.Integer()
    time = Timestamp()
    leaf = fields.String(metadata={"description": "The published bytes, canonical JSON"})
    proof = fields.String(
        allow_none=True, metadata={"description": "C2SP tlog-proof; null until a checkpoint covers the entry"}
    )


class SeenSchema(EntrySchema):
    """One entry with what the reader may open."""

    openings = fields.List(fields.Nested(OpeningSchema))
    withheld = fields.List(fields.String(), metadata={"description": "Fields this reader may not open"})
    erased = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(allow_none=True),
        metadata={
            "description": "Fields whose opening was destroyed, with the index of the entry that says so"
        },
    )


class HistorySchema(Schema):
    """The entries of a trade, oldest first."""

    number = Number()
    object = fields.String()
    viewer = fields.String(metadata={"description": "provider, buyer or auditor"})
    items = fields.List(fields.Nested(SeenSchema))


class EntriesQuery(Schema):
    """What an auditor looks for, and the page."""

    q = Text(
        low=0, high=200, load_default="",
        metadata={"description": "Number of a trade or asset, handle, entry id or name of an actor"},
    )  # fmt: skip
    party = Text(
        low=0, high=200, load_default="",
        metadata={"description": "Name, credit code or id of an organisation: its steps and all of its matters"},
    )  # fmt: skip
    kind = one_of(*(kind.value for kind in Kind))
    since = Day(metadata={"description": "First day, UTC+8"})
    until = Day(metadata={"description": "Last day, UTC+8"})
    cursor = Cursor()


class FoundSchema(Schema):
    """One entry as the auditors' list shows it."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until it is integrated"})
    kind = fields.String()
    object = fields.String(metadata={"description": "The object's handle in the log"})
    seq = fields.Integer()
    time = Timestamp()
    actor = fields.String()
    organisation_id = Uuid(allow_none=True)


class FoundOut(Schema):
    """A page of entries, newest first."""

    items = fields.List(fields.Nested(FoundSchema))
    next = fields.String(
        allow_none=True, metadata={"description": "Cursor of the next page; null on the last"}
    )


class CheckpointsQuery(Schema):
    """The page of checkpoints."""

    cursor = Cursor()


class WitnessedSchema(Schema):
    """What one witness said of a checkpoint."""

    name = fields.String()
    key = fields.String(metadata={"description": "Verifier key (vkey)"})
    time = Timestamp(allow_none=True, metadata={"description": "When it signed, as it says"})


class TimestampSchema(Schema):
    """What a time-stamp authority said of a checkpoint."""

    authority = fields.String(metadata={"description": "Where it was asked"})
    time = Timestamp(metadata={"description": "When it saw the checkpoint, as it says"})
    token = fields.String(attribute="text", metadata={"description": "Its answer (RFC 3161, DER), base64"})


class CheckpointSchema(Schema):
    """A signed head of the log."""

    size = fields.Integer()
    root = fields.String(metadata={"description": "Base64"})
    time = Timestamp()
    note = fields.String(metadata={"description": "The signed note with all cosignatures so far"})
    witnesses = fields.List(fields.Nested(WitnessedSchema))
    timestamps = fields.List(fields.Nested(TimestampSchema))
    accepted = fields.Boolean(
        metadata={"description": "Whether the exchange's own evidence policy accepts it"}
    )


class CheckpointsOut(Schema):
    """A page of checkpoints, the largest first."""

    items = fields.List(fields.Nested(CheckpointSchema))
    next = fields.String(
        allow_none=True, metadata={"description": "Cursor of the next page; null on the last"}
    )


class ConsistencyOut(Schema):
    """The proof that a checkpoint grew out of an earlier one (RFC 6962)."""

    old = fields.Integer()
    new = fields.Integer()
    hashes = fields.List(fields.String(metadata={"description": "Base64"}))


class CheckSchema(Schema):
    """One run of fsck."""

    id = Uuid()
    began_at = Timestamp()
    ended_at = Timestamp()
    entries = fields.Integer()
    faults = fields.Integer()
    findings = fields.List(fields.String(), metadata={"description": "The first 200, one line each"})


class ChecksOut(Schema):
    """A page of runs, newest first."""

    items = fields.List(fields.Nested(CheckSchema))
    next = fields.String(allow_none=True)
    waits = fields.Boolean(metadata={"description": "Whether a run was asked for and has not ended"})


class ChecksQuery(Schema):
    """The page of runs."""

    cursor = Cursor()


class CheckAskedOut(Schema):
    """A run was asked for."""

    waits = fields.Boolean()
