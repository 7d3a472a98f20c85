"""A first look at the bytes: what the file is made of, before anything is parsed."""

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pyarrow

from market.inspection.limits import Limits
from market.inspection.refusal import Refusal

CHUNK = 4 * 1024 * 1024
_PIECE = 1024 * 1024
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2", b"\xfd7zXZ": "xz"}
_BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, OSError, ValueError, pyarrow.ArrowException)


@dataclass(frozen=True)
class Scanned:
    """What a text file is made of.

    Attributes:
        digest: SHA-256 of the file as it is, hex.
        compression: how it is packed; None when it is not.
        encoding: ``utf-8``, ``utf-8-bom``, ``utf-16`` or ``gb18030``.
        start: the first bytes of the text, unpacked.
        quoted: whether UTF-8 holds a quotation mark; not told of other encodings.
    """

    digest: str
    compression: str | None
    encoding: str
    start: bytes
    quoted: bool = False


def digest_of(path: Path) -> str:
    """Return SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpacked(path: Path, limits: Limits) -> tuple[str | None, IO[bytes]]:
    """Return how a file is packed and a stream of what is in it.

    Reading the stream refuses a file that is damaged or expands beyond the limits.
    """
    with path.open("rb") as file:
        magic = file.read(6)
    for mark, name in _PACKED.items():
        if magic.startswith(mark):
            return name, cast(IO[bytes], _Bounded(_unpacking(name, path), limits.expanded))
    return None, path.open("rb")


def _unpacking(name: str, path: Path) -> Any:
    if name == "gzip":
        return gzip.open(path)
    if name == "bz2":
        return bz2.open(path)
    if name == "xz":
        return lzma.open(path)
    return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")


def scan(path: Path, limits: Limits, expected: str = "CSV") -> Scanned:
    """Read a text file once for its digest, its compression and its encoding.

    UTF-16 is known by its mark. All else is UTF-8 if every byte of it is, and otherwise taken for GB18030,
    which is decoded strictly when it is parsed.

    Args:
        path: the file.
        limits: what may be used.
        expected: the format, as a refusal names it.

    Raises:
        Refusal: it is empty, no text, damaged, or expands beyond the limits.
    """
    compression, stream = unpacked(path, limits)
    hashed = hashlib.sha256()
    with stream:
        start = stream.read(CHUNK)
        if not start.strip(b" \t\r\n\xef\xbb\xbf"):
            raise Refusal("file.empty")
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Scanned(digest_of(path), compression, "utf-16", start)
        valid, quoted = _is_utf8(start, stream, hashed.update, expected)
    digest = digest_of(path) if compression else hashed.hexdigest()
    if not valid:
        return Scanned(digest, compression, "gb18030", start)
    bom = start.startswith(codecs.BOM_UTF8)
    return Scanned(digest, compression, "utf-8-bom" if bom else "utf-8", start, quoted)


def _is_utf8(
    start: bytes, stream: IO[bytes], passes: Callable[[bytes], object], expected: str
) -> tuple[bool, bool]:
    """Tell whether all of it is UTF-8, and has a quotation mark; refuse a NUL, which no text holds.

    Each piece of the text is shown to ``passes``.
    """
    valid, quoted, rest, piece = True, False, b"", start
    while piece:
        passes(piece)
        if b"\0" in piece:
            raise Refusal("file.wrong_type", expected=expected)
        quoted = quoted or b'"' in piece
        if valid:
            data = rest + piece
            whole = _characters(data)
            valid, rest = _decodes(memoryview(data)[:whole]), data[whole:]
        piece = stream.read(_PIECE)
    return valid and not rest, quoted


def _characters(data: bytes) -> int:
    """Return where the last character begins if it may be cut off, and otherwise the end."""
    for place in range(len(data) - 1, max(-1, len(data) - 4), -1):
        if data[place] >= 0xC0:
            needed = 2 if data[place] < 0xE0 else 3 if data[place] < 0xF0 else 4
            return place if place + needed > len(data) else len(data)
        if data[place] < 0x80:
            break
    return len(data)


def _decodes(data: memoryview) -> bool:
    """Tell whether bytes are UTF-8, as one text of Arrow that is not copied."""
    offsets = pyarrow.py_buffer(np.array([0, len(data)], np.int64))
    try:
        text = pyarrow.Array.from_buffers(pyarrow.large_string(), 1, [None, offsets, pyarrow.py_buffer(data)])
        text.validate(full=True)
    except pyarrow.ArrowInvalid:
        return False
    return True


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than a number of bytes, and calls what is damaged damaged."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._stream.read(size if size >= 0 else self._left + 1)
        except _BROKEN as error:
            raise Refusal("file.broken_packing") from error
        self._left -= len(data)
        if self._left < 0:
            raise Refusal("file.expands")
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()
