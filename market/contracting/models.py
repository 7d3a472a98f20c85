"""Requests for contracts."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base
from market.steps import Stateful


class Request(Stateful, Base):
    """A buyer's request for a contract over a listing; where it stands is the contract's own state.

    ``number`` is that of the contract and of the trade that may follow; ``handle`` is public and shared by all
    steps of that trade. ``contract_id`` names a row of the contracts room.
    """

    __tablename__ = "request"
    __table_args__ = (
        Index("ix_request_provider", "provider_id", "requested_at"),
        Index("ix_request_buyer", "buyer_id", "requested_at"),
    )

    number: Mapped[str] = mapped_column(String(11), unique=True)
    handle: Mapped[str] = mapped_column(String(32), unique=True)
    contract_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"), index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Until when both may sign (rule book ``request.days``)."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why the provider declined."""
