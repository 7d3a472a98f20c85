"""Paying a trade by bank transfer: the buyer announces it, shows a proof, or takes the announcement back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from market import permissions
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict, MarketError, NotFound
from market.i18n import gettext as _
from market.payments import service as payments
from market.payments.bank import accounts, announcing, proofs
from market.payments.bank.announcing import Announced
from market.payments.service import Operation
from market.steps import Step
from market.trades import acts, instalments, service
from market.trades.acts import Act
from market.trades.billing import bill
from market.trades.models import Settlement
from market.trades.service import Life


@dataclass(frozen=True)
class Offered:
    """What a buyer is told of a transfer.

    Attributes:
        number: of the trade.
        announced: the transfer.
        due_at: until when the money must have come.
        step: what wrote the announcement.
    """

    number: str
    announced: Announced
    due_at: datetime
    step: Step


def announce(actor: Actor, number: str) -> Offered:
    """Choose bank transfer; a pay page that stands open is closed first. Call it outside any transaction.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation, or it is suspended.
        Conflict: nothing is due, it is paid, or bank transfer is not offered here.
        Unavailable: the pay page cannot be closed now; nothing is changed.
    """
    with read() as session:
        rows = _buying(session, actor, number)
        due = _due(session, rows)
        latest = payments.payment_of(session, due.id)
        waits = latest is not None and latest.state in announcing.WAITING
        if not (waits and latest and latest.processor is payments.Processor.BANK):
            accounts.demand_payable(session, rows.trade.provider_id, due.currency)
    if waits and latest and latest.processor is not payments.Processor.BANK:
        payments.close_page(latest.id)
    with transaction() as session:
        rows = _buying(session, actor, number, lock=True)
        due = _due(session, rows)
        announced, step = announcing.announce(session, actor, bill(rows.trade, due, len(rows.settlements)))
        return Offered(number, announced, due.due_at, step)


def withdraw(session: Session, actor: Actor, number: str) -> Step:
    """Take the announcement back, so that it can be paid otherwise.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation, or it is suspended.
        Conflict: none is announced, or money for it was seen.
    """
    rows = _buying(session, actor, number, lock=True)
    return announcing.withdraw(session, actor, payable(rows).id)


def show_proof(actor: Actor, number: str, file: FileStorage | None) -> Step:
    """Store a proof of the transfer and keep it with the payment. Call it outside any transaction.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation, or it is suspended.
        Conflict: none is announced.
        Invalid: the file is missing, empty or of another kind.
        TooLarge: it is too large.
    """
    with read() as session:
        rows = _buying(session, actor, number)
        if announcing.announced(session, payable(rows).id) is None:
            raise Conflict("payment.not_announced", _("No bank transfer is announced for this now."))
    digest, form = proofs.store(file)
    with transaction() as session:
        rows = _buying(session, actor, number, lock=True)
        return announcing.show_proof(session, actor, payable(rows).id, digest, form)


def proved(session: Session, actor: Actor, number: str) -> Operation:
    """Return the payment whose proof the actor may read: its buyer, operators and auditors.

    Raises:
        NotFound: no such trade for the actor, or no proof of it.
        Forbidden: the actor is of the provider.
    """
    rows = service.seen(session, actor, number)
    permissions.require(actor, "proof.read", service.relation_of(actor, rows.trade))
    found = [one for one in payments.operations_of(session, number) if one.proof_digest is not None]
    if not found:
        raise NotFound("proof.not_found", _("No proof of this transfer was sent."))
    return found[-1]


def chosen(session: Session, rows: Life) -> Announced | None:
    """Return the transfer that is announced for a trade, or None."""
    due = instalments.payable(rows.settlements)
    return announcing.announced(session, due.id) if due else None


def is_offered(session: Session, rows: Life) -> bool:
    """Tell whether a trade could be paid by bank transfer now."""
    try:
        accounts.demand_payable(session, rows.trade.provider_id, rows.trade.currency)
    except MarketError:
        return False
    return True


def _buying(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Life:
    rows = service.seen(session, actor, number, lock=lock)
    permissions.require(actor, "payment.begin", service.relation_of(actor, rows.trade))
    return rows


def _due(session: Session, rows: Life) -> Settlement:
    acts.demand(service.standing(session, rows), Act.PAY)
    return payable(rows)


def payable(rows: Life) -> Settlement:
    """Return what is paid next: the one place here that knows which settlement of a trade that is.

    Raises:
        Conflict: ``settlement.nothing_due``.
    """
    due = instalments.payable(rows.settlements)
    if due is None:
        raise Conflict("settlement.nothing_due", str(acts.REFUSALS["settlement.nothing_due"]))
    return due
