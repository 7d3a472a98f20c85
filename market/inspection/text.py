"""CSV bytes before measuring: encoding, line ends, delimiter, header. Standard library only.

Rules, in order:

* UTF-8, with or without a byte-order mark; if the bytes are not that, GB18030 (which contains GBK and
  GB 2312); strictly, so that nothing is guessed or replaced. UTF-16 is refused.
* Control characters other than tab and line ends mean that this is no text.
* Line ends CR LF, LF and CR are all read as LF, inside quoted cells too.
* The delimiter is the first of comma, tab, semicolon, bar that the first line holds outside quotes.
* The first line names the columns. A name is not empty, not repeated, not a date and not a number with a
  fraction, and the first one is no number at all; otherwise the file has no header.
"""

import codecs
import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from market.inspection.refusal import Refusal

CHUNK = 1024 * 1024
LINE = 2_000_000
"""Longest line in bytes; DuckDB's own bound."""
NAME = 200
"""Longest column name in characters."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")
_FRACTION = re.compile(r"[-+]?\d+\.\d+")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*")
_OTHER_FORMATS = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"SQLite format 3",
    b"\x7fELF", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"ARROW1", b"Obj\x01", b"ORC",
)  # fmt: skip
_OTHER_TEXTS = re.compile(r"\s*(<!doctype|<html|<\?xml|\{\s*[\"}]|\[\s*[\[{])", re.IGNORECASE)


@dataclass(frozen=True)
class PlainText:
    """A normalised UTF-8 copy of a CSV file.

    Attributes:
        path: the copy.
        encoding: what the upload was: ``utf-8``, ``utf-8-bom`` or ``gb18030``.
        delimiter: the one character between cells.
        names: the column names.
    """

    path: Path
    encoding: str
    delimiter: str
    names: list[str]


def read_plain(source: Path, scratch: Path) -> PlainText:
    """Make a normalised copy of a CSV file and read its header.

    Raises:
        Refusal: the file is empty, is no text, cannot be decoded, or has no header.
    """
    with source.open("rb") as file:
        start = file.read(CHUNK)
    if not start.strip(b" \t\r\n\xef\xbb\xbf"):
        raise Refusal("file.empty")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refusal("file.undecodable")
    if start.startswith(_OTHER_FORMATS):
        raise Refusal("file.wrong_type", expected="CSV")
    copy = scratch / "plain.csv"
    encoding = "utf-8-bom" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    try:
        _transcode(source, copy, "utf-8-sig")
    except UnicodeDecodeError:
        encoding = "gb18030"
        try:
            _transcode(source, copy, encoding)
        except UnicodeDecodeError as error:
            raise Refusal("file.undecodable") from error
    with copy.open(encoding="utf-8", newline="") as text:
        beginning = text.read(LINE)
    if _OTHER_TEXTS.match(beginning):
        raise Refusal("file.wrong_type", expected="CSV")
    delimiter = _delimiter(beginning)
    return PlainText(copy, encoding, delimiter, _header(beginning, delimiter))


def _transcode(source: Path, target: Path, encoding: str) -> None:
    """Copy as UTF-8 with LF line ends; refuse control characters."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
    begun = False
    with source.open("rb") as raw, target.open("w", encoding="utf-8", newline="") as plain:
        while True:
            chunk = raw.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if _CONTROL.search(text):
                raise Refusal("file.wrong_type", expected="CSV")
            if not begun:  # blank lines before the header
                text = text.lstrip("\n")
                begun = bool(text)
            plain.write(text)
            if not chunk:
                return


def _delimiter(text: str) -> str:
    line = _QUOTED.sub("", text.split("\n", 1)[0])
    return next((mark for mark in (",", "\t", ";", "|") if mark in line), ",")


def _header(text: str, delimiter: str) -> list[str]:
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


def column_names(given: list[str]) -> list[str]:
    """Return column names trimmed and in Unicode NFC.

    Raises:
        Refusal: a name is empty, repeated, too long or not printable.
    """
    names = [unicodedata.normalize("NFC", name.strip()) for name in given]
    if (
        not all(name.isprintable() and 0 < len(name) <= NAME for name in names)
        or not names
        or len(set(names)) != len(names)
    ):
        raise Refusal("file.no_header")
    return names
