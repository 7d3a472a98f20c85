"""Writing what comes out, by fixed rules, so that the same cells always give the same bytes. Child alone.

CSV: UTF-8 without byte-order mark; a comma between cells, LF after every line, the header first; a cell stands
in quotation marks only if it holds a comma, a quotation mark (then doubled), LF or CR, and an empty cell is no
character at all, but ``""`` where a table has one column (an empty line would not be a row to every reader).

Parquet: format 2.6, data pages 1.0, Zstandard at level 3, dictionaries and statistics, row groups of
:data:`ROWS` rows. A column is of a type other than text if a cast that leaves no other cells was the last
operation to write it: 64-bit integer, decimal of 38 digits, boolean, date, or timestamp in microseconds
(an instant in UTC). The bytes also name the library that wrote them, so they are repeatable by version.
"""

from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path

import polars as pl
import pyarrow.parquet

from market.inspection.cleaning.plan import Column
from market.inspection.cleaning.recipe import PARQUET, Cast, Kind

ROWS = 65_536
"""Rows of a row group; the last one has fewer."""


def write(batches: Iterator[pl.DataFrame], columns: dict[str, Column], media_type: str, out: Path) -> int:
    """Write a table.

    Args:
        batches: its rows; how many come at a time makes no difference.
        columns: which cells of a batch are written, by name, in order.
        media_type: one of ``recipe.OUTPUTS``.
        out: the file; it is overwritten.

    Returns:
        The number of rows.
    """
    with out.open("wb") as file:
        into = _parquet if media_type == PARQUET else _csv
        return into(_groups(batches, columns), columns, file)


def _groups(batches: Iterator[pl.DataFrame], columns: dict[str, Column]) -> Iterator[pl.DataFrame]:
    """Yield the rows in groups of one size, under the names they go by."""
    chosen = [pl.col(column.cell).alias(name) for name, column in columns.items()]
    held = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    for batch in batches:
        held = held.vstack(batch.select(chosen))
        while held.height >= ROWS:
            yield held.head(ROWS).rechunk()
            held = held.tail(held.height - ROWS)
    if held.height:
        yield held.rechunk()


def _csv(groups: Iterator[pl.DataFrame], columns: dict[str, Column], file: BufferedWriter) -> int:
    rows = 0
    header = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    header.write_csv(file, line_terminator="\n", quote_style="necessary")
    for group in groups:
        rows += group.height
        written = group.fill_null("") if len(columns) == 1 else group
        written.write_csv(file, include_header=False, line_terminator="\n", quote_style="necessary")
    return rows


def _parquet(groups: Iterator[pl.DataFrame], columns: dict[str, Column], file: BufferedWriter) -> int:
    rows = 0
    empty = _typed(pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), columns)
    with pyarrow.parquet.ParquetWriter(
        file, empty.schema, version="2.6", data_page_version="1.0", compression="zstd", compression_level=3,
        use_dictionary=True, write_statistics=True, store_schema=False,
    ) as writer:  # fmt: skip
        for group in groups:
            rows += group.height
            writer.write_table(_typed(group, columns).combine_chunks(), row_group_size=ROWS)
    return rows


def _typed(group: pl.DataFrame, columns: dict[str, Column]) -> pyarrow.Table:
    typed = [_stored(pl.col(name), column.cast).alias(name) for name, column in columns.items()]
    return group.select(typed).to_arrow(compat_level=pl.CompatLevel.oldest())


def _stored(cell: pl.Expr, cast: Cast | None) -> pl.Expr:
    match cast and cast.type:
        case Kind.INTEGER:
            return cell.cast(pl.Int64)
        case Kind.DECIMAL:
            return cell.cast(pl.Decimal(38, cast.places if cast else 0))
        case Kind.BOOLEAN:
            return cell == "true"
        case Kind.DATE:
            return cell.str.to_date("%Y-%m-%d")
        case Kind.TIMESTAMP:
            return cell.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        case Kind.INSTANT:
            moment = cell.str.strip_suffix("Z").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
            return moment.dt.replace_time_zone("UTC")
        case _:
            return cell
