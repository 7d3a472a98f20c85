"""Operations at work: each takes the batches of the one before it and counts what it changes. Child alone.

A batch has the number of each row in the source under ``row`` (the first data row is 1) and its cells under
the names that reading gave them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars_hash as plh

from market.inspection.cleaning.kernels import Read
from market.inspection.cleaning.recipe import Otherwise
from market.inspection.hashes import Kept
from market.inspection.refusal import Refusal

ROW = "row"
_HALF = pl.lit(1 << 64, dtype=pl.UInt128)
_MOST = 1 << 24
"""Hashes of one half that stay in memory (128 MiB), and rows that are compared at a time."""

Batches = Iterator[pl.DataFrame]


@dataclass
class Change:
    """What one operation did.

    Attributes:
        operation: its name.
        cells: cells written differently, in rows that it kept.
        unread: filled cells that it could not read, whatever became of them.
        rows: rows left out.
        columns: columns left out or renamed.
    """

    operation: str
    cells: int = 0
    unread: int = 0
    rows: int = 0
    columns: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the counts as they are stored."""
        return asdict(self)


class Step(ABC):
    """An operation on rows.

    Args:
        change: where it counts.
    """

    def __init__(self, change: Change) -> None:
        self.change = change

    @abstractmethod
    def run(self, batches: Batches) -> Batches:
        """Yield what becomes of batches; a batch may come out empty."""


class OnCells(Step):
    """Write cells of some columns another way.

    Args:
        change: where it counts.
        columns: cell column and name of each.
        kernel: what is done to a column.
        otherwise: what becomes of cells that the kernel could not read.
    """

    def __init__(
        self, change: Change, columns: Sequence[tuple[str, str]], kernel: "Kernel", otherwise: Otherwise
    ) -> None:
        super().__init__(change)
        self._columns = columns
        self._kernel = kernel
        self._otherwise = otherwise

    def run(self, batches: Batches) -> Batches:
        """Yield the batches with the cells written anew."""
        for batch in batches:
            yield self._written(batch)

    def _written(self, batch: pl.DataFrame) -> pl.DataFrame:
        for cell, name in self._columns:
            old, new = batch[cell], self._kernel(batch[cell])
            if isinstance(new, Read):
                new, unread = new
                self.change.unread += int(unread.sum())
                if unread.any():
                    batch, old, new = self._treated(batch, name, (old, new, unread))
            self.change.cells += int(new.ne_missing(old).sum())
            batch = batch.with_columns(new.alias(cell))
        return batch

    def _treated(
        self, batch: pl.DataFrame, name: str, read: tuple[pl.Series, pl.Series, pl.Series]
    ) -> tuple[pl.DataFrame, pl.Series, pl.Series]:
        old, new, unread = read
        match self._otherwise:
            case Otherwise.STOP:
                raise Refusal("recipe.unread", column=name, row=int(batch[ROW].filter(unread)[0]))
            case Otherwise.DROP:
                self.change.rows += int(unread.sum())
                return batch.filter(~unread), old.filter(~unread), new.filter(~unread)
            case Otherwise.EMPTY:
                return batch, old, new.set(unread, None)
            case _:
                return batch, old, new


Kernel = Callable[[pl.Series], pl.Series | Read]


class Filled(Step):
    """Leave out rows that are empty in any of some columns.

    Args:
        change: where it counts.
        cells: the columns.
    """

    def __init__(self, change: Change, cells: Sequence[str]) -> None:
        super().__init__(change)
        self._cells = cells

    def run(self, batches: Batches) -> Batches:
        """Yield the rows that stay."""
        for batch in batches:
            kept = batch.drop_nulls(self._cells)
            self.change.rows += batch.height - kept.height
            yield kept


