"""Cell values: each cell as 64 bits, kept in memory or on disk. Child alone.

A cell value is XXH3-64 (seed 0) of the cell's canonical text in UTF-8; an empty cell is 0. Different texts
share a value with a chance of 2^-64, so a count of different cells among n is wrong with a chance of about
n^2 / 2^65: 3e-8 at a million, 3e-4 at a hundred million. Values find equal data; they bind nothing, since
whoever wants two texts of one value can make them. What binds bytes is the file's SHA-256.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import polars_hash as plh

from market.inspection.tally import Tally, Values, tallied, tally

_WIDTH = 8
"""Bytes of a value."""
BLOCK = 1 << 20
"""Values that are sorted at a time (8 MiB); more are sorted in blocks."""


def values(text: pl.Series) -> Values:
    """Return the cell values of a column; 0 where a cell is empty."""
    hashed = text.to_frame("c").select(plh.col("c").nchash.xxh3_64()).to_series()
    found: Values = hashed.fill_null(0).to_numpy()
    return found


class Kept:
    """Cell values in the order they came: in memory, or in a file once they are many.

    Args:
        path: the file to use then; what another one left there is taken away.
        most: how many values stay in memory.
        block: how many are sorted at a time.
    """

    def __init__(self, path: Path, most: int, block: int = BLOCK) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._most = most
        self._block = block
        self._held: list[Values] = []
        self._holding = 0
        self._filed = 0

    def __len__(self) -> int:
        return self._holding + self._filed

    def append(self, found: Values) -> None:
        """Keep more values."""
        self._held.append(found)
        self._holding += len(found)
        if self._holding > self._most:
            with self._path.open("ab") as file:
                for part in self._held:
                    part.tofile(file)
            self._filed += self._holding
            self._held, self._holding = [], 0

    def blocks(self, size: int) -> Iterator[Values]:
        """Yield all values in the order they came, at most so many at a time; no file stays open between."""
        for start in range(0, self._filed, size):
            count = min(size, self._filed - start)
            yield np.fromfile(self._path, np.uint64, count, offset=start * _WIDTH)
        held = np.concatenate(self._held) if self._held else np.empty(0, np.uint64)
        self._held = [held]
        for start in range(0, len(held), size):
            yield held[start : start + size]

    def tallies(self) -> Iterator[Tally]:
        """Yield how often each value but 0 stands, in ascending order; no value stands in two parts."""
        if len(self) > self._block:
            yield from tallied(self.blocks(self._block), self._path.with_suffix(".sorted"), self._block)
        else:
            yield tally(np.concatenate([np.empty(0, np.uint64), *self.blocks(self._block)]))


def often(found: Values, share: int) -> Values:
    """Return values that make up at least ``1 / share`` of some; never more than ``share`` of them.

    Args:
        found: values, none of them 0.
        share: the divisor of the share.
    """
    if not len(found):
        return found
    low = (found & np.uint64(4095)).astype(np.int64)
    crowded = np.bincount(low, minlength=4096) * share >= len(found)
    if not crowded.any():
        return found[:0]
    distinct, counts = np.unique(found[crowded[low]], return_counts=True)
    return distinct[counts * share >= len(found)]
