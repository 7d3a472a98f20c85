"""What goes out of the route of a listing's inspection."""

from marshmallow import fields

from market.fields import Digest, Schema, Timestamp, Uuid, one_of
from market.inspection.sensitive.classes import Sensitive
from market.registry.cleaning_schemas import CleaningOut


class FrequentOut(Schema):
    """A value that many cells have."""

    value = fields.String()
    count = fields.Integer(metadata={"description": "Cells, at least 5"})


class HistogramOut(Schema):
    """How numbers, days (since 1970-01-01) or moments (seconds since then) are spread."""

    kind = one_of("number", "date", "timestamp")
    low = fields.Integer(metadata={"description": "The first bar begins at `low` times two to the `power`"})
    power = fields.Integer(metadata={"description": "Each bar is two to this power wide"})
    counts = fields.List(fields.Integer(), metadata={"description": "Cells of each bar"})


class PreviewColumnOut(Schema):
    """Values of a column, where it holds nothing sensitive."""

    name = fields.String()
    seen = one_of("open", "masked", "withheld")
    kind = one_of(*(kind.value for kind in Sensitive), data_key="class", attribute="class", allow_none=True)
    minimum = fields.String(allow_none=True)
    maximum = fields.String(allow_none=True)
    frequent = fields.List(fields.Nested(FrequentOut))
    histogram = fields.Nested(HistogramOut, allow_none=True)


class PreviewOut(Schema):
    """Values out of the file that everybody may see."""

    columns = fields.List(fields.Nested(PreviewColumnOut))
    sample = fields.List(
        fields.List(fields.String(allow_none=True)),
        metadata={
            "description": "Rows of masked cells; null for an empty cell and for a column that is withheld"
        },
    )


class DifferenceOut(Schema):
    """A figure that a third party measured otherwise than the exchange."""

    what = fields.String(
        metadata={
            "description": "Code of the indicator, or rows, duplicate_rows, nulls, content_digest, grade"
        }
    )
    column = fields.String(allow_none=True, metadata={"description": "Null: of the whole file"})


class AttestationOut(Schema):
    """What an accredited body measured in the same file and signed by its own key; never merged with the exchange's."""

    id = Uuid()
    name_zh = fields.String()
    name_en = fields.String()
    credit_code = fields.String()
    attested_at = Timestamp()
    entry_id = Uuid()
    report = fields.Dict(keys=fields.String(), metadata={"description": "Their report, of the same form"})
    report_digest = Digest()
    statement = fields.Dict(
        keys=fields.String(), metadata={"description": "What they signed; it names report and file by digest"}
    )
    signature = fields.String(
        metadata={"description": "Detached CMS SignedData over the statement's canonical text, base64 of DER"}
    )
    differs = fields.List(fields.Nested(DifferenceOut))


class ListingInspectionOut(Schema):
    """An inspection as everybody may see it."""

    report = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": "The facts, whole. SHA-256 of this object as canonical JSON (RFC 8785) is `report_digest`; "
            "`qilu inspect FILE --json` makes the same of the same bytes"
        },
    )
    report_digest = Digest()
    preview = fields.Nested(PreviewOut)
    engine = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Versions of what measured"}
    )
    inspected_at = Timestamp()
    cleanings = fields.List(
        fields.Nested(CleaningOut),
        metadata={"description": "How the file was made of the one that was uploaded"},
    )
    attestations = fields.List(
        fields.Nested(AttestationOut), metadata={"description": "The newest of each third party"}
    )
