"""What a comparison of two files of one asset says, as values. Light: the server imports it.

A comparison names columns and gives figures, never a value out of the data, so it may be shown to everybody. Its
document is plain JSON (keys ASCII, integers whole, no floats)::

    version    1
    method     "qilu-comparison-1": what is counted and how
    columns    added and removed (name, type), kept (names, in the new file's order), retyped (name, before, after),
               and whether those kept stand in another order. Columns are matched by name alone.
    rows       before, after, added, removed, kept; method "exact". A row is its cells in the kept columns, written
               canonically (:mod:`market.inspection.content`); order does not matter, and equal rows stand as often
               as they occur. Without a kept column no row is kept.
    empty      for each kept column the share of empty cells before and after; method "exact"
    distances  for each kept column how far the new cells lie from the old, or the reason why it is not assessed

A distance is a fraction from 0 (the same) to 1 (nothing in common). ``total_variation`` (method "exact") is half the
sum of the differences of every value's share among all cells, empty ones together being a value; for columns of at
most 1,000 different values on both sides. ``kolmogorov_smirnov`` (method "sketch") is the largest difference of the
shares of cells below a bound, over the bounds that the bars of both histograms share (:mod:`market.inspection.spread`);
for numbers, dates and moments. The true distance is at least that. Cells without a place among them (not a number,
infinite, years before 1000 or after 9999) are left out.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

METHOD = "qilu-comparison-1"
VERSION = 1

TOTAL_VARIATION = "total_variation"
KOLMOGOROV_SMIRNOV = "kolmogorov_smirnov"
EXACT = "exact"
SKETCH = "sketch"
MANY_VALUES = "many_values"
"""A column has too many different values, and they are no numbers, dates or moments on both sides."""
TOO_LARGE = "too_large"
"""The exact fraction has a denominator above 2^53, which canonical JSON cannot hold."""


@dataclass(frozen=True)
class Typed:
    """A column and its type, one of the report's (:data:`market.inspection.report.TYPE_LABELS`)."""

    name: str
    type: str


@dataclass(frozen=True)
class Retyped:
    """A column that is of another type than before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Schema:
    """How the columns changed.

    Attributes:
        added: those that the old file has not, in the new file's order.
        removed: those that the new file has not, in the old file's order.
        kept: names of those that both have, in the new file's order.
        retyped: those of the kept that are of another type.
        reordered: whether the kept stand in another order.
    """

    added: tuple[Typed, ...]
    removed: tuple[Typed, ...]
    kept: tuple[str, ...]
    retyped: tuple[Retyped, ...]
    reordered: bool


@dataclass(frozen=True)
class Share:
    """A share as an exact fraction, not shortened: so many of so many."""

    numerator: int
    denominator: int


@dataclass(frozen=True)
class Rows:
    """How many rows there are, came and went."""

    before: int
    after: int
    added: int
    removed: int
    kept: int


@dataclass(frozen=True)
class Empty:
    """The share of empty cells of a kept column."""

    column: str
    before: Share
    after: Share


@dataclass(frozen=True)
class Distance:
    """How far the cells of a kept column moved.

    Attributes:
        column: its name.
        measure: :data:`TOTAL_VARIATION` or :data:`KOLMOGOROV_SMIRNOV`; None where neither is assessed.
        value: the distance in lowest terms; None where it is not assessed.
        method: :data:`EXACT` or :data:`SKETCH`; None where it is not assessed.
        reason: why it is not assessed; None where it is.
    """

    column: str
    measure: str | None
    value: Share | None
    method: str | None
    reason: str | None


@dataclass(frozen=True)
class Comparison:
    """What changed from one file to the next; see this module."""

    schema: Schema
    rows: Rows
    empty: tuple[Empty, ...]
    distances: tuple[Distance, ...]

    def document(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values."""
        return {
            "version": VERSION,
            "method": METHOD,
            "columns": plain(self.schema),
            "rows": plain(self.rows) | {"method": EXACT},
            "empty": [plain(one) | {"method": EXACT} for one in self.empty],
            "distances": [_written(one) for one in self.distances],
        }


def from_document(document: dict[str, Any]) -> Comparison:
    """Read a stored document.

    Raises:
        ValueError: it is of another version.
    """
    if (document["version"], document["method"]) != (VERSION, METHOD):
        raise ValueError("a comparison of another version")
    columns, rows = document["columns"], document["rows"]
    return Comparison(
        Schema(
            tuple(Typed(**one) for one in columns["added"]),
            tuple(Typed(**one) for one in columns["removed"]),
            tuple(columns["kept"]),
            tuple(Retyped(**one) for one in columns["retyped"]),
            columns["reordered"],
        ),
        Rows(*(rows[name] for name in ("before", "after", "added", "removed", "kept"))),
        tuple(
            Empty(one["column"], Share(**one["before"]), Share(**one["after"])) for one in document["empty"]
        ),
        tuple(_distance(one) for one in document["distances"]),
    )


def schema(before: Sequence[Typed], after: Sequence[Typed]) -> Schema:
    """Return how columns changed; each name stands once in a file."""
    old = {one.name: one.type for one in before}
    new = {one.name: one.type for one in after}
    kept = tuple(name for name in new if name in old)
    return Schema(
        added=tuple(one for one in after if one.name not in old),
        removed=tuple(one for one in before if one.name not in new),
        kept=kept,
        retyped=tuple(Retyped(name, old[name], new[name]) for name in kept if old[name] != new[name]),
        reordered=kept != tuple(name for name in old if name in new),
    )


def plain(value: Any) -> dict[str, Any]:
    """Return one of these values as plain JSON."""
    return {
        name: list(member) if isinstance(member, tuple) else member for name, member in asdict(value).items()
    }


def _written(distance: Distance) -> dict[str, Any]:
    found = {"column": distance.column, "measure": distance.measure}
    if distance.value is None:
        return found | {"reason": distance.reason}
    return found | plain(distance.value) | {"method": distance.method}


def _distance(found: dict[str, Any]) -> Distance:
    value = Share(found["numerator"], found["denominator"]) if "numerator" in found else None
    return Distance(found["column"], found["measure"], value, found.get("method"), found.get("reason"))
