"""Requests for contracts, standing offers, and signatures that are being made."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.vocabulary import Role
from market.contracting.standing.states import OfferState
from market.db import Amount, Base
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
    offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("standing_offer.id"), index=True)
    """The standing offer that it accepts."""
    amends_id: Mapped[uuid.UUID | None]
    """The contract that this one would amend; None for the first of a trade."""
    renews_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    """The contract whose term this one would go on from; it begins a trade of its own."""
    claims_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("listing.id"), unique=True)
    """The listing that is sold once, while this contract has it (rule R3.5); unique, so that no other can."""

    def party_id(self, role: Role) -> uuid.UUID:
        """Return the organisation of a side."""
        return self.provider_id if role is Role.PROVIDER else self.buyer_id


class Waiver(Stateful, Base):
    """The startup waiver of a contract (R4.18), written with the request and never changed.

    ``handle`` is the trade's. ``listed`` is the listing's price and ``waived`` what of it is not paid, minor units of
    ``currency``. The days are ISO days in China Standard Time: of the buyer's verified establishment, of the request,
    and the last of free use. ``authority`` and ``authority_basis`` are what the asset is registered with.
    """

    __tablename__ = "waiver"
    __table_args__ = (
        CheckConstraint("waived > 0 AND waived <= listed", name="amount"),
        Index("ix_waiver_asked_at", "asked_at", "id"),
    )

    contract_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    handle: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(11))
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    listed: Mapped[int] = mapped_column(Amount)
    waived: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    rule: Mapped[str] = mapped_column(String(10))
    rules: Mapped[int]
    """Version of the rule book that the rule stands in."""
    established_on: Mapped[str] = mapped_column(String(10))
    asked_on: Mapped[str] = mapped_column(String(10))
    last_day: Mapped[str] = mapped_column(String(10))
    authority: Mapped[str] = mapped_column(String(200))
    authority_basis: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]


class OfferText:
    """What a standing offer says, drafted or signed.

    ``terms`` and ``policy`` are canonical JSON; ``document_digest`` is SHA-256 of the rendered PDF, ``document_size``
    its bytes, ``rendering`` the record of compiler and pages.
    """

    number: Mapped[str] = mapped_column(String(11), unique=True)
    provider_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    listing_number: Mapped[str] = mapped_column(String(11))
    title: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(60))
    most: Mapped[int]
    terms: Mapped[str] = mapped_column(Text)
    terms_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    template_digest: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(Text)
    policy_digest: Mapped[str] = mapped_column(String(64))
    document_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    document_size: Mapped[int] = mapped_column(Integer)
    rendering: Mapped[str] = mapped_column(Text, info={"files": "pages"})


class OfferDraft(OfferText, Base):
    """A standing offer that waits for its provider's signature; it binds nobody and goes when signed or too late."""

    __tablename__ = "offer_draft"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"), unique=True)
    listing_step_id: Mapped[uuid.UUID]
    """The step that made the listing what the draft was made from."""
    expires_at: Mapped[datetime]
    """Until when it can be signed."""


class StandingOffer(Stateful, OfferText, Base):
    """A standing offer that its provider signed; ``handle`` is public and shared by its steps.

    ``file_digest`` is SHA-256 of the signed file, ``statement`` what was agreed to; ``key_id`` names the certificate's
    row. ``taken`` counts acceptances; the offer is exhausted when they are ``most``.
    """

    __tablename__ = "standing_offer"
    __table_args__ = (
        Index("ix_standing_offer_provider", "provider_id", "signed_at"),
        Index("ix_standing_offer_listing", "listing_id", "state"),
    )

    handle: Mapped[str] = mapped_column(String(32), unique=True)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"))
    state: Mapped[OfferState]
    taken: Mapped[int]
    statement: Mapped[str] = mapped_column(Text)
    key_id: Mapped[uuid.UUID]
    algorithm: Mapped[str] = mapped_column(String(10))
    file_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    stamped: Mapped[bool]
    assertion: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """The moment after the last day on which it can be accepted."""


class Preparation(Base):
    """A file that waits for a party's signature; it binds nobody and is removed after use or when it is too late.

    What was prepared is ``tail``, compressed, behind the file of ``base_digest``; the signature belongs into the bytes
    from ``room_begins`` to ``room_ends``.
    """

    __tablename__ = "preparation"
    __table_args__ = (Index("ix_preparation_expires_at", "expires_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    paper_id: Mapped[uuid.UUID]
    """Names a contract or the draft of a standing offer."""
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
    """A token over a whole signed file, of a contract or a standing offer, as it came and was checked."""

    __tablename__ = "contract_timestamp"

    contract_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    """DER TimeStampToken."""
    stamped_at: Mapped[datetime]
    """What the authority says."""
