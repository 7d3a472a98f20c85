"""A backup as one file: a tar whose last member is a manifest with the SHA-256 of every other one.

A tar, so that an operator can look into it with what every machine has; uncompressed, since most of it is data files
that are compressed already. It lies under its name only when it is whole, and nobody but its owner may read it.
"""

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from ledger.durable import OWNER_ONLY, sync_folder

MANIFEST: Final = "manifest.json"
FORMAT: Final = "qilu-backup/1"


class BackupError(Exception):
    """A backup cannot be made, restored or practised with; the message says why, for the operator."""


class DamagedError(BackupError):
    """The backup is not what its manifest says, or contradicts its own log; nothing of it was put in place."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this is not a whole backup: {why}")


@dataclass
class Manifest:
    """What a backup says of itself.

    Attributes:
        made_at: when the snapshot was taken, ISO 8601.
        database: "sqlite" or "postgresql".
        revision: revision of the schema.
        origin: origin line of the log.
        keys: the log's public keys (vkey texts).
        size: entries that have a place in the log.
        checkpoint: the last signed checkpoint, a note; empty before the first.
        secret: whether keys and secrets are in it.
        missing: digests of stored files that the database names and the store did not have whole.
        files: SHA-256 by name of every other member.
    """

    made_at: str
    database: str
    revision: str
    origin: str
    keys: list[str]
    size: int = 0
    checkpoint: str = ""
    secret: bool = False
    missing: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as it stands in the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, sort_keys=True)


class Writer:
    """Fills an archive; each member is read once, and hashed as it is written."""

    def __init__(self, tar: tarfile.TarFile, time: float) -> None:
        self._tar = tar
        self._time = time
        self.digests: dict[str, str] = {}

    def add(self, name: str, path: Path) -> str:
        """Add a file under a name; return its SHA-256, 64 hex digits."""
        with path.open("rb") as file:
            info = self._info(name, os.fstat(file.fileno()).st_size)
            reading = _Hashing(file)
            self._tar.addfile(info, reading)  # type: ignore[arg-type]
        self.digests[name] = reading.digest.hexdigest()
        return self.digests[name]

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small file."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            self._tar.addfile(self._info(name, len(content)), file)
        self.digests[name] = hashlib.sha256(content).hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, as the last member."""
        manifest.files = dict(self.digests)
        self.add_bytes(MANIFEST, manifest.text().encode())

    def _info(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, OWNER_ONLY, int(self._time)
        return info


@contextmanager
def writing(target: Path, time: float) -> Iterator[Writer]:
    """Open an archive that takes its name only when the block ends well and all of it is on disk.

    Args:
        target: where it shall lie; a file that is there already is never replaced.
        time: seconds since 1970 that its members carry.

    Raises:
        BackupError: something has that name already.
    """
    if target.exists():
        raise BackupError(f"{target} is there already: choose another name")
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name}-", dir=target.parent
    )  # readable by its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar, time)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, target)  # unlike a rename it fails where somebody else was first
    finally:
        Path(name).unlink(missing_ok=True)
    sync_folder(target.parent)


def unpack(file: Path, folder: Path) -> Manifest:
    """Put every member of a backup into a folder and hold each against the manifest.

    Args:
        file: the backup.
        folder: an empty folder.

    Raises:
        DamagedError: a member is missing, superfluous, changed or has a name that leads elsewhere.
    """
    found: dict[str, str] = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for info in tar:
                found[_checked(info, found)] = _extract(tar, info, folder / info.name)
        manifest = _manifest(folder / MANIFEST)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(str(error) or type(error).__name__) from error
    del found[MANIFEST]
    for name in sorted({*found, *manifest.files}):
        if found.get(name) != manifest.files.get(name):
            raise DamagedError(f"{name} is missing or was changed")
    return manifest


def _checked(info: tarfile.TarInfo, found: dict[str, str]) -> str:
    path = PurePosixPath(info.name)
    if not info.isreg() or path.is_absolute() or ".." in path.parts or info.name in found:
        raise ValueError(f"{info.name} is no file of a backup")
    return info.name


def _extract(tar: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = tar.extractfile(info)
    if source is None:
        raise ValueError(f"{info.name} has no content")
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        while part := source.read(1024 * 1024):
            digest.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _manifest(path: Path) -> Manifest:
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    path.unlink()
    if values.pop("format") != FORMAT:
        raise ValueError("it is of another format than this version reads")
    return Manifest(**values)


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        part = self._file.read(size)
        self.digest.update(part)
        return part
