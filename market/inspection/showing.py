"""What a stranger may see of an inspection: facts of every column, values only of those that hold nothing sensitive.

Light: the server makes it out of the stored report and preview, with the findings in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from market.inspection.findings import Findings
from market.inspection.sensitive.classes import Sensitive

SMALLEST_COUNT: Final = 5
"""A frequent value that stands in fewer cells is not shown: it could be somebody's."""
HEIGHT: Final = 64
"""Of a drawn histogram, in its own units."""
BAR: Final = 4
"""Width of a bar of it, its gap included."""


class Seen(StrEnum):
    """How the values of a column are shown."""

    OPEN = "open"
    MASKED = "masked"
    """Only in the sample, masked by their class."""
    WITHHELD = "withheld"
    """Not at all: they may be sensitive, and how to mask them is not known."""


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram as it is drawn, the origin at the top left.

    Attributes:
        x: its left edge.
        y: its upper edge.
        height: 0 only where it counts nothing.
        count: cells.
    """

    x: int
    y: int
    height: int
    count: int


@dataclass(frozen=True)
class Column:
    """A column as it may be shown.

    Attributes:
        facts: its entry in the report.
        seen: how its values are shown.
        kind: the class of sensitive data in force; None for none.
        minimum: smallest value; None where it is not shown or there is none.
        maximum: largest value, likewise.
        frequent: (value, cells), the most frequent first.
        histogram: as the preview holds it; None where it is not shown or there is none.
    """

    facts: Mapping[str, Any]
    seen: Seen
    kind: Sensitive | None
    minimum: str | None
    maximum: str | None
    frequent: tuple[tuple[str, int], ...]
    histogram: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])

    @property
    def bars(self) -> list[Bar]:
        """Its histogram as bars; the highest fills the drawing, and what counts something can be seen."""
        counts = self.histogram["counts"] if self.histogram else []
        highest = max(counts, default=0) or 1
        heights = [-(-count * HEIGHT // highest) for count in counts]
        return [
            Bar(place * BAR, HEIGHT - height, height, count)
            for place, (height, count) in enumerate(zip(heights, counts, strict=True))
        ]


@dataclass(frozen=True)
class Shown:
    """What a stranger may see.

    Attributes:
        columns: in file order.
        sample: rows of cells; None for an empty cell and for one of a column that is withheld.
    """

    columns: tuple[Column, ...]
    sample: tuple[tuple[str | None, ...], ...]

    def document(self) -> dict[str, Any]:
        """Return the public preview as programs get it."""
        return {
            "columns": [
                {
                    "name": one.name,
                    "seen": one.seen.value,
                    "class": one.kind and one.kind.value,
                    "minimum": one.minimum,
                    "maximum": one.maximum,
                    "frequent": [{"value": value, "count": count} for value, count in one.frequent],
                    "histogram": one.histogram and dict(one.histogram),
                }
                for one in self.columns
            ],
            "sample": [list(row) for row in self.sample],
        }


def public(report: Mapping[str, Any], preview: Mapping[str, Any] | None, findings: Findings) -> Shown:
    """Return what a stranger may see.

    Args:
        report: as it is stored.
        preview: as it is stored; None once it is erased.
        findings: in force, that is with the corrections of reviewers.
    """
    values = preview["columns"] if preview else [{"uncertain": True}] * len(report["columns"])
    measured = {one["name"]: one["class"] for one in report["sensitive"]["columns"]}
    columns = tuple(
        _column(facts, value, measured.get(facts["name"]), findings)
        for facts, value in zip(report["columns"], values, strict=True)
    )
    rows = preview.get("sample", []) if preview else []
    withheld = [one.seen is Seen.WITHHELD for one in columns]
    sample = tuple(
        tuple(None if hidden else cell for cell, hidden in zip(row, withheld, strict=True)) for row in rows
    )
    return Shown(columns, sample)


def _column(
    facts: Mapping[str, Any], value: Mapping[str, Any], measured: str | None, findings: Findings
) -> Column:
    found = findings.of(facts["name"])
    kind = found.kind if found else None
    seen = _seen(facts["name"], value, measured, findings)
    if seen is not Seen.OPEN:
        return Column(facts, seen, kind, None, None, (), None)
    frequent = tuple(
        (one["value"], one["count"]) for one in value["frequent"] if one["count"] >= SMALLEST_COUNT
    )
    return Column(facts, seen, kind, value["minimum"], value["maximum"], frequent, value["histogram"])


def _seen(name: str, value: Mapping[str, Any], measured: str | None, findings: Findings) -> Seen:
    """Tell how values are shown: a cell is masked by the class that was measured, so only that class can be shown."""
    if value.get("uncertain", True):
        return Seen.WITHHELD
    if name not in findings.sensitive:
        return Seen.OPEN
    found = findings.of(name)
    listed = any(hit.column == name for hit in findings.negative)
    return Seen.MASKED if found is not None and not listed and found.kind == measured else Seen.WITHHELD
