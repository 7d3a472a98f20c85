"""Seals what a mirror keeps and cannot read (HPKE, RFC 9180), for the one who holds the private key.

The exchange has the public key alone, as ``LEDGER_JOURNAL_KEY``; its operator keeps the private one elsewhere. Each
sealing has a key of its own, so that nothing on this machine opens what was sealed before.
"""

import zlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.canonical import from_base64, to_base64
from ledger.errors import FormError, ProofError, TooLargeError

PUBLIC: Final = "qilu-journal-x25519:"
PRIVATE: Final = "PRIVATE+qilu-journal-x25519:"
KEY_SIZE: Final = 32
MOST_PLAIN: Final = 64 * 1024 * 1024
"""Bytes that may be sealed at once, and that opening unfolds at most: few bytes can be made to unfold to gigabytes."""

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def public_text(key: X25519PublicKey) -> str:
    """Return a public key as the setting holds it."""
    return PUBLIC + to_base64(key.public_bytes_raw())


def private_text(key: X25519PrivateKey) -> str:
    """Return a private key as one line: the secret itself, never log it."""
    return PRIVATE + to_base64(key.private_bytes_raw())


def parse_public(text: str) -> X25519PublicKey:
    """Return the key of :func:`public_text`.

    Raises:
        FormError: another form, or a point with which everybody could open what is sealed.
    """
    key = X25519PublicKey.from_public_bytes(_bytes(text, PUBLIC))
    try:
        X25519PrivateKey.generate().exchange(key)
    except ValueError as error:
        raise FormError("the journal key is no key: everybody could open what it seals") from error
    return key


def parse_private(text: str) -> X25519PrivateKey:
    """Return the key of :func:`private_text`.

    Raises:
        FormError: another form; the text is not repeated in the message.
    """
    return X25519PrivateKey.from_private_bytes(_bytes(text.strip(), PRIVATE))


def parse_file(text: str) -> list[X25519PrivateKey]:
    """Return the private keys of a file, one a line: an operator who changed the key keeps the older ones beside it.

    Raises:
        FormError: it holds no key, or what is none.
    """
    keys = [parse_private(line) for line in text.splitlines() if line.strip()]
    if not keys:
        raise FormError("the file holds no journal key")
    return keys


def seal(key: X25519PublicKey, context: bytes, data: bytes) -> bytes:
    """Return data folded small and sealed.

    Args:
        key: of whom may open it.
        context: what it is; whoever opens it must say the same.
        data: at most :data:`MOST_PLAIN` bytes.

    Raises:
        TooLargeError: there are more.
    """
    if len(data) > MOST_PLAIN:
        raise TooLargeError(f"{len(data)} bytes to seal, at most {MOST_PLAIN}")
    return _SUITE.encrypt(zlib.compress(data), key, info=context)


def unseal(keys: Sequence[X25519PrivateKey], context: bytes, sealed: bytes) -> bytes:
    """Return what was sealed for one of some keys.

    Raises:
        ProofError: it was sealed for none of them or as something else, or it was changed.
        FormError: what was sealed unfolds to nothing, or to more than :data:`MOST_PLAIN` bytes.
    """
    folded = next(filter(None, (_opened(key, context, sealed) for key in keys)), None)
    if folded is None:
        raise ProofError("it was sealed for another key, or was changed")
    unfolding = zlib.decompressobj()
    try:
        data = unfolding.decompress(folded, MOST_PLAIN)
    except zlib.error as error:
        raise FormError(f"what was sealed does not unfold: {error}") from error
    if not unfolding.eof or unfolding.unused_data:
        raise FormError(f"what was sealed unfolds to more than {MOST_PLAIN} bytes, or is cut off")
    return data


def _opened(key: X25519PrivateKey, context: bytes, sealed: bytes) -> bytes | None:
    try:
        return _SUITE.decrypt(sealed, key, info=context)
    except (InvalidTag, ValueError):
        return None


def _bytes(text: str, prefix: str) -> bytes:
    if not text.startswith(prefix):
        raise FormError(f"a journal key begins with {prefix}")
    data = from_base64(text.removeprefix(prefix))
    if len(data) != KEY_SIZE:
        raise FormError(f"a journal key is {KEY_SIZE} bytes")
    return data
