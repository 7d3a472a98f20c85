"""Comparing two opened files, each read once, batch by batch. Child alone.

What is found is described in :mod:`market.inspection.comparison`. Everything but the bars of histograms is exact:
rows are compared by 128 bits of SHA-256 each (:mod:`market.inspection.balance`), values of a column by 64 bits
(:mod:`market.inspection.hashes`).
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import polars_hash as plh
from numpy.typing import NDArray

from market.inspection import cells, comparison, hashes, spread
from market.inspection.balance import Balance
from market.inspection.cells import Cells
from market.inspection.child import Progress
from market.inspection.column import Counts, type_of
from market.inspection.comparison import Comparison, Distance, Empty, Rows, Share, Typed
from market.inspection.dirt import suspects
from market.inspection.flat import Flat
from market.inspection.reading import Source, parquet
from market.inspection.refusal import Refusal
from market.inspection.spread import Spread
from market.inspection.table import WORKERS
from market.inspection.tally import Values

FEW = 1000
"""Different values, empty cells being one, up to which all values of a column are counted."""
_ENTRY = 1024
"""Bytes of all memory for each row that the balance keeps there: an entry is 24, and more while it is settled."""
_CELLS = 1 << 19
"""Cells that are made into rows at a time: each takes some 50 bytes besides its text."""
_LARGEST = (1 << 53) - 1
_SCALES = {
    "integer": "number", "decimal": "number", "float": "number", "date": "date", "timestamp": "timestamp",
}  # fmt: skip
"""What types can be put on one scale."""


def compare(
    old: Source, new: Source, scratch: Path, memory: int, told: Progress = lambda _done: None
) -> Comparison:
    """Compare two files.

    Args:
        old: the earlier one.
        new: the later one.
        scratch: an empty folder this process may fill.
        memory: how many bytes may be used in all.
        told: called with how far reading is, in thousandths.

    Raises:
        Refusal: one of them cannot be read or has no rows; its fact ``file`` is ``old`` or ``new``.
    """
    kept = sorted(set(old.names) & set(new.names))
    balance = Balance(scratch, max(1, memory // _ENTRY))
    before, after = _Side(old, kept), _Side(new, kept)
    with ThreadPoolExecutor(WORKERS) as workers:
        with refusing("old"):
            before.read(balance, -1, workers, lambda done: told(done // 2))
        with refusing("new"):
            after.read(balance, 1, workers, lambda done: told(500 + done // 2))
    schema = comparison.schema(before.types(), after.types())
    pairs = {name: (before.columns[name], after.columns[name]) for name in schema.kept}
    return Comparison(
        schema,
        _rows(before.rows, after.rows, balance) if kept else _strangers(before.rows, after.rows),
        tuple(Empty(name, ours.empty, theirs.empty) for name, (ours, theirs) in pairs.items()),
        tuple(one for name, pair in pairs.items() for one in _distances(name, *pair)),
    )


@contextmanager
def refusing(file: str) -> Iterator[None]:
    """Let a refusal say which file it is about: ``old`` or ``new``."""
    try:
        yield
    except Refusal as refusal:
        raise Refusal(refusal.code, **refusal.facts | {"file": file}) from refusal


class _Column:
    """What is counted of one column.

    Args:
        stored: ``text``, or the type the file itself gives the column.
    """

    def __init__(self, stored: str) -> None:
        self.counts = Counts()
        self.spread = {scale: Spread() for scale in set(_SCALES.values())}
        self.values: dict[int, int] | None = {}
        """How often each value occurs; None once they are more than :data:`FEW`."""
        self._stored = stored

    def update(self, raw: pl.Series) -> pl.Series:
        """Count more cells and return them as they are written canonically."""
        flat = Flat(raw)
        found = cells.read(raw, flat, suspects(raw, flat) if len(flat) else None)
        kinds = (found.filled, found.booleans, found.integers, found.numbers, found.dates, found.moments)
        self.counts.add(Counts(len(raw), *kinds))
        for scale, numbers in _scaled(found, self._stored).items():
            self.spread[scale].update(numbers)
        if self.values is not None:
            self.values = _counted(self.values, hashes.values(found.text))
        return found.text

    @property
    def type(self) -> str:
        return type_of(self._stored, self.counts)

    @property
    def empty(self) -> Share:
        return Share(self.counts.rows - self.counts.filled, self.counts.rows)


class _Side:
    """One of the two files.

    Args:
        source: the opened file.
        kept: names of the columns by which rows are compared.
    """

    def __init__(self, source: Source, kept: Collection[str]) -> None:
        self.rows = 0
        self.columns = {
            column: _Column(stored) for column, stored in zip(source.names, source.stored, strict=True)
        }
        self._source = source
        self._kept = [source.names.index(column) for column in kept]

    def types(self) -> list[Typed]:
        return [Typed(name, column.type) for name, column in self.columns.items()]

    def read(self, balance: Balance, step: int, workers: ThreadPoolExecutor, told: Progress) -> None:
        """Read all rows into the balance."""
        for batch in self._source.batches:
            raw = batch.cells.get_columns()
            texts = list(workers.map(_Column.update, self.columns.values(), raw))
            self.rows += batch.cells.height
            if self._kept:
                balance.count(*hashed([texts[place] for place in self._kept]), step)
            told(1000 * batch.done // max(1, self._source.size))
        if not self.rows:
            raise Refusal("file.no_rows")


def _counted(known: dict[int, int], values: Values) -> dict[int, int] | None:
    """Return how often each value occurs, with more of them; None where they are more than :data:`FEW`."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) > FEW:
        return None
    for value, count in zip(different.tolist(), counts.tolist(), strict=True):
        known[value] = known.get(value, 0) + count
    return known if len(known) <= FEW else None


