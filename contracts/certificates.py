"""Whose key signed: a certificate leads to an authority that is trusted, was in force and not revoked at a moment.

What counts is the moment of the signature, not today: a certificate that ended or was revoked later leaves earlier
signatures valid (RFC 5280; ETSI EN 319 102-1, 5.2.6).  A list of revoked certificates that is younger than the
signature is welcome, since it knows more.  Nothing is fetched: every certificate and every list is given.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID

from contracts.errors import CertificateError

LONGEST: Final = 6
"""Certificates of a path."""
SMALLEST_RSA: Final = 3072
"""Bits."""
_UNDERSTOOD: Final = frozenset({
    ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
})  # fmt: skip
"""Extensions that may be critical here; the exchange decides by key and chain, never by policy or name."""
_MALFORMED: Final = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What reading a foreign certificate may raise."""


def fingerprint(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    """Return the SHA-256 of a key's DER SubjectPublicKeyInfo (RFC 5280), 64 hexadecimal digits."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@dataclass(frozen=True, slots=True)
class Authorities:
    """What a certificate is held against.

    Attributes:
        roots: certificates that are trusted, DER.
        others: certificates that may stand between, DER; nothing is trusted for standing here.
        lists: lists of revoked certificates, DER.
    """

    roots: Sequence[bytes]
    others: Sequence[bytes] = ()
    lists: Sequence[bytes] = ()


def load(der: bytes) -> x509.Certificate:
    """Return a certificate.

    Raises:
        CertificateError: it is not one in DER, or holds trailing bytes.
    """
    try:
        found = x509.load_der_x509_certificate(der)
        found.public_key(), found.extensions  # read at their first use, and may be malformed
    except _MALFORMED as error:
        raise CertificateError(f"this is no certificate: {error}", "certificate.malformed") from None
    return found


def load_list(der: bytes) -> x509.CertificateRevocationList:
    """Return a list of revoked certificates.

    Raises:
        CertificateError: it is not one in DER.
    """
    try:
        return x509.load_der_x509_crl(der)
    except _MALFORMED as error:
        raise CertificateError(f"this is no list of revoked certificates: {error}") from None


def refuse_unfit(certificate: x509.Certificate) -> None:
    """Return when a certificate's key may sign documents: P-256 or RSA of at least 3,072 bits, by its key usage.

    Raises:
        CertificateError: another kind of key (``certificate.unfit``), or not made for signing.
    """
    key = certificate.public_key()
    fit = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    fit = fit or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA)
    if not fit:
        raise CertificateError(
            f"documents are signed with P-256 keys or RSA keys of at least {SMALLEST_RSA} bits",
            "certificate.unfit",
        )
    usage = _usage(certificate)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise CertificateError("the certificate is not for signing", "certificate.unfit")


def path(certificate: bytes, authorities: Authorities, moment: datetime) -> list[x509.Certificate]:
    """Return the certificates from one up to a trusted root, each in force at a moment.

    Args:
        certificate: the signer's, DER.
        authorities: what is trusted, and what may stand between.
        moment: aware time of the signature.

    Raises:
        CertificateError: it leads to none (``certificate.untrusted``), or one of them was not in force
            (``certificate.not_in_force``) or not allowed to certify.
    """
    roots = [load(der) for der in authorities.roots]
    found = [load(certificate)]
    pool = [*roots, *(load(der) for der in authorities.others)]
    while found[-1] not in roots:
        above = next((one for one in pool if one not in found and _issued(one, found[-1])), None)
        if above is None or len(found) == LONGEST:
            raise CertificateError(
                f"{_name(found[-1])} was issued by nobody whom this check trusts", "certificate.untrusted"
            )
        _refuse_leaf(above, below=len(found) - 1)
        found.append(above)
    for one in found:
        _refuse_strange(one)
        if not one.not_valid_before_utc <= moment <= one.not_valid_after_utc:
            raise CertificateError(
                f"the certificate of {_name(one)} was not in force at {_text(moment)}",
                "certificate.not_in_force",
            )
    return found


def refuse_revoked(found: Sequence[x509.Certificate], lists: Iterable[bytes], moment: datetime) -> datetime:
    """Return when the oldest list used was made, if no certificate of a path was revoked at a moment.

    The newest list of each authority decides; it must still have been current at the moment.

    Args:
        found: a path, see :func:`path`.
        lists: lists of revoked certificates, DER; those of strangers are passed over.
        moment: aware time of the signature.

    Raises:
        CertificateError: one was revoked by then (``certificate.revoked``), or there is no list to tell
            (``certificate.revocation_unknown``).
    """
    known = [load_list(der) for der in lists]
    made = []
    for one, issuer in itertools.pairwise(found):
        own = [item for item in known if item.issuer == issuer.subject and _signed(item, issuer)]
        if not own:
            raise CertificateError(
                f"no list says whether the certificate of {_name(one)} was revoked",
                "certificate.revocation_unknown",
            )
        newest = max(own, key=lambda item: item.last_update_utc)
        if newest.next_update_utc is None or newest.next_update_utc < moment:
            raise CertificateError(
                f"the list of {_name(issuer)} had run out by {_text(moment)}",
                "certificate.revocation_unknown",
            )
        entry = newest.get_revoked_certificate_by_serial_number(one.serial_number)
        if entry is not None and entry.revocation_date_utc <= moment:
            raise CertificateError(
                f"the certificate of {_name(one)} was revoked at {_text(entry.revocation_date_utc)}",
                "certificate.revoked",
            )
        made.append(newest.last_update_utc)
    return min(made, default=moment)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    usage = _usage(issuer)
    if usage is not None and not usage.crl_sign:
        return False
    return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def _refuse_leaf(issuer: x509.Certificate, below: int) -> None:
    """Refuse an issuer that is no authority, or has more authorities below it than it may."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        basic = x509.BasicConstraints(ca=False, path_length=None)
    usage = _usage(issuer)
    if not basic.ca or (usage is not None and not usage.key_cert_sign):
        raise CertificateError(f"{_name(issuer)} may not issue certificates", "certificate.untrusted")
    if basic.path_length is not None and below > basic.path_length:
        raise CertificateError(f"{_name(issuer)} may not have an authority below it", "certificate.untrusted")


def _refuse_strange(certificate: x509.Certificate) -> None:
    strange = [
        one.oid.dotted_string for one in certificate.extensions if one.critical and one.oid not in _UNDERSTOOD
    ]
    if strange:
        raise CertificateError(f"a critical extension is unknown: {strange[0]}", "certificate.unfit")


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
