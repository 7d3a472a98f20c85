"""What happens when nobody acts in time: jobs queued for a moment, each harmless when somebody did.

Every deadline is a signed term (days to pay, to fetch, to accept, term of use); the rule book gave the
terms their values when the contract was made. Money that is held when a deadline passes moves on: back
to the buyer when nothing was fetched, to the operator's ruling when only part was, to the provider when
the whole was and the buyer is silent.
"""

import structlog
from sqlalchemy.orm import Session

from market import clock, jobs
from market.actor import Actor
from market.db import transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.delivery.grant import GrantState
from market.steps import Kind, Step, record
from market.storage import StoreError
from market.trades import acceptance, agreement, exits, following, instalments, service
from market.trades.acceptance import AcceptanceEvent, AcceptanceState
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.decisions import undo
from market.trades.dispute import DisputeState
from market.trades.models import Dispute
from market.trades.service import Life

SYSTEM = Actor.system("deadline")
NOT_PAID = "not paid in time"
NOT_FETCHED = "not fetched in full in time"

log = structlog.get_logger()


def on_payment_deadline(number: str) -> None:
    """Cancel a trade of which nothing was paid in time; a payment that still arrives is refunded.

    Where an earlier instalment was paid, one that is late stops the delivery until it is there (R5.6).
    """
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        if not instalments.overdue(rows.settlements) or _unpaid(session, rows) is not None:
            return
        grant = delivery.grant_of(session, rows.trade.id)
        if grant.state is GrantState.CLOSED or Hold.OVERDUE.value in grant.holds:
            return
        step = service.step_of(SYSTEM, Kind.SETTLEMENT_MISSED, rows.trade)
        delivery.hold(session, step, Hold.OVERDUE, rows.trade.id)
        record(session, step)


def on_delivery_deadline(number: str) -> None:
    """Refund a paid trade of which nothing was fetched in time; let the operator rule when part was."""
    try:
        following.on_covered(number)
    except StoreError:
        log.exception("delivery.not_checked", number=number)
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        until = delivery.grant_of(session, rows.trade.id).fetch_until
        held = service.standing(session, rows).held
        if held and until is not None and until <= clock.now():
            undeliverable(session, rows, NOT_FETCHED)


def on_acceptance_deadline(number: str) -> None:
    """Deem a delivery accepted that the buyer neither accepted nor rejected in time (rule book R5.3)."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = rows.acceptance
        due = found.due_at is not None and found.due_at <= clock.now()
        if not due or found.state is not AcceptanceState.PENDING or rows.dispute is not None:
            return
        step = service.step_of(SYSTEM, Kind.ACCEPTANCE_DEEMED, rows.trade)
        found.state = acceptance.advance(found.state, AcceptanceEvent.DEEM)
        found.step_id = step.id
        jobs.queue(session, "trade.settle", number=number)
        record(session, step)


def on_term_over(number: str) -> None:
    """Let an agreement expire: its grant closes. Money still undecided is decided first, as a step of its own."""
    on_delivery_deadline(number)
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        if rows.agreement.term_until > clock.now():
            return
        if _unpaid(session, rows) is not None:
            return
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        if rows.agreement.state not in {AgreementState.ACTIVE, AgreementState.SUSPENDED}:
            return
        step = service.step_of(SYSTEM, Kind.AGREEMENT_EXPIRED, rows.trade)
        rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.EXPIRE)
        rows.agreement.step_id = step.id
        delivery.close(session, step, rows.trade.id)
        instalments.cancel(session, step, rows.settlements, later=True)
        exits.begin(session, step, rows)
        record(session, step)


def _unpaid(session: Session, rows: Life) -> Step | None:
    """Undo a trade of which no instalment was ever paid; None where one was, or nothing is due."""
    if instalments.began(rows.settlements) or not instalments.unpaid(rows.settlements):
        return None
    return undo(session, SYSTEM, rows, NOT_PAID)


def undeliverable(session: Session, rows: Life, reason: str) -> Step | None:
    """Decide a trade of which nothing more will be delivered; None when there is nothing to decide.

    What nobody fetched is undone; where part was fetched and money is held, the operator must rule.

    Args:
        session: the session of the transaction.
        rows: the locked rows of the trade.
        reason: why nothing more will be delivered.
    """
    now = service.standing(session, rows)
    waits = now.acceptance is AcceptanceState.PENDING and now.dispute is None and not now.delivered
    if not waits or now.agreement not in {AgreementState.ACTIVE, AgreementState.SUSPENDED}:
        return None
    if not now.begun:
        return undo(session, SYSTEM, rows, reason)
    if not now.held:
        return None
    step = service.step_of(SYSTEM, Kind.DISPUTE_OPENED, rows.trade)
    session.add(Dispute(trade_id=rows.trade.id, step_id=step.id, state=DisputeState.OPEN, reason=reason))
    delivery.hold(session, step, Hold.DISPUTE, rows.trade.id)
    return record(session, step, note={"reason": reason})