def _scaled(found: Cells, stored: str) -> dict[str, NDArray[np.float64]]:
    """Return the cells as numbers, by the scale they are on; nothing where they are not all of one kind.

    Where the file itself gives the kind, cells of it that have no place on the scale are left out.
    """
    given = _SCALES.get(parquet.kind(stored) or "")
    if found.filled and (found.numbers == found.filled or given == "number"):
        return {"number": found.text.cast(pl.Float64, strict=False).drop_nulls().to_numpy()}
    if found.days is not None and (found.dates == found.filled or given == "date"):
        return {"date": found.days}
    if found.seconds is not None and (found.moments == found.filled or given == "timestamp"):
        return {"timestamp": found.seconds}
    return {}


def hashed(texts: Sequence[pl.Series]) -> tuple[pl.Series, pl.Series]:
    """Return the first and the next 64 bits of SHA-256 of each row.

    A row is written as one text, each cell after its length in bytes and a colon, so that no two rows give one text; an
    empty cell has the length 0.
    """
    frame = pl.DataFrame([text.alias(f"c{place}") for place, text in enumerate(texts)])
    parts = [
        part
        for name in frame.columns
        for part in (
            pl.col(name).str.len_bytes().fill_null(0).cast(pl.String), pl.lit(":"), pl.col(name).fill_null(""),
        )
    ]  # fmt: skip
    digests = pl.concat(
        some.select(row=pl.concat_str(parts)).select(plh.col("row").chash.sha2_256())
        for some in frame.iter_slices(max(1, _CELLS // frame.width))
    ).to_series()
    high, low = (digests.str.slice(start, 16).str.to_integer(base=16, dtype=pl.UInt64) for start in (0, 16))
    return high, low


def _rows(before: int, after: int, balance: Balance) -> Rows:
    left = balance.weigh()
    return Rows(before, after, left.added, left.removed, after - left.added)


def _strangers(before: int, after: int) -> Rows:
    """Return what becomes of rows that have no column in common."""
    return Rows(before, after, after, before, 0)


def _distances(name: str, old: _Column, new: _Column) -> list[Distance]:
    measured = [
        (comparison.TOTAL_VARIATION, _variation(old, new), comparison.EXACT),
        (comparison.KOLMOGOROV_SMIRNOV, _smirnov(old, new), comparison.SKETCH),
    ]
    found = [
        distance(name, measure, value, method) for measure, value, method in measured if value is not None
    ]
    return found or [Distance(name, None, None, None, comparison.MANY_VALUES)]


def distance(name: str, measure: str, value: Fraction, method: str) -> Distance:
    """Return a distance as it is told: as an exact fraction, or not at all where JSON cannot hold it."""
    if value.denominator > _LARGEST:
        return Distance(name, measure, None, None, comparison.TOO_LARGE)
    return Distance(name, measure, Share(value.numerator, value.denominator), method, None)


def _variation(old: _Column, new: _Column) -> Fraction | None:
    if old.values is None or new.values is None:
        return None
    before, after = old.counts.rows, new.counts.rows
    apart = sum(
        abs(old.values.get(value, 0) * after - new.values.get(value, 0) * before)
        for value in old.values.keys() | new.values.keys()
    )
    return Fraction(apart, 2 * before * after)


def _smirnov(old: _Column, new: _Column) -> Fraction | None:
    scale = _SCALES.get(old.type)
    if scale is None or _SCALES.get(new.type) != scale:
        return None
    return spread.distance(old.spread[scale], new.spread[scale])
