"""What comes in and goes out of the routes of parties' keys."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from marshmallow import fields, post_load

from market import clock
from market.fields import Cursor, Digest, Schema, Several, Text, Timestamp, Uuid, one_of
from market.keys.certificates import LONGEST_CHAIN
from market.keys.models import Certificate, Reason
from market.keys.possession import MOST_BYTES


def _pem(description: str) -> Text:
    return Text(lines=True, high=MOST_BYTES, required=True, metadata={"description": description})


def _device() -> Text:
    return Text(
        high=60, required=True, metadata={"description": "what you call the device or file with the key"}
    )


class CertificateIn(Schema):
    """A request for a certificate."""

    csr = _pem("PKCS#10 request signed by the key, PEM or base64; only the key is taken from it")
    device = _device()


class OwnCertificateIn(Schema):
    """A certificate of another authority, with proof that the sender has its key."""

    certificates = Several(
        _pem("PEM or base64"), low=2, high=LONGEST_CHAIN + 1, required=True,
        metadata={"description": "the certificate, its issuer's, and so on; the root last"},
    )  # fmt: skip
    device = _device()
    challenge = Text(high=300, required=True)
    signature = Text(
        lines=True, high=2000, required=True,
        metadata={"description": "of the challenge's bytes: ES256 (DER, or r and s) or RS256, base64"},
    )  # fmt: skip


class RevocationIn(Schema):
    """Why a key is taken out of use."""

    reason = one_of(*(reason.value for reason in Reason), required=True)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {"reason": Reason(data["reason"])}


class KeysQuery(Schema):
    """Page of the list of keys."""

    cursor = Cursor()


class ChallengeOut(Schema):
    """A text to sign by the key of a certificate, as it is."""

    challenge = fields.String()
    expires_at = Timestamp()


class CertificateOut(Schema):
    """A key by which an organisation signs, with its certificate."""

    id = Uuid()
    organisation_id = Uuid()
    user_id = Uuid(metadata={"description": "the member who asked for it"})
    device = fields.String()
    lane = fields.String(
        metadata={"description": "`issued` by the exchange's own authority, or the party's `own`"}
    )
    state = fields.String(metadata={"description": "`active`, `revoked` or `expired`"})
    algorithm = fields.String(metadata={"description": "`ES256` or `RS256`"})
    fingerprint = Digest(metadata={"description": "SHA-256 of the public key (SubjectPublicKeyInfo)"})
    serial = fields.String()
    certificate = fields.String(metadata={"description": "PEM"})
    chain = fields.List(fields.String(), metadata={"description": "PEM; the issuer first, the root last"})
    valid_from = Timestamp()
    valid_until = Timestamp()
    made_at = Timestamp()
    revoked_at = Timestamp(allow_none=True)
    reason = fields.String(allow_none=True)


class CertificateStepOut(CertificateOut):
    """A key after a step, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class CertificatesOut(Schema):
    """One page of keys, newest first."""

    items = fields.List(fields.Nested(CertificateOut))
    next = fields.String(allow_none=True)


def shown(row: Certificate) -> dict[str, Any]:
    """Return what :class:`CertificateOut` says of a key."""
    names = set(CertificateOut().fields) - {"lane", "state", "certificate", "chain", "reason"}
    return {
        **{name: getattr(row, name) for name in names},
        "lane": row.lane.value,
        "state": row.standing(clock.now()),
        "certificate": pem(row.der()),
        "chain": [pem(one) for one in row.chain_der()],
        "reason": None if row.reason is None else row.reason.value,
    }


def pem(der: bytes) -> str:
    """Return a certificate as text."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
