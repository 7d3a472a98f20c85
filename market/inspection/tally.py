"""Different values in ascending order and how often each stands, from more values than memory holds. Child alone.

What is too much is sorted block by block; the sorted blocks lie on disk and are read together, a piece of each at a
time. Each holds a value once, with its count: so neither a value that stands everywhere nor values made to crowd
together need more memory than any others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Values = NDArray[np.uint64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """Some values; none of them is 0.

    Attributes:
        values: different ones, in ascending order.
        counts: how often each stands.
    """

    values: Values
    counts: Counts

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> int:
        """How many values there are, equal ones included."""
        return int(self.counts.sum())

    def of(self, wanted: Iterable[int]) -> list[int]:
        """Return how often each wanted value stands."""
        sought = np.fromiter(wanted, np.uint64)
        if not len(self):
            return [0] * len(sought)
        places = np.minimum(np.searchsorted(self.values, sought), len(self) - 1)
        return [int(n) for n in np.where(self.values[places] == sought, self.counts[places], 0)]

    def written(self, most: int) -> Iterator[Values]:
        """Yield all values, each as often as it stands, highest byte first in memory, at most so many at a time."""
        turned = self.values.byteswap()
        if self.total == len(self):
            yield turned
            return
        ends = np.cumsum(self.counts)
        for start in range(0, self.total, most):
            end = min(start + most, self.total)
            first, last = np.searchsorted(ends, (start, end - 1), side="right")
            counts = np.minimum(ends[first : last + 1], end) - np.maximum(
                ends[first : last + 1] - self.counts[first : last + 1], start
            )
            yield np.repeat(turned[first : last + 1], counts)


def tally(values: Values) -> Tally:
    """Count values in any order."""
    ordered = pl.Series(values).sort(multithreaded=False).to_numpy()
    ordered = ordered[np.searchsorted(ordered, np.uint64(0), side="right") :]
    if not len(ordered):
        return Tally(ordered, np.empty(0, np.int64))
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(first) == len(ordered):
        return Tally(ordered, np.ones(len(first), np.int64))
    return Tally(ordered[first], np.diff(first, append=len(ordered)))


def tallied(blocks: Iterable[Values], path: Path, most: int) -> Iterator[Tally]:
    """Count values block by block; no value stands in two of what is yielded.

    Args:
        blocks: the values in any order, each block small enough to be sorted in memory.
        path: the file in which sorted blocks are laid; it is taken away at the end.
        most: how many values are read back at a time, over all blocks.
    """
    counts = path.with_name(path.name + "-counts")
    lengths = []
    with path.open("wb") as values_file, counts.open("wb") as counts_file:
        for block in blocks:
            found = tally(block)
            found.values.tofile(values_file)
            found.counts.astype(np.uint32).tofile(counts_file)
            lengths.append(len(found))
    starts = np.cumsum([0, *lengths]).tolist()
    size = max(2, most // max(1, len(lengths)))
    sorted_blocks = [
        _Block(path, counts, start, length, size) for start, length in zip(starts, lengths, strict=False)
    ]
    try:
        yield from _together(sorted_blocks)
    finally:
        path.unlink()
        counts.unlink()


class _Block:
    """A sorted block on disk, of which the next values are in memory.

    Args:
        values: the file of all blocks' values.
        counts: the file of their counts.
        start: how many values stand before this block.
        left: how many it holds.
        size: how many are read at a time.
    """

    def __init__(self, values: Path, counts: Path, start: int, left: int, size: int) -> None:
        self._paths = values, counts
        self._place = start
        self._size = size
        self.left = left
        self.next = Tally(np.empty(0, np.uint64), np.empty(0, np.int64))

    def fill(self) -> None:
        """Read more where less than half is in memory of what may be."""
        if not self.left or 2 * len(self.next) >= self._size:
            return
        wanted = min(self._size - len(self.next), self.left)
        values, counts = self._paths
        more: Any = np.fromfile(values, np.uint64, wanted, offset=8 * self._place)
        often: Any = np.fromfile(counts, np.uint32, wanted, offset=4 * self._place)
        self._place, self.left = self._place + wanted, self.left - wanted
        self.next = Tally(
            np.concatenate((self.next.values, more)),
            np.concatenate((self.next.counts, often.astype(np.int64))),
        )

    def take(self, most: np.uint64 | None) -> Tally:
        """Take what is in memory, up to a value and that one included."""
        end = len(self.next) if most is None else int(np.searchsorted(self.next.values, most, side="right"))
        taken = Tally(self.next.values[:end], self.next.counts[:end])
        self.next = Tally(self.next.values[end:], self.next.counts[end:])
        return taken


def _together(blocks: list[_Block]) -> Iterator[Tally]:
    """Yield what sorted blocks hold together, in ascending order."""
    while blocks:
        for block in blocks:
            block.fill()
        most = min((block.next.values[-1] for block in blocks if block.left), default=None)
        yield _merged([block.take(most) for block in blocks])
        blocks = [block for block in blocks if block.left or len(block.next)]


def _merged(parts: list[Tally]) -> Tally:
    values = np.concatenate([part.values for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    if not len(values):
        return Tally(values, counts)
    if int(counts.max()) == 1:
        return tally(values)
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    first = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return Tally(values[first], np.add.reduceat(counts, first))
