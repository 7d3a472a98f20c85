"""What comes in and goes out of the routes of cleaning."""

from marshmallow import fields

from market.documents import Documents
from market.fields import BoundedInt, Digest, Schema, Timestamp, Uuid, one_of
from market.inspection.cleaning.parsing import OPERATIONS
from market.inspection.cleaning.recipe import CSV, OUTPUTS


class RecipeIn(Schema):
    """What is done to a file: operations in order; each fault is named by its path."""

    version = BoundedInt(low=1, high=1, required=True)
    output = one_of(*OUTPUTS, load_default=CSV, metadata={"description": "Media type of the cleaned file"})
    operations = Documents(
        high=OPERATIONS,
        required=True,
        metadata={
            "description": "Each names its `operation`: trim, width, invisible, empty, dates, cast, mask,"
            " drop_columns, rename, drop_duplicates or drop_rows, with its members"
        },
    )


class ChangeOut(Schema):
    """What one operation did."""

    operation = fields.String()
    cells = fields.Integer(metadata={"description": "Cells written differently, in rows that it kept"})
    unread = fields.Integer(metadata={"description": "Filled cells that it could not read"})
    rows = fields.Integer(metadata={"description": "Rows left out"})
    columns = fields.Integer(metadata={"description": "Columns left out or renamed"})


class CleaningOut(Schema):
    """How a file was made of another by a recipe; `qilu clean` makes the same of the same bytes."""

    recipe = fields.Dict(allow_none=True, metadata={"description": "Null once it was erased"})
    recipe_digest = Digest(metadata={"description": "SHA-256 of the recipe as canonical JSON (RFC 8785)"})
    source_digest = Digest(metadata={"description": "SHA-256 of the file that was cleaned"})
    result_digest = Digest(metadata={"description": "SHA-256 of the file that came out"})
    rows = fields.Integer(metadata={"description": "Data rows of the source"})
    kept = fields.Integer(metadata={"description": "Data rows of the file that came out"})
    changes = fields.List(fields.Nested(ChangeOut), metadata={"description": "One for each operation"})
    engine = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Versions of what cleaned"}
    )
    cleaned_at = Timestamp()
    entry_id = Uuid(metadata={"description": "Entry of the step"})


class AskedOut(Schema):
    """A recipe that is being followed, or that could not be: then ``code`` and ``message`` say why."""

    state = one_of("pending", "refused")
    recipe = fields.Dict()
    code = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    asked_at = Timestamp()
    done = fields.Integer(metadata={"description": "How far it is while pending, in thousandths"})


class CleaningsOut(Schema):
    """What waits to be done to the file of an asset, and the cleanings that led to it."""

    asked = fields.Nested(AskedOut, allow_none=True, metadata={"description": "Null: nothing waits"})
    items = fields.List(fields.Nested(CleaningOut), metadata={"description": "The first one first"})
