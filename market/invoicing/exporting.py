"""What was asked for and issued in a month, as a table for the tax system.

A request stands in the month in which it was made, until it is answered; a document in the month whose day it bears.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.money import Money
from market import permissions, sheets
from market.actor import Actor, Role
from market.i18n import CHINA
from market.invoicing import reading, tax
from market.invoicing.models import Invoice, InvoiceDocument
from market.invoicing.states import InvoiceState
from market.participants import service as participants
from market.payments.months import Month
from market.permissions import Relation

COLUMNS: Final = (
    "trade", "item", "matter", "form", "state", "seller", "seller_credit_code", "title", "credit_code", "address",
    "phone", "bank", "bank_account", "email", "requested_on", "due_on", "number", "refers_to", "issued_on", "currency",
    "amount", "net", "tax", "rate_percent", "file_sha256",
)  # fmt: skip
"""What the columns are called; programs of the tax system map them by these names."""


def exported(session: Session, actor: Actor, month: str) -> str:
    """Return the table of what the actor's organisation sells: requests that wait, and documents of a month.

    Args:
        session: a session.
        actor: somebody of the seller who issues invoices.
        month: such as ``2026-12``, in China.

    Raises:
        Forbidden: the actor issues no invoices.
        Invalid: ``month.invalid``.
    """
    permissions.require(actor, "invoice.export", Relation.OTHER if actor.has(Role.OPERATOR) else Relation.OWN)
    span = Month.parse(month)
    return sheets.text([COLUMNS, *_rows(session, actor, span)])


def _rows(session: Session, actor: Actor, month: Month) -> Iterator[list[str]]:
    own = select(Invoice).where(Invoice.seller_id == actor.organisation_id)
    asked = own.where(
        Invoice.state == InvoiceState.REQUESTED,
        Invoice.requested_at >= month.begin,
        Invoice.requested_at < month.end,
    )
    for invoice in session.scalars(asked.order_by(Invoice.requested_at, Invoice.id)):
        amounts = (_decimal(invoice.amount, invoice.currency, 1), "", "", "")
        yield _line(session, invoice, ("", "", ""), amounts, "")
    issued = (
        select(InvoiceDocument)
        .join(Invoice, Invoice.id == InvoiceDocument.invoice_id)
        .where(Invoice.seller_id == actor.organisation_id, InvoiceDocument.issued_on.startswith(str(month)))
    )
    for one in session.scalars(issued.order_by(InvoiceDocument.issued_on, InvoiceDocument.number)):
        invoice = session.get_one(Invoice, one.invoice_id)
        blue = reading.documents(session, invoice.id)[0].number if one.place else ""
        sign = -1 if one.place else 1
        amounts = (
            _decimal(one.amount, invoice.currency, sign),
            _decimal(one.amount - one.tax, invoice.currency, sign),
            _decimal(one.tax, invoice.currency, sign),
            tax.percent(one.rate),
        )
        yield _line(session, invoice, (one.number, blue, one.issued_on), amounts, one.digest)


def _line(
    session: Session,
    invoice: Invoice,
    issued: tuple[str, str, str],
    amounts: tuple[str, str, str, str],
    digest: str,
) -> list[str]:
    seller = participants.found(session, invoice.seller_id)
    said = (
        invoice.number, invoice.item, invoice.matter.value, invoice.form.value,
        invoice.state.value, seller.name_zh, seller.credit_code, invoice.title, invoice.credit_code, invoice.address,
        invoice.phone, invoice.bank, invoice.bank_account, invoice.email, _day(invoice.requested_at),
        _day(invoice.due_at), *issued, invoice.currency,
    )  # fmt: skip
    return [*said, *amounts, digest]


def _day(moment: datetime | None) -> str:
    return moment.astimezone(CHINA).date().isoformat() if moment else ""


def _decimal(minor: int, currency: str, sign: int) -> str:
    return ("-" if sign < 0 and minor else "") + Money(minor, currency).figures()
