"""Signatures over statements: ES256, detached, in one encoding only.

A party signs not the file but a *statement*, the canonical JSON of
``{document_digest, number, purpose, role, template_digest, terms_digest}``; the digests bind the rendered pages, the
typed terms and the model text at once.  The signature is ECDSA on P-256 with SHA-256 (RFC 7518 ES256): r and s as 32
bytes each, base64url without padding, 86 characters.  Verification is strict: one accepted encoding of every value
and the smaller s, so that no changed bit and no second form of a signature passes.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from contracts import canonical
from contracts.errors import SignatureError
from contracts.vocabulary import Role

ALGORITHM: Final = "ES256"
PURPOSE: Final = "qilu-contract-signature-v1"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the P-256 base point (SEC 2, section 2.4.2)."""


def statement(number: str, role: Role, *, terms: str, document: str, template: str) -> str:
    """Return the text that ``role`` signs for contract ``number``; the other arguments are SHA-256 digests."""
    return canonical.encode(
        {
            "purpose": PURPOSE,
            "number": number,
            "role": role.value,
            "terms_digest": terms,
            "document_digest": document,
            "template_digest": template,
        }
    ).decode()


def encode_public_key(key: ec.EllipticCurvePublicKey) -> str:
    """Return a public key as stored: base64 of its DER SubjectPublicKeyInfo (RFC 5280), on one line."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(key: ec.EllipticCurvePrivateKey, text: str) -> str:
    """Return the ES256 signature of a statement, with the smaller s.

    Raises:
        SignatureError: the key is not on P-256.
    """
    if not isinstance(key.curve, ec.SECP256R1):
        raise SignatureError("parties sign with P-256 keys", "key.wrong_curve")
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def verify(public_key: str, text: str, signature: str) -> None:
    """Return when the signature of ``text`` by ``public_key`` is valid.

    Raises:
        SignatureError: it is not, or key or signature is not in its one form.
    """
    key = _public_key(public_key)
    try:
        raw = base64.urlsafe_b64decode(signature + "==")
    except (binascii.Error, ValueError):
        raise SignatureError("the signature is not base64url") from None
    if len(raw) != 64 or base64.urlsafe_b64encode(raw).decode().rstrip("=") != signature:
        raise SignatureError("the signature is not 64 bytes in base64url without padding")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if s > _ORDER // 2:
        raise SignatureError("the signature has the larger s")
    try:
        key.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise SignatureError("the signature does not belong to the statement and the key") from None


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise SignatureError("the key is not base64 of a SubjectPublicKeyInfo", "key.malformed") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SignatureError("parties sign with P-256 keys", "key.wrong_curve")
    if encode_public_key(key) != text:
        raise SignatureError("the key is not in its one form", "key.malformed")
    return key
