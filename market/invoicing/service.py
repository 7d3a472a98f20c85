"""The steps of an invoice: asked for, issued or refused, and reddened. One function, one transaction, one step each.

Each may be repeated: the same actor with the same input is answered with the step that was taken. They stand under the
rule book of the day, since tax law asks for no consent of the parties; all bear the handle of the trade.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, db, permissions, steps
from market.actor import Actor
from market.errors import Conflict, Invalid
from market.i18n import CHINA
from market.i18n import gettext as _
from market.invoicing import letters, profiles, reading, reckoning, tax
from market.invoicing.files import InvoiceFile
from market.invoicing.models import Invoice, InvoiceDocument
from market.invoicing.states import Form, InvoiceEvent, InvoiceState, Matter, advance
from market.participants import service as participants
from market.participants.models import Organisation
from market.rules import book
from market.steps import Kind, Pending, Step
from market.trades import service as trades
from market.trades.models import Settlement, Trade
from market.trades.service import Life

SYSTEM: Final = Actor.system("invoice")

REQUESTS: Final = {Matter.DATA: "invoice.request", Matter.FEE: "fee_invoice.request"}
"""The action by which the payer asks."""
ISSUES: Final = {Matter.DATA: "invoice.issue", Matter.FEE: "fee_invoice.issue"}
"""The action by which the seller answers."""

WENT_BACK: Final = "Money of this trade went back; ask again for what was left of it."
"""Why a request ends when a refund overtakes it; shown to both sides in their language."""


@dataclass(frozen=True)
class Issued:
    """What the seller brings of a document that was issued elsewhere.

    Attributes:
        number: its 20 digits.
        issued_on: the day that it bears.
        file: as it is stored.
        rate: basis points of tax; of no account on a red-letter invoice, which has the rate of the other.
    """

    number: str
    issued_on: date
    file: InvoiceFile
    rate: int


def request(
    session: Session, actor: Actor, number: str, matter: Matter, form: Form, instalment: int | None = None
) -> tuple[Invoice, Step]:
    """Ask for an invoice over what was released of an instalment, or over the platform fee on it (R8.1).

    Args:
        session: the session of the transaction.
        actor: of the organisation that paid.
        number: the trade's number.
        matter: the data or the fee.
        form: of the invoice.
        instalment: which; the earliest one that can be asked for when None.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor's organisation did not pay this.
        Conflict: nothing was released, another request lives, or the organisation has set no tax data
            (``tax_profile.missing``).
    """
    rows = trades.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, REQUESTS[matter], trades.relation_of(actor, trade))
    due = _instalment(session, rows, matter, instalment)
    given = {"matter": matter.value, "form": form.value, "instalment": due.ordinal if due else 1}
    live = _live(session, trade, matter).get(due.ordinal) if due else None
    if live is not None:
        return live, steps.repeat(session, actor, Kind.INVOICE_REQUESTED, trade.handle, given)
    amount = reckoning.demand(session, rows, due, matter)
    seller, payer = _sides(session, trade, matter)
    profile = profiles.row_of(session, payer.id)
    if profile is None:
        raise Conflict(
            "tax_profile.missing",
            _("First let an administrator of your organisation set its title and tax data for invoices."),
        )
    step = steps.begin(actor, Kind.INVOICE_REQUESTED, trade.handle)
    made = Invoice(
        id=uuid.uuid4(),
        step_id=step.id,
        trade_id=trade.id,
        number=number,
        item=trade.title,
        matter=matter,
        instalment=due.ordinal if due else 1,
        form=form,
        seller_id=seller,
        payer_id=payer.id,
        amount=amount,
        currency=trade.currency,
        title=profile.title,
        credit_code=payer.credit_code,
        address=profile.address,
        phone=profile.phone,
        bank=profile.bank,
        bank_account=profile.bank_account,
        email=profile.email,
        state=InvoiceState.REQUESTED,
        owed=0,
        rules=step.rules,
        requested_at=step.time,
        due_at=_due(step),
    )
    session.add(made)
    letters.ask(session, made)
    return made, steps.record(session, step, given=given)


def may_answer(session: Session, actor: Actor, invoice_id: uuid.UUID) -> None:
    """Refuse who may not answer a request, before a file is read.

    Raises:
        NotFound: no such invoice, or not one of the actor's.
        Forbidden: the actor is not of the seller's people.
    """
    found = reading.seen(session, actor, invoice_id)
    trade = trades.seen(session, actor, found.number).trade
    permissions.require(actor, ISSUES[found.matter], trades.relation_of(actor, trade))


def issue(session: Session, actor: Actor, invoice_id: uuid.UUID, brought: Issued) -> tuple[Invoice, Step]:
    """Enter the invoice that was issued for a request (R8.1, R8.2); its tax is reckoned out of the amount.

    Raises:
        NotFound: no such invoice, or not one of the actor's.
        Forbidden: the actor is not of the seller's people.
        Invalid: ``invoice.later``, ``invoice.too_early``: the day cannot be.
        Conflict: it was answered otherwise, the number is used already (``invoice.number_used``), or a refund is under
            way (``invoice.amount_changed``).
    """
    rows, found = _answering(session, actor, invoice_id)
    given = _given(found, brought, rate=brought.rate)
    if made := steps.taken(session, actor, Kind.INVOICE_ISSUED, rows.trade.handle, given):
        return found, made
    state = advance(found.state, InvoiceEvent.ISSUE)
    due = reckoning.instalment(rows, found.instalment)
    if reckoning.billable(session, rows, due).of(found.matter) != found.amount:
        raise Conflict(
            "invoice.amount_changed",
            _(
                "Money of this trade is on its way back. Wait until it is there, and let it be asked for again."
            ),
        )
    _demand_day(brought.issued_on, rows.trade.began_at.astimezone(CHINA).date())
    _demand_fresh(session, brought.number)
    step = steps.begin(actor, Kind.INVOICE_ISSUED, rows.trade.handle)
    found.state, found.due_at, found.step_id = state, None, step.id
    session.add(_document(step, found, brought, 0, tax.taxed(found.amount, brought.rate)))
    letters.answer(session, found)
    return found, steps.record(session, step, given=given)


def refuse(session: Session, actor: Actor, invoice_id: uuid.UUID, reason: str) -> tuple[Invoice, Step]:
    """Refuse a request with a reason (R8.1); the payer may ask again.

    Raises:
        NotFound: no such invoice, or not one of the actor's.
        Forbidden: the actor is not of the seller's people.
        Conflict: it was answered otherwise.
    """
    rows, found = _answering(session, actor, invoice_id)
    given = {"invoice": str(found.id), "reason": reason}
    if made := steps.taken(session, actor, Kind.INVOICE_REFUSED, rows.trade.handle, given):
        return found, made
    return found, _refuse(session, actor, rows.trade, found, reason, given)


def redden(session: Session, actor: Actor, invoice_id: uuid.UUID, brought: Issued) -> tuple[Invoice, Step]:
    """Enter the red-letter invoice over all that went back and was not reddened yet (R8.3).

    Raises:
        NotFound: no such invoice, or not one of the actor's.
        Forbidden: the actor is not of the seller's people.
        Invalid: ``invoice.later``, ``invoice.too_early``: the day cannot be.
        Conflict: none is owed, or the number is used already (``invoice.number_used``).
    """
    rows, found = _answering(session, actor, invoice_id)
    given = _given(found, brought)
    if made := steps.taken(session, actor, Kind.INVOICE_REDDENED, rows.trade.handle, given):
        return found, made
    state = advance(found.state, InvoiceEvent.REDDEN)
    documents = reading.documents(session, found.id)
    blue, before = documents[0], sum(red.amount for red in documents[1:])
    _demand_day(brought.issued_on, date.fromisoformat(blue.issued_on))
    _demand_fresh(session, brought.number)
    step = steps.begin(actor, Kind.INVOICE_REDDENED, rows.trade.handle)
    found.state, found.due_at, found.step_id = state, None, step.id
    divided = tax.reddened(found.owed - before, before, blue.rate)
    session.add(_document(step, found, brought, len(documents), divided))
    letters.answer(session, found)
    return found, steps.record(session, step, given=given)


def on_refunded(number: str) -> None:
    """Job: look at the invoices of a trade after money of it went back.

    A request that was not answered ends, since its amount is no longer right; of what was issued, as much must be
    reddened as went back (R8.3). Each is a step of its own, and a repetition finds nothing to do.
    """
    with db.transaction() as session:
        rows = trades.life(session, number, lock=True)
        query = select(Invoice).where(
            Invoice.trade_id == rows.trade.id, Invoice.state != InvoiceState.REFUSED
        )
        for found in session.scalars(query.order_by(Invoice.requested_at, Invoice.id).with_for_update()):
            paid = reckoning.kept(session, rows, reckoning.instalment(rows, found.instalment))
            over = found.amount - paid.of(found.matter)
            if found.state is InvoiceState.REQUESTED:
                if over:
                    _refuse(session, SYSTEM, rows.trade, found, WENT_BACK, None)
            elif over > found.owed:
                _owe(session, rows.trade, found, over)


def _owe(session: Session, trade: Trade, found: Invoice, over: int) -> None:
    step = steps.begin(SYSTEM, Kind.INVOICE_REDUCED, trade.handle)
    if found.state is not InvoiceState.RED_OWED:
        found.state = advance(found.state, InvoiceEvent.OWE)
        found.due_at = _due(step)
    found.owed, found.step_id = over, step.id
    letters.ask(session, found)
    steps.record(session, step)


def _refuse(
    session: Session, actor: Actor, trade: Trade, found: Invoice, reason: str, given: dict[str, str] | None
) -> Step:
    state = advance(found.state, InvoiceEvent.REFUSE)
    step = steps.begin(actor, Kind.INVOICE_REFUSED, trade.handle)
    found.state, found.reason, found.due_at, found.step_id = state, reason, None, step.id
    letters.answer(session, found)
    return steps.record(session, step, given=dict(given) if given else None, note={"reason": reason})


def _answering(session: Session, actor: Actor, invoice_id: uuid.UUID) -> tuple[Life, Invoice]:
    """Return the rows of an invoice that the actor may answer, locked: the trade's first, as everywhere."""
    number = reading.seen(session, actor, invoice_id).number
    rows = trades.seen(session, actor, number, lock=True)
    found = db.locked(session, Invoice, invoice_id)
    permissions.require(actor, ISSUES[found.matter], trades.relation_of(actor, rows.trade))
    return rows, found


