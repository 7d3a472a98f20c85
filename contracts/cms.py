"""The signature inside a document: a CMS SignedData as PAdES wants it (RFC 5652, ETSI EN 319 142-1).

It carries no content, one signer, the signer's certificates, and three signed attributes: content type, digest of
the signed bytes and digest of the certificate (RFC 5035).  The time stamp over the signature is the only unsigned one.
What is read back must be what this module writes, byte for byte: one form of every value.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from contracts import certificates
from contracts.errors import SignatureError

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the P-256 base point (SEC 2, section 2.4.2)."""
RAW: Final = 64
"""Bytes of r and s as WebCrypto gives them."""


@dataclass(frozen=True, slots=True)
class Read:
    """A signature that was read back and holds.

    Attributes:
        certificate: of the signer, DER.
        others: the other certificates it carries, DER.
        value: the signature itself; a time stamp is over its SHA-256.
        stamp: the time-stamp token, DER, or None.
        algorithm: ``ES256`` or ``RS256``.
    """

    certificate: bytes
    others: tuple[bytes, ...]
    value: bytes
    stamp: bytes | None
    algorithm: str


def attributes(digest: bytes, certificate: bytes) -> bytes:
    """Return what the signer signs: the DER of the signed attributes (RFC 5652, 5.4).

    Args:
        digest: SHA-256 of the bytes of the document that the signature covers.
        certificate: of the signer, DER.
    """
    return _attributes(digest, certificate).dump()  # type: ignore[no-any-return]


def settle(certificate: bytes, signed: bytes, signature: bytes) -> bytes:
    """Return a signature in its one form: DER with the smaller s for P-256, as it is for RSA.

    Args:
        certificate: of the signer, DER.
        signed: the attributes that were signed.
        signature: r and s of 32 bytes each as a browser gives them, or DER; PKCS#1 v1.5 for RSA.

    Raises:
        SignatureError: it is not of this certificate's key over these attributes.
        CertificateError: the certificate's key is none to sign with.
    """
    own = certificates.load(certificate)
    certificates.refuse_unfit(own)
    value = signature
    if isinstance(own.public_key(), ec.EllipticCurvePublicKey):
        value = _small(signature)
    _verify(own, signed, value)
    return value


def algorithm_of(certificate: bytes) -> str:
    """Return ``ES256`` or ``RS256``, after the kind of the certificate's key.

    Raises:
        CertificateError: it is none to sign with.
    """
    own = certificates.load(certificate)
    certificates.refuse_unfit(own)
    return "ES256" if isinstance(own.public_key(), ec.EllipticCurvePublicKey) else "RS256"


def build(
    digest: bytes, certificate: bytes, chain: Sequence[bytes], value: bytes, stamp: bytes | None = None
) -> bytes:
    """Return the DER of the SignedData.

    Args:
        digest: SHA-256 of the signed bytes.
        certificate: of the signer, DER.
        chain: further certificates to carry, DER.
        value: the signature, from :func:`settle`.
        stamp: a time-stamp token over its SHA-256, or None.
    """
    from asn1crypto import algos, cms, core
    from asn1crypto import x509 as asn1

    own = asn1.Certificate.load(certificate)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    info: dict[str, Any] = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
        ),
        "digest_algorithm": sha256,
        "signature_algorithm": _mechanism(certificate),
        "signed_attrs": _attributes(digest, certificate),
        "signature": core.OctetString(value),
    }
    if stamp is not None:
        token = cms.ContentInfo.load(stamp, strict=True)
        info["unsigned_attrs"] = cms.CMSAttributes(
            [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})]
        )
    carried = [certificate, *(one for one in chain if one != certificate)]
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms([sha256]),
            "encap_content_info": {"content_type": "data"},
            "certificates": cms.CertificateSet(
                [cms.CertificateChoices("certificate", asn1.Certificate.load(one)) for one in carried]
            ),
            "signer_infos": [cms.SignerInfo(info)],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()  # type: ignore[no-any-return]


def read(der: bytes, digest: bytes) -> Read:
    """Return what a SignedData says, after checking that its signer signed bytes of a digest.

    Args:
        der: the SignedData, without padding.
        digest: SHA-256 of the bytes that should be signed.

    Raises:
        SignatureError: it is malformed, of another shape than :func:`build` makes, over another digest, or not made
            by the key of the certificate it names.
    """
    from asn1crypto import cms

    try:
        signed = cms.ContentInfo.load(der, strict=True)["content"]
        [info] = signed["signer_infos"]
        carried = [one.chosen.dump() for one in signed["certificates"]]
        named = info["sid"].chosen
        own = [
            one.chosen.dump()
            for one in signed["certificates"]
            if (one.chosen.issuer, one.chosen.serial_number)
            == (named["issuer"], named["serial_number"].native)
        ]
        value, stamp = info["signature"].native, _stamp(info)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SignatureError(f"the signature is no SignedData of one signer: {error}") from None
    if len(own) != 1:
        raise SignatureError("the signature does not carry its signer's certificate once")
    [certificate] = own
    others = tuple(one for one in carried if one != certificate)
    if build(digest, certificate, others, value, stamp) != der:
        raise SignatureError("what was signed is another document, or the signature is not in its one form")
    if settle(certificate, attributes(digest, certificate), value) != value:
        raise SignatureError("the signature has the larger s")
    return Read(certificate, others, value, stamp, algorithm_of(certificate))


def _attributes(digest: bytes, certificate: bytes) -> Any:
    from asn1crypto import cms, tsp

    named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(certificate).digest()}]})
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]}),
        ]
    )


def _mechanism(certificate: bytes) -> dict[str, str]:
    return {"algorithm": {"ES256": "sha256_ecdsa", "RS256": "rsassa_pkcs1v15"}[algorithm_of(certificate)]}


def _stamp(info: Any) -> bytes | None:
    attributes = info["unsigned_attrs"]
    if not attributes:
        return None
    [attribute] = attributes
    [token] = attribute["values"]
    if attribute["type"].native != "signature_time_stamp_token":
        raise ValueError("an unsigned attribute is no time stamp")
    return token.dump()  # type: ignore[no-any-return]


def _small(signature: bytes) -> bytes:
    try:
        if len(signature) == RAW:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        else:
            r, s = decode_dss_signature(signature)
    except ValueError:
        raise SignatureError("the signature is neither r and s of 32 bytes each nor their DER") from None
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise SignatureError("r or s of the signature is out of range")
    return encode_dss_signature(r, min(s, ORDER - s))


def _verify(certificate: x509.Certificate, signed: bytes, value: bytes) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise SignatureError("the signature does not belong to what was prepared and the key") from None
