"""A trade and its machines, a row each; every change is a step."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Amount, Base
from market.permissions import Relation
from market.steps import Stateful
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState, Ruling
from market.trades.duty import DutyState
from market.trades.grounds import Ground
from market.trades.notice import NoticeState
from market.trades.redress import RedressState
from market.trades.settlement import SettlementState

_RUNNING = text("state <> 'CLOSED'")


class Trade(Stateful, Base):
    """What was agreed between whom; the number and the handle are those of its contract."""

    __tablename__ = "trade"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    number: Mapped[str] = mapped_column(String(11), unique=True)
    handle: Mapped[str] = mapped_column(String(26), unique=True)
    contract_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(index=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(index=True)
    listing_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency``; the signed price."""
    currency: Mapped[str] = mapped_column(String(3))
    rules: Mapped[int]
    """Version of the rule book in force on the day the contract was: the trade keeps it to its end."""
    began_at: Mapped[datetime]


class Agreement(Stateful, Base):
    """Whether the contract of a trade is in force, and for how long."""

    __tablename__ = "agreement"

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), unique=True)
    state: Mapped[AgreementState]
    term_from: Mapped[datetime]
    term_until: Mapped[datetime]
    contract_id: Mapped[uuid.UUID]
    """The contract in force: the one that began the trade, or the newest amendment of it."""


class Settlement(Stateful, Base):
    """The money of one instalment of a trade; there is none when the signed price is 0.

    All are written when the contract comes into force, as its terms plan them, so that no job that is late can
    leave one out; what is for a period can be paid only from its first day on.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("trade_id", "ordinal"),
        CheckConstraint("ordinal > 0 AND (period_from IS NULL) = (period_until IS NULL)", name="ordinal"),
        CheckConstraint(
            "amount > 0 AND fee >= 0 AND refund >= 0 AND charged_back >= 0"
            " AND fee + refund + charged_back <= amount",
            name="amount",
        ),
    )

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"))
    ordinal: Mapped[int] = mapped_column(default=1)
    """1, 2, … in the order in which the instalments fall due."""
    label: Mapped[str | None] = mapped_column(Text)
    """What the contract calls the instalment; None where it has no name."""
    period_from: Mapped[datetime | None]
    """First moment of the period that is paid for; None where the instalment is for no period."""
    period_until: Mapped[datetime | None]
    """End of that period, left out."""
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units: what the buyer pays."""
    fee: Mapped[int] = mapped_column(Amount)
    """Minor units: the platform's part of what is released; a ruling that divides the amount lowers it."""
    refund: Mapped[int] = mapped_column(Amount, default=0)
    """Minor units that go back to the buyer by a ruling that divides the amount; else 0."""
    charged_back: Mapped[int] = mapped_column(Amount, default=0)
    """Minor units that the buyer's bank took back for good while they were held; else 0."""
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[SettlementState]
    due_at: Mapped[datetime]
    operation_id: Mapped[uuid.UUID | None]
    """The payment that funded it."""


class Acceptance(Stateful, Base):
    """The buyer's word on the delivery; the clock starts when the file has been handed over."""

    __tablename__ = "acceptance"

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), unique=True)
    state: Mapped[AcceptanceState]
    days: Mapped[int]
    """The acceptance period of the signed terms."""
    due_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


class Dispute(Stateful, Base):
    """A rejected delivery and what the operator ruled."""

    __tablename__ = "dispute"

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), unique=True)
    state: Mapped[DisputeState]
    reason: Mapped[str] = mapped_column(Text)
    ruling: Mapped[Ruling | None]
    ruling_reason: Mapped[str | None] = mapped_column(Text)


class Notice(Stateful, Base):
    """A notice that ends the agreement early; at most one of a trade runs at a time."""

    __tablename__ = "notice"

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), index=True)
    state: Mapped[NoticeState]
    side: Mapped[Relation]
    """Whose notice it is: the provider's or the buyer's."""
    ground: Mapped[Ground]
    reason: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    effective_at: Mapped[datetime]


class Duty(Stateful, Base):
    """What the buyer owes after the end: the data deleted, and what it states about it."""

    __tablename__ = "duty"

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), unique=True)
    state: Mapped[DutyState]
    due_at: Mapped[datetime]
    certified: Mapped[bool]
    """Whether the signed terms ask for a deletion certificate."""
    deleted_on: Mapped[str | None] = mapped_column(String(10))
    """The day by which every copy was gone, as the buyer states it."""
    copies: Mapped[str | None] = mapped_column(Text)
    """Which copies, in whose hands, were deleted."""
    method: Mapped[str | None] = mapped_column(Text)
    kept: Mapped[str | None] = mapped_column(Text)
    """What is kept by law, on what ground and for how long; None when nothing is."""


class Redress(Stateful, Base):
    """What the operator has paid back to the buyer after the release; at most one of a trade runs at a time."""

    __tablename__ = "redress"
    __table_args__ = (
        CheckConstraint(
            "amount > 0 AND fee >= 0 AND fee <= amount"
            " AND (recovered IS NULL OR recovered >= 0 AND recovered <= amount - fee)",
            name="amount",
        ),
        Index("uq_redress_open", "trade_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"), index=True)
    settlement_id: Mapped[uuid.UUID]
    """The instalment that it is paid back of."""
    state: Mapped[RedressState]
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency`` that the buyer gets back."""
    fee: Mapped[int] = mapped_column(Amount)
    """Minor units of it that the exchange gives out of its fee; the rest is the provider's part."""
    chargeback_id: Mapped[uuid.UUID | None]
    """The lost chargeback by which the buyer has it already; None where the exchange pays it back."""
    recovered: Mapped[int | None] = mapped_column(Amount)
    """Minor units of the provider's part that were taken back from its account; None while that is open.

    What is missing is owed to the exchange and kept back from later releases to the provider.
    """
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime]
