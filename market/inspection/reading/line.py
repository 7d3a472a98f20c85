"""The line on which a row of delimited text begins, looked up only once the row is found to be at fault."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import IO

CHUNK = 4 * 1024 * 1024


def line_of(row: int, text: IO[bytes]) -> int:
    """Return the line, from 1, on which a row begins; that of the last one where there are fewer.

    Args:
        row: counted from 1, the header included and empty lines left out.
        text: UTF-8 from its beginning, its quotation marks in order; it is closed.
    """
    with text:
        begins = (begins for begins, _length, first in _pieces(text) if first)
        return deque(islice(begins, row), maxlen=1)[0]


def line_of_long(most: int, text: IO[bytes]) -> int:
    """Return the line, from 1, on which the first row begins that is too long; there must be one.

    Args:
        most: bytes that a row may have.
        text: as for :func:`line_of`.
    """
    with text:
        return next(begins for begins, length, _first in _pieces(text) if length > most)


def _pieces(text: IO[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Yield for each piece of a row its row's line, the row's bytes so far, and whether the row begins with it.

    A line end between quotation marks does not end the row. Empty lines are passed over.
    """
    line, begins, length, quoted = 1, 1, 0, False
    while data := text.read(CHUNK):
        while data.endswith(b"\r") and (more := text.read(1)):  # it may be half of CR LF
            data += more
        for piece in data.splitlines(keepends=True):
            ends = piece.endswith((b"\n", b"\r"))
            if length or piece.strip(b"\r\n"):
                yield begins, length + len(piece), not length
                length += len(piece)
            quoted ^= piece.count(b'"') % 2 == 1
            line += ends
            if ends and not quoted:
                begins, length = line, 0
