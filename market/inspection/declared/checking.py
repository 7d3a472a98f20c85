"""Counting the cells and rows that keep a declaration, batch by batch. Child alone.

Cells are taken as the file has them: text, null where empty. Counts are exact and can be merged. Whether keys
are unique is not counted here; the kept values of :mod:`market.inspection.table` tell it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb
import polars as pl

from market.inspection import content
from market.inspection.declared import lists, patterns, rules
from market.inspection.declared.model import Declared, DeclaredColumn

_FORMS = {
    "boolean": "true|false",
    "integer": content.INTEGER,
    "decimal": content.NUMBER,
    "float": rf"{content.NUMBER}([eE][-+]?[0-9]{{1,3}})?|NaN|-?inf",
    "date": content.DATE,
    "timestamp": content.MOMENT,
    "time": r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?",
    "binary": r"([0-9A-F]{2})*",
}
_WIDTH = 39
"""Digits before the point that numbers are compared with; plain numbers have at most 38."""


@dataclass
class Count:
    """How often something was asked, and how often it was so.

    Attributes:
        evaluated: cells or rows it was asked of.
        satisfied: those that keep it.
        unknown: rows for which it cannot be assessed; not among those evaluated.
    """

    evaluated: int = 0
    satisfied: int = 0
    unknown: int = 0

    def add(self, other: "Count") -> None:
        """Count what another part counted."""
        self.evaluated += other.evaluated
        self.satisfied += other.satisfied
        self.unknown += other.unknown


@dataclass(frozen=True)
class Counts:
    """What was counted.

    Attributes:
        columns: by name of the column, then by what is declared: ``required type longest pattern allowed range``.
            Only what is declared is there; all but ``required`` are asked of filled cells. A value that is
            not of its type does not keep a range.
        rules: one for each declared rule.
        records: rows in which every required cell is filled; asked only where some column is required.
        missing: declared columns that the file does not have, sorted.
        undeclared: columns of the file that are not declared, in file order.
    """

    columns: dict[str, dict[str, Count]]
    rules: tuple[Count, ...]
    records: Count
    missing: tuple[str, ...]
    undeclared: tuple[str, ...]


@dataclass
class _Column:
    place: str
    declared: DeclaredColumn
    counts: dict[str, Count] = field(default_factory=dict)


class Checker:
    """A table being held against its declaration.

    Args:
        declared: the declaration.
        names: of the file's columns, in file order; the frames call them ``c0`` and so on.
    """

    def __init__(self, declared: Declared, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._declared = declared
        places = {name: f"c{place}" for place, name in enumerate(names)}
        self._columns = [
            _Column(places[one.name], one, {kind: Count() for kind in _asked(one)})
            for one in declared.columns
            if one.name in places
        ]
        self._required = [one.place for one in self._columns if one.declared.required]
        self._records = Count()
        self._rules = tuple(Count() for _ in declared.rules)
        self._rows = _Rows(declared, places) if declared.rules else None

    def update(self, cells: pl.DataFrame) -> None:
        """Count more rows.

        Args:
            cells: all text, columns ``c0`` to ``cN``, null where empty.
        """
        for column in self._columns:
            series = cells[column.place]
            for kind, count in column.counts.items():
                filled = len(series) if kind == "required" else len(series) - series.null_count()
                count.evaluated += filled
                count.satisfied += int(_kept(kind, column.declared, series).sum() or 0)
        if self._required:
            filled_rows = cells.select(pl.all_horizontal(pl.col(self._required).is_not_null()).sum()).item()
            self._records.add(Count(cells.height, int(filled_rows)))
        if self._rows is not None:
            for count, found in zip(self._rules, self._rows.counts(cells), strict=True):
                count.add(found)

    def merge(self, other: "Checker") -> None:
        """Take in what was counted of other rows of the same table."""
        for ours, theirs in zip(self._columns, other._columns, strict=True):
            for kind, count in ours.counts.items():
                count.add(theirs.counts[kind])
        for count, found in zip(self._rules, other._rules, strict=True):
            count.add(found)
        self._records.add(other._records)

    def counts(self) -> Counts:
        """Return what was counted so far."""
        known = {column.name for column in self._declared.columns}
        return Counts(
            {column.declared.name: column.counts for column in self._columns},
            self._rules,
            self._records,
            tuple(sorted(known - set(self._names))),
            tuple(name for name in self._names if name not in known),
        )


class _Rows:
    """The row rules, run by DuckDB on one batch at a time; it reaches neither files nor the network."""

    def __init__(self, declared: Declared, places: dict[str, str]) -> None:
        types = {column.name: column.type for column in declared.columns if column.name in places}
        asked = [self._asked(rule.expression, types, places) for rule in declared.rules]
        self._places = [places[name] for name in types]
        self._assessed = [place for place, one in enumerate(asked) if one]
        parts = [f"count(*) FILTER (WHERE {one}), count(*) FILTER (WHERE NOT {one})" for one in asked if one]
        self._query = f"SELECT {', '.join(parts)} FROM batch" if parts else ""  # noqa: S608 - built from checked nodes
        self._total = len(asked)
        self._base = duckdb.connect(
            config={"threads": 1, "enable_external_access": False, "lock_configuration": True}
        )

    @staticmethod
    def _asked(expression: str, types: dict[str, str], places: dict[str, str]) -> str:
        """Return the rule as SQL; empty when the file lacks a column it needs."""
        try:
            return f"TRY({rules.compiled(expression, types, places)})"
        except rules.Denied as error:
            if error.code == "rule.column":
                return ""
            raise

    def counts(self, cells: pl.DataFrame) -> list[Count]:
        """Count the rows that keep each rule."""
        found = [Count(unknown=cells.height) for _ in range(self._total)]
        if not self._query:
            return found
        self._base.register("batch", cells.select(self._places).to_arrow())
        values = self._base.execute(self._query).fetchall()[0]
        self._base.unregister("batch")
        for at, place in enumerate(self._assessed):
            kept, broken = values[2 * at], values[2 * at + 1]
            found[place] = Count(kept + broken, kept, cells.height - kept - broken)
        return found


def _asked(column: DeclaredColumn) -> list[str]:
    """Return what is asked of a column's cells."""
    ranged = column.minimum is not None or column.maximum is not None
    asked = {
        "required": column.required,
        "type": column.type in _FORMS,
        "longest": column.longest is not None,
        "pattern": column.pattern is not None,
        "allowed": column.allowed is not None,
        "range": ranged,
    }
    return [kind for kind, wanted in asked.items() if wanted]


