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
from typing import IO

import pyarrow

from market.inspection.limits import Limits
from market.inspection.refusal import Refusal

CHUNK = 4 * 1024 * 1024
_PACKED: dict[bytes, tuple[str, Callable[[Path], IO[bytes]]]] = {
    b"\x1f\x8b": ("gzip", lambda path: gzip.open(path)),
    b"\x28\xb5\x2f\xfd": ("zstd", lambda path: _zstd(path)),
    b"BZh": ("bz2", lambda path: bz2.open(path)),
    b"\xfd7zXZ": ("xz", lambda path: lzma.open(path)),
}
_BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, OSError, ValueError, pyarrow.ArrowException)


@dataclass(frozen=True)
class Scanned:
    """What a text file is made of.

    Attributes:
        digest: SHA-256 of the file as it is, hex.
        compression: how it is packed; None when it is not.
        encoding: ``utf-8``, ``utf-8-bom``, ``utf-16`` or ``gb18030``.
        start: the first bytes of the text, unpacked.
    """

    digest: str
    compression: str | None
    encoding: str
    start: bytes


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
    for mark, (name, opened) in _PACKED.items():
        if magic.startswith(mark):
            return name, _Bounded(opened(path), limits.expanded)
    return None, path.open("rb")


def scan(path: Path, limits: Limits) -> Scanned:
    """Read a text file once for its digest, its compression and its encoding.

    UTF-16 is known by its mark. All else is UTF-8 if every byte of it is, and otherwise taken for GB18030,
    which is decoded strictly when it is parsed.

    Raises:
        Refusal: it is empty, no text, damaged, or expands beyond the limits.
    """
    digest = digest_of(path)
    compression, stream = unpacked(path, limits)
    with stream:
        start = stream.read(CHUNK)
        if not start.strip(b" \t\r\n\xef\xbb\xbf"):
            raise Refusal("file.empty")
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Scanned(digest, compression, "utf-16", start)
        valid = _is_utf8(start, stream)
    if not valid:
        return Scanned(digest, compression, "gb18030", start)
    bom = start.startswith(codecs.BOM_UTF8)
    return Scanned(digest, compression, "utf-8-bom" if bom else "utf-8", start)


def _is_utf8(start: bytes, stream: IO[bytes]) -> bool:
    """Tell whether all of it is UTF-8; refuse a NUL, which no text holds."""
    valid, rest, chunk = True, b"", start
    while chunk:
        if b"\0" in chunk:
            raise Refusal("file.wrong_type", expected="CSV")
        if valid:
            whole, rest = _to_last_line(rest + chunk)
            valid = _decodes(whole)
        chunk = stream.read(CHUNK)
    return valid and _decodes(rest)


def _to_last_line(data: bytes) -> tuple[bytes, bytes]:
    """Split after the last line end, which is no part of a longer character; or where a character begins."""
    place = data.rfind(b"\n") + 1
    if not place:
        place = len(data)
        while place > max(0, len(data) - 4) and data[place - 1] & 0xC0 == 0x80:
            place -= 1
        place = max(0, place - 1)
    return data[:place], data[place:]


def _decodes(data: bytes) -> bool:
    try:
        pyarrow.array([data], pyarrow.large_binary()).cast(pyarrow.large_string())
    except pyarrow.ArrowInvalid:
        return False
    return True


def _zstd(path: Path) -> IO[bytes]:
    stream = pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")
    return stream  # type: ignore[no-any-return]


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than a number of bytes, and calls what is damaged damaged."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
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
            data = self._stream.read(size if size >= 0 else self._left + 1)
        except _BROKEN as error:
            raise Refusal("file.broken_packing") from error
        self._left -= len(data)
        if self._left < 0:
            raise Refusal("file.expands")
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()
