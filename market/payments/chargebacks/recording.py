"""What the platform says of a chargeback, each change one step with the postings of the money that moved.

Every function may be called late, twice or by two at once, with an object that is older than what is recorded:
the payment is locked first, and what a chargeback has taken is booked as the difference to what is booked already,
so that the order in which it was heard of does not show.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import jobs, steps
from market.actor import Actor
from market.db import locked, transaction
from market.payments import books
from market.payments.chargebacks import reading
from market.payments.chargebacks.states import (
    PENDING,
    SAID,
    ChargebackEvent,
    ChargebackState,
    advance,
)
from market.payments.models import Chargeback, Operation
from market.payments.outcomes import CHARGED_BACK, next_look, plan_return
from market.payments.states import OperationEvent, OperationState
from market.payments.states import advance as advance_operation
from market.payments.stripe import Dispute
from market.steps import Kind, Pending

SYSTEM: Final = Actor.system("payments")
OPENED, OVER = "chargeback.opened", "chargeback.over"
"""Jobs by which the rooms above follow."""

_ENDS: Final = {
    ChargebackState.WON: (ChargebackEvent.WIN, Kind.CHARGEBACK_WON),
    ChargebackState.CLOSED: (ChargebackEvent.CLOSE, Kind.CHARGEBACK_CLOSED),
}

log = structlog.get_logger()


def of_dispute(session: Session, stripe_id: str) -> Chargeback | None:
    """Return what is recorded of the platform's object, or None before the first look."""
    return session.scalars(select(Chargeback).where(Chargeback.stripe_id == stripe_id)).one_or_none()


def opened(paid: Operation, seen: Dispute) -> None:
    """Record ``chargeback.opened``: from now on nothing of the payment leaves."""
    with transaction() as session:
        operation = locked(session, Operation, paid.id)
        if of_dispute(session, seen.id) is not None:
            return
        step = steps.begin(SYSTEM, Kind.CHARGEBACK_OPENED, operation.handle, version=operation.rules)
        row = Chargeback(
            id=uuid.uuid4(),
            step_id=step.id,
            operation_id=operation.id,
            handle=operation.handle,
            number=operation.number,
            settlement_id=operation.settlement_id,
            stripe_id=seen.id,
            state=_first(seen),
            reason=seen.reason[:100],
            amount=seen.amount,
            currency=seen.currency.upper(),
            withdrawn=0,
            fee=0,
            covered=0,
            borne=0,
            rules=operation.rules,
            opened_at=step.time,
            due_at=_due(seen),
            attempt=0,
        )
        session.add(row)
        session.flush()
        _take(session, step, operation, row, seen)
        jobs.queue(session, "chargeback.look", due_at=next_look(), chargeback_id=row.id)
        _follow(session, OPENED, operation, row)
        steps.record(session, step, note={"amount": row.amount, "reason": row.reason})


def changed(stripe_id: str, seen: Dispute) -> None:
    """Record ``chargeback.changed``: money was taken or given back, the bank asks for more, or has more time."""
    with _step(stripe_id, Kind.CHARGEBACK_CHANGED) as begun:
        if begun is None:
            return
        session, step, operation, row = begun
        escalates = row.state is ChargebackState.INQUIRY and SAID.get(seen.status) is ChargebackState.OPEN
        now = (seen.withdrawn, seen.fee, seen.amount, _due(seen) or row.due_at)
        if row.state not in PENDING or not (
            escalates or now != (row.withdrawn, row.fee, row.amount, row.due_at)
        ):
            return
        if escalates:
            row.state = advance(row.state, ChargebackEvent.ESCALATE)
            _follow(session, OPENED, operation, row)
        row.amount, row.due_at = seen.amount, _due(seen) or row.due_at
        _take(session, step, operation, row, seen)
        row.step_id = step.id
        steps.record(session, step)


def ended(stripe_id: str, seen: Dispute) -> None:
    """Record that it is over without a loss: what waited goes on where it stood.

    One that is won is over once its money is back, not before.
    """
    event, kind = _ENDS[SAID[seen.status]]
    with _step(stripe_id, kind) as begun:
        if begun is None:
            return
        session, step, operation, row = begun
        if row.state not in PENDING or row.withdrawn:
            return
        row.state = advance(row.state, event)
        row.step_id = step.id
        for one in reading.waiting(session, operation.id):
            job = "payment.perform" if one.state is OperationState.PLANNED else "payment.retry"
            jobs.queue(session, job, operation_id=one.id)
        _follow(session, OVER, operation, row)
        steps.record(session, step)


