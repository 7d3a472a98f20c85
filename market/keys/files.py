"""Private keys as files: one PEM each, readable by the exchange's own user only, never overwritten."""

import os
import re
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ledger.durable import OWNER_ONLY, sync_folder

SECRET_SIZE: Final = 32
"""Bytes of a secret that is no key pair."""
_NAME = re.compile(r"[a-z0-9-]{1,60}")

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def load_or_make_party(folder: Path, name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a name, made on first use and on disk before this returns.

    Args:
        folder: the folder of private keys; made with owner-only rights.
        name: the file's stem.
    """
    key = serialization.load_pem_private_key(
        _pem(folder, name, lambda: ec.generate_private_key(ec.SECP256R1())), None
    )
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{name} holds another kind of key")
    return key


def load_or_make_manifest(folder: Path, name: str) -> ed25519.Ed25519PrivateKey:
    """Return the Ed25519 key of a name, made on first use and on disk before this returns."""
    key = serialization.load_pem_private_key(_pem(folder, name, ed25519.Ed25519PrivateKey.generate), None)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise TypeError(f"{name} holds another kind of key")
    return key


def load_or_make_secret(folder: Path, name: str) -> bytes:
    """Return the 32 random bytes of a name, made on first use and on disk before this returns."""
    return _bytes(folder, name, "key", lambda: secrets.token_bytes(SECRET_SIZE))


def _pem(folder: Path, name: str, make: Callable[[], PrivateKey]) -> bytes:
    def pem() -> bytes:
        return make().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    return _bytes(folder, name, "pem", pem)


def _bytes(folder: Path, name: str, ending: str, make: Callable[[], bytes]) -> bytes:
    """Return a key file's bytes. Of two makers at once the first file stays, and both read that one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a key file name: {name!r}")
    path = folder / f"{name}.{ending}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = make()
        fresh = folder / f".{uuid.uuid4().hex}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
        sync_folder(folder)
    return path.read_bytes()
