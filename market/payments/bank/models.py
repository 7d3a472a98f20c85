"""Rows of bank transfer: accounts, statements that were imported, and their lines."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Amount, Base
from market.payments.bank.states import BankAccountState, Entry, LineState
from market.steps import Stateful

_LIVE = text("state <> 'CLOSED'")
_COUNTS = text("state <> 'DISMISSED'")
_WAITS = text("state = 'RECORDED' AND entry <> 'arrived'")


class BankAccount(Stateful, Base):
    """An account at a bank: where the exchange is paid, or where a provider is."""

    __tablename__ = "bank_account"
    __table_args__ = (
        # One in use and one that waits for the second person.
        Index(
            "uq_bank_account_live", "organisation_id", "state",
            unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
        Index("ix_bank_account_state", "state", "proposed_at"),
        CheckConstraint("NOT receiving OR institution IS NOT NULL AND supervised", name="supervised"),
    )  # fmt: skip

    organisation_id: Mapped[uuid.UUID]
    handle: Mapped[str] = mapped_column(String(26), unique=True)
    """Its own handle in the ledger."""
    receiving: Mapped[bool]
    """Whether buyers pay to it; else its organisation is paid there."""
    holder: Mapped[str] = mapped_column(String(200))
    bank: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(20))
    """The bank's own number in the payment system (联行号, or BIC)."""
    currency: Mapped[str] = mapped_column(String(3))
    """ISO 4217, upper case."""
    institution: Mapped[str | None] = mapped_column(String(200))
    """The licensed institution that holds the receiving account."""
    supervised: Mapped[bool]
    """Whether it is stated to be a supervised account of that institution."""
    state: Mapped[BankAccountState]
    proposed_by: Mapped[uuid.UUID]
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[uuid.UUID | None]
    reason: Mapped[str | None] = mapped_column(String(1000))
    """Why it was closed."""


class BankStatement(Stateful, Base):
    """A bank's statement that was imported, once by its bytes and never changed."""

    __tablename__ = "bank_statement"
    __table_args__ = (Index("ix_bank_statement_imported_at", "imported_at", "id"),)

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the file."""
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[int]
    """How many lines of it were new."""
    last_day: Mapped[str] = mapped_column(String(10))
    closing: Mapped[int | None] = mapped_column(Amount)
    """What it says the account holds at the end of its last day, minor units; None where it was not given."""
    imported_by: Mapped[uuid.UUID]
    imported_at: Mapped[datetime]


class BankLine(Stateful, Base):
    """One line of a bank's statement, or the bank's refusal of an order, as people said it."""

    __tablename__ = "bank_line"
    __table_args__ = (
        # One line of a statement funds or pays once; an order is said to be done by one line at a time.
        Index("uq_bank_line_serial", "serial", unique=True, sqlite_where=_COUNTS, postgresql_where=_COUNTS),
        Index(
            "uq_bank_line_order", "operation_id", unique=True, sqlite_where=_WAITS, postgresql_where=_WAITS
        ),
        Index("ix_bank_line_state", "state", "recorded_at"),
        Index("ix_bank_line_operation_id", "operation_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> recorded_by", name="persons"),
    )

    handle: Mapped[str] = mapped_column(String(26))
    """Of what it is about in the ledger: the trade's, or its own while that is not known."""
    statement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("bank_statement.id"))
    """The import that brought it; None where a person wrote it."""
    entry: Mapped[Entry]
    operation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("operation.id"))
    """What it was matched to; None where it names nothing that is known."""
    serial: Mapped[str | None] = mapped_column(String(40))
    """The bank's own number of the line; None for a refusal."""
    value_date: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency``."""
    currency: Mapped[str] = mapped_column(String(3))
    counterparty: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(200))
    """The bank's text of the line."""
    reason: Mapped[str | None] = mapped_column(String(1000))
    """Why the bank refused, or why it was set aside."""
    state: Mapped[LineState]
    recorded_by: Mapped[uuid.UUID]
    recorded_at: Mapped[datetime]
    confirmed_by: Mapped[uuid.UUID | None]
