"""What comes in and goes out of the routes of assets."""

from typing import Any

from marshmallow import fields, post_load

from market.fields import Cursor, Digest, File, Reason, Schema, Several, Text, Timestamp, Uuid, one_of
from market.registry.models import Right
from market.registry.states import RegistrationState


class AssetIn(Schema):
    """What a provider states about an asset; the file comes beside it."""

    title = Text(low=2, high=200, required=True)
    source = Text(
        low=10,
        high=4000,
        lines=True,
        required=True,
        metadata={"description": "Where the data come from and how they were made"},
    )
    rights = Several(one_of(*(right.value for right in Right)), low=1, high=3, required=True)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "rights": sorted({Right(word) for word in data["rights"]})}


class FileIn(Schema):
    """The file itself: .csv (UTF-8 or GB18030) or .parquet."""

    file = File(required=True)


class ReviewIn(Schema):
    """A reviewer's decision."""

    decision = one_of("approve", "reject", required=True)
    reason = Reason(required=True)


class AssetsQuery(Schema):
    """Filter and page of the list of assets."""

    state = one_of(*(state.value for state in RegistrationState))
    cursor = Cursor()


class FileOut(Schema):
    """The file of an asset."""

    filename = fields.String()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "bytes"})
    digest = Digest(metadata={"description": "SHA-256 of the uploaded bytes"})


class ColumnOut(Schema):
    """A measured column; smallest and largest value only for owner and reviewer."""

    name = fields.String()
    type = fields.String()
    nulls = fields.Integer()
    distinct = fields.Integer()
    minimum = fields.String(allow_none=True)
    maximum = fields.String(allow_none=True)


class AlikeOut(Schema):
    """Another asset that has data in common with this one, in per cent, rounded down."""

    id = Uuid()
    number = fields.String(allow_none=True)
    contained = fields.Integer(metadata={"description": "How much of this asset's data stands in the other"})
    contains = fields.Integer(metadata={"description": "How much of the other's data stands in this asset"})


class InspectionOut(Schema):
    """What the exchange measured, or why it could not; ``state`` is pending, measured or refused."""

    entry_id = Uuid(allow_none=True, metadata={"description": "Null while the file is being measured"})
    state = one_of("pending", "measured", "refused")
    code = fields.String(allow_none=True, metadata={"description": "Why the file could not be measured"})
    message = fields.String(allow_none=True)
    inspected_at = Timestamp(allow_none=True)
    report_digest = Digest(allow_none=True)
    content_digest = Digest(allow_none=True)
    encoding = fields.String(allow_none=True)
    rows = fields.Integer(allow_none=True)
    duplicate_rows = fields.Integer(allow_none=True)
    nulls = fields.Integer(allow_none=True)
    columns = fields.List(fields.Nested(ColumnOut))
    alike = fields.List(
        fields.Nested(AlikeOut),
        metadata={"description": "Until a decision: for reviewers all, for you those public or your own"},
    )


class AssetItemOut(Schema):
    """An asset in a list, as its provider and the operator's staff see it."""

    id = Uuid()
    number = fields.String(allow_none=True)
    title = fields.String()
    source = fields.String()
    rights = fields.List(fields.String())
    provider_id = Uuid()
    state = fields.Enum(RegistrationState, by_value=True)
    decision = fields.String(allow_none=True, metadata={"description": "The reviewer's reason"})
    duplicate_of = Uuid(allow_none=True, metadata={"description": "For reviewers alone"})
    drafted_at = Timestamp()
    notice_until = Timestamp(allow_none=True)
    registered_at = Timestamp(allow_none=True)


class AssetOut(AssetItemOut):
    """An asset with the entry of a step; ``index`` is null until that is integrated."""

    inspection = one_of("pending", "measured", "refused")
    file = fields.Nested(FileOut)
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)


class AssetsOut(Schema):
    """A page of assets."""

    items = fields.List(fields.Nested(AssetItemOut))
    next = fields.String(allow_none=True)
