"""Delimited text (CSV): delimiter, quoting, header; strict about the number of cells in a row.

Rules, in order:

* The text is UTF-8, UTF-16 with a mark, or else GB18030 (which contains GBK and GB 2312), all of it and
  strictly, so that nothing is guessed or replaced. Control characters are measured as dirt; a NUL is refused.
* A cell is quoted whole or not at all (:mod:`market.inspection.reading.quoting`).
* A line ends with CR LF, LF or CR; empty lines are passed over. A line end inside quotes belongs to the cell.
* The delimiter is the first of comma, tab, semicolon, bar that the first line holds outside quotes.
* The first line names the columns. A name is not empty, not repeated, not a date and not a number with a
  fraction, and the first one is no number at all; otherwise the file has no header.
* Every row has as many cells as the header; a row is at most :data:`~market.inspection.reading.pieces.ROW` bytes long.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow
import pyarrow.csv

from market.inspection.limits import Limits, starved
from market.inspection.reading import scan
from market.inspection.reading.line import line_of, line_of_long
from market.inspection.reading.names import column_names
from market.inspection.reading.pieces import ROW, TooLong, pieces
from market.inspection.reading.quoting import Strict
from market.inspection.reading.scan import Scanned
from market.inspection.reading.source import Batch, Source, sliced
from market.inspection.refusal import Refusal

_LINE = 1024 * 1024
"""Longest header, in characters."""

_PYTHON = {"utf-8-bom": "utf-8-sig"}
"""Python's names of encodings, where they differ."""
_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")
_FRACTION = re.compile(r"[-+]?\d+\.\d+")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*")
_OTHER_FORMATS = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"PAR1", b"SQLite format 3", b"\x7fELF",
    b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!", b"ARROW1", b"Obj\x01", b"ORC", b"\x1f\x8b", b"BZh",
)  # fmt: skip
_OTHER_TEXTS = re.compile(r"\s*(<!doctype|<html|<\?xml|\{\s*[\"}]|\[\s*[\[{])", re.IGNORECASE)


@dataclass(frozen=True)
class _Shape:
    """How the text is to be read: its columns and their delimiter."""

    names: list[str]
    delimiter: str


def opened(path: Path, limits: Limits) -> Source:
    """Open a CSV file; see :func:`market.inspection.reading.open_source`."""
    found = scan.scan(path, limits)
    if found.start.startswith(_OTHER_FORMATS):
        raise Refusal("file.wrong_type", expected="CSV")
    beginning = _beginning(found)
    if "\n" not in beginning and len(beginning) > _LINE:
        raise Refusal("file.line_too_long", line=1)
    if _OTHER_TEXTS.match(beginning):
        raise Refusal("file.wrong_type", expected="CSV")
    delimiter = _delimiter(beginning)
    names = _header(beginning, delimiter)
    if len(names) > limits.columns:
        raise Refusal("file.too_wide", columns=len(names), limit=limits.columns)
    if "\n" not in beginning:
        raise Refusal("file.no_rows")
    facts: dict[str, str | int] = {
        "digest": found.digest, "encoding": found.encoding, "delimiter": delimiter,
    }  # fmt: skip
    if found.compression:
        facts["compression"] = found.compression
    size = path.stat().st_size
    batches = _batches(path, found, _Shape(names, delimiter), limits)
    return Source(tuple(names), ("text",) * len(names), facts, size, batches)


def _batches(path: Path, found: Scanned, shape: _Shape, limits: Limits) -> Iterator[Batch]:
    size, read, rows = path.stat().st_size, 0, 0  # of the rows the header is the first
    try:
        with _stream(path, found, shape.delimiter, limits) as stream:
            for piece in pieces(stream.read):
                read = min(size, read + len(piece))
                text = piece if rows else piece.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
                if text:
                    table = _parsed(text, shape, header=not rows)
                    yield from sliced(pl.DataFrame(table), read)
                    rows += table.num_rows + (not rows)
    except MemoryError:
        raise
    except TooLong as error:  # of a row that is too long, nothing more is read
        line = line_of_long(ROW, _strict(path, found, shape.delimiter, limits))
        raise Refusal("file.line_too_long", line=line) from error
    except pyarrow.ArrowException as error:
        message = str(error)
        if starved(message):
            raise MemoryError from error
        whole = _strict(path, found, shape.delimiter, limits)
        line = line_of(_row(message, rows), whole)
        raise _refusal(message, line) from error
    except UnicodeDecodeError as error:
        raise Refusal("file.undecodable") from error


def _stream(path: Path, found: Scanned, delimiter: str, limits: Limits) -> Any:
    """Return the text in UTF-8; the file itself where it needs neither unpacking nor a second look."""
    if found.compression is None and found.encoding.startswith("utf-8") and not found.quoted:
        return path.open("rb", buffering=0)
    return _strict(path, found, delimiter, limits)


def _strict(path: Path, found: Scanned, delimiter: str, limits: Limits) -> Any:
    """Return the text in UTF-8 from its beginning, without a mark, and its quotation marks looked at."""
    encoding = _PYTHON.get(found.encoding, found.encoding)
    return Strict(scan.unpacked(path, limits)[1], encoding, delimiter)


def _parsed(text: bytes, shape: _Shape, *, header: bool) -> Any:
    """Return the cells of whole rows, the header left out."""
    cells = [f"c{place}" for place in range(len(shape.names))]
    if not header and text.startswith(codecs.BOM_UTF8):  # it is data here; the parser would pass over it
        text = b"\n" + text
    return pyarrow.csv.read_csv(
        pyarrow.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=cells, skip_rows_after_names=int(header)
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=shape.delimiter, quote_char='"', double_quote=True, newlines_in_values=True,
            ignore_empty_lines=True,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            check_utf8=False,  # the scan has seen to it, or the text was decoded on its way here
            column_types=dict.fromkeys(cells, pyarrow.large_string()), null_values=[""],
            strings_can_be_null=True, quoted_strings_can_be_null=True,
        ),
    )  # fmt: skip


def _refusal(message: str, line: int) -> Refusal:
    """Say what the parser stumbled over."""
    width = re.search(r"Expected (\d+) columns, got (\d+)", message)
    if width:
        return Refusal("file.ragged", expected=int(width[1]), found=int(width[2]), line=line)
    return Refusal("file.broken_csv", line=line)


def _row(message: str, rows: int) -> int:
    """Return which row the parser stumbled over, the header being the first; empty lines are left out.

    Args:
        message: the parser's.
        rows: how many went before.
    """
    told = re.search(r"Row #(\d+)", message)
    return rows + (int(told[1]) if told else 1)


def _beginning(found: Scanned) -> str:
    """Return the first characters of the text after empty lines, its line ends as LF."""
    encoding = _PYTHON.get(found.encoding, found.encoding)
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(found.start)
    except UnicodeDecodeError as error:
        raise Refusal("file.undecodable") from error
    if "\0" in text:
        raise Refusal("file.wrong_type", expected="CSV")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.lstrip("\n")[: _LINE + 1]


def _delimiter(text: str) -> str:
    line = _QUOTED.sub("", text.split("\n", 1)[0])
    return next((mark for mark in (",", "\t", ";", "|") if mark in line), ",")


def _header(text: str, delimiter: str) -> list[str]:
    csv.field_size_limit(_LINE)
    try:
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise Refusal("file.no_header") from error
    names = column_names(row)
    if any(_FRACTION.fullmatch(name) or _DATE.fullmatch(name) for name in names) or _NUMBER.fullmatch(
        names[0]
    ):
        raise Refusal("file.no_header")
    return names
