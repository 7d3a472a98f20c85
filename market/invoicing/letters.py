"""Letters about invoices: to the seller what is to be issued, to the payer what became of the request.

Each letter is a job of its own, written in the transaction of its step. The payer's goes to the address that its tax
data name for the delivery of invoices. Nothing is sent that is no longer true.
"""

import uuid

from sqlalchemy.orm import Session

from market import config, jobs, mail
from market.actor import Role
from market.db import read
from market.i18n import lazy
from market.invoicing.models import Invoice
from market.invoicing.states import TO_ISSUE, InvoiceState, Matter
from market.participants import members
from market.participants import service as participants

SELLERS = {Matter.DATA: Role.PROVIDER, Matter.FEE: Role.OPERATOR}
"""The role of those who issue."""

MATTERS = {Matter.DATA: lazy("Data"), Matter.FEE: lazy("Platform fee")}
"""The reader's word for each matter."""


def ask(session: Session, invoice: Invoice) -> None:
    """Tell the seller's people, within the step, that an invoice or a red-letter one is to be issued."""
    for user_id in members.acting(session, invoice.seller_id, SELLERS[invoice.matter]):
        jobs.queue(
            session,
            "invoice.asked",
            invoice_id=invoice.id,
            state=invoice.state.value,
            user_id=user_id,
        )


def answer(session: Session, invoice: Invoice) -> None:
    """Tell the payer, within the step, what became of its request."""
    jobs.queue(session, "invoice.answered", invoice_id=invoice.id, state=invoice.state.value)


def on_asked(invoice_id: str, state: str, user_id: str) -> None:
    """Job: tell one of the seller's people what is to be issued, unless it was meanwhile.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    with read() as session:
        row = session.get_one(Invoice, uuid.UUID(invoice_id))
        to = members.address(session, uuid.UUID(user_id), [row.seller_id])
    if to is None or row.state.value != state or row.state not in TO_ISSUE:
        return
    mail.send(
        to,
        "invoice_asked",
        number=row.number,
        red=row.state is InvoiceState.RED_OWED,
        matter=MATTERS[row.matter],
        title=row.title,
        until=row.due_at,
        link=_link(row),
    )


def on_answered(invoice_id: str, state: str) -> None:
    """Job: tell the payer, at its address for invoices, what became of its request.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    with read() as session:
        row = session.get_one(Invoice, uuid.UUID(invoice_id))
        name = participants.names(session, {row.seller_id})[row.seller_id]
    if not row.email or row.state.value != state:
        return
    mail.send(
        row.email,
        "invoice_answered",
        number=row.number,
        state=row.state.value,
        matter=MATTERS[row.matter],
        seller=name,
        reason=row.reason,
        link=_link(row),
    )


def _link(row: Invoice) -> str:
    return f"{config.current().base_url.rstrip('/')}/invoices/{row.id}"
