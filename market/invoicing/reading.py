"""Finding invoices: who may see one, those of a trade, the list of one's own, and what one of them says."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from market import clock, permissions
from market.actor import Actor, Role
from market.errors import NotFound
from market.i18n import gettext as _
from market.invoicing import reckoning, tax
from market.invoicing.models import Invoice, InvoiceDocument
from market.invoicing.states import TO_ISSUE, InvoiceState, Matter
from market.paging import Beginning, Page, beginning, page
from market.participants import service as participants
from market.permissions import Relation
from market.steps import Step, index_of
from market.trades import service as trades
from market.trades.service import Life

ASKS: Mapping[Matter, tuple[str, Relation]] = {
    Matter.DATA: ("invoice.request", Relation.BUYER),
    Matter.FEE: ("fee_invoice.request", Relation.PROVIDER),
}
"""By which action, and as what, an invoice for each matter is asked for."""


class View(StrEnum):
    """Which invoices a list shows."""

    ALL = "all"
    TO_ISSUE = "to_issue"
    """Those that the actor's organisation must issue."""
    REQUESTED = "requested"
    """Those that were asked for and not answered."""
    ISSUED = "issued"
    OVERDUE = "overdue"
    """Those that the seller did not issue in time."""


@dataclass(frozen=True)
class Detail:
    """One invoice with what belongs to it.

    Attributes:
        invoice: the row.
        documents: what was issued: the invoice, then its red-letter ones.
        names: of seller and payer, by language.
        seller_code: the seller's unified social credit code.
        may_answer: whether the actor may issue, refuse or redden it, as it stands.
    """

    invoice: Invoice
    documents: list[InvoiceDocument]
    names: Mapping[uuid.UUID, Mapping[str, str]]
    seller_code: str
    may_answer: bool

    @property
    def late(self) -> bool:
        """Whether the seller's time is over."""
        return is_late(self.invoice, clock.now())

    @property
    def red_left(self) -> int:
        """Minor units that are still to be reddened."""
        return self.invoice.owed - sum(red.amount for red in self.documents[1:])


@dataclass(frozen=True)
class Ask:
    """An invoice that the actor's organisation can ask for.

    Attributes:
        matter: what for.
        instalment: which instalment of the price it is over.
        amount: minor units, tax included.
        may: whether the actor's role includes asking.
    """

    matter: Matter
    instalment: int
    amount: int
    may: bool


def is_late(invoice: Invoice, now: datetime) -> bool:
    """Tell whether the seller's time to issue is over."""
    return invoice.due_at is not None and invoice.due_at < now


