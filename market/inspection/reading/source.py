"""A file that is being read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

BATCH_ROWS = 65_536
"""Most rows of a batch."""


@dataclass(frozen=True)
class Batch:
    """Some rows.

    Attributes:
        cells: columns ``c0``, ``c1``, … of text; null where a cell is empty. At least one row.
        done: how much of :attr:`Source.size` is read.
    """

    cells: pl.DataFrame
    done: int


@dataclass(frozen=True)
class Source:
    """An opened file.

    Attributes:
        names: of the columns, in file order.
        stored: ``text``, or the type that the file itself gives a column.
        facts: of the report's ``file``: digest, and how it is written.
        size: bytes, or rows for Parquet; for progress alone.
        batches: the rows, once; raises Refusal.
    """

    names: tuple[str, ...]
    stored: tuple[str, ...]
    facts: Mapping[str, str | int]
    size: int
    batches: Iterator[Batch]


def sliced(cells: pl.DataFrame, done: int) -> Iterator[Batch]:
    """Yield rows in batches that are not too large; every column is renamed to its place."""
    cells.columns = [f"c{place}" for place in range(cells.width)]
    for frame in cells.iter_slices(BATCH_ROWS):
        if frame.height:
            yield Batch(frame, done)
