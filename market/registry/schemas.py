"""What comes in and goes out of the routes of assets."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from market.documents import Document, Documents, Plain
from market.fields import (
    BoundedInt,
    Cursor,
    Digest,
    File,
    Reason,
    Schema,
    Several,
    Text,
    Timestamp,
    Uuid,
    one_of,
)
from market.i18n import _
from market.inspection.declared.model import COLUMNS, NAME, RULES, TEXT
from market.inspection.sensitive.classes import Sensitive
from market.registry.models import Decision, Origin, Right
from market.registry.screening import StopCode
from market.registry.states import RegistrationState, UpdateState

NOTHING = "none"
"""What a correction says of a column that holds nothing sensitive."""


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
    authority = Text(
        low=2,
        high=200,
        metadata={
            "description": "The authority whose public data these are; left out where they are nobody's"
        },
    )
    authority_basis = Text(
        low=2,
        high=1000,
        lines=True,
        metadata={"description": "On what ground; required beside `authority`"},
    )

    @validates_schema
    def _both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if ("authority" in data) != ("authority_basis" in data):
            missing = "authority_basis" if "authority" in data else "authority"
            raise ValidationError(
                _("Name both the authority and the basis, or neither (rule R2.10)."), missing
            )

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "rights": sorted({Right(word) for word in data["rights"]})}


class FileIn(Schema):
    """The file itself: CSV (UTF-8, UTF-16 or GB18030), JSON lines, an Excel workbook or Parquet."""

    file = File(required=True)


class UpdateIn(Schema):
    """What a provider says of a newer file; the file comes beside it."""

    changes = Text(
        low=2,
        high=2000,
        lines=True,
        required=True,
        metadata={"description": "What differs from the file on offer; reviewers and buyers read it"},
    )


class ReviewIn(Schema):
    """A reviewer's decision."""

    decision = one_of("approve", "reject", required=True)
    reason = Reason(required=True)


class CorrectionIn(Schema):
    """A reviewer's word on what a column holds."""

    column = Text(high=1000, required=True)
    kind = one_of(
        *(kind.value for kind in Sensitive),
        NOTHING,
        data_key="class",
        required=True,
        metadata={"description": "Class of sensitive data, or none"},
    )
    reason = Reason(required=True)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "kind": None if data["kind"] == NOTHING else Sensitive(data["kind"])}


class AppealIn(Schema):
    """Why a stopped registration should go on."""

    reason = Reason(required=True)


class ReleaseIn(Schema):
    """The operator's decision about a stopped registration."""

    decision = one_of(*(decision.value for decision in Decision), required=True)
    reason = Reason(required=True)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "decision": Decision(data["decision"])}


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


class FindingOut(Schema):
    """What a column holds of sensitive data, with the corrections."""

    column = fields.String()
    kind = fields.String(data_key="class")
    level = fields.String(metadata={"description": "Modelled on the levels of GB/T 43697-2024"})
    cells = fields.Integer(metadata={"description": "Cells that bear the form of the class"})
    filled = fields.Integer()
    valid = fields.Integer(metadata={"description": "Cells whose check symbol is right"})
    basis = fields.List(fields.String())
    declared = fields.Enum(
        Sensitive,
        by_value=True,
        allow_none=True,
        metadata={"description": "The class that the provider declared"},
    )
    examples = fields.List(fields.String(), metadata={"description": "Masked; for owner and reviewer alone"})


class HiddenOut(Schema):
    """How well rows hide among those that agree with them in a few columns."""

    columns = fields.List(fields.String())
    k = fields.Integer(metadata={"description": "Rows of the smallest group"})
    groups = fields.Integer()
    rows_below = fields.Integer(metadata={"description": "Rows in groups of fewer than five"})


class HitOut(Schema):
    """Something on the negative list."""

    code = fields.String()
    column = fields.String(allow_none=True)
    cells = fields.Integer(metadata={"description": "0 where the name of the column alone says so"})


class StopOut(Schema):
    """What stops the registration."""

    code = fields.Enum(StopCode, by_value=True)
    column = fields.String(
        metadata={"description": "Several are joined by a comma; empty for the whole file"}
    )
    what = fields.String(
        metadata={"description": "Class, code of the negative list, or rows of the smallest group"}
    )
    declared = fields.String(
        metadata={"description": "The declared class, which is less sensitive than the one found; else empty"}
    )
    message = fields.String(metadata={"description": "What to do, in the reader's language"})


