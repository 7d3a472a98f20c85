"""The recipe of a cleaning: operations in order, and the form of the file that comes out.

As JSON (written by :meth:`Recipe.to_json`, read by :mod:`market.inspection.cleaning.parsing`)::

    {"version": 1, "output": "text/csv", "operations": [{"operation": "trim", "columns": null}, …]}

Columns are named as they are called when the operation's turn comes, after any renaming before it. Where
``columns`` may be null, null means all columns. A cell holds text or nothing; an operation that leaves no
character in a cell leaves nothing.
"""

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

from market.inspection.report import canonical
from market.inspection.sensitive.classes import Sensitive

VERSION = 1
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
OUTPUTS = (CSV, PARQUET)

Names = tuple[str, ...]


class Otherwise(StrEnum):
    """What becomes of a cell that an operation cannot read."""

    KEEP = "keep"
    EMPTY = "empty"
    DROP = "drop"
    """The whole row goes."""
    STOP = "stop"
    """Nothing is cleaned; the refusal names the row."""


class Kind(StrEnum):
    """What a cast makes of a column."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    """Date and time of no zone."""
    INSTANT = "instant"
    """Date and time in UTC, with ``Z`` at its end."""


@dataclass(frozen=True)
class Trim:
    """Take blanks off both ends of cells (Unicode White_Space)."""

    operation: ClassVar = "trim"
    columns: Names | None


@dataclass(frozen=True)
class Width:
    """Write full-width letters, figures, signs and blanks in half width (U+FF01 to U+FF5E, U+3000)."""

    operation: ClassVar = "width"
    columns: Names | None


@dataclass(frozen=True)
class Invisible:
    """Remove control characters but tab and line ends, and characters that nobody sees."""

    operation: ClassVar = "invisible"
    columns: Names | None


@dataclass(frozen=True)
class Empty:
    """Empty the cells that are exactly one of some words, such as ``N/A``."""

    operation: ClassVar = "empty"
    columns: Names | None
    words: Names


@dataclass(frozen=True)
class Dates:
    """Write dates and times by ISO 8601, as ``2026-01-31`` or ``2026-01-31 08:05:00``.

    Attributes:
        columns: where.
        patterns: how they are written now, tried in order; see :mod:`market.inspection.cleaning.patterns`.
            The two ISO forms are always read, before all others.
        otherwise: keep or empty cells that are no date.
    """

    operation: ClassVar = "dates"
    columns: Names
    patterns: Names
    otherwise: Otherwise


@dataclass(frozen=True)
class Cast:
    """Hold a column to one type, and write its cells the one way of that type.

    ``integer`` and ``decimal`` read a sign, leading zeros and groups of three between commas. An integer has
    64 bits and no fraction but zeros. A decimal has 38 digits in all; nothing is ever rounded.

    Attributes:
        column: which.
        type: the type.
        otherwise: what becomes of cells that are not of it.
        places: most digits behind the point of a decimal; 0 for other types.
        yes: words that mean true to a boolean; none for other types.
        no: words that mean false.
    """

    operation: ClassVar = "cast"
    column: str
    type: Kind
    otherwise: Otherwise
    places: int = 0
    yes: Names = ()
    no: Names = ()


@dataclass(frozen=True)
class Mask:
    """Hide the greater part of each cell.

    By its class (in JSON under ``class``), as previews do: a cell that has not the form of it is hidden whole.
    Without one, ``*`` is written for the characters between the first and the last ones, and for all of them
    in a cell no longer than what would be kept.

    Attributes:
        column: which.
        kind: class of sensitive data.
        first: characters kept at the beginning, where there is no class.
        last: characters kept at the end.
    """

    operation: ClassVar = "mask"
    column: str
    kind: Sensitive | None
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class DropColumns:
    """Leave columns out."""

    operation: ClassVar = "drop_columns"
    columns: Names


@dataclass(frozen=True)
class Rename:
    """Give a column another name."""

    operation: ClassVar = "rename"
    column: str
    name: str


@dataclass(frozen=True)
class DropDuplicates:
    """Keep the first of all rows that are equal in every cell."""

    operation: ClassVar = "drop_duplicates"


@dataclass(frozen=True)
class DropRows:
    """Leave out rows that are empty in any of some columns."""

    operation: ClassVar = "drop_rows"
    columns: Names


Operation = (
    Trim | Width | Invisible | Empty | Dates | Cast | Mask | DropColumns | Rename | DropDuplicates | DropRows
)


@dataclass(frozen=True)
class Recipe:
    """What is done to a file.

    Attributes:
        operations: in order.
        output: media type of the file that comes out, one of :data:`OUTPUTS`.
    """

    operations: tuple[Operation, ...]
    output: str = CSV

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as it is stored, with every default written out."""
        operations = [{"operation": one.operation} | _members(one) for one in self.operations]
        return {"version": VERSION, "output": self.output, "operations": operations}

    @property
    def text(self) -> str:
        """The recipe as canonical JSON."""
        return canonical(self.to_json())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in lower-case hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _members(operation: Operation) -> dict[str, Any]:
    members = asdict(operation)
    if isinstance(operation, Mask):
        column, kind = operation.column, operation.kind
        return {"column": column, "class": kind} if kind else {
            "column": column, "first": operation.first, "last": operation.last,
        }  # fmt: skip
    if isinstance(operation, Cast):
        foreign = {"places"} if operation.type is not Kind.DECIMAL else set()
        foreign |= {"yes", "no"} if operation.type is not Kind.BOOLEAN else set()
        members = {name: value for name, value in members.items() if name not in foreign}
    return members
