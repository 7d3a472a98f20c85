"""XLSX: the first sheet, its first row the names; every cell as text.

A workbook is a ZIP archive. Before anything parses it, each member is unpacked once and thrown away, so that
the sizes it declares are known to be true and their sum is bounded. The sheet is then held whole.
A workbook stores a date as a moment at midnight: where no moment of a column has another hour, it is a date.
"""

import zipfile
import zlib
from copy import copy
from pathlib import Path

import fastexcel
import polars as pl

from market.inspection.limits import Limits
from market.inspection.reading import scan
from market.inspection.reading.names import column_names
from market.inspection.reading.source import Source, sliced
from market.inspection.refusal import Refusal

_MEMBERS = 10_000
_SHARE = 8
"""The members together may unpack to this part of the memory: parsed cells take several times their text."""
_MIDNIGHT = " 00:00:00"
_MOMENT = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_DATE = r"^(\d{4}-\d\d-\d\d) 00:00:00$"
_CHUNK = 1024 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def opened(path: Path, limits: Limits) -> Source:
    """Open a workbook; see :func:`market.inspection.reading.open_source`."""
    if not path.stat().st_size:
        raise Refusal("file.empty")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"PK\x03\x04":
        raise Refusal("file.wrong_type", expected="XLSX")
    _check(path, min(limits.expanded, limits.memory // _SHARE))
    try:
        book = fastexcel.read_excel(path)
        sheet = book.load_sheet(0, header_row=None, dtypes="string")
        cells = sheet.to_polars()
        name = book.sheet_names[0]
    except (fastexcel.FastExcelError, IndexError, ValueError) as error:
        raise Refusal("file.broken_workbook") from error
    if cells.width > limits.columns:
        raise Refusal("file.too_wide", columns=cells.width, limit=limits.columns)
    if not cells.height:
        raise Refusal("file.empty")
    names = column_names([cell or "" for cell in cells.row(0)])
    rows = cells.slice(1).select(pl.all().cast(pl.String).replace("", None))
    rows = pl.DataFrame([_dates(column) for column in rows.iter_columns()])
    facts: dict[str, str | int] = {"digest": scan.digest_of(path), "sheet": name}
    return Source(tuple(names), ("text",) * len(names), facts, rows.height, sliced(rows, rows.height))


def _dates(cells: pl.Series) -> pl.Series:
    """Return dates without their hour where every moment of the column is at midnight."""
    timed = cells.str.contains(_MOMENT) & ~cells.str.ends_with(_MIDNIGHT)
    return cells if timed.any() else cells.str.replace(_DATE, "$1")


def _check(path: Path, most: int) -> None:
    """Refuse an archive that is damaged, encrypted, no workbook, or unpacks to more than it says or may."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise Refusal("file.wrong_type", expected="XLSX")
            if len(members) > _MEMBERS or sum(member.file_size for member in members) > most:
                raise Refusal("file.expands")
            for member in members:
                _unpack(archive, member)
    except _BROKEN as error:
        raise Refusal("file.broken_workbook") from error


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    longer = copy(member)
    longer.file_size += 1  # one byte more than declared is read if it is there
    left = member.file_size
    with archive.open(longer) as stream:
        while chunk := stream.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Refusal("file.expands")
