"""A small authority for tests: root, issuing authority, parties, time stamps, lists of revoked certificates."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def der(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Party:
    """A key with its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return der(self.certificate)

    def sign(self, data: bytes) -> bytes:
        """Sign as a browser does: r and s of 32 bytes each; PKCS#1 v1.5 with an RSA key."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass
class Authority:
    """A root and an authority below it that issues."""

    root: Party = field(init=False)
    issuing: Party = field(init=False)
    revoked: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = issued("Test root", None, ca=1)
        self.issuing = issued("Test issuing authority", self.root, ca=0)

    @property
    def chain(self) -> tuple[bytes, ...]:
        return (self.issuing.der, self.root.der)

    def party(self, name: str, *, rsa_key: bool = False, at: datetime = NOW, days: int = 365) -> Party:
        key = rsa.generate_private_key(65537, 3072) if rsa_key else None
        return issued(name, self.issuing, key=key, at=at, days=days)

    def stamper(self, at: datetime = NOW) -> "Stamper":
        return Stamper(issued("Test time stamps", self.issuing, stamps=True), self.issuing, at)

    def lists(self, at: datetime = NOW, days: int = 7) -> tuple[bytes, ...]:
        """Return the lists of both authorities, made at a time."""
        return tuple(crl(issuer, self.revoked, at, days) for issuer in (self.issuing, self.root))

    def revoke(self, party: Party, at: datetime) -> None:
        self.revoked[party.certificate.serial_number] = at


def issued(
    name: str,
    issuer: Party | None,
    *,
    key: PrivateKey | None = None,
    ca: int | None = None,
    stamps: bool = False,
    at: datetime = NOW,
    days: int = 3650,
) -> Party:
    """Issue a certificate; ``ca`` is how many authorities may stand below it, None for no authority."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca is not None, ca), critical=True)
        .add_extension(_usage(authority=ca is not None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    if issuer is not None:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(above, critical=False)
    if stamps:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return Party(own, builder.sign(issuer.key if issuer else own, hashes.SHA256()))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        **dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            False,
        ),
    )


def crl(issuer: Party, revoked: dict[int, datetime], at: datetime, days: int) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=days))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    for serial, when in revoked.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
        builder = builder.add_revoked_certificate(entry)
    made = builder.sign(issuer.key, hashes.SHA256(), ecdsa_deterministic=True)  # the same list every time
    return der(made)


@dataclass
class Stamper:
    """A time-stamp authority without a network: ``stamper(digest)`` gives the DER token."""

    party: Party
    issuing: Party
    at: datetime
    asked: list[bytes] = field(default_factory=list)

    def __call__(self, digest: bytes) -> bytes:
        from asn1crypto import algos, cms, core, tsp
        from asn1crypto import x509 as asn1

        self.asked.append(digest)
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4.1",
                "message_imprint": {"hash_algorithm": sha256, "hashed_message": digest},
                "serial_number": secrets.randbits(64),
                "gen_time": self.at,
            }
        )
        content = core.ParsableOctetString(info.dump())
        own = asn1.Certificate.load(self.party.der)
        named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(self.party.der).digest()}]})
        signed = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(info.dump()).digest()]},
                {"type": "signing_certificate_v2", "values": [named]},
            ]
        )
        assert isinstance(self.party.key, ec.EllipticCurvePrivateKey)
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": {
                    "issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}
                },
                "digest_algorithm": sha256,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signed_attrs": signed,
                "signature": self.party.key.sign(signed.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha256],
                "encap_content_info": {"content_type": "tst_info", "content": content},
                "certificates": [own, asn1.Certificate.load(self.issuing.der)],
                "signer_infos": [signer],
            }
        )
        token: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
        return token


def failing(_digest: bytes) -> bytes:
    """Answer as an authority does that is down."""
    raise TimeoutError("the authority does not answer")
