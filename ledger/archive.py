"""Reads a ``.zip`` that anybody may have made: plain files within limits, or a refusal, never an error of its own."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from ledger.errors import FormError

_FORMS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others need libraries that Python may lack, and fail in ways of their own."""
_ENCRYPTED = 0x1
_FAULTS = (OSError, EOFError, RuntimeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error)
"""Whatever the standard library makes of an archive that is damaged or hostile."""


def unpack(path: Path, limit: Callable[[str], int | None], *, most: int, total: int) -> dict[str, bytes]:
    """Return the files of an archive.

    Args:
        path: The archive.
        limit: By name, how many bytes a file may have; None for one that is left alone.
        most: Members at most, those left alone too.
        total: Bytes of all files together at most, after unpacking.

    Raises:
        FormError: It is no archive of plain files, stored or deflated, none twice, within these limits.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpacked(archive, limit, most, total)
    except _FAULTS as error:
        raise FormError(f"is not a sound archive: {error}") from error


def _unpacked(
    archive: zipfile.ZipFile, limit: Callable[[str], int | None], most: int, total: int
) -> dict[str, bytes]:
    members = archive.infolist()
    if len(members) > most:
        raise FormError(f"more than {most} files")
    files: dict[str, bytes] = {}
    for member in members:
        name = member.filename
        bytes_at_most = None if name.endswith("/") else limit(name)
        if bytes_at_most is None:
            continue
        _require_plain(member)
        if name in files:
            raise FormError(f"{name[:100]} is in the archive twice")
        with archive.open(member) as file:
            files[name] = file.read(min(bytes_at_most, total) + 1)
        total -= len(files[name])
        if len(files[name]) > bytes_at_most or total < 0:
            raise FormError(f"{name[:100]} is too large")
    return files


def _require_plain(member: zipfile.ZipInfo) -> None:
    if member.compress_type not in _FORMS or member.flag_bits & _ENCRYPTED:
        raise FormError(f"{member.filename[:100]} is encrypted, or neither stored nor deflated")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise FormError(f"{member.filename[:100]} is not a plain file")
