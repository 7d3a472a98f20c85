"""What is learnt of a whole table, batch by batch. Child alone."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from market.inspection import content, hashes, sketch
from market.inspection.column import Column, Measured
from market.inspection.hashes import Kept
from market.inspection.sensitive import reidentify
from market.inspection.sensitive.reidentify import K
from market.inspection.tally import Values

_BLOCK = 1 << 15
"""Rows that are worked on at a time: small enough for the processor's cache."""
WORKERS = 2


@dataclass(frozen=True)
class Whole:
    """A whole table.

    Attributes:
        rows: how many.
        distinct_rows: different ones.
        columns: in file order.
        content_digest: by the rule of :mod:`market.inspection.content`.
        lowest: the smallest different sums of the cell values of a row, for the sketch.
    """

    rows: int
    distinct_rows: int
    columns: tuple[Measured, ...]
    content_digest: str
    lowest: Values


class Table:
    """A table being measured.

    Args:
        names: of the columns, in file order.
        stored: the type that the file itself gives each column.
        scratch: a folder this process may fill.
        memory: bytes that cell values may take in memory, over all columns, and as many again while they are sorted.
    """

    def __init__(self, names: Sequence[str], stored: Sequence[str], scratch: Path, memory: int) -> None:
        self._scratch = scratch
        self._most = memory // 8 // (len(names) + 1)
        self._block = max(2, min(hashes.BLOCK, memory // 64))
        self.columns = [
            Column(name, kind, self._kept(f"values-{place}"))
            for place, (name, kind) in enumerate(zip(names, stored, strict=True))
        ]
        self.rows = 0

    def update(self, batch: pl.DataFrame, workers: ThreadPoolExecutor) -> list[pl.Series]:
        """Measure more rows; return their cells as they are written canonically."""
        self.rows += batch.height
        return list(workers.map(Column.update, self.columns, batch.get_columns()))

    def merge(self, other: "Table") -> None:
        """Take in what was measured of the rows that follow; the other table is used up."""
        self.rows += other.rows
        for ours, theirs in zip(self.columns, other.columns, strict=True):
            ours.merge(theirs)

    def close(self, workers: ThreadPoolExecutor) -> Whole:
        """Sort what was kept and return what it tells."""
        columns = tuple(workers.map(Column.close, self.columns))
        digests = [one.digest for one in columns]
        rows = self.combined(content.column_keys([column.name for column in self.columns], digests))
        digest = hashlib.sha256(content.opening(self.rows, digests))
        distinct, nonzero = 0, 0
        for part in rows.tallies():
            for written in part.written(hashes.BLOCK):
                digest.update(written.data)
            distinct, nonzero = distinct + len(part), nonzero + part.total
        lowest = sketch.lowest(self._sums([1] * len(columns), self.columns))
        return Whole(self.rows, distinct + (nonzero < self.rows), columns, digest.hexdigest(), lowest)

    def hidden(self, places: Sequence[int], rule: int) -> K:
        """Return how well rows hide among each other in some columns; see :func:`reidentify.k_of`."""
        found = self._kept("groups")
        streams = [self.columns[place].kept.blocks(_BLOCK) for place in places]
        for blocks in zip(*streams, strict=True):
            found.append(reidentify.mixed(blocks))
        return reidentify.k_of(found.tallies(), self.rows, rule)

    def keyed(self, places: Sequence[int]) -> tuple[int, int]:
        """Return how many different keys some columns make, and in how many rows all of them are filled."""
        found = self._kept("keys")
        streams = [self.columns[place].kept.blocks(_BLOCK) for place in places]
        for blocks in zip(*streams, strict=True):
            filled = np.logical_and.reduce([block != 0 for block in blocks])
            found.append(reidentify.mixed(blocks)[filled])
        return sum(len(part) for part in found.tallies()), len(found)

    def combined(self, keys: Sequence[int]) -> Kept:
        """Return one value a row: the sum of its cell values, each times its column's key, modulo 2**64.

        Args:
            keys: an odd number for each column.
        """
        found = self._kept("rows")
        for value in self._sums(keys, self.columns):
            found.append(value)
        return found

    def _kept(self, name: str) -> Kept:
        return Kept(self._scratch / name, self._most, self._block)

    @staticmethod
    def _sums(keys: Sequence[int], columns: Sequence[Column]) -> Iterator[Values]:
        multipliers = [np.uint64(key) for key in keys]
        streams = [column.kept.blocks(_BLOCK) for column in columns]
        for blocks in zip(*streams, strict=True):
            value = np.zeros(len(blocks[0]), np.uint64)
            for block, multiplier in zip(blocks, multipliers, strict=True):
                value += block * multiplier
            yield value
