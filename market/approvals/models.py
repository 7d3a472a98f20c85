"""Rules of organisations, and what their approvers decided about documents."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.approvals.asks import Asks
from market.db import Base
from market.steps import Stateful


class ApprovalRule(Stateful, Base):
    """What an organisation has set; without a row it asks for no approval."""

    __tablename__ = "approval_rule"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), unique=True)
    asks: Mapped[Asks]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    """Minor units of ``currency`` from which on it asks; None unless it asks from a price on."""
    currency: Mapped[str | None] = mapped_column(String(3))
    ruled_at: Mapped[datetime]


class Approval(Stateful, Base):
    """One person's decision about one document, named by its digest; never changed, a later one counts instead.

    ``number`` is that of the contract or offer; it and ``document_digest`` name rows of other rooms. ``place`` is
    counted from 1 for each number and organisation.
    """

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("number", "organisation_id", "place"),)

    number: Mapped[str] = mapped_column(String(11))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    place: Mapped[int]
    party: Mapped[str] = mapped_column(String(20))
    """For which side of the contract: provider or buyer."""
    document_digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    """Why it was refused; nothing where it was approved."""
    decided_at: Mapped[datetime]
