"""The store of many machines: object storage (S3, GCS, Azure and the like) through obstore."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from market.storage.blob import CHUNK, PROBE, Blob, StoreError, checked, spool, whole


class Remote:
    """Blobs as objects ``blobs/<digest>`` in a bucket.

    Args:
        url: what obstore understands, for example ``s3://bucket/prefix``; the keys of the
            storage service are taken from its own usual environment variables.
    """

    def __init__(self, url: str) -> None:
        self._store = from_url(url)

    def put_stream(self, chunks: Iterable[bytes], cap: int) -> Blob:
        """Store a stream: spooled beside the server first, since its name is known only at its end."""
        with tempfile.TemporaryFile() as file:
            blob = spool(chunks, cap, file)
            file.seek(0)
            try:
                obstore.put(self._store, _key(blob.digest), file)
            except BaseError as error:
                raise StoreError(f"cannot store blob {blob.digest}: {error}") from error
        return blob

    def put(self, content: bytes) -> Blob:
        """Store bytes that are already in memory; see :class:`Store`."""
        return self.put_stream([content], len(content))

    def size(self, digest: str) -> int:
        """Return the length in bytes; see :class:`Store`."""
        try:
            return int(obstore.head(self._store, _key(digest))["size"])
        except (BaseError, FileNotFoundError) as error:
            raise StoreError(f"no blob {digest}: {error}") from error

    def read(self, digest: str) -> bytes:
        """Return a whole blob, its digest checked; see :class:`Store`."""
        return whole(digest, b"".join(self.read_range(digest, 0, self.size(digest))))

    def read_range(self, digest: str, start: int, end: int, chunk: int = CHUNK) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (without it); see :class:`Store`."""
        size = self.size(digest)
        if end > size:
            raise StoreError(f"blob {digest} is {end - size} bytes short")
        for first in range(start, end, chunk):
            last = min(first + chunk, end)
            try:
                yield bytes(obstore.get_range(self._store, _key(digest), start=first, end=last))
            except (BaseError, FileNotFoundError) as error:
                raise StoreError(f"cannot read blob {digest}: {error}") from error

    def probe(self) -> None:
        """Write and read a few bytes; see :class:`Store`."""
        try:
            obstore.put(self._store, "probe", PROBE)
            found = bytes(obstore.get(self._store, "probe").bytes())
        except (BaseError, FileNotFoundError) as error:
            raise StoreError(f"the store does not answer: {error}") from error
        if found != PROBE:
            raise StoreError("the store does not give back what was written")

    @contextmanager
    def local_path(self, digest: str) -> Iterator[Path]:
        """Lend a downloaded copy, removed afterwards; see :class:`Store`."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / digest
            with path.open("wb") as file:
                for part in self.read_range(digest, 0, self.size(digest), 8 * 1024 * 1024):
                    file.write(part)
            yield path


def _key(digest: str) -> str:
    return f"blobs/{checked(digest)}"
