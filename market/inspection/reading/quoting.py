"""Quotation marks of delimited text, held strictly to RFC 4180 as the bytes pass by.

The parser behind :mod:`market.inspection.reading.delimited` takes a quotation mark that is never closed, and
text after a closing one, without a word. Counted from the beginning of the text, every odd quotation mark opens
and every even one closes: before one that opens stands a delimiter, a line end or a quotation mark (the two are
then one mark within the cell), and after one that closes as well.
"""

import codecs
import io
from typing import IO

import numpy as np

from market.inspection.refusal import Refusal

CHUNK = 4 * 1024 * 1024
_MARK = 0x22


class Strict(io.RawIOBase):
    """A stream of UTF-8 out of text in any encoding, refused where a quotation mark stands wrongly.

    Args:
        stream: of the text.
        encoding: Python's name of how it is encoded.
        delimiter: one ASCII character.
    """

    def __init__(self, stream: IO[bytes], encoding: str, delimiter: str) -> None:
        self._stream = stream
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("strict")
        self._neighbours = np.zeros(256, bool)
        self._neighbours[[_MARK, 0x0A, 0x0D, ord(delimiter)]] = True
        self._before = b"\n"
        self._closes = False  # whether the next quotation mark closes
        self._line = 1
        self._opened = 1  # the line of the last quotation mark
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most ``size`` of them; nothing at the end."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._next()
        size = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def close(self) -> None:
        """Close the stream beneath."""
        self._stream.close()
        super().close()

    def _next(self) -> bytes:
        data = self._stream.read(CHUNK)
        self._ended = not data
        if self._decoder:
            data = self._decoder.decode(data, final=self._ended).encode()
        if b"\0" in data:
            raise Refusal("file.wrong_type", expected="CSV")
        self._check(self._before + data, final=self._ended)
        return data

    def _check(self, data: bytes, *, final: bool) -> None:
        """Check the marks of ``data`` after its first byte; the last byte waits unless it is final."""
        whole = data + b"\n" if final else data
        if b'"' in whole[1:-1]:
            self._hold(whole)
        if final and self._closes:
            raise Refusal("file.broken_csv", line=self._opened)
        self._line += _ends(whole[:-1])
        self._before = whole[-2:]  # the byte before the one that waits, and that one

    def _hold(self, whole: bytes) -> None:
        codes = np.frombuffer(whole, np.uint8)
        marks = np.flatnonzero(codes[1:-1] == _MARK) + 1
        closing = (np.arange(len(marks)) & 1).astype(bool) ^ self._closes
        right = self._neighbours[np.where(closing, codes[marks + 1], codes[marks - 1])]
        if not right.all():
            wrong = int(marks[int(np.argmin(right))])
            raise Refusal("file.broken_csv", line=self._line + _ends(whole[:wrong]))
        if len(marks) & 1:
            self._closes = not self._closes
        self._opened = self._line + _ends(whole[: int(marks[-1])])


def _ends(data: bytes) -> int:
    """Count the line ends after the first byte, which was counted before."""
    return data.count(b"\n", 1) + data.count(b"\r", 1) - data.count(b"\r\n")
