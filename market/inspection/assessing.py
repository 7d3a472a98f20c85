"""Quality, indicator by indicator: from the bytes, and from what the provider declared of them. Child alone.

Every figure is measured here; a declaration says only what it is held against. Without one, whatever needs it is
not assessed, and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from market.inspection.column import Measured
from market.inspection.declared.checking import Checker, Count, Counts
from market.inspection.declared.model import Declared, DeclaredColumn
from market.inspection.grading import figure, summed, unassessed
from market.inspection.sensitive.classes import Level, covers, level
from market.inspection.table import Table, Whole

Figure = dict[str, Any]

_ORDER = (
    "0101", "0102", "0103", "0104", "0105", "0106", "0201", "0202", "0301", "0302", "0303", "0304", "0305", "0401",
    "0402", "0501", "0502", "0503", "0601", "0602",
)  # fmt: skip
_RULED = ("0104", "0402", "0503")
"""Indicators that declared rules of rows speak of."""


class Holding:
    """A table being held against its declaration as it passes by.

    Args:
        declared: the declaration; None when there is none.
        names: of the file's columns.
    """

    def __init__(self, declared: Declared | None, names: Sequence[str]) -> None:
        self.declared = declared
        self._checkers = [Checker(one, names) for one in (declared, _of_period(declared)) if one is not None]

    def update(self, cells: pl.DataFrame) -> None:
        """Hold more rows against it."""
        for checker in self._checkers:
            checker.update(cells)

    def merge(self, other: "Holding") -> None:
        """Take in what was counted of the rows that follow."""
        for ours, theirs in zip(self._checkers, other._checkers, strict=True):
            ours.merge(theirs)

    def counts(self) -> list[Counts]:
        """Return what was counted: of the declaration, then of its period."""
        return [checker.counts() for checker in self._checkers]


def quality(whole: Whole, table: Table, holding: Holding) -> list[Figure]:
    """Return all figures: of each column, then of the whole file."""
    counts = holding.counts()
    of_columns = [
        one
        for column in whole.columns
        for one in (*_bytes_of(column), *_declared_of(column, holding.declared, counts))
    ]
    of_file = {
        "0201": summed("0201", of_columns, "no_cells"),
        "0301": summed("0301", of_columns, "no_checksum"),
        "0302": summed("0302", of_columns, "no_format"),
        "0303": figure("0303", None, whole.distinct_rows, whole.rows),
        "0305": summed("0305", of_columns, "no_cells"),
        "0106": _personal(whole, holding.declared),
        "0401": unassessed("0401", "no_other_copy"),
        "0601": unassessed("0601", "no_deliveries"),
        "0602": unassessed("0602", "no_deliveries"),
        **_declared(whole, table, holding.declared, counts, of_columns),
    }
    return of_columns + [of_file[code] for code in _ORDER]


def _bytes_of(column: Measured) -> Iterator[Figure]:
    """Yield what the bytes of a column tell."""
    name, counts = column.column.name, column.column.counts
    yield figure("0201", name, counts.filled, counts.rows)
    if not counts.filled:
        yield from (unassessed(code, "no_cells", name) for code in ("0302", "0305"))
        return
    formatted = max(counts.numbers, counts.dates, counts.moments, counts.booleans)
    if column.type in {"binary", "float", "time"}:
        yield figure("0302", name, counts.filled, counts.filled)
    elif column.type != "text" or formatted * 2 > counts.filled:
        yield figure("0302", name, formatted, counts.filled)
    else:
        yield unassessed("0302", "no_format", name)
    unclean = min(counts.filled, counts.dirty["any"] + column.placeholders)
    yield figure("0305", name, counts.filled - unclean, counts.filled)


def _declared_of(column: Measured, declared: Declared | None, counts: list[Counts]) -> Iterator[Figure]:
    """Yield what a column's cells say to its declaration and to the check symbols of its class."""
    name = column.column.name
    asked = counts[0].columns.get(name, {}) if declared else {}
    for code, kinds in (("0101", ("type", "longest", "pattern")), ("0105", ("allowed",))):
        yield from _counted(code, name, [asked[kind] for kind in kinds if kind in asked])
    correct = [asked["range"]] if "range" in asked else []
    finding = column.finding
    if finding is not None and "checksum" in finding.basis:
        correct.append(Count(finding.hits, finding.valid))
    yield from _counted("0301", name, correct)
    if any(one.name == name and one.unique for one in (declared.columns if declared else ())):
        yield from _counted("0304", name, [Count(column.column.counts.filled, column.distinct)])


