"""Grants and receipts (stateful), and the counters of bytes sent (not stateful)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base
from market.delivery.grant import GrantState, TransferState
from market.steps import Stateful


class AccessGrant(Stateful, Base):
    """The right to fetch one file, with everything the gate needs to know copied onto it.

    ``trade_id``, ``number`` and ``update_id`` are plain marks of whoever asked for the grant; this room does
    not look them up. A trade has one grant for the file that was sold and one for each update of it, all under
    its number; whatever stops or ends one of them stops or ends all. The signed terms know two spans: the
    contract's term, from the day it is in force, and the days to fetch the file, which run only from the day
    it *can* be fetched, so that paying late costs the buyer none of them. How often the file may be fetched
    stands in the policy, and counts for each file.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("(ordinal = 0) = (update_id IS NULL)", name="update"),
        UniqueConstraint("trade_id", "ordinal"),
        UniqueConstraint("trade_id", "digest"),
        UniqueConstraint("number", "ordinal"),
    )

    trade_id: Mapped[uuid.UUID]
    number: Mapped[str] = mapped_column(String(11))
    ordinal: Mapped[int] = mapped_column(default=0)
    """0 for the file that was sold, then 1, 2, … for its updates in the order in which they were given."""
    update_id: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime]
    asset_id: Mapped[uuid.UUID] = mapped_column(index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(index=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    filename: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    policy: Mapped[str] = mapped_column(Text)
    policy_digest: Mapped[str] = mapped_column(String(64))
    term_from: Mapped[datetime]
    term_until: Mapped[datetime]
    fetch_days: Mapped[int]
    fetch_until: Mapped[datetime | None]
    funded: Mapped[bool]
    holds: Mapped[list[Any]] = mapped_column(default=list)
    """Why the grant is suspended: words of :class:`~market.delivery.gate.Hold`, sorted; none when open."""
    state: Mapped[GrantState]
    transfer: Mapped[TransferState]


class Receipt(Stateful, Base):
    """What was handed over: the whole file, its digest computed again from the stored bytes."""

    __tablename__ = "receipt"

    grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("access_grant.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    first_byte_at: Mapped[datetime]
    completed_at: Mapped[datetime]


class GrantUsage(Base):
    """The counters of one grant, written while bytes travel; never part of a step."""

    __tablename__ = "grant_usage"

    grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("access_grant.id"), primary_key=True)
    bytes_sent: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes charged to the quota, each before it is sent."""
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    covered_at: Mapped[datetime | None]


class Coverage(Base):
    """One stretch of the file that was handed over: bytes ``start`` to ``stop`` (exclusive)."""

    __tablename__ = "coverage"

    grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("access_grant.id"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stop: Mapped[int] = mapped_column(BigInteger)
