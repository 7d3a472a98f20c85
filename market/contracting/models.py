"""Requests for contracts, and signatures that are being made."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base
from market.steps import Stateful


class Request(Stateful, Base):
    """A buyer's request for a contract over a listing; where it stands is the contract's own state.

    ``number`` is that of the contract and of the trade that may follow; ``handle`` is public and shared by all
    steps of that trade. ``contract_id`` names a row of the contracts room. A proposal to amend a contract is a
    request too: it has a number of its own and the trade's handle.
    """

    __tablename__ = "request"
    __table_args__ = (
        Index("ix_request_provider", "provider_id", "requested_at"),
        Index("ix_request_buyer", "buyer_id", "requested_at"),
        Index("ix_request_handle", "handle"),
    )

    number: Mapped[str] = mapped_column(String(11), unique=True)
    handle: Mapped[str] = mapped_column(String(32))
    contract_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"), index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Until when the version on the table may be answered or signed (rule book ``request.days``)."""
    amends_id: Mapped[uuid.UUID | None]
    """The contract that this one would amend; None for the first of a trade."""


class Preparation(Base):
    """A file that waits for a party's signature; it binds nobody and is removed after use or when it is too late.

    What was prepared is ``tail``, compressed, behind the file of ``base_digest``; the signature belongs into the bytes
    from ``room_begins`` to ``room_ends``.
    """

    __tablename__ = "preparation"
    __table_args__ = (Index("ix_preparation_expires_at", "expires_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    contract_id: Mapped[uuid.UUID]
    """Names a row of the contracts room."""
    user_id: Mapped[uuid.UUID]
    """Who asked for it: nobody else may use it."""
    key_id: Mapped[uuid.UUID]
    """Row of the certificate."""
    base_digest: Mapped[str] = mapped_column(String(64))
    tail: Mapped[bytes] = mapped_column(LargeBinary)
    room_begins: Mapped[int]
    room_ends: Mapped[int]
    to_sign: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class FileStamp(Base):
    """A token over a whole signed file, as it came and was checked."""

    __tablename__ = "contract_timestamp"

    contract_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    """DER TimeStampToken."""
    stamped_at: Mapped[datetime]
    """What the authority says."""