def seen(session: Session, actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Return an invoice between the actor's organisation and another, or any for operator and auditor.

    Raises:
        NotFound: there is none, or the actor may not know of it; the answer is the same.
    """
    found = session.scalars(_visible(actor).where(Invoice.id == invoice_id)).one_or_none()
    if found is None:
        raise NotFound("invoice.not_found", _("There is no such invoice."))
    return found


def detail(session: Session, actor: Actor, invoice_id: uuid.UUID) -> Detail:
    """Return one invoice with what belongs to it.

    Raises:
        NotFound: as :func:`seen`.
    """
    return _detailed(session, actor, seen(session, actor, invoice_id))


def document(session: Session, actor: Actor, invoice_id: uuid.UUID, place: int) -> InvoiceDocument:
    """Return a document of an invoice.

    Raises:
        NotFound: no such invoice for the actor, or no such document of it.
    """
    found = documents(session, seen(session, actor, invoice_id).id)
    if not 0 <= place < len(found):
        raise NotFound("invoice.no_document", _("This invoice has no such document."))
    return found[place]


def documents(session: Session, invoice_id: uuid.UUID) -> list[InvoiceDocument]:
    """Return what was issued for an invoice, in order: the invoice itself, then its red-letter ones."""
    query = select(InvoiceDocument).where(InvoiceDocument.invoice_id == invoice_id)
    return list(session.scalars(query.order_by(InvoiceDocument.place)))


def of_trade(session: Session, actor: Actor, number: str) -> tuple[Life, list[Detail], list[Ask]]:
    """Return a trade with its invoices that the actor may see, the oldest first, and those that can be asked for.

    Raises:
        NotFound: no such trade, or not one of the actor's.
    """
    rows = trades.seen(session, actor, number)
    query = _visible(actor).where(Invoice.trade_id == rows.trade.id)
    found = list(session.scalars(query.order_by(Invoice.requested_at, Invoice.id)))
    return rows, [_detailed(session, actor, one) for one in found], _asks(session, actor, rows, found)


def listed(session: Session, actor: Actor, view: View, cursor: str | None) -> Page[Invoice]:
    """Return one page of the invoices of the actor's organisation, the newest first; staff see all.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    query = _visible(actor)
    if view is View.TO_ISSUE:
        query = query.where(Invoice.seller_id == actor.organisation_id, Invoice.state.in_(TO_ISSUE))
    elif view is View.REQUESTED:
        query = query.where(Invoice.state == InvoiceState.REQUESTED)
    elif view is View.ISSUED:
        query = query.where(Invoice.state.not_in((InvoiceState.REQUESTED, InvoiceState.REFUSED)))
    elif view is View.OVERDUE:
        query = query.where(Invoice.due_at < clock.now())
    return page(session, query, Invoice.requested_at, Invoice.id, cursor)


def waiting(session: Session, actor: Actor) -> Beginning[Row[Invoice, datetime]]:
    """Return the invoices that the actor must issue, and for an operator all that are overdue, each with since when.

    The nearest deadline first.
    """
    sells = permissions.allowed(actor, "invoice.issue", Relation.PROVIDER)
    operates = permissions.allowed(actor, "fee_invoice.issue", Relation.OTHER)
    if not (sells or operates):
        return Beginning([], 0)
    own = Invoice.seller_id == actor.organisation_id
    mine = or_(own, Invoice.due_at < clock.now()) if operates else own
    query = select(Invoice, Step.time).join(Step, Step.id == Invoice.step_id)
    query = query.where(Invoice.state.in_(TO_ISSUE), mine)
    return beginning(session, query, Invoice.due_at, Invoice.id)


def row(one: Invoice) -> dict[str, Any]:
    """Return what the API shows of an invoice in a list."""
    return {
        "id": one.id,
        "trade": one.number,
        "matter": one.matter.value,
        "instalment": one.instalment,
        "form": one.form.value,
        "state": one.state.value,
        "amount": one.amount,
        "currency": one.currency,
        "seller_id": one.seller_id,
        "payer_id": one.payer_id,
        "title": one.title,
        "requested_at": one.requested_at,
        "due_at": one.due_at,
        "overdue": is_late(one, clock.now()),
    }


def shown(session: Session, found: Detail) -> dict[str, Any]:
    """Return what the API shows of an invoice."""
    invoice = found.invoice
    payer = "credit_code", "address", "phone", "bank", "bank_account", "email"
    return {
        **row(invoice),
        **{name: getattr(invoice, name) for name in payer},
        "seller_credit_code": found.seller_code,
        "red_owed": found.red_left,
        "reason": invoice.reason,
        "documents": [_document(session, found, one) for one in found.documents],
    }


def _document(session: Session, found: Detail, one: InvoiceDocument) -> dict[str, Any]:
    return {
        "place": one.place,
        "number": one.number,
        "refers_to": found.documents[0].number if one.place else None,
        "issued_on": one.issued_on,
        "amount": one.amount,
        "net": one.amount - one.tax,
        "tax": one.tax,
        "rate": tax.percent(one.rate),
        "format": one.format.value,
        "digest": one.digest,
        "size": one.size,
        "entry_id": one.step_id,
        "index": index_of(session, one.step_id),
    }


def _asks(session: Session, actor: Actor, rows: Life, found: list[Invoice]) -> list[Ask]:
    """Return what the actor's side of a trade paid and has not asked an invoice for."""
    relation = trades.relation_of(actor, rows.trade)
    live = {(one.matter, one.instalment) for one in found if one.state is not InvoiceState.REFUSED}
    asks = []
    for due in rows.settlements:
        paid = reckoning.billable(session, rows, due)
        asks += [
            Ask(matter, due.ordinal, paid.of(matter), permissions.allowed(actor, action, relation))
            for matter, (action, side) in ASKS.items()
            if side is relation
            and (matter, due.ordinal) not in live
            and paid.of(matter)
            and due.currency == reckoning.CURRENCY
        ]
    return asks


def _detailed(session: Session, actor: Actor, found: Invoice) -> Detail:
    may = permissions.allowed(actor, *_issuer(actor, found))
    return Detail(
        invoice=found,
        documents=documents(session, found.id),
        names=participants.names(session, {found.seller_id, found.payer_id}),
        seller_code=participants.found(session, found.seller_id).credit_code,
        may_answer=may and found.state in TO_ISSUE,
    )


def _issuer(actor: Actor, found: Invoice) -> tuple[str, Relation]:
    """Return the action by which an invoice is answered, and how the actor's organisation stands to its trade."""
    if found.matter is Matter.FEE:
        payer = actor.organisation_id == found.payer_id
        return "fee_invoice.issue", Relation.PROVIDER if payer else Relation.OTHER
    sides = {found.seller_id: Relation.PROVIDER, found.payer_id: Relation.BUYER}
    own = actor.organisation_id
    return "invoice.issue", sides.get(own, Relation.OTHER) if own else Relation.OTHER


def _visible(actor: Actor) -> Select[Invoice]:
    wanted = select(Invoice)
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return wanted
    own = actor.organisation_id
    return wanted.where(or_(Invoice.seller_id == own, Invoice.payer_id == own))
