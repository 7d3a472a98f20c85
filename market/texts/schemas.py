"""What the API says about model texts, and takes to fill a blank form."""

from collections.abc import Mapping
from typing import Any, Final, cast

from marshmallow import ValidationError, fields, validate

from market.fields import Schema, Told, says
from market.i18n import lazy

MOST: Final = 200
"""Most blanks that are sent; no text has as many."""
_DEEP: Final = 4
"""Deepest nesting of a value: a table is a list of rows of cells, and a cell is no list."""


class Values(Told, fields.Dict):
    """Values by blank; what each may be is said by the text itself."""

    default_error_messages = says(invalid=lazy("Send an object with the blanks by name."))

    def __init__(self, **kwargs: Any) -> None:
        wanted = cast(str, lazy("At most %(count)s blanks.", count=MOST))
        super().__init__(validate=validate.Length(max=MOST, error=wanted), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not _is_shallow(value, _DEEP):
            raise ValidationError(str(lazy("The values are nested deeper than any blank.")))
        return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(one, depth - 1) for one in inner)


class FormIn(Schema):
    """What is filled in already; blanks that are not named stay lines to write on."""

    values = Values(required=True)


class WordingOut(Schema):
    """One wording in both languages."""

    zh = fields.String()
    en = fields.String()


class TextItemOut(Schema):
    """One version of a model text."""

    id = fields.String()
    name = fields.String()
    version = fields.String()
    title = fields.Nested(WordingOut)
    newest = fields.Boolean()
    price = fields.String(metadata={"description": "any, free (nothing is paid) or none (there is no price)"})
    subject = fields.String(metadata={"description": "file (one registered file) or described (by the text)"})
    digest = fields.String()
    form = fields.Boolean(metadata={"description": "whether its blanks can be filled here"})


class TextsOut(Schema):
    """All model texts, by name, the newest version first."""

    items = fields.List(fields.Nested(TextItemOut))


class PartOut(Schema):
    """A paragraph in both languages, a list of facts (names of blanks) or a table; one of the three."""

    when = fields.String(metadata={"description": "the condition as the text writes it; empty for none"})
    condition = fields.Nested(WordingOut, allow_none=True)
    text = fields.Nested(WordingOut, allow_none=True)
    facts = fields.List(fields.String())
    table = fields.String()


class ClauseOut(Schema):
    """An article or a schedule; its id is the same in every version."""

    id = fields.String()
    number = fields.Integer()
    title = fields.Nested(WordingOut)
    source = fields.String()
    parts = fields.List(fields.Nested(PartOut))


class OptionOut(WordingOut):
    """A word that may be chosen."""

    word = fields.String()


class BlankOut(Schema):
    """A blank: what may stand in it, when it is asked for, and what it begins with."""

    name = fields.String()
    type = fields.String()
    label = fields.Nested(WordingOut)
    help = fields.Nested(WordingOut, allow_none=True)
    source = fields.String()
    must = fields.String()
    optional = fields.Boolean()
    given = fields.Boolean(metadata={"description": "filled in by the exchange, never by a party"})
    when = fields.String()
    condition = fields.Nested(WordingOut, allow_none=True)
    options = fields.List(fields.Nested(OptionOut))
    default = fields.Raw(allow_none=True)
    low = fields.Integer()
    high = fields.Integer()
    limit = fields.Integer()
    least = fields.Integer()


class TextOut(TextItemOut):
    """A model text: its articles, schedules and blanks."""

    clauses = fields.List(fields.Nested(ClauseOut))
    schedules = fields.List(fields.Nested(ClauseOut))
    blanks = fields.List(fields.Nested(BlankOut))
