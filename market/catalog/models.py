"""Listings. The search index beside them is made by :mod:`market.catalog.search`."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from market.catalog.sectors import Sector
from market.catalog.states import ListingState
from market.db import Base
from market.steps import Stateful


class Benefit(StrEnum):
    """Whom a listing serves; kept apart from each other (P10: 公益性, 商业性)."""

    COMMERCIAL = "commercial"
    PUBLIC = "public"


class Listing(Stateful, Base):
    """What a provider offers.

    ``price`` is in minor units of ``currency``, and so is ``cost``, what the data cost their provider: of a
    public-benefit listing with a price, stated with its basis (R3.3), else None. ``model`` is ``<name>/<version>`` of
    the model text; ``terms`` holds what stands in the text's blanks, by their names (:mod:`contracts.blanks`), the
    price among them.
    """

    __tablename__ = "listing"
    __table_args__ = (
        Index("ix_listing_public", "state", "listed_at", "id"),
        Index("ix_listing_sector", "sector", "state", "listed_at"),
        Index("ix_listing_provider", "provider_id", "drafted_at"),
    )

    number: Mapped[str] = mapped_column(String(11), unique=True)
    handle: Mapped[str] = mapped_column(String(32), unique=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"), index=True)
    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    sector: Mapped[Sector]
    benefit: Mapped[Benefit]
    price: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    cost: Mapped[int | None] = mapped_column(BigInteger)
    cost_basis: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str] = mapped_column(String(60))
    terms: Mapped[dict[str, Any]]
    exclusive: Mapped[bool] = mapped_column(default=False)
    """Whether it is sold once (rule R3.5)."""
    state: Mapped[ListingState] = mapped_column(default=ListingState.DRAFT)
    drafted_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]


class ListingOffer(Base):
    """Says that a listing can be accepted at once, by the number of the standing offer; derived, so not stateful."""

    __tablename__ = "listing_offer"

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(11))


class ListingSale(Base):
    """Says that a listing that is sold once has its buyer; derived, so not stateful.

    What decides is the unique row that ``contracting`` keeps; it says here what the catalogue shows.
    """

    __tablename__ = "listing_sale"

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"), primary_key=True)
