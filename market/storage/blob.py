"""What every store of bytes can do, and how a stream becomes a digest."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 256 * 1024
"""Bytes read or written at once."""

PROBE = b"probe\n"
"""What is written to learn whether a store works."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class StoreError(Exception):
    """The store does not hold the bytes it should, or cannot be reached: an operator must look."""


class OverCap(Exception):
    """The stream was longer than the cap; nothing was kept.

    Attributes:
        cap: the most that was allowed, in bytes.
    """

    def __init__(self, cap: int) -> None:
        super().__init__(f"more than {cap} bytes")
        self.cap = cap


@dataclass(frozen=True)
class Blob:
    """Bytes that are stored.

    Attributes:
        digest: SHA-256 of the bytes, 64 lower-case hex digits: the name.
        size: length in bytes.
    """

    digest: str
    size: int


class Store(Protocol):
    """A content-addressed store."""

    def put_stream(self, chunks: Iterable[bytes], cap: int) -> Blob:
        """Store a stream and return its digest and size.

        Args:
            chunks: the bytes, in order.
            cap: the most bytes to take.

        Raises:
            OverCap: the stream is longer; nothing was kept.
        """
        ...

    def put(self, content: bytes) -> Blob:
        """Store bytes that are already in memory."""
        ...

    def size(self, digest: str) -> int:
        """Return the length in bytes.

        Raises:
            StoreError: there is no such blob.
        """
        ...

    def read(self, digest: str) -> bytes:
        """Return a whole blob; for small ones only (contracts, reports).

        Raises:
            StoreError: there is no such blob, or its bytes do not give its name any more.
        """
        ...

    def read_range(self, digest: str, start: int, end: int, chunk: int = CHUNK) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to but without ``end``, ``chunk`` bytes or fewer at a time.

        Raises:
            StoreError: there is no such blob, or it is shorter than ``end``.
        """
        ...

    def probe(self) -> None:
        """Write and read a few bytes that nothing keeps, to learn whether the store works.

        Raises:
            StoreError: it does not.
        """
        ...

    def local_path(self, digest: str) -> AbstractContextManager[Path]:
        """Lend a local, read-only file with the bytes, for a child process.

        Raises:
            StoreError: there is no such blob.
        """
        ...


def checked(digest: str) -> str:
    """Return the digest if it is one: it becomes part of a path.

    Raises:
        StoreError: it is not 64 lower-case hex digits.
    """
    if not _DIGEST.fullmatch(digest):
        raise StoreError(f"not a digest: {digest[:80]!r}")
    return digest


def spool(chunks: Iterable[bytes], cap: int, into: BinaryIO) -> Blob:
    """Write a stream to an open file while hashing it.

    Raises:
        OverCap: the stream is longer than ``cap`` bytes.
    """
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > cap:
            raise OverCap(cap)
        digest.update(chunk)
        into.write(chunk)
    return Blob(digest.hexdigest(), size)


def whole(digest: str, content: bytes) -> bytes:
    """Return the content if it still gives its name.

    Raises:
        StoreError: it does not: the stored bytes were changed.
    """
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreError(f"the bytes of blob {digest} were changed")
    return content
