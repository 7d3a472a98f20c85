"""Delimited text in pieces of whole rows: as much is in memory as is parsed, and no more."""

from collections.abc import Callable, Iterator

PIECE = 4 * 1024 * 1024
"""Bytes that are read at a time."""
ROW = 8 * 1024 * 1024
"""Longest row in bytes."""
_MARK = b'"'


class TooLong(Exception):
    """A row is longer than :data:`ROW`."""


def pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield a text in pieces, each of whole rows with their line ends; the last one may have none.

    Args:
        read: gives at most so many bytes more, nothing at the end.

    Raises:
        TooLong: a row is; all rows before it have been yielded.
    """
    held = b""
    while more := read(PIECE):
        held += more
        end = _whole(held)
        if end:
            yield held[:end]
            held = held[end:]
        if len(held) > ROW:
            raise TooLong
    if held:
        yield held


def _whole(text: bytes) -> int:
    """Return where the last whole row ends: after a line end that stands in no quotation marks; 0 if none does.

    A lone CR ends rows only where no LF does. One at the very end may be half of CR LF, and is left for later.
    """
    return _last(text, b"\n", len(text)) or _last(text, b"\r", len(text) - 1)


def _last(text: bytes, line_end: bytes, limit: int) -> int:
    odd = text.count(_MARK, 0, limit) % 2
    place = limit
    while (found := text.rfind(line_end, 0, place)) >= 0:
        odd = (odd + text.count(_MARK, found, place)) % 2
        if not odd:
            return found + 1
        place = text.rfind(_MARK, 0, found)  # it is within marks: on to the one that opens them
        odd = 0
    return 0