def _counted(code: str, name: str | None, parts: list[Count]) -> Iterator[Figure]:
    evaluated = sum(part.evaluated for part in parts)
    if evaluated:
        yield figure(code, name, sum(part.satisfied for part in parts), evaluated)


def _declared(
    whole: Whole, table: Table, declared: Declared | None, counts: list[Counts], of_columns: list[Figure]
) -> dict[str, Figure]:
    """Return the figures of the whole file that a declaration is needed for."""
    needing = ("0101", "0102", "0103", *_RULED, "0105", "0202", "0304", "0501", "0502")
    found = {code: unassessed(code, "unsaid" if declared else "undeclared") for code in needing}
    if declared is None:
        return found
    names = {column.column.name for column in whole.columns}
    said = {one.name for one in declared.columns}
    described = {one.name for one in declared.columns if one.description}
    found["0101"] = summed("0101", of_columns, "unsaid")
    found["0102"] = figure("0102", None, len(names & said), len(names | said))
    found["0103"] = figure("0103", None, len(names & described), len(names))
    found["0105"] = summed("0105", of_columns, "unsaid")
    for code in _RULED:
        parts = [
            count for rule, count in zip(declared.rules, counts[0].rules, strict=True) if rule.code == code
        ]
        found[code] = next(_counted(code, None, parts), unassessed(code, "no_cells" if parts else "no_rule"))
    found["0202"] = next(_counted("0202", None, [counts[0].records]), found["0202"])
    found["0304"] = _unique(whole, table, declared, of_columns)
    if len(counts) > 1:
        parts = [one["range"] for one in counts[1].columns.values() if "range" in one]
        found["0501"] = next(
            _counted("0501", None, parts), unassessed("0501", "no_cells" if parts else "no_column")
        )
    found["0502"] = _timely(whole, declared)
    return found


def _timely(whole: Whole, declared: Declared) -> Figure:
    """Return whether the newest moment is as near to the declared end as the declared cadence asks.

    The end is declared and not read off a clock, so that the report can be made again.
    """
    period = declared.period
    if period is None or period.end is None or period.every_days is None:
        return unassessed("0502", "unsaid")
    newest = next((one.extremes[1] for one in whole.columns if one.column.name == period.column), None)
    if newest is None:
        return unassessed("0502", "no_column")
    try:
        late = date.fromisoformat(period.end[:10]) - date.fromisoformat(newest[:10])
    except ValueError:
        return unassessed("0502", "no_format")
    return figure("0502", None, int(late.days <= period.every_days), 1)


def _unique(whole: Whole, table: Table, declared: Declared, of_columns: list[Figure]) -> Figure:
    """Return how unique the declared key is; without a key, the columns declared unique."""
    names = [column.column.name for column in whole.columns]
    if not declared.key:
        return summed("0304", of_columns, "unsaid")
    if not set(declared.key) <= set(names):
        return unassessed("0304", "no_column")
    different, filled = table.keyed([names.index(name) for name in declared.key])
    return figure("0304", None, different, filled) if filled else unassessed("0304", "no_cells")


def _personal(whole: Whole, declared: Declared | None) -> Figure:
    """Return how many of the columns that were found to hold personal data are declared to, and not as less."""
    said = {one.name: one.personal for one in declared.columns} if declared else {}
    found = [
        covers(said.get(one.column.name), one.finding.kind)
        for one in whole.columns
        if one.finding is not None and level(one.finding.kind) is not Level.NOT_PERSONAL
    ]
    if not found:
        return unassessed("0106", "no_personal")
    return figure("0106", None, sum(found), len(found))


def _of_period(declared: Declared | None) -> Declared | None:
    """Return the declared period as a range of its column; None where there is none."""
    period = declared.period if declared else None
    if declared is None or period is None or (period.start is None and period.end is None):
        return None
    kind = next(one.type for one in declared.columns if one.name == period.column)
    column = DeclaredColumn(period.column, kind, minimum=period.start, maximum=period.end)
    return replace(declared, columns=(column,), key=(), rules=(), period=None)
