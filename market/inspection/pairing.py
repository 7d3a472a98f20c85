"""Two reports about the same bytes, figure by figure: where somebody else measured otherwise. Nothing is merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """A figure of both reports.

    Attributes:
        code: of the indicator.
        column: the column it is about; None for the whole file.
        ours: the figure of the exchange; None where it has none.
        theirs: the other figure, likewise.
    """

    code: str
    column: str | None
    ours: Figure | None
    theirs: Figure | None

    @property
    def differs(self) -> bool:
        """Whether they say different things; by which method counts for nothing."""
        return _said(self.ours) != _said(self.theirs)


@dataclass(frozen=True)
class Total:
    """A fact about the whole file that both reports state.

    Attributes:
        name: its member in the report.
        ours: what the exchange counted.
        theirs: what the other did.
    """

    name: str
    ours: int | str
    theirs: int | str

    @property
    def differs(self) -> bool:
        """Whether they differ."""
        return self.ours != self.theirs


def pairs(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Pair]:
    """Return every figure that either report has, in the order of ours, then of the other."""
    left, right = _figures(ours), _figures(theirs)
    keys = dict.fromkeys((*left, *right))
    return [Pair(code, column, left.get((code, column)), right.get((code, column))) for code, column in keys]


def totals(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Total]:
    """Return the counts, the digest of the content and the grade of both."""
    return [
        *(Total(name, ours[name], theirs[name]) for name in ("rows", "duplicate_rows")),
        Total("nulls", *(sum(column["nulls"] for column in one["columns"]) for one in (ours, theirs))),
        Total("content_digest", ours["content_digest"], theirs["content_digest"]),
        Total("grade", *(f"{one['grade']['letter']} {one['grade']['score']}" for one in (ours, theirs))),
    ]


def _figures(report: Mapping[str, Any]) -> dict[tuple[str, str | None], Figure]:
    return {(figure["code"], figure["column"]): figure for figure in report["quality"]}


def _said(figure: Figure | None) -> tuple[Any, ...] | None:
    if figure is None:
        return None
    return tuple(figure.get(name) for name in ("numerator", "denominator", "reason"))
