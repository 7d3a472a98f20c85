"""The evidence bundle as files: a folder, or a ``.zip`` of it, under one signed manifest.

``manifest.json`` is canonical JSON and names every other file with its SHA-256; ``manifest.sig`` is the Ed25519
signature over its bytes by the manifest key, a key of its own and never the log's. A file that the manifest does not
name, a name given twice, or a text in another than its one form is refused, so no bit of any file can change
unnoticed. A ``.zip`` is only a way to carry the folder: what is promised is promised of each file in it.
"""

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger import canonical, zipped
from ledger.errors import FormError, ProofError
from ledger.note import VerifierKey

FORMAT = "qilu-evidence-bundle-v1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"

EXTRACTS = {"keys.json": "key", "delivery/receipts.json": "receipt", "payment/postings.json": "posting"}
"""Files that show the rows of one table as the entries committed to them, in the log's order."""

MAX_FILES = 20_000
MAX_FILE = 64 * 1024 * 1024
"""Bytes."""
MAX_BUNDLE = 512 * 1024 * 1024
"""Bytes, of all files together after unpacking."""

_PURPOSE = b"qilu-manifest-v1\0"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class BundleError(Exception):
    """The files are not a bundle, or not the bundle that was signed: believe nothing in it."""


@dataclass(frozen=True)
class Manifest:
    """What a signed manifest says.

    Attributes:
        trade: number of the trade.
        made_at: when the bundle was written, as the exchange claims; RFC 3339.
        viewer: for whom it was written: provider, buyer or auditor.
        withheld: (entry id, field) of the openings this viewer does not get.
        files: name to SHA-256, 64 lower-case hex digits.
    """

    trade: str
    made_at: str
    viewer: str
    withheld: tuple[tuple[str, str], ...]
    files: Mapping[str, str]


def seal(
    files: Mapping[str, bytes],
    sign: Callable[[bytes], bytes],
    *,
    trade: str,
    made_at: str,
    viewer: str,
    withheld: tuple[tuple[str, str], ...],
) -> dict[str, bytes]:
    """Return the files with their manifest and its signature.

    Args:
        files: name to bytes, without manifest.
        sign: signs what `signed_text` makes of the manifest; 64 bytes, Ed25519.
        trade: number of the trade.
        made_at: RFC 3339.
        viewer: for whom it is written.
        withheld: (entry id, field) of openings left out.

    Raises:
        BundleError: a name is not a plain relative path, or there is too much of it.
    """
    _require_plain(files)
    manifest = canonical.encode(
        {
            "format": FORMAT,
            "trade": trade,
            "made_at": made_at,
            "viewer": viewer,
            "withheld": [list(pair) for pair in sorted(withheld)],
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
    )
    signature = canonical.to_base64(sign(signed_text(manifest))) + "\n"
    return {**files, MANIFEST: manifest, SIGNATURE: signature.encode()}


def check_files(files: Mapping[str, bytes]) -> Manifest:
    """Return the manifest of a bundle whose files are exactly those it names, bit for bit.

    Raises:
        BundleError: one is changed, missing or not named.
    """
    manifest = _parse(files.get(MANIFEST, b""))
    present = set(files) - {MANIFEST, SIGNATURE}
    if lost := sorted(set(manifest.files) - present):
        raise BundleError(f"missing: {', '.join(lost[:5])}")
    if extra := sorted(present - set(manifest.files)):
        raise BundleError(f"not in the manifest: {', '.join(extra[:5])}")
    for name, digest in sorted(manifest.files.items()):
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise BundleError(f"{name} is not the file that was signed")
    return manifest


def check_signature(files: Mapping[str, bytes], key: VerifierKey) -> None:
    """Check that `key` signed the manifest; whether the key is the exchange's is the caller's to prove.

    Raises:
        BundleError: it did not, or the signature is not in its one form.
    """
    try:
        text = files[SIGNATURE].decode("ascii")
        signature = canonical.from_base64(text.removesuffix("\n"))
        if text != canonical.to_base64(signature) + "\n":
            raise BundleError("the signature of the manifest has one form only")
        key.verify(signed_text(files[MANIFEST]).decode(), signature)
    except (KeyError, UnicodeDecodeError, FormError, ProofError) as error:
        raise BundleError(f"the manifest is not signed by {key.name}") from error


def signed_text(manifest: bytes) -> bytes:
    """Return the bytes that the manifest key signs, set apart from whatever else it might sign."""
    return _PURPOSE + manifest


def read(path: Path) -> dict[str, bytes]:
    """Return the files of a bundle, from a folder or a ``.zip``.

    Raises:
        BundleError: it is neither, or holds links, doubled or unsafe names, or more than a bundle may.
    """
    try:
        files = _read_folder(path) if path.is_dir() else _read_zip(path)
    except (OSError, FormError) as error:
        raise BundleError(f"cannot be read: {error}") from error
    _require_plain(files)
    return files


def to_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a ``.zip``; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _FIXED_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, files[name])
    return out.getvalue()


def to_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files into a new folder.

    Raises:
        BundleError: a name is not a plain relative path.
        FileExistsError: the folder is there already.
    """
    _require_plain(files)
    folder.mkdir(parents=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _parse(data: bytes) -> Manifest:
    try:
        value = canonical.decode(data)
        if not isinstance(value, dict) or set(value) != {
            "format",
            "trade",
            "made_at",
            "viewer",
            "withheld",
            "files",
        }:
            raise BundleError("manifest.json does not have the members of a manifest")
        if value["format"] != FORMAT:
            raise BundleError(f"manifest.json is not of the format {FORMAT}")
        for digest in value["files"].values():
            if not _DIGEST.fullmatch(digest):
                raise BundleError("manifest.json holds a digest that is not 64 lower-case hex digits")
        withheld = tuple((str(entry), str(field)) for entry, field in value["withheld"])
        return Manifest(
            str(value["trade"]), str(value["made_at"]), str(value["viewer"]), withheld, value["files"]
        )
    except (FormError, AttributeError, TypeError, ValueError) as error:
        raise BundleError(f"manifest.json: {error}") from error


def _require_plain(files: Mapping[str, bytes]) -> None:
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BUNDLE:
        raise BundleError("there is more in it than a bundle may hold")
    if len({name.lower() for name in files}) != len(files):
        raise BundleError("two names differ in upper and lower case only")
    for name in files:
        if not _NAME.fullmatch(name):
            raise BundleError(f"not the name of a file in a bundle: {name[:100]!r}")


def _read_folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BundleError(f"{name!r} is not a plain file")
        if path.is_dir():
            continue
        total += path.stat().st_size
        if total > MAX_BUNDLE or len(files) >= MAX_FILES:
            raise BundleError("there is more in it than a bundle may hold")
        files[name] = path.read_bytes()
    return files


def _read_zip(path: Path) -> dict[str, bytes]:
    return zipped.read(path, lambda _name: MAX_FILE, most_files=MAX_FILES, most_bytes=MAX_BUNDLE)
