"""Canonical JSON (RFC 8785) and digests.

The room's own encoder, since it must stand alone; tested against the ``rfc8785`` package.  Narrower than the RFC on
purpose: no floats at all, integers within 2^53 - 1 and ASCII keys, so that every implementation agrees on every byte.
"""

import hashlib
import json
import re
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from contracts.errors import CanonicalError

BOUND: Final = 2**53 - 1
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def encode(value: object) -> bytes:
    """Return the canonical bytes of ``value`` (RFC 8785; no floats, ASCII keys).

    Raises:
        CanonicalError: the value holds a float, a foreign type, a wide integer or a lone surrogate.
    """
    _check(value)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise CanonicalError("the text holds a lone surrogate") from None


def _check(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > BOUND:
                raise CanonicalError(f"the integer {value} is beyond 2^53 - 1")
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise CanonicalError(f"the key {key!r} is not ASCII text")
                _check(item)
        case _:
            raise CanonicalError(f"{type(value).__name__} has no canonical form")


def decode(data: bytes) -> Any:
    """Return the value of canonical bytes.

    Raises:
        CanonicalError: the bytes are not JSON, or not the one canonical form of what they say.
    """
    try:
        value = json.loads(data)
        again = encode(value)
    except (ValueError, RecursionError, CanonicalError):
        raise CanonicalError("the bytes are not canonical JSON") from None
    if again != data:
        raise CanonicalError("the bytes are not the canonical form of what they say")
    return value


def sha256(data: bytes) -> str:
    """Return the SHA-256 digest as 64 lower-case hex characters."""
    return hashlib.sha256(data).hexdigest()


def sm3(data: bytes) -> str:
    """Return the SM3 digest (GB/T 32905) as 64 lower-case hex characters."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def is_digest(text: object) -> bool:
    """Tell whether ``text`` is a digest in the one form used here: 64 lower-case hex characters."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None