def _kept(kind: str, column: DeclaredColumn, cells: pl.Series) -> pl.Series:
    """Return which cells keep what is declared; null or false for the others."""
    match kind:
        case "required":
            return cells.is_not_null()
        case "longest":
            return cells.str.len_chars() <= column.longest
        case "pattern":
            return _whole(cells, patterns.portable(column.pattern or ""))
        case "allowed":
            allowed = lists.codes(column.allowed) if isinstance(column.allowed, str) else column.allowed or ()
            return cells.is_in(pl.Series(sorted(allowed), dtype=pl.String).implode())
        case "range":
            return _ranged(column, cells)
    return _typed(column.type, cells).is_not_null()


def _whole(cells: pl.Series, form: str) -> pl.Series:
    r"""Tell which cells are of a form from end to end; ``\z``, as ``$`` could stand before a line's end."""
    return cells.str.contains(rf"\A(?:{form})\z").fill_null(value=False)


def _typed(kind: str, cells: pl.Series) -> pl.Series:
    """Return the cells of a type, dates and moments as such; null for all others."""
    fitting = _whole(cells, _FORMS[kind])
    text = cells.zip_with(fitting, pl.Series([None], dtype=pl.String).new_from_index(0, len(cells)))
    if kind == "date":
        return text.str.replace_all("/", "-", literal=True).str.to_date("%Y-%m-%d", strict=False)
    if kind == "timestamp":
        bare = text.str.replace("T", " ", literal=True).str.strip_chars_end("Z")
        moment = bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        return moment.set(bare.str.contains(r":60(\.|$)").fill_null(value=False), None)
    return text


def _ranged(column: DeclaredColumn, cells: pl.Series) -> pl.Series:
    values = _typed(column.type, cells)
    kept = values.is_not_null()
    for bound, least in ((column.minimum, True), (column.maximum, False)):
        if bound is None:
            continue
        limit = _typed(column.type, pl.Series([bound]))
        if column.type in {"date", "timestamp"}:
            kept &= values >= limit[0] if least else values <= limit[0]
        elif column.type == "float":
            floats = values.cast(pl.Float64).fill_nan(None)
            kept &= floats >= float(bound) if least else floats <= float(bound)
        else:
            kept &= _beyond(values, bound, least=least)
    return kept


def _beyond(numbers: pl.Series, bound: str, *, least: bool) -> pl.Series:
    """Compare numbers with a bound, exactly, by their digits.

    Args:
        numbers: plain numbers as text, or null.
        bound: a plain number.
        least: whether they must be at least it; at most it otherwise.
    """
    limit: str = _digits(pl.Series([bound]))[0]
    digits = _digits(numbers)
    below: pl.Series = numbers.str.starts_with("-") & (digits != _digits(pl.Series(["0"]))[0])
    negative = bound.startswith("-")
    if least:
        kept: pl.Series = (~below | (digits <= limit)) if negative else (~below & (digits >= limit))
    else:
        kept = (below & (digits >= limit)) if negative else (below | (digits <= limit))
    return kept


def _digits(numbers: pl.Series) -> pl.Series:
    """Return numbers without their sign, written so that the order of the text is that of the numbers."""
    bare = numbers.str.strip_prefix("-")
    whole = bare.str.extract(r"^([0-9]+)").str.zfill(_WIDTH)
    return whole + "." + bare.str.extract(r"\.([0-9]+)$").fill_null("").str.strip_chars_end("0")
