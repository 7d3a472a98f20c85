"""Tables of a form: rows of cells under the names ``<blank>.<row>.<cell>``, from and to the rows of a blank.

A row of which nothing is filled in does not count, so a row is taken out by emptying it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from contracts.blanks import ROWS
from contracts.errors import MoneyError
from contracts.library import Bilingual, Model
from contracts.money import Money
from market.i18n import gettext as _
from market.i18n import lazy

EMPTY: Final = 1
"""Empty rows below the filled ones."""
ADDED: Final = 4
"""Empty rows when more are asked for."""
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_NAMES: Final[Mapping[str, Mapping[str, tuple[str, Any]]]] = MappingProxyType(
    {
        "quality": {
            "indicator": ("select", lazy("Indicator")),
            "field": ("text", lazy("Column")),
            "operator": ("select", lazy("Comparison")),
            "value": ("decimal", lazy("Value")),
            "method": ("select", lazy("How it is tested")),
            "remedy": ("select", lazy("If it is not met")),
        },
        "tiers": {
            "from": ("whole", lazy("From unit")),
            "amount": ("money", lazy("Price of a unit in yuan")),
        },
        "milestones": {
            "label": ("text", lazy("Milestone")),
            "share": ("decimal", lazy("Share of the price")),
            "days": ("whole", lazy("Days to pay")),
        },
        "organisations": {
            "name": ("text", lazy("Organisation")),
            "credit_code": ("code", lazy("Unified social credit code")),
        },
    }
)
"""Cells of a row by type of table: what each is filled in with, and its heading."""


class _Sent(Protocol):
    def __contains__(self, name: object, /) -> bool: ...

    def getlist(self, name: str, /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: of the cell within a row.
        widget: ``select`` ``text`` ``decimal`` ``whole`` ``money`` or ``code``.
        label: its heading in the reader's language.
        options: words that may be chosen, with their readings.
    """

    name: str
    widget: str
    label: str
    options: tuple[tuple[str, Bilingual], ...] = ()


def columns(model: Model, kind: str) -> tuple[Column, ...]:
    """Return the columns of a type of table."""
    return tuple(
        Column(name, widget, str(label), tuple(model.words[name].items()) if widget == "select" else ())
        for name, (widget, label) in _NAMES[kind].items()
    )


def note(kind: str) -> str:
    """Return what else the reader must know to fill a type of table."""
    if kind == "quality":
        return " " + _("Without a column a promise is about the whole file; shares are between 0 and 1.")
    if kind == "tiers":
        return " " + _("The first tier begins at unit 0.")
    if kind == "milestones":
        return " " + _("The shares add up to 1.")
    return ""


def read(kind: str, name: str, form: _Sent) -> list[dict[str, Any]]:
    """Return the rows that were filled in; cells that are not of their type stay text.

    Args:
        kind: the type of table.
        name: what the names of its cells begin with.
        form: what was sent.
    """
    found = []
    for number in range(ROWS + ADDED):
        cells = {cell: _sent(form, f"{name}.{number}.{cell}") for cell in _NAMES[kind]}
        if any(cells.values()):
            found.append({cell: _value(kind, cell, text) for cell, text in cells.items()})
    return found


def rows(model: Model, kind: str, value: Any, more: bool) -> list[list[str]]:
    """Return the texts of the cells of every row shown, empty ones last.

    Args:
        model: the text.
        kind: the type of table.
        value: rows, right or wrong.
        more: whether several empty rows are wanted.
    """
    names = [column.name for column in columns(model, kind)]
    filled = [
        [_text(kind, name, row.get(name)) for name in names]
        for row in (value if isinstance(value, list) else ())
        if isinstance(row, Mapping)
    ]
    empty = min(ADDED if more else EMPTY, max(ROWS - len(filled), 0))
    return filled + [["" for _name in names] for _row in range(empty)]


def _sent(form: _Sent, name: str) -> str:
    return " ".join(form.getlist(name)[-1].split()) if name in form else ""


def _value(kind: str, cell: str, text: str) -> Any:
    plain = unicodedata.normalize("NFKC", text)
    match _NAMES[kind][cell][0]:
        case "whole":
            return int(plain) if _WHOLE.fullmatch(plain) else text
        case "money":
            try:
                return Money.parse(plain).amount
            except MoneyError:
                return text
        case "decimal":
            return plain
        case "code":
            return plain.upper().replace(" ", "")
    text = unicodedata.normalize("NFC", text)
    return None if (kind, cell, text) == ("quality", "field", "") else text


def _text(kind: str, cell: str, value: Any) -> str:
    if value is None:
        return ""
    if _NAMES[kind][cell][0] == "money" and type(value) is int:
        return Money(value).figures()
    return str(value)
