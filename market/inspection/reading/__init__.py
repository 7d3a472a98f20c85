"""Reading plain CSV into batches of text; stands in until the readers of all formats are here."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from market.inspection.limits import Limits
from market.inspection.refusal import Refusal
from market.inspection.text import read_plain

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Batch:
    """Rows: ``cells`` in columns c0 to cN, and how much of the source has been read."""

    cells: pl.DataFrame
    done: int


@dataclass(frozen=True)
class Source:
    """A file that is open."""

    names: tuple[str, ...]
    stored: tuple[str, ...]
    facts: Mapping[str, str | int]
    size: int
    batches: Iterator[Batch]


def open_source(path: Path, media_type: str, scratch: Path, limits: Limits) -> Source:
    """Open a CSV file.

    Raises:
        Refusal: it cannot be read.
    """
    if media_type != "text/csv":
        raise Refusal("file.wrong_type", expected="CSV")
    plain = read_plain(path, scratch)
    if len(plain.names) > limits.columns:
        raise Refusal("file.too_wide", columns=len(plain.names), limit=limits.columns)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts: dict[str, str | int] = {"digest": digest, "encoding": plain.encoding, "delimiter": plain.delimiter}
    size = plain.path.stat().st_size
    stored = ("text",) * len(plain.names)
    return Source(
        tuple(plain.names), stored, facts, size, _batches(plain.path, plain.delimiter, plain.names, size)
    )


def _batches(path: Path, delimiter: str, names: list[str], size: int) -> Iterator[Batch]:
    try:
        frame = pl.read_csv(path, separator=delimiter, infer_schema=False)
    except pl.exceptions.NoDataError:
        return
    frame.columns = [f"c{place}" for place in range(len(names))]
    frame = frame.with_columns(pl.all().replace("", None))
    for part in frame.iter_slices(BATCH_ROWS):
        yield Batch(part, size)
