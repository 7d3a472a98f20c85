"""X.509 as values: what the exchange's certification authority signs (RFC 5280), without files or rows.

Nothing that a requester sends goes into a certificate but the public key: the subject is what the operator verified.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from market.keys.models import Reason

AUTHORITY_DAYS: Final = 3650
"""How long the authority's own certificates are valid."""
PARTY_DAYS: Final = 365
"""How long a party's certificate is valid: a year at most, so that an unnoticed loss does not last."""
LIST_DAYS: Final = 7
"""Within how many days a further list of revocations follows."""
LONGEST_NAME: Final = 64
"""Characters of a name in a subject (RFC 5280, appendix A.1, ub-organization-name)."""

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

REASONS: Final = {
    Reason.LOST: x509.ReasonFlags.cessation_of_operation,
    Reason.COMPROMISED: x509.ReasonFlags.key_compromise,
    Reason.LEFT: x509.ReasonFlags.affiliation_changed,
    Reason.REPLACED: x509.ReasonFlags.superseded,
}
"""Our words for why a certificate ends, in those of RFC 5280 section 5.3.1."""


@dataclass(frozen=True)
class Issuer:
    """Who signs certificates and lists.

    Attributes:
        certificate: its own.
        key: the private half.
        address: where its certificate and list are published, without the ending.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    address: str


@dataclass(frozen=True)
class Holder:
    """Whom a party's certificate names: an organisation, never a person.

    Attributes:
        name: its registered Chinese name.
        credit_code: its unified social credit code.
    """

    name: str
    credit_code: str


@dataclass(frozen=True)
class Revoked:
    """A certificate that is out of use.

    Attributes:
        serial: its number.
        at: since when (aware UTC).
        reason: why.
    """

    serial: int
    at: datetime
    reason: Reason


def root(key: ec.EllipticCurvePrivateKey, name: str, at: datetime) -> x509.Certificate:
    """Return the certificate that everything leads to; it signs itself and one issuing certificate."""
    subject = _authority_name(name)
    builder = _begin(subject, subject, key.public_key(), at, AUTHORITY_DAYS)
    builder = _for_issuing(builder, path_length=1)
    builder = builder.add_extension(_identifier(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def issuing(issuer: Issuer, public: ec.EllipticCurvePublicKey, name: str, at: datetime) -> x509.Certificate:
    """Return the certificate of the key that signs parties' certificates."""
    builder = _below(issuer, _authority_name(name), public, at, AUTHORITY_DAYS)
    return _for_issuing(builder, path_length=0).sign(issuer.key, hashes.SHA256())


def stamping(issuer: Issuer, public: ec.EllipticCurvePublicKey, name: str, at: datetime) -> x509.Certificate:
    """Return the certificate of a time-stamp authority: made for that alone (RFC 3161, section 2.3)."""
    builder = _below(issuer, _authority_name(name), public, at, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage("digital_signature"), critical=True)
    only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return builder.add_extension(only, critical=True).sign(issuer.key, hashes.SHA256())


def seal(issuer: Issuer, public: ec.EllipticCurvePublicKey, name: str, at: datetime) -> x509.Certificate:
    """Return the certificate by which the exchange signs documents of its own."""
    return _for_documents(_below(issuer, _authority_name(name), public, at, AUTHORITY_DAYS), issuer)


def party(issuer: Issuer, public: PublicKey, holder: Holder, at: datetime) -> x509.Certificate:
    """Return the certificate by which an organisation signs contracts; it names no person."""
    name = holder.name[:LONGEST_NAME]
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, holder.credit_code),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    return _for_documents(_below(issuer, subject, public, at, PARTY_DAYS), issuer)


def revocations(issuer: Issuer, revoked: Iterable[Revoked], at: datetime) -> bytes:
    """Return the issuer's list of revocations, DER.

    Its number grows with the time and with the count of what is on it, and the signature is deterministic: two
    servers that make the list in the same second make the same bytes.

    Args:
        issuer: whose list.
        revoked: everything it has ever revoked; an entry stays on the list for good.
        at: now (aware UTC).
    """
    entries = sorted(revoked, key=lambda one: (one.at, one.serial))
    moment = max([at, *(one.at for one in entries)]).replace(microsecond=0)
    number = (int(moment.timestamp()) << 24) + len(entries)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(moment)
        .next_update(moment + timedelta(days=LIST_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_by(issuer), critical=False)
    )
    for one in entries:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(one.at)
        reason = x509.CRLReason(REASONS[one.reason])
        builder = builder.add_revoked_certificate(entry.add_extension(reason, critical=False).build())
    made = builder.sign(issuer.key, hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(Encoding.DER)


def _below(
    issuer: Issuer, subject: x509.Name, public: PublicKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    """Begin a certificate that leads to an issuer, valid no longer than the issuer's own."""
    builder = _begin(subject, issuer.certificate.subject, public, at, days, issuer.certificate)
    lists = x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(f"{issuer.address}.crl")], None, None, None)]
    )
    above = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier(f"{issuer.address}.crt"),
            )
        ]
    )
    return (
        builder.add_extension(_identifier(public), critical=False)
        .add_extension(_by(issuer), critical=False)
        .add_extension(lists, critical=False)
        .add_extension(above, critical=False)
    )


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    public: PublicKey,
    at: datetime,
    days: int,
    above: x509.Certificate | None = None,
) -> x509.CertificateBuilder:
    since = at.replace(microsecond=0)
    until = since + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until if above is None else min(until, above.not_valid_after_utc))
    )


def _for_issuing(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)


def _for_documents(builder: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    usage = _usage("digital_signature", "content_commitment")
    return builder.add_extension(usage, critical=True).sign(issuer.key, hashes.SHA256())


def _authority_name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST_NAME]),
        ]
    )


def _usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in every})


def _identifier(public: PublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(public)


def _by(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    found = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)
