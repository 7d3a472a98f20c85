"""Cell values: each cell as 64 bits, and what a sorted column of them tells. Child alone.

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
from numpy.typing import NDArray

Values = NDArray[np.uint64]

BLOCK = 1 << 22
"""Values that are sorted at a time (32 MiB); more are sorted in parts."""


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
    """

    def __init__(self, path: Path, most: int) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._most = most
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
        """Yield all values in the order they came, at most so many at a time."""
        if self._filed:
            with self._path.open("rb") as file:
                while len(block := np.fromfile(file, dtype=np.uint64, count=size)):
                    yield block
        held = np.concatenate(self._held) if self._held else np.empty(0, np.uint64)
        self._held = [held]
        for start in range(0, len(held), size):
            yield held[start : start + size]

    def ascending(self) -> Iterator[Values]:
        """Yield all values but 0 in ascending order, in as many parts as memory asks for."""
        parts = 1 << max(0, (len(self) // BLOCK)).bit_length()
        shift = np.uint64(64 - (parts.bit_length() - 1))
        for part in range(parts):
            found = (
                [np.empty(0, np.uint64)]
                if not len(self)
                else [block[block >> shift == part] if parts > 1 else block for block in self.blocks(BLOCK)]
            )
            yield _ascending(np.concatenate(found) if len(found) != 1 else found[0])


def _ascending(found: Values) -> Values:
    """Return values in ascending order, without those that are 0."""
    ordered: Values = pl.Series(found).sort(multithreaded=False).to_numpy()
    return ordered[np.searchsorted(ordered, np.uint64(0), side="right") :]


def different(ascending: Values) -> Values:
    """Return the different values among sorted ones."""
    if not len(ascending):
        return ascending
    return ascending[np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))]


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
