"""Proof that whoever asks has the private key: a request that the key signed, or a challenge signed by it.

Both are read for their key alone. A certification request (PKCS#10, RFC 2986) may say what it likes about its subject.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from contracts import certificates
from contracts.errors import CertificateError
from market import clock, config
from market.errors import Invalid
from market.i18n import gettext as _
from market.keys.issuing import PublicKey

PURPOSE: Final = "qilu-key-possession-v1"
"""First part of a challenge, so that its signature can be taken for nothing else."""
MINUTES: Final = 15
"""How long a challenge is good."""
MOST_BYTES: Final = 16_384
"""Of a request or a certificate."""
RSA_BITS: Final = range(3072, 8193)
_STRONG: Final = ("sha256", "sha384", "sha512")


def requested(text: str, *, browser: bool) -> PublicKey:
    """Return the key of a certification request that the key itself signed.

    Args:
        text: the request, PEM or base64 of DER.
        browser: whether it comes from the page, which makes P-256 keys only.

    Raises:
        Invalid: ``certificate.request_malformed``, ``certificate.key_refused`` or ``certificate.not_possessed``.
    """
    try:
        request = x509.load_der_x509_csr(_der(text))
        public, digest = request.public_key(), request.signature_hash_algorithm
        valid = request.is_signature_valid
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm, InvalidSignature) as error:
        raise _malformed("request") from error
    key = accepted(public, browser=browser)
    if not valid or digest is None or digest.name not in _STRONG:
        raise not_possessed()
    return key


def certificate(text: str) -> x509.Certificate:
    """Return a certificate that came as PEM or base64 of DER.

    Raises:
        Invalid: ``certificate.request_malformed``.
    """
    try:
        return certificates.load(_der(text))
    except (ValueError, CertificateError) as error:
        raise _malformed("certificate") from error


def accepted(key: object, *, browser: bool = False) -> PublicKey:
    """Return a key of a kind that parties sign with.

    Raises:
        Invalid: ``certificate.key_refused``.
    """
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and not browser:
        numbers = key.public_numbers()
        if key.key_size in RSA_BITS and numbers.e >= 65537:
            return key
    sentence = _(
        "Parties sign with P-256 keys, or with RSA keys of 3072 to 8192 bits kept outside a browser."
    )
    raise Invalid("certificate.key_refused", sentence)


def algorithm(key: PublicKey) -> str:
    """Return how a key signs: ``ES256`` or ``RS256``."""
    return "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"


def verify(key: PublicKey, data: bytes, signature: bytes) -> None:
    """Return when a key signed some bytes: ES256 as DER or as r and s, or RS256.

    Raises:
        Invalid: ``certificate.not_possessed``.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(_as_der(signature), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise not_possessed() from error


def challenge(organisation_id: uuid.UUID) -> tuple[str, datetime]:
    """Return a text for an organisation to sign, and until when; nothing about it is stored."""
    until = clock.now() + timedelta(minutes=MINUTES)
    body = f"{PURPOSE}.{organisation_id}.{int(until.timestamp())}.{secrets.token_hex(16)}"
    return f"{body}.{_seal(body)}", until


def require_ours(text: str, organisation_id: uuid.UUID) -> None:
    """Refuse a challenge that we did not give this organisation, or too long ago.

    Raises:
        Invalid: ``certificate.challenge_unknown``.
    """
    body, _dot, seal = text.rpartition(".")
    if hmac.compare_digest(seal.encode(), _seal(body).encode()):
        purpose, owner, until, _nonce = body.split(".")
        in_time = datetime.fromtimestamp(int(until), UTC) > clock.now()
        if (purpose, owner) == (PURPOSE, str(organisation_id)) and in_time:
            return
    raise Invalid(
        "certificate.challenge_unknown", _("This challenge is not ours or too old. Ask for a new one.")
    )


def from_base64(text: str) -> bytes:
    """Return the bytes of a text in base64, in either alphabet, with or without padding.

    Raises:
        Invalid: ``certificate.request_malformed``.
    """
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error) as error:
        raise _malformed("base64") from error


def not_possessed() -> Invalid:
    """Return the refusal of somebody who does not show that they have the key."""
    return Invalid("certificate.not_possessed", _("The key did not sign this. Sign with the key itself."))


def _der(text: str) -> bytes:
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    found = from_base64("".join(lines))
    if len(found) > MOST_BYTES:
        raise ValueError("too large")
    return found


def _as_der(signature: bytes) -> bytes:
    """Return an ECDSA signature as DER; a browser gives r and s, 32 bytes each, and DER is hardly ever so short."""
    if len(signature) != 64:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def _seal(body: str) -> str:
    key = config.current().secret_key.encode()
    return hmac.new(key, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _malformed(what: str) -> Invalid:
    return Invalid(
        "certificate.request_malformed",
        _("This cannot be read. Send PEM, or base64 of DER (RFC 2986, RFC 5280)."),
        what=what,
    )
