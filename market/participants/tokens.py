"""Secrets we hand out: made here, kept as digests only.

An API token reads ``qilu_`` + 43 base-62 characters (256 random bits) + 6 of CRC-32, so that a scanner
can tell a leaked token from noise without asking us, and a mistyped one is refused without a look-up.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final

PREFIX: Final = "qilu_"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{43}})([0-9A-Za-z]{{6}})\Z")


def new_token() -> str:
    """Return a fresh API token; it is shown once."""
    body = _base62(secrets.randbits(256), 43)
    return f"{PREFIX}{body}{_check(body)}"


def is_token(text: str) -> bool:
    """Tell whether a text has the form and check characters of a token."""
    found = _FORM.match(text)
    return found is not None and _check(found[1]) == found[2]


def new_secret() -> str:
    """Return a random secret for a session cookie or an invitation link (256 bits)."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is random and long, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, width: int) -> str:
    digits = []
    for _place in range(width):
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))
