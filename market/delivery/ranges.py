"""Which bytes a request asks for (RFC 9110 sections 13.1.5 and 14.2). Standard library only.

One range is served as 206. Several ranges in one request are answered with the whole file, as section
14.2 allows: a client that resumes asks for one. A header that is not understood is ignored, as the same
section demands; a range that lies outside the file is 416.
"""

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies wholly outside the file: answer 416 and name the size."""


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` (inclusive) to ``stop`` (exclusive) of a file; offsets in bytes."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the ``Content-Range`` value of a 206 answer (RFC 9110 section 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def etag(digest: str) -> str:
    """Return the strong entity tag of a file: its SHA-256 in lower-case hex, quoted."""
    return f'"{digest}"'


def matches(header: str | None, tag: str, *, weak: bool = False) -> bool:
    """Tell whether an ``If-None-Match`` list (or ``*``) names this tag.

    Args:
        header: the header as it came; None when absent.
        tag: the strong tag of the file.
        weak: whether a ``W/`` tag counts too (it does for If-None-Match, RFC 9110 section 13.1.2).
    """
    if header is None:
        return False
    if header.strip() == "*":
        return True
    given = (part.strip() for part in header.split(","))
    return any(part == tag or (weak and part == f"W/{tag}") for part in given)


def wanted(header: str | None, if_range: str | None, tag: str, size: int) -> Span | None:
    """Return the one span a request asks for, or None for the whole file.

    Args:
        header: the ``Range`` header; None when absent.
        if_range: the ``If-Range`` header: anything but this very tag (a date too) asks for the whole file.
        tag: the strong tag of the file.
        size: the file's size in bytes.

    Raises:
        Unsatisfiable: no byte of the range is in the file.
    """
    if header is None or (if_range is not None and if_range.strip() != tag):
        return None
    found = _SINGLE.fullmatch(header.strip())
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, size)
    if last and int(last) < int(first):
        return None
    start = int(first)
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(int(last) + 1, size) if last else size)


def _suffix(last: str, size: int) -> Span | None:
    """Return the span of ``-<length>``: the end of the file."""
    if not last:
        return None
    if int(last) == 0:
        raise Unsatisfiable
    return Span(max(size - int(last), 0), size)
