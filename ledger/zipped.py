"""Reading a ``.zip`` that a stranger made: bounded, and whatever is wrong with it is one kind of error.

The standard library's reader believes what the archive says of itself, and so raises almost anything. Only the two
ways of packing that evidence is written in are read: every other one is more code that hostile bytes could reach.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from ledger.errors import FormError

PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FAULTS = (
    zipfile.BadZipFile, EOFError, OverflowError, RuntimeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What hostile archives make the reader raise: encrypted members are RuntimeErrors, bad names ValueErrors."""


def read(path: Path, limit_of: Callable[[str], int], *, most_files: int, most_bytes: int) -> dict[str, bytes]:
    """Return the members of an archive.

    Args:
        path: The archive.
        limit_of: Gives the bytes that the member of a name may have; 0 leaves it unread.
        most_files: How many members it may have, folders and unread ones too.
        most_bytes: How many bytes the read ones may have together.

    Raises:
        FormError: It is no archive, is damaged, or holds a link, one name twice, or more than it may.
        OSError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _members(archive, limit_of, most_files, most_bytes)
    except _FAULTS as error:
        raise FormError(f"not a sound archive: {error}") from error


def _members(
    archive: zipfile.ZipFile, limit_of: Callable[[str], int], most_files: int, most_bytes: int
) -> dict[str, bytes]:
    if len(archive.infolist()) > most_files:
        raise FormError(f"the archive holds more than {most_files} files")
    files: dict[str, bytes] = {}
    left = most_bytes
    for member in archive.infolist():
        name = member.filename
        limit = 0 if name.endswith("/") else limit_of(name)
        if not limit:
            continue
        if name in files:
            raise FormError(f"{name[:100]!r} is in the archive twice")
        if stat.S_ISLNK(member.external_attr >> 16) or member.compress_type not in PACKED:
            raise FormError(f"{name[:100]!r} is a link or packed in another way than evidence is")
        limit = min(limit, left)
        with archive.open(member) as file:
            files[name] = file.read(limit + 1)
        if len(files[name]) > limit:
            raise FormError(f"{name[:100]!r} is too large")
        left -= len(files[name])
    return files
