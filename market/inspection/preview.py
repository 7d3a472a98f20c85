"""A few rows to look at, chosen by their values alone and masked. Child alone.

Each row has a value out of its cell values; the rows with the smallest ones are shown. They are as good as drawn by
lot, they do not hang on the order of the file, and whoever measures the same bytes gets the same ones: nobody can draw
again until the rows look well.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from market.inspection.column import Column, short
from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.masking import mask_column
from market.inspection.tally import Values

ROWS: Final = 20
"""Rows of a sample; fewer where the file has fewer different ones."""
_SHARE: Final = 20
"""A column may hold names or addresses where at least one filled cell in so many looks like one."""
_TELLING: Final = (
    "id",
    "id15",
    "mobile",
    "card",
    "credit",
    "email",
    "ip",
    "mac",
    "passport",
    "permit",
    "point",
)
_COMMON: Final = ("name", "address", "place", "landline", "plate", "degrees")
"""Marks that stand by chance in many cells that are none of it."""

Cells = tuple[str | None, ...]


class Sample:
    """The rows with the smallest values so far; parts can be merged."""

    def __init__(self) -> None:
        self._rows: dict[int, Cells] = {}

    def update(self, cells: pl.DataFrame, values: Sequence[Values]) -> None:
        """Look at more rows.

        Args:
            cells: as they stand in the file.
            values: the cell values of each column.
        """
        row_values = np.zeros(cells.height, np.uint64)
        for place, column in enumerate(values):
            row_values += column * np.uint64(2 * place + 1)
        wanted = row_values != 0
        if len(self._rows) == ROWS:
            wanted &= row_values < np.uint64(max(self._rows))
        candidates = np.flatnonzero(wanted)
        lowest, first = np.unique(row_values[candidates], return_index=True)
        for value, place in zip(lowest[:ROWS].tolist(), candidates[first[:ROWS]].tolist(), strict=True):
            self._rows.setdefault(value, cells.row(place))
        self._keep_smallest()

    def merge(self, other: "Sample") -> None:
        """Take in what was chosen of the rows that follow."""
        self._rows = other._rows | self._rows
        self._keep_smallest()

    def _keep_smallest(self) -> None:
        self._rows = dict(sorted(self._rows.items())[:ROWS])

    def masked(self, kinds: Sequence[Sensitive | None], hidden: Sequence[bool]) -> list[list[str | None]]:
        """Return the rows as they may be shown, in the order of their values.

        Args:
            kinds: what sensitive data each column holds.
            hidden: for each column whether none of its cells may be shown.
        """
        shown = [
            _column([row[place] for row in self._rows.values()], kind, nothing)
            for place, (kind, nothing) in enumerate(zip(kinds, hidden, strict=True))
        ]
        return [list(row) for row in zip(*shown, strict=True)]


def uncertain(column: Column, kind: Sensitive | None) -> bool:
    """Tell whether a column may hold sensitive data though none was found: its values are not shown.

    A class is found by most cells of a column; here a single cell that could be a person's is enough.

    Args:
        column: a measured one.
        kind: what was found in it.
    """
    if any(column.screen.negative().values()):
        return True
    if kind is not None:
        return False
    marks: dict[str, int] = {}
    for mark, count in column.screen.counts.items():
        name = mark.partition(".")[0]
        marks[name] = max(marks.get(name, 0), count)
    if any(marks.get(name) for name in _TELLING):
        return True
    return any(marks.get(name, 0) * _SHARE >= column.counts.filled > 0 for name in _COMMON)


def _column(cells: Sequence[str | None], kind: Sensitive | None, hidden: bool) -> list[str | None]:
    if hidden:
        return [None] * len(cells)
    if kind is not None:
        masked: list[str | None] = mask_column(pl.Series(cells, dtype=pl.String), kind).to_list()
        return masked
    return [None if cell is None else short(cell) for cell in cells]