class Distinct(Step):
    """Keep the first of all equal rows.

    Rows are compared by XXH3-128 of all their cells, so two different rows among n are taken for equal with a
    chance of about n^2 / 2^129. Which row comes again is known only when all have
    been seen, so the rows wait on disk; memory holds one byte a row and a bounded part of the hashes.

    Args:
        change: where it counts.
        cells: the columns there are.
        scratch: a folder that this step may fill and that no other uses.
        most: bytes it may fill with rows.
    """

    def __init__(self, change: Change, cells: Sequence[str], scratch: Path, most: int) -> None:
        super().__init__(change)
        self._cells = cells
        self._scratch = scratch
        self._left = most
        scratch.mkdir()
        self._halves = Kept(scratch / "high", _MOST), Kept(scratch / "low", _MOST)

    def run(self, batches: Batches) -> Batches:
        """Yield first rows alone, after all rows were seen."""
        waiting = [self._put_aside(place, batch) for place, batch in enumerate(batches)]
        first = self._first()
        start = 0
        for place, height in enumerate(waiting):
            path = self._path(place)
            batch = pl.read_ipc(path)
            path.unlink()
            kept = batch.filter(pl.Series(first[start : start + height]))
            start += height
            self.change.rows += height - kept.height
            yield kept

    def _put_aside(self, place: int, batch: pl.DataFrame) -> int:
        for half, kept in zip(_hashed(batch, self._cells), self._halves, strict=True):
            kept.append(half)
        path = self._path(place)
        batch.write_ipc(path, compression="uncompressed")
        self._left -= path.stat().st_size
        if self._left < 0:
            raise Refusal("inspection.memory")
        return batch.height

    def _path(self, place: int) -> Path:
        return self._scratch / f"rows-{place}"

    def _first(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return which rows are the first of their kind, taking at a time the hashes that begin alike."""
        high, low = self._halves
        first = np.zeros(len(high), np.bool_)
        if not len(first):
            return first
        parts = 1 << (len(high) // _MOST).bit_length()
        for part in range(parts):
            start, taken = 0, []
            for block in zip(high.blocks(_MOST), low.blocks(_MOST), strict=True):
                chosen = np.flatnonzero(block[0] % np.uint64(parts) == part)
                taken.append((block[0][chosen], block[1][chosen], chosen + start))
                start += len(block[0])
            above, below, places = (np.concatenate(column) for column in zip(*taken, strict=True))
            whole = pl.DataFrame({"above": above, "below": below}).select(
                pl.col("above").cast(pl.UInt128) * _HALF + pl.col("below")
            )
            first[places] = whole.to_series().is_first_distinct().to_numpy()
        return first


def _hashed(batch: pl.DataFrame, cells: Sequence[str]) -> "list[np.ndarray[Any, np.dtype[np.uint64]]]":
    """Return the high and the low halves of the rows' hashes."""
    hashed = _joined(batch, cells).to_frame("row").select(plh.col("row").nchash.xxh3_128())
    halves = hashed.select(
        above=(pl.col("row") // _HALF).cast(pl.UInt64), below=(pl.col("row") % _HALF).cast(pl.UInt64)
    )
    return [half.to_numpy() for half in halves.get_columns()]


def _joined(batch: pl.DataFrame, cells: Sequence[str]) -> pl.Series:
    """Write each row as one text, different rows differently.

    NUL stands between cells, so it stands one time less than there are cells. A row that holds one itself is written
    with the length of each cell before it and with more NULs than any other row has.
    """
    plain = batch.select(
        pl.concat_str([pl.col(cell).fill_null("") for cell in cells], separator="\0")
    ).to_series()
    odd = plain.str.count_matches("\0", literal=True) >= len(cells)
    if not odd.any():
        return plain
    lengths = [pl.col(cell).str.len_bytes().cast(pl.String).fill_null("-") for cell in cells]
    long = batch.select(pl.lit("\0" * len(cells)) + pl.concat_str(lengths, separator=",")).to_series() + plain
    return plain.zip_with(~odd, long)
