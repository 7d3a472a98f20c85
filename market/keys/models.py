"""Published keys."""

import base64
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base
from market.steps import Stateful


class Purpose(StrEnum):
    """What a key signs."""

    PARTY = "party"
    MANIFEST = "manifest"
    LOG = "log"
    WITNESS = "witness"
    """Cosigns the heads of other logs; a key of its own, since a cosignature does not bind the name beside it."""
    TSA = "tsa"
    """The certificate that an outside authority's time stamps must lead to; another holds its key."""
    CA = "ca"
    """A certificate of the exchange's own certification authority, to which parties' certificates lead."""
    STAMPING = "stamping"
    """The certificate of the exchange's own time-stamp authority: its stamps say what the exchange's clock says."""
    SEAL = "seal"
    """The certificate by which the exchange signs documents of its own, such as inspection reports."""


class KeyState(StrEnum):
    """Whether new signatures are made with a key; old ones stay valid."""

    ACTIVE = "active"
    RETIRED = "retired"


class Key(Stateful, Base):
    """The public half of a key, and who holds the private one."""

    __tablename__ = "key"
    __table_args__ = (Index("ix_key_purpose", "purpose", "organisation_id"),)

    purpose: Mapped[Purpose]
    organisation_id: Mapped[uuid.UUID | None]
    """Whose signatures it makes; None for the exchange's own keys."""
    algorithm: Mapped[str] = mapped_column(String(10))
    """``ES256`` (parties), ``Ed25519`` (manifest, log, witness) or ``X.509`` (a certificate)."""
    public_key: Mapped[str] = mapped_column(Text, unique=True)
    """ES256: base64 of the DER SubjectPublicKeyInfo; Ed25519: a C2SP verifier key, name+id+base64; X.509: base64 of
    the DER certificate."""
    holder: Mapped[str] = mapped_column(String(20))
    """``exchange``: the operator holds the private half; shown wherever the key appears."""
    state: Mapped[KeyState]
    published_at: Mapped[datetime]


class Lane(StrEnum):
    """Where a party's certificate comes from."""

    ISSUED = "issued"
    """From the exchange's own authority, for a key that only the party has."""
    OWN = "own"
    """From an authority that the party chose; the exchange has seen that the party has its key, and no more."""


class CertificateState(StrEnum):
    """Whether a certificate may sign anything new; what it signed before stays."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Reason(StrEnum):
    """Why a certificate ends before its day."""

    LOST = "lost"
    """Nobody can sign with the key any more."""
    COMPROMISED = "compromised"
    """Somebody else may be able to."""
    LEFT = "left"
    """Whoever had it no longer signs for the organisation."""
    REPLACED = "replaced"


class Certificate(Stateful, Base):
    """A certificate by which an organisation signs contracts; the private key is the party's own.

    ``chain`` holds the certificates above it, base64 of DER, the issuer first and the root last. ``device`` is what the
    member calls the device, and may say whose it is.
    """

    __tablename__ = "certificate"
    __table_args__ = (Index("ix_certificate_organisation", "organisation_id", "made_at"),)

    handle: Mapped[str] = mapped_column(String(26))
    organisation_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    """By which member it was asked for."""
    device: Mapped[str] = mapped_column(String(60), info={"personal": "user_id"})
    lane: Mapped[Lane]
    algorithm: Mapped[str] = mapped_column(String(10))
    """``ES256`` or ``RS256``: how its key signs."""
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the DER SubjectPublicKeyInfo: a key has one certificate here, ever."""
    serial: Mapped[str] = mapped_column(String(40))
    """The certificate's number, hexadecimal."""
    certificate: Mapped[str] = mapped_column(Text)
    """Base64 of the DER certificate."""
    chain: Mapped[list[Any]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    state: Mapped[CertificateState]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    reason: Mapped[Reason | None]

    def der(self) -> bytes:
        """Return the certificate."""
        return base64.b64decode(self.certificate)

    def chain_der(self) -> list[bytes]:
        """Return the certificates above it, the issuer first."""
        return [base64.b64decode(text) for text in self.chain]

    def standing(self, at: datetime) -> str:
        """Return where it stands at a time: ``active``, ``revoked`` or ``expired``."""
        if self.state is CertificateState.ACTIVE and not self.valid_from <= at < self.valid_until:
            return "expired"
        return self.state.value


class TimeStamp(Base):
    """An authority's token over the text of a head of the log (RFC 3161), as it came and was checked."""

    __tablename__ = "log_timestamp"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Of the head."""
    authority: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Where it was asked for."""
    token: Mapped[bytes] = mapped_column(LargeBinary)
    """The DER response."""
    stamped_at: Mapped[datetime]
    """What the authority says."""
    asked_at: Mapped[datetime]
    """By our clock."""
