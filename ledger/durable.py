"""Files that a power cut cannot halve: whole or not there, and on the disk before a call returns."""

import os
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600
"""The rights of a file that holds a secret."""

UNFINISHED = ".new-"
"""Begins the names of files whose writer has not ended, or was killed."""


def replace(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` so that every reader, and every restart, sees all of it or none.

    A file that is there keeps its owner, though root may be the one who writes.

    Args:
        path: Where; its folder is made when it is not there.
        data: What.
        mode: The file's rights; until it is complete they are its owner's alone.

    Raises:
        OSError: It is not written; what was there still is.
    """
    make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.geteuid() == 0 and path.exists():
                os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are not there."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed, linked or made in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