def _instalment(session: Session, rows: Life, matter: Matter, ordinal: int | None) -> Settlement | None:
    """Return the instalment that an invoice is asked over; the last one asked over where there is nothing new."""
    if ordinal is not None:
        return reckoning.instalment(rows, ordinal)
    live = _live(session, rows.trade, matter)
    open_ = [one for one in rows.settlements if one.ordinal not in live]
    ready = [one for one in open_ if reckoning.billable(session, rows, one).of(matter)]
    if ready:
        return ready[0]
    return reckoning.instalment(rows, max(live, default=1))


def _live(session: Session, trade: Trade, matter: Matter) -> dict[int, Invoice]:
    """Return the invoices for a matter that live, by their instalment."""
    query = select(Invoice).where(
        Invoice.trade_id == trade.id, Invoice.matter == matter, Invoice.state != InvoiceState.REFUSED
    )
    return {one.instalment: one for one in session.scalars(query)}


def _sides(session: Session, trade: Trade, matter: Matter) -> tuple[uuid.UUID, Organisation]:
    """Return who sells and who pays in a matter."""
    if matter is Matter.DATA:
        return trade.provider_id, participants.found(session, trade.buyer_id)
    operator = participants.operator(session)
    assert operator is not None  # noqa: S101 - no trade comes about before the exchange is founded
    return operator.id, participants.found(session, trade.provider_id)


