"""Parquet: flat columns, each value written as text by rule 1 of :mod:`market.inspection.content`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow
import pyarrow.parquet
from pyarrow import types

from market.inspection.limits import Limits, starved
from market.inspection.reading import scan
from market.inspection.reading.names import column_names
from market.inspection.reading.source import BATCH_ROWS, Batch, Source, sliced
from market.inspection.refusal import Refusal

_SHOWN = 200
_HELD = 64 * 1024 * 1024
"""Bytes of values, as the footer counts them, that are read at a time."""
_BUFFER = 1024 * 1024
"""Bytes of a column that are read at a time; without it, a column of a row group is read whole."""
_CELL = 8
"""Least bytes that a cell takes once it is read, however it is packed."""
_BROKEN = (pyarrow.ArrowException, OSError, ValueError, OverflowError)


def opened(path: Path, limits: Limits) -> Source:
    """Open a Parquet file; see :func:`market.inspection.reading.open_source`."""
    if not _is_parquet(path):
        raise Refusal("file.wrong_type" if path.stat().st_size else "file.empty", expected="Parquet")
    try:
        file = pyarrow.parquet.ParquetFile(
            path, memory_map=False, pre_buffer=False, buffer_size=_BUFFER,
            thrift_string_size_limit=limits.memory // 16, thrift_container_size_limit=1_000_000,
        )  # fmt: skip
        schema, rows = file.schema_arrow, file.metadata.num_rows
    except MemoryError:
        raise
    except _BROKEN as error:
        raise _broken(error) from error
    if len(schema) > limits.columns:
        raise Refusal("file.too_wide", columns=len(schema), limit=limits.columns)
    if rows * _CELL > min(limits.scratch, limits.expanded // max(1, len(schema))):
        raise Refusal("file.expands")
    names = column_names(schema.names)
    for name, field in zip(names, schema, strict=True):
        if not _is_flat(field.type):
            raise Refusal("file.unsupported_type", column=name, type=str(field.type)[:_SHOWN])
    stored = tuple(str(_plain(field.type)) for field in schema)
    facts = {"digest": scan.digest_of(path)}
    return Source(tuple(names), stored, facts, max(0, rows), _batches(file, rows))


def _broken(error: Exception) -> Exception:
    return MemoryError() if starved(str(error)) else Refusal("file.broken_parquet")


def _is_parquet(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 4))
        return size >= 12 and head == b"PAR1" and file.read(4) == b"PAR1"


def _batches(file: Any, rows: int) -> Iterator[Batch]:
    done = 0
    try:
        for batch in file.iter_batches(batch_size=_batch_rows(file.metadata), use_threads=False):
            batch.validate(full=True)
            done += batch.num_rows
            columns = [_text(column).alias(f"c{place}") for place, column in enumerate(batch.columns)]
            yield from sliced(pl.DataFrame(columns), min(done, rows))
    except MemoryError:
        raise
    except _BROKEN as error:
        raise _broken(error) from error
    if done != rows:
        raise Refusal("file.broken_parquet")


def _batch_rows(metadata: Any) -> int:
    """Return how many rows are read at a time: fewer where the footer says that they are long."""
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    longest = max((group.total_byte_size // max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(BATCH_ROWS, _HELD // max(1, longest)))


def _plain(kind: Any) -> Any:
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_flat(kind: Any) -> bool:
    plain = _plain(kind)
    return any(
        test(plain)
        for test in (
            types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_date, types.is_time,
            types.is_timestamp, types.is_string, types.is_large_string, types.is_string_view, types.is_binary,
            types.is_large_binary, types.is_fixed_size_binary, types.is_null,
        )
    )  # fmt: skip


def kind(stored: str) -> str | None:
    """Return the type of the report for a stored type; None where the cells themselves decide."""
    begins = (
        ("bool", "boolean"), ("int", "integer"), ("uint", "integer"), ("float", "float"), ("double", "float"),
        ("halffloat", "float"), ("decimal", "decimal"), ("date", "date"), ("timestamp", "timestamp"), ("time", "time"),
        ("binary", "binary"), ("large_binary", "binary"), ("fixed_size_binary", "binary"),
    )  # fmt: skip
    return next((name for start, name in begins if stored.startswith(start)), None)


def _text(column: Any) -> pl.Series:
    """Return the text of a column's values; null where there is none."""
    plain = column.dictionary_decode() if types.is_dictionary(column.type) else column
    stored = plain.type
    if types.is_timestamp(stored):
        text = plain.cast(pyarrow.timestamp(stored.unit)).cast(pyarrow.string())
        suffix = "Z" if stored.tz else ""
        series = _series(text)
        if stored.unit == "ns":  # nine digits are no moment of the rule, unless the last three say nothing
            series = series.str.strip_suffix("000")
        series = series + suffix
    elif types.is_decimal(stored):
        series = _series(plain).cast(pl.String)
    elif types.is_binary(stored) or types.is_large_binary(stored) or types.is_fixed_size_binary(stored):
        series = _series(plain.cast(pyarrow.large_binary())).bin.encode("hex").str.to_uppercase()
    elif types.is_null(stored):
        series = pl.Series([None] * len(plain), dtype=pl.String)
    else:
        series = _series(plain.cast(pyarrow.string()))
    return series.set(series == "", None)


def _series(array: Any) -> pl.Series:
    found: Any = pl.from_arrow(array)
    return found  # type: ignore[no-any-return]
