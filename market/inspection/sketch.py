"""A small sample of a table's values, by which the same or mostly the same data are known again. Child alone.

A sample of a set holds every one of its different 64-bit values whose ``level`` highest bits are zero; the level is
the lowest at which at most :data:`MOST` remain. Which values fall into a sample is decided by the values alone, never
by the set: so two samples are compared at the higher of their levels, and a set that lies in another shows it without
any error (theta sampling).

There is a sample of the rows and of every column that can tell one table from another. A column of few or often
repeated values cannot, and neither can a run of numbers or dates without gaps: any two tables have those in common.

A row's value is the sum of its cells' values modulo 2^64: that of the content digest would not do, since its keys
come from whole columns, and here the same row must have the same value in tables of which a part alone is the same.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from market.inspection.column import LOWEST, Measured
from market.inspection.tally import Values

MOST = LOWEST - 1
"""Values of a sample at most."""
LEAST_DISTINCT = 1000
"""A column with fewer different values is left out."""
LEAST_ROWS = 100
"""So are the rows of a table with fewer different ones."""
_DENSE = 4
"""Numbers that fill more than one place in so many between the smallest and the largest are a run."""
_BITS = 64
_NUMBERED = re.compile(r"(\D*)(\d{1,38})(\D*)", re.ASCII)


@dataclass(frozen=True)
class Sample:
    """A sample of a set.

    Attributes:
        level: how many of the highest bits are zero in each value.
        values: in ascending order.
    """

    level: int
    values: Values


def sample(ascending: Values, level: int = 0) -> Sample:
    """Return the sample of a set.

    Args:
        ascending: its different values, in ascending order; it may end after :data:`MOST` + 1 of them, or hold those
            of a sample alone.
        level: that of the sample, where it is one.
    """
    while len(ascending) > MOST:
        level += 1
        ascending = _below(ascending, level)
    return Sample(level, ascending)


def merge(one: Sample, other: Sample) -> Sample:
    """Return the sample of two sets together, from a sample of each."""
    level = max(one.level, other.level)
    return sample(_below(np.union1d(one.values, other.values), level), level)


def lowest(blocks: Iterable[Values]) -> Values:
    """Return the smallest different values of a stream, at most one more than :data:`MOST`; 0 is none."""
    kept = np.empty(0, np.uint64)
    for block in blocks:
        fresh = block[block <= kept[-1]] if len(kept) > MOST else block
        joined = np.union1d(kept, fresh)
        kept = joined[joined != 0][: MOST + 1]
    return kept


def document(
    columns: Iterable[Measured], rows: Values, count: int, distinct_rows: int
) -> list[dict[str, Any]]:
    """Return the samples of a table as the child answers them, the rows first.

    Args:
        columns: measured.
        rows: :func:`lowest` of the rows' values.
        count: of rows.
        distinct_rows: how many of them are different.
    """
    found = []
    if distinct_rows >= LEAST_ROWS and 2 * distinct_rows >= count:
        found.append(_written("rows", rows, distinct_rows, count))
    for column in columns:
        if tells(column):
            filled = column.column.counts.filled
            found.append(_written("column", column.lowest, column.distinct, filled))
    return found


def tells(column: Measured) -> bool:
    """Tell whether the values of a column can tell one table from another."""
    filled = column.column.counts.filled
    often = column.distinct < LEAST_DISTINCT or 2 * column.distinct < filled
    return not often and not _is_run(column)


def _below(ascending: Values, level: int) -> Values:
    """Return the values whose highest bits are zero, so many of them."""
    if not level:
        return ascending
    return ascending[: int(np.searchsorted(ascending, np.uint64(1 << (_BITS - level))))]


def _written(of: str, ascending: Values, distinct: int, filled: int) -> dict[str, Any]:
    taken = sample(ascending)
    values = [f"{value:016x}" for value in taken.values.tolist()]
    return {"of": of, "level": taken.level, "distinct": distinct, "filled": filled, "values": values}


def _is_run(column: Measured) -> bool:
    """Tell whether a column is a run: numbers (bare, or with the same text around them) or moments on a grid."""
    least, most = column.extremes
    if least is None or most is None:
        return False
    if column.type in {"date", "timestamp"}:
        span = _micro(most) - _micro(least)
        return span % (column.distinct - 1) == 0
    first, last = (_NUMBERED.fullmatch(text.removeprefix("-")) for text in (least, most))
    if first is None or last is None or first[1] != last[1] or first[3] != last[3]:
        return False
    signs = [-1 if text.startswith("-") else 1 for text in (least, most)]
    span = int(last[2]) * signs[1] - int(first[2]) * signs[0]
    return column.distinct * _DENSE > abs(span) + 1


def _micro(text: str) -> int:
    """Return a date or moment as a number of microseconds."""
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        moment = datetime.combine(date.fromisoformat(text[:10]), datetime.min.time())
    since = moment.replace(tzinfo=None) - datetime(1, 1, 1)  # noqa: DTZ001 - only differences are looked at
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
