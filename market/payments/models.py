"""Rows of the room: connected accounts, operations, chargebacks, postings, reports on them, the inbox of webhooks."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Amount, Base
from market.payments.bank.models import BankAccount, BankLine, BankStatement
from market.payments.chargebacks.states import Answer, ChargebackState
from market.payments.reconciliation.states import ReconciliationState
from market.payments.states import AccountState, OperationKind, OperationState, Processor
from market.steps import Stateful

__all__ = [
    "Account",
    "BankAccount",
    "BankLine",
    "BankStatement",
    "Operation",
    "Posting",
    "Reconciliation",
    "WebhookEvent",
]

_PAID = text("kind = 'checkout' AND state = 'OK'")
_PAYABLE = text("kind = 'checkout' AND state IN ('PLANNED', 'OPEN')")
_MOVING = text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN')")
_MOVED = text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN', 'OK')")


class Account(Stateful, Base):
    """An organisation's connected account at the payment platform: where its money is transferred to."""

    __tablename__ = "account"

    organisation_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(200))
    attempt: Mapped[int]
    stripe_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    request_id: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[AccountState]
    planned_at: Mapped[datetime]
    """When this attempt was planned."""


class Operation(Stateful, Base):
    """One intended call that moves a trade's money: committed before the call, closed by its outcome."""

    __tablename__ = "operation"
    __table_args__ = (
        UniqueConstraint("settlement_id", "kind", "attempt"),
        # The database itself allows one charge for each settlement; of each charge one movement of a kind at a time,
        # and each movement that is owed for one cause once.
        Index("uq_operation_paid", "settlement_id", unique=True, sqlite_where=_PAID, postgresql_where=_PAID),
        Index(
            "uq_operation_payable",
            "settlement_id",
            unique=True,
            sqlite_where=_PAYABLE,
            postgresql_where=_PAYABLE,
        ),
        Index(
            "uq_operation_moving",
            "source_id",
            "kind",
            unique=True,
            sqlite_where=_MOVING,
            postgresql_where=_MOVING,
        ),
        Index(
            "uq_operation_moved",
            "source_id",
            "kind",
            "cause_id",
            unique=True,
            sqlite_where=_MOVED,
            postgresql_where=_MOVED,
        ),
        Index("ix_operation_number", "number"),
        Index("ix_operation_organisation_id", "organisation_id"),
        Index("ix_operation_planned_at", "planned_at", "id"),
        CheckConstraint(
            "amount >= 0 AND fee >= 0 AND netted >= 0 AND (amount > 0 OR kind = 'transfer' AND netted > 0)"
            " AND (netted = 0 OR kind = 'transfer')",
            name="amount",
        ),
    )

    kind: Mapped[OperationKind]
    processor: Mapped[Processor] = mapped_column(default=Processor.STRIPE)
    """Who moves the money; what leaves a payment leaves by where it came in."""
    handle: Mapped[str] = mapped_column(String(26))
    """The trade's handle in the ledger."""
    number: Mapped[str] = mapped_column(String(11))
    """The trade's number."""
    settlement_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID]
    """Whose money it is: the buyer's (checkout, refund) or the provider's (transfer, reversal)."""
    source_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("operation.id"))
    """The paid checkout that a transfer, refund or reversal is about."""
    cause_id: Mapped[uuid.UUID]
    """What it is owed for: the settlement, or what the room above ordered after it. Attempts share it."""
    attempt: Mapped[int]
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency`` that the call moves; 0 for a transfer of which all is netted: there is no call."""
    fee: Mapped[int] = mapped_column(Amount)
    """Minor units the exchange keeps when a transfer is made, or gives back within a refund after it; else 0."""
    netted: Mapped[int] = mapped_column(Amount)
    """Minor units of a release that are not transferred, because the provider owed them to the exchange; else 0."""
    currency: Mapped[str] = mapped_column(String(3))
    """ISO 4217, upper case."""
    title: Mapped[str] = mapped_column(String(200))
    """What the payer reads on the pay page."""
    rules: Mapped[int]
    """Version of the rule book that the trade keeps."""
    means: Mapped[str | None] = mapped_column(String(100))
    """The only means of payment that a pay page offers, separated by spaces (R5.7); None for all there are."""
    state: Mapped[OperationState]
    reference: Mapped[str | None] = mapped_column(String(11), unique=True)
    """What the payer or the exchange writes into a bank transfer; None at the payment platform."""
    proof_digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the file by which the payer shows a bank transfer: a hint where to look, never a fact."""
    proof_format: Mapped[str | None] = mapped_column(String(4))
    stripe_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    request_id: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(Text, info={"personal": "organisation_id"})
    """The pay page, while it is open: the payer's alone, so it is committed to apart from the row."""
    payment_intent: Mapped[str | None] = mapped_column(String(255), unique=True)
    charge: Mapped[str | None] = mapped_column(String(255))
    failure: Mapped[str | None] = mapped_column(String(100))
    """Why it failed or funds nothing, as the platform's code or ours."""
    planned_at: Mapped[datetime]
    """When this attempt was planned: the platform keeps its idempotency key for a day from then."""


