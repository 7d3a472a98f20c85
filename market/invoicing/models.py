"""An organisation's data for invoices, the invoices asked for, and what was issued for each."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Amount, Base
from market.invoicing.files import FileFormat
from market.invoicing.states import Form, InvoiceState, Matter
from market.steps import Stateful

_LIVE = text("state <> 'REFUSED'")
_OWN: Final = {"personal": "organisation_id"}
_PAYERS: Final = {"personal": "payer_id"}


class TaxProfile(Stateful, Base):
    """What an organisation wants on invoices made out to it; its credit code is that of the verified organisation.

    All but the title is committed to apart from the row, so that a bundle can leave it out.
    """

    __tablename__ = "tax_profile"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    """抬头: the buyer's name on the invoice."""
    address: Mapped[str] = mapped_column(String(200), info=_OWN)
    phone: Mapped[str] = mapped_column(String(40), info=_OWN)
    bank: Mapped[str] = mapped_column(String(100), info=_OWN)
    bank_account: Mapped[str] = mapped_column(String(40), info=_OWN)
    email: Mapped[str] = mapped_column(String(254), info=_OWN)
    """Where invoices are delivered to."""
    changed_at: Mapped[datetime]


class Invoice(Stateful, Base):
    """An invoice that was asked for, with the payer's data as they were then.

    At most one lives for each matter of an instalment.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index(
            "uq_invoice_live",
            "trade_id",
            "matter",
            "instalment",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_invoice_seller", "seller_id", "requested_at"),
        Index("ix_invoice_payer", "payer_id", "requested_at"),
        Index("ix_invoice_due_at", "due_at"),
        CheckConstraint("amount > 0 AND owed >= 0 AND owed <= amount", name="amount"),
    )

    trade_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trade.id"))
    number: Mapped[str] = mapped_column(String(11), index=True)
    """The trade's number."""
    item: Mapped[str] = mapped_column(String(200))
    """What was sold: the trade's title."""
    matter: Mapped[Matter]
    instalment: Mapped[int]
    """Which instalment of the price it is over: 1, 2, …; 1 where the price is paid at once."""
    form: Mapped[Form]
    seller_id: Mapped[uuid.UUID]
    payer_id: Mapped[uuid.UUID]
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of ``currency``, tax included."""
    currency: Mapped[str] = mapped_column(String(3))
    title: Mapped[str] = mapped_column(String(100))
    credit_code: Mapped[str] = mapped_column(String(18))
    address: Mapped[str] = mapped_column(String(200), info=_PAYERS)
    phone: Mapped[str] = mapped_column(String(40), info=_PAYERS)
    bank: Mapped[str] = mapped_column(String(100), info=_PAYERS)
    bank_account: Mapped[str] = mapped_column(String(40), info=_PAYERS)
    email: Mapped[str] = mapped_column(String(254), info=_PAYERS)
    state: Mapped[InvoiceState]
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was refused."""
    owed: Mapped[int] = mapped_column(Amount)
    """Minor units that went back after it was issued, and so must be reddened altogether."""
    rules: Mapped[int]
    """Version of the rule book under which it was asked for."""
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """Until when the seller must act; None when nothing is to be done."""


class InvoiceDocument(Stateful, Base):
    """A document that was issued elsewhere: the invoice itself (place 0) or a red-letter one; never changed."""

    __tablename__ = "invoice_document"
    __table_args__ = (
        UniqueConstraint("invoice_id", "place"),
        CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name="amount"),
    )

    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoice.id"))
    place: Mapped[int]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    """The 20 digits of a fully digital invoice (数电票)."""
    issued_on: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(Amount)
    """Minor units of the invoice's currency, tax included; of a red-letter one, what it takes back."""
    tax: Mapped[int] = mapped_column(Amount)
    """Minor units of it that are tax."""
    rate: Mapped[int]
    """Basis points of the amount without tax."""
    format: Mapped[FileFormat]
    digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    """SHA-256 of the file."""
    size: Mapped[int]
    kept_at: Mapped[datetime]