def lost(stripe_id: str) -> None:
    """Record ``chargeback.lost``: what is still held covers it, and what was to leave does not any more.

    Call it only when every movement that waits was looked up at the platform and none of them was made.
    """
    with _step(stripe_id, Kind.CHARGEBACK_LOST) as begun:
        if begun is None:
            return
        session, step, operation, row = begun
        if row.state not in PENDING:
            return
        account = books.holder_of(operation)
        held = books.held(session, operation, account)
        row.covered = min(row.withdrawn, held)
        row.state = advance(row.state, ChargebackEvent.LOSE)
        if operation.state is OperationState.STRAY:
            # Nothing follows from money that funded nothing: what went back already is lost twice.
            row.borne = row.withdrawn - row.covered
        row.step_id = step.id
        for one in reading.waiting(session, operation.id):
            _give_up(session, step, one)
        if operation.state is OperationState.STRAY and held > row.covered:
            plan_return(session, step, operation, held - row.covered, row.currency)
        lines = [
            (account, books.dispute_of(row.number), row.covered),
            (books.LOSS, books.dispute_of(row.number), row.borne),
        ]
        books.charged_back(session, step, operation, row, lines)
        _follow(session, OVER, operation, row)
        steps.record(session, step, note={"covered": row.covered})


def bear(session: Session, actor: Actor, chargeback_id: uuid.UUID, amount: int) -> None:
    """Record ``chargeback.borne``, in the caller's transaction: nobody owes this part of a loss but the exchange.

    Args:
        session: the session of the transaction.
        actor: the exchange's own job.
        chargeback_id: a lost one.
        amount: minor units.
    """
    row = locked(session, Chargeback, chargeback_id)
    operation = session.get_one(Operation, row.operation_id)
    step = steps.begin(actor, Kind.CHARGEBACK_BORNE, row.handle, version=row.rules)
    row.borne += amount
    row.step_id = step.id
    books.charged_back(session, step, operation, row, [(books.LOSS, books.dispute_of(row.number), amount)])
    steps.record(session, step, note={"amount": amount})


def _first(seen: Dispute) -> ChargebackState:
    """Return where a chargeback begins that is heard of now, however far it is already."""
    return ChargebackState.INQUIRY if seen.status.startswith("warning_") else ChargebackState.OPEN


def _due(seen: Dispute) -> datetime | None:
    return datetime.fromtimestamp(seen.due_by, UTC) if seen.due_by else None


def _take(session: Session, step: Pending, operation: Operation, row: Chargeback, seen: Dispute) -> None:
    """Book what was taken or given back since the last look."""
    suspense = books.dispute_of(row.number)
    lines = [
        books.between(suspense, books.CLEARING, seen.withdrawn - row.withdrawn),
        books.between(books.PSP_FEES, books.CLEARING, seen.fee - row.fee),
    ]
    row.withdrawn, row.fee = seen.withdrawn, seen.fee
    books.charged_back(session, step, operation, row, lines)


def _give_up(session: Session, step: Pending, found: Operation) -> None:
    """Let a movement not be made any more: its money is gone another way."""
    one = locked(session, Operation, found.id)
    if one.state is OperationState.PLANNED:
        one.state = advance_operation(one.state, OperationEvent.FAIL)
    one.failure = CHARGED_BACK
    one.step_id = step.id


@contextmanager
def _step(stripe_id: str, kind: Kind) -> Iterator[tuple[Session, Pending, Operation, Chargeback] | None]:
    """Open a transaction with the payment and the chargeback locked, under a begun step; None if it is not known."""
    with transaction() as session:
        known = of_dispute(session, stripe_id)
        if known is None:
            yield None
            return
        operation = locked(session, Operation, known.operation_id)
        row = locked(session, Chargeback, known.id)
        yield session, steps.begin(SYSTEM, kind, row.handle, version=row.rules), operation, row


def _follow(session: Session, name: str, operation: Operation, row: Chargeback) -> None:
    """Queue what follows in the rooms above; nothing follows from money that funded nothing."""
    if operation.state is OperationState.OK:
        jobs.queue(session, name, number=row.number, chargeback_id=row.id)
