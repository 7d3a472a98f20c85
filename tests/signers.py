"""Keys and requests as a party's own machine makes them."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from market.actor import Actor
from market.db import transaction
from market.keys import authority, certificates
from market.keys.models import Certificate

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def csr(private: Private, name: str = "somebody else entirely") -> str:
    """Return a certification request, PEM; what it says of its subject is to be ignored."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def certified(actor: Actor, private: Private | None = None, device: str = "办公室电脑") -> Certificate:
    """Return a certificate that the exchange issued to the actor's organisation."""
    authority.publish()
    with transaction() as session:
        return certificates.request(session, actor, csr(private or key()), device)[0]


def fingerprint(private: Private) -> str:
    """Return the SHA-256 of the public key."""
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def own(private: Private, at: datetime, *, signs: bool = True, days: int = 300) -> list[str]:
    """Return a certificate of an outside authority and the root above it, PEM."""
    above, root_key = _name("Another authority"), key()
    root = _begin(above, above, root_key.public_key(), at, days).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    usage = x509.KeyUsage(signs, signs, not signs, False, False, False, False, False, False)
    leaf = _begin(_name("Party"), above, private.public_key(), at, days).add_extension(usage, critical=True)
    return [one.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode() for one in (leaf, root)]


def signature(private: Private, data: bytes) -> str:
    """Return a signature as a command line sends it."""
    if isinstance(private, rsa.RSAPrivateKey):
        raw = private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    else:
        raw = private.sign(data, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(raw).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begin(
    subject: x509.Name, issuer: x509.Name, public: object, at: datetime, days: int
) -> x509.CertificateBuilder:
    since = at.astimezone(UTC).replace(microsecond=0) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
    )
