"""Rows of two tables weighed against each other: the one counts down, the other up. Child alone.

A row is the first 128 bits of a SHA-256, so neither chance nor whoever wrote the tables makes two rows one. Rows
that are alike are one entry with a count; what does not stay in memory goes into files by the first byte of the row,
and each file is counted by itself. So memory does not grow with the tables: a file holds about one different row in
:data:`PARTS`.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from market.inspection.tally import Values

PARTS = 256
"""Files that entries are spread over."""
_ENTRY = ("high", "low", "count")


@dataclass(frozen=True)
class Weighed:
    """What one table has more of than the other, in rows; equal rows stand as often as they occur.

    Attributes:
        added: rows counted up beyond those counted down.
        removed: rows counted down beyond those counted up.
    """

    added: int
    removed: int


class Balance:
    """How often each row was counted up, less how often down.

    Args:
        scratch: a folder this process may fill; no two balances share one.
        most: entries that stay in memory; more go to files.
    """

    def __init__(self, scratch: Path, most: int) -> None:
        self._scratch = scratch
        self._most = most
        self._held: list[pl.DataFrame] = []
        self._holding = 0
        self._filed: set[Path] = set()

    def count(self, high: pl.Series, low: pl.Series, step: int) -> None:
        """Count rows.

        Args:
            high: the first 64 bits of each.
            low: the next 64 bits of each.
            step: 1 to count them up, -1 down.
        """
        counted = pl.Series([step], dtype=pl.Int64).new_from_index(0, len(high))
        self._held.append(pl.DataFrame([high, low, counted], schema=list(_ENTRY)))
        self._holding += len(high)
        if self._holding > self._most:
            self._settle()
            if 2 * self._holding > self._most:
                self._file()

    def weigh(self) -> Weighed:
        """Return what is left over; nothing can be counted afterwards."""
        self._settle()
        if not self._filed:
            return _left(self._held[0])
        self._file()
        parts = [_left(_settled(_read(path))) for path in sorted(self._filed)]
        return Weighed(sum(part.added for part in parts), sum(part.removed for part in parts))

    def _settle(self) -> None:
        """Make one entry of those held for the same row."""
        held = pl.concat(self._held) if self._held else _read(None)
        self._held = [_settled(held)]
        self._holding = self._held[0].height

    def _file(self) -> None:
        """Move what is held to files."""
        entries = _written(self._held[0].sort("high", multithreaded=False))
        bounds = np.searchsorted(entries[:, 0] >> np.uint64(56), np.arange(PARTS + 1, dtype=np.uint64))
        for part, (start, end) in enumerate(pairwise(bounds)):
            if start < end:
                path = self._scratch / f"balance-{part:03}"
                with path.open("ab" if path in self._filed else "wb") as file:
                    entries[start:end].tofile(file)
                self._filed.add(path)
        self._held, self._holding = [], 0


def _settled(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.group_by("high", "low").agg(pl.col("count").sum()).filter(pl.col("count") != 0)


def _left(entries: pl.DataFrame) -> Weighed:
    counts = entries["count"]
    return Weighed(int(counts.filter(counts > 0).sum()), -int(counts.filter(counts < 0).sum()))


def _written(entries: pl.DataFrame) -> Values:
    """Return entries as three words a row, the count as two's complement."""
    high, low, count = (entries[name].to_numpy() for name in _ENTRY)
    return np.column_stack([high, low, count.view(np.uint64)])


def _read(path: Path | None) -> pl.DataFrame:
    """Return the entries of a file; none without one."""
    words = np.fromfile(path, np.uint64) if path else np.empty(0, np.uint64)
    columns = np.ascontiguousarray(words.reshape(-1, len(_ENTRY)).T)
    return pl.DataFrame([columns[0], columns[1], columns[2].view(np.int64)], schema=list(_ENTRY))