def _document(
    step: Pending, found: Invoice, brought: Issued, place: int, divided: tax.Taxed
) -> InvoiceDocument:
    return InvoiceDocument(
        id=uuid.uuid4(),
        step_id=step.id,
        invoice_id=found.id,
        place=place,
        number=brought.number,
        issued_on=brought.issued_on.isoformat(),
        amount=divided.gross,
        tax=divided.tax,
        rate=divided.rate,
        format=brought.file.format,
        digest=brought.file.blob.digest,
        size=brought.file.blob.size,
        kept_at=step.time,
    )


def _given(found: Invoice, brought: Issued, **more: int) -> dict[str, str | int]:
    return {
        "invoice": str(found.id),
        "number": brought.number,
        "issued_on": brought.issued_on.isoformat(),
        "file": brought.file.blob.digest,
        **more,
    }


def _due(step: Pending) -> datetime:
    return step.time + timedelta(days=book(step.rules).value("invoice.days"))


def _demand_day(day: date, earliest: date) -> None:
    """Refuse a day that lies ahead in China, or before what the document is about."""
    if day > clock.now().astimezone(CHINA).date():
        sentence = _("This day lies ahead. Write the day that stands on the invoice.")
        raise Invalid("invoice.later", sentence, fields={"issued_on": [sentence]})
    if day < earliest:
        sentence = _("This day is too early; not before %(day)s.", day=earliest.isoformat())
        raise Invalid("invoice.too_early", sentence, fields={"issued_on": [sentence]})


def _demand_fresh(session: Session, number: str) -> None:
    if session.scalar(select(InvoiceDocument.id).where(InvoiceDocument.number == number)):
        raise Conflict(
            "invoice.number_used", _("An invoice with this number is entered already. Check the number.")
        )