class Chargeback(Stateful, Base):
    """A payment that the payer's bank questions through the card network, as the platform's own object shows it."""

    __tablename__ = "chargeback"
    __table_args__ = (
        Index("ix_chargeback_operation_id", "operation_id"),
        Index("ix_chargeback_number", "number"),
        Index("ix_chargeback_state", "state", "due_at"),
        CheckConstraint(
            "amount > 0 AND withdrawn >= 0 AND withdrawn <= amount AND fee >= 0"
            " AND covered >= 0 AND borne >= 0 AND covered + borne <= withdrawn",
            name="amount",
        ),
    )

    operation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operation.id"))
    """The paid checkout that is questioned."""
    handle: Mapped[str] = mapped_column(String(26))
    """The trade's handle in the ledger."""
    number: Mapped[str] = mapped_column(String(11))
    """The trade's number."""
    settlement_id: Mapped[uuid.UUID]
    stripe_id: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[ChargebackState]
    reason: Mapped[str] = mapped_column(String(100))
    """The network's word for why."""
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency`` that are questioned: all of the payment, or a part."""
    currency: Mapped[str] = mapped_column(String(3))
    withdrawn: Mapped[int] = mapped_column(Amount)
    """Minor units that are gone from the exchange's balance because of it; 0 again once it is won."""
    fee: Mapped[int] = mapped_column(Amount)
    """Minor units that the platform keeps for handling it; the exchange's own expense."""
    covered: Mapped[int] = mapped_column(Amount)
    """Minor units of a lost one that were still held for the trade; 0 before."""
    borne: Mapped[int] = mapped_column(Amount)
    """Minor units of a lost one that nobody owes, so that the exchange bears them; 0 before."""
    rules: Mapped[int]
    """Version of the rule book that the trade keeps."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """When the time to answer it ends, where the platform says so."""
    answer: Mapped[Answer | None]
    """What the operator decided to say; None while that is open."""
    evidence: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON of what is sent to the bank."""
    attempt: Mapped[int]
    """Of the answer; 0 before the first."""
    planned_at: Mapped[datetime | None]
    """When this attempt was planned."""
    answered_at: Mapped[datetime | None]
    """When the platform had the answer."""
    request_id: Mapped[str | None] = mapped_column(String(255))


class Posting(Stateful, Base):
    """An amount moved from one book account to another: balanced by construction, never changed."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount > 0 AND debit <> credit", name="amount"),
        Index("ix_posting_number", "number"),
        Index("ix_posting_debit", "debit"),
        Index("ix_posting_credit", "credit"),
    )

    operation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operation.id"), index=True)
    chargeback_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chargeback.id"))
    """The chargeback that moved it; the operation is then the payment that it questions."""
    number: Mapped[str] = mapped_column(String(11))
    """The trade's number."""
    place: Mapped[int]
    """Order within the operation."""
    debit: Mapped[str] = mapped_column(String(80))
    credit: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency``, positive."""
    currency: Mapped[str] = mapped_column(String(3))
    booked_at: Mapped[datetime]


class Reconciliation(Stateful, Base):
    """What was found when the books were held against the payment platform, and who answers for it."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        Index("ix_reconciliation_planned_at", "planned_at", "id"),
        CheckConstraint("begins_at < ends_at", name="window"),
    )

    handle: Mapped[str] = mapped_column(String(26), unique=True)
    """The report's own handle in the ledger."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The end of the window, left out."""
    state: Mapped[ReconciliationState]
    planned_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    differences: Mapped[int | None]
    """How many lines differ, and currencies whose balance is not explained."""
    summary: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON: counts and sums by outcome and currency, and the balances."""
    lines: Mapped[str | None] = mapped_column(Text)
    """Canonical JSON: every line but those that match."""
    note: Mapped[str | None] = mapped_column(Text)
    """What was found out about the differences, said at the sign-off."""
    signed_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """A verified webhook, kept once by its id; not stateful: it is a reason to look, never a fact."""

    __tablename__ = "webhook_event"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    object_id: Mapped[str] = mapped_column(String(255))
    body_digest: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
