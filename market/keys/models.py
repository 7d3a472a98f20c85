"""Published keys."""

import uuid
from datetime import datetime
from enum import StrEnum

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
    """The certificate that an authority's time stamps over the log's heads must lead to; another holds its key."""


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
    """``ES256`` (parties) or ``Ed25519`` (manifest, log, witness)."""
    public_key: Mapped[str] = mapped_column(Text, unique=True)
    """ES256: base64 of the DER SubjectPublicKeyInfo; Ed25519: a C2SP verifier key, name+id+base64."""
    holder: Mapped[str] = mapped_column(String(20))
    """``exchange``: the operator holds the private half; shown wherever the key appears."""
    state: Mapped[KeyState]
    published_at: Mapped[datetime]


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
