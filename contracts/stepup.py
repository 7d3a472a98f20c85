"""Step-up evidence: a passkey's assertion over the digest of what was signed, checked with nothing but its bytes.

When somebody signs, their authenticator signs too, over a challenge that is the SHA-256 of the signing statement
(WebAuthn Level 2, §6.3.3 and §7.2). What is kept beside the signature is enough to check that years later, offline:
no challenge row, no session and no browser is asked. The authenticator shows no text, so this proves that the holder
of the key was there and agreed to *a* request at this site; that it was this one follows from the challenge.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from contracts.errors import StepUpError

PRESENT: Final = 0x01
"""Flag UP of the authenticator data: somebody touched it."""
VERIFIED: Final = 0x04
"""Flag UV: it made sure who, by a PIN or a fingerprint."""
CHALLENGE_BYTES: Final = 32

_ES256, _EDDSA, _RS256 = -7, -8, -257
_KTY, _ALG, _CRV, _X, _Y, _N, _E = 1, 3, -1, -2, -3, -1, -2
_LEAST: Final = 37
"""Bytes of authenticator data without extensions: RP id hash, flags, counter (WebAuthn §6.1)."""
_MOST: Final = 16
"""Parts of a COSE key at most; a real one has five."""

_Value = int | bytes | str
_Key = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class Evidence:
    """What is kept with a signature, as the authenticator and the browser gave it.

    Attributes:
        credential_id: which passkey.
        public_key: its public key as COSE (RFC 9052).
        authenticator_data: what the authenticator signed first.
        client_data_json: what the browser said of the request; its digest was signed after that.
        signature: the authenticator's.
    """

    credential_id: bytes
    public_key: bytes
    authenticator_data: bytes
    client_data_json: bytes
    signature: bytes


def verify(
    public_key_cose: bytes,
    challenge: bytes,
    rp_id: str,
    authenticator_data: bytes,
    client_data_json: bytes,
    signature: bytes,
    *,
    origin: str | None = None,
) -> None:
    """Check an assertion: the right request, at the right site, by somebody present and verified, with this key.

    Args:
        public_key_cose: the passkey's public key.
        challenge: SHA-256 of the signing statement.
        rp_id: host name of the exchange.
        authenticator_data: as the authenticator gave it.
        client_data_json: as the browser gave it.
        signature: over the two.
        origin: address of the exchange, where the caller knows it; the RP id is checked in any case.

    Raises:
        StepUpError: it does not hold; the message says what.
    """
    _check_client_data(client_data_json, challenge, origin)
    if len(authenticator_data) < _LEAST:
        raise StepUpError("the authenticator data are too short")
    if authenticator_data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise StepUpError(f"the assertion was not made for {rp_id}")
    flags = authenticator_data[32]
    if not flags & PRESENT:
        raise StepUpError("nobody was present at the authenticator")
    if not flags & VERIFIED:
        raise StepUpError("the authenticator did not verify who was present")
    signed = authenticator_data + hashlib.sha256(client_data_json).digest()
    _check_signature(public_key_cose, signed, signature)


def _check_client_data(text: bytes, challenge: bytes, origin: str | None) -> None:
    if len(challenge) != CHALLENGE_BYTES:
        raise StepUpError(f"a challenge has {CHALLENGE_BYTES} bytes")
    try:
        said = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise StepUpError("the client data are no JSON") from error
    if not isinstance(said, dict) or said.get("type") != "webauthn.get":
        raise StepUpError("the client data are not those of an assertion")
    if said.get("challenge") != encoded(challenge):
        raise StepUpError("another challenge was signed")
    if said.get("crossOrigin") not in {None, False}:
        raise StepUpError("the request came out of another site's frame")
    if origin is not None and said.get("origin") != origin:
        raise StepUpError(f"the request was not made at {origin}")


def _check_signature(cose: bytes, signed: bytes, signature: bytes) -> None:
    key, algorithm = _public_key(cose)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise StepUpError(f"the signature does not fit (algorithm {algorithm})") from error


def _public_key(cose: bytes) -> tuple[_Key, int]:
    """Read the three kinds of COSE key that the exchange registers (RFC 9053 §7, RFC 8230 §4)."""
    values = _cose(cose)
    kind, algorithm = values.get(_KTY), values.get(_ALG)
    try:
        if (kind, algorithm, values.get(_CRV)) == (2, _ES256, 1):
            x, y = _bytes(values, _X), _bytes(values, _Y)
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
            )
            return numbers.public_key(), _ES256
        if (kind, algorithm, values.get(_CRV)) == (1, _EDDSA, 6):
            return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(values, _X)), _EDDSA
        if (kind, algorithm) == (3, _RS256):
            modulus, exponent = _bytes(values, _N), _bytes(values, _E)
            made = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
            return made.public_key(), _RS256
    except ValueError as error:
        raise StepUpError("the public key is none") from error
    raise StepUpError(f"no known kind of key: type {kind!r}, algorithm {algorithm!r}")


def _bytes(values: dict[int, _Value], label: int) -> bytes:
    value = values.get(label)
    if not isinstance(value, bytes):
        raise StepUpError(f"the public key lacks its part {label}")
    return value


def _cose(data: bytes) -> dict[int, _Value]:
    """Read a COSE key: one CBOR map from integers to integers, texts and byte strings (RFC 8949), and no more."""
    major, count, place = _head(data, 0)
    if major != 5 or count > _MOST:
        raise StepUpError("the public key is no CBOR map")
    found: dict[int, _Value] = {}
    for _pair in range(count):
        label, place = _item(data, place)
        value, place = _item(data, place)
        if not isinstance(label, int) or label in found:
            raise StepUpError("the public key names a part wrongly, or twice")
        found[label] = value
    if place != len(data):
        raise StepUpError("something follows the public key")
    return found


def _item(data: bytes, place: int) -> tuple[_Value, int]:
    major, number, place = _head(data, place)
    if major == 0:
        return number, place
    if major == 1:
        return -1 - number, place
    if major not in {2, 3} or place + number > len(data):
        raise StepUpError("the public key holds what no key has")
    part = data[place : place + number]
    try:
        return part if major == 2 else part.decode(), place + number
    except UnicodeDecodeError as error:
        raise StepUpError("the public key holds what no key has") from error


def _head(data: bytes, place: int) -> tuple[int, int, int]:
    """Return major type, argument and where the content begins; indefinite lengths are refused."""
    if place >= len(data):
        raise StepUpError("the public key breaks off")
    major, short = data[place] >> 5, data[place] & 0x1F
    place += 1
    if short < 24:
        return major, short, place
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
    if width is None or place + width > len(data):
        raise StepUpError("the public key breaks off")
    return major, int.from_bytes(data[place : place + width], "big"), place + width


def decoded(text: str) -> bytes:
    """Return the bytes of base64url text, which must be the only way to write them.

    Raises:
        StepUpError: it is not base64url, or padded, or written in another way.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise StepUpError("this is no base64url") from error
    if encoded(data) != text:
        raise StepUpError("this base64url is written in an unusual way")
    return data


def encoded(data: bytes) -> str:
    """Return bytes as base64url text without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
