"""The store of one machine: a folder, written so that a crash leaves either the whole blob or none."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.durable import sync_folder
from market.storage.blob import CHUNK, PROBE, Blob, StoreError, checked, spool, whole


class Folder:
    """Blobs as files ``blobs/<first two digits>/<digest>`` below one folder.

    Args:
        root: the folder; made when it does not exist.
    """

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._incoming = root / "incoming"
        for folder in (root, self._blobs, self._incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_stream(self, chunks: Iterable[bytes], cap: int) -> Blob:
        """Store a stream: temporary file, fsync, rename, fsync of the folder; see :class:`Store`."""
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                blob = spool(chunks, cap, file)
                file.flush()
                os.fsync(file.fileno())
            # The rename also heals a blob that was damaged on disk: the content is what its name says.
            target = self._path(blob.digest)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (target.parent, self._blobs):
            sync_folder(folder)
        return blob

    def put(self, content: bytes) -> Blob:
        """Store bytes that are already in memory; see :class:`Store`."""
        return self.put_stream([content], len(content))

    def size(self, digest: str) -> int:
        """Return the length in bytes; see :class:`Store`."""
        try:
            return self._path(digest).stat().st_size
        except OSError as error:
            raise StoreError(f"no blob {digest}: {error.strerror}") from error

    def read(self, digest: str) -> bytes:
        """Return a whole blob, its digest checked; see :class:`Store`."""
        return whole(digest, b"".join(self.read_range(digest, 0, self.size(digest))))

    def read_range(self, digest: str, start: int, end: int, chunk: int = CHUNK) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (without it); see :class:`Store`."""
        try:
            file = self._path(digest).open("rb")
        except OSError as error:
            raise StoreError(f"no blob {digest}: {error.strerror}") from error
        with file:
            file.seek(start)
            left = end - start
            while left > 0:
                part = file.read(min(chunk, left))
                if not part:
                    raise StoreError(f"blob {digest} is {left} bytes short")
                left -= len(part)
                yield part

    def probe(self) -> None:
        """Write and read a few bytes; see :class:`Store`."""
        try:
            with tempfile.TemporaryFile(dir=self._incoming) as file:
                file.write(PROBE)
                file.seek(0)
                found = file.read()
            os.listdir(self._blobs)
        except OSError as error:
            raise StoreError(f"the folder of the store: {error.strerror}") from error
        if found != PROBE:
            raise StoreError("the store does not give back what was written")

    @contextmanager
    def local_path(self, digest: str) -> Iterator[Path]:
        """Lend the file itself; see :class:`Store`."""
        self.size(digest)
        yield self._path(digest)

    def _path(self, digest: str) -> Path:
        return self._blobs / checked(digest)[:2] / digest