class CorrectionOut(Schema):
    """A correction that a reviewer made; null as class is nothing sensitive."""

    column = fields.String()
    kind = fields.Enum(Sensitive, by_value=True, allow_none=True, data_key="class")
    instead_of = fields.Enum(Sensitive, by_value=True, allow_none=True)
    reason = fields.String()
    corrected_at = Timestamp()


class DeclarationIn(Schema):
    """What is declared of a file: its columns, key, rules of rows and period; each fault is named by its path."""

    version = BoundedInt(low=1, high=1)
    columns = Documents(
        low=1,
        high=COLUMNS,
        required=True,
        metadata={
            "description": "Each: name, type, description, required, unique, minimum, maximum, pattern, allowed"
            " (values, or the name of a list), longest, personal (class of personal data), quasi, unit"
        },
    )
    key = Several(
        Plain(high=NAME),
        high=COLUMNS,
        metadata={"description": "Names of columns that tell rows apart"},
    )
    rules = Documents(
        high=RULES,
        metadata={"description": "Each: expression, code, description"},
    )
    period = Document(
        allow_none=True, metadata={"description": "column, start, end (YYYY-MM-DD), every_days"}
    )
    description = Plain(high=TEXT)


class DeclarationOut(Schema):
    """What is declared of a file; a draft from what was measured while nothing is."""

    declared = fields.Dict(metadata={"description": "As PUT takes it"})
    digest = Digest(metadata={"description": "SHA-256 of its canonical text"})
    origin = fields.Enum(Origin, by_value=True)
    declared_at = Timestamp(allow_none=True, metadata={"description": "Null: nothing is declared yet"})


class AppealOut(Schema):
    """A provider's request to go on, and the operator's decision."""

    reason = fields.String()
    appealed_at = Timestamp()
    decision = fields.Enum(Decision, by_value=True, allow_none=True)
    decision_reason = fields.String(allow_none=True)
    decided_at = Timestamp(allow_none=True)


class ScreenedOut(Schema):
    """What was found of sensitive data and what became of it."""

    found = fields.List(fields.Nested(FindingOut))
    hidden = fields.Nested(HiddenOut, data_key="k", allow_none=True)
    negative = fields.List(fields.Nested(HitOut))
    stops = fields.List(fields.Nested(StopOut), metadata={"description": "Empty: nothing stops it"})
    corrections = fields.List(fields.Nested(CorrectionOut))
    appeals = fields.List(fields.Nested(AppealOut))


class InspectionOut(Schema):
    """What the exchange measured, or why it could not; ``state`` is pending, measured or refused."""

    entry_id = Uuid(allow_none=True, metadata={"description": "Null while the file is being measured"})
    state = one_of("pending", "measured", "refused")
    done = fields.Integer(metadata={"description": "How far measuring is while pending, in thousandths"})
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
    sensitive = fields.Nested(ScreenedOut, allow_none=True)
    alike = fields.List(
        fields.Nested(AlikeOut),
        metadata={"description": "Until a decision: for reviewers all, for you those public or your own"},
    )


class UpdateOut(Schema):
    """A newer file of a registered asset, how it differs from the one on offer when it came, and what became of it."""

    ordinal = fields.Integer(metadata={"description": "Of the file among the asset's; the first is 1"})
    state = fields.Enum(UpdateState, by_value=True)
    changes = fields.String(metadata={"description": "The provider's words"})
    file = fields.Nested(FileOut)
    after = fields.Nested(FileOut, metadata={"description": "The file that was on offer when it came"})
    comparison = fields.Dict(allow_none=True, metadata={"description": "Null until it is measured"})
    decision = fields.String(allow_none=True, metadata={"description": "The reviewer's reason"})
    uploaded_at = Timestamp()
    decided_at = Timestamp(allow_none=True)
    entry_id = Uuid(metadata={"description": "Entry of the last step"})
    index = fields.Integer(allow_none=True)


class UpdatesOut(Schema):
    """The newer files of an asset, the newest first."""

    items = fields.List(fields.Nested(UpdateOut))


class AssetItemOut(Schema):
    """An asset in a list, as its provider and the operator's staff see it."""

    id = Uuid()
    number = fields.String(allow_none=True)
    title = fields.String()
    source = fields.String()
    rights = fields.List(fields.String())
    authority = fields.String(
        allow_none=True, metadata={"description": "The authority whose public data these are declared to be"}
    )
    authority_basis = fields.String(allow_none=True, metadata={"description": "On what ground"})
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
    file = fields.Nested(
        FileOut,
        metadata={"description": "The one on offer; a newer one while that is under way and yours to see"},
    )
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)


class AssetsOut(Schema):
    """A page of assets."""

    items = fields.List(fields.Nested(AssetItemOut))
    next = fields.String(allow_none=True)
