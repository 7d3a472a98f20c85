"""Looking at a chargeback: its object is fetched, held against the payment, and recorded; never an event believed."""

import uuid
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, jobs
from market.db import read, transaction
from market.payments import performing
from market.payments.chargebacks import reading, recording
from market.payments.chargebacks.states import PENDING, SAID, ChargebackState
from market.payments.models import Chargeback, Operation
from market.payments.outcomes import next_look
from market.payments.platform import GRACE, client
from market.payments.states import OperationKind, OperationState
from market.payments.stripe import Dispute, InvalidRequest

EVENTS: Final = "charge.dispute."
"""How the types of the events begin that are about a chargeback."""

PATIENCE: Final[timedelta] = GRACE
"""How long after its opening a loss waits for a call that may have been under way then."""

log = structlog.get_logger()


def on_look(chargeback_id: str, turn: int = 0) -> None:
    """Job: look at a chargeback and, while the bank has not decided, look again later.

    Args:
        chargeback_id: which.
        turn: how many looks there were.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    with read() as session:
        row = session.get_one(Chargeback, uuid.UUID(chargeback_id))
    if row.state in PENDING:
        look_at(row.stripe_id)
    with transaction() as session:
        if session.get_one(Chargeback, row.id).state in PENDING:
            jobs.queue(
                session, "chargeback.look", due_at=next_look(turn), chargeback_id=row.id, turn=turn + 1
            )


def look_at(stripe_id: str) -> bool:
    """Fetch a chargeback and record what became of it.

    Returns:
        False when it cannot be placed: the platform does not show it, the payment of ours that it names is not
        recorded yet, or it is not about just that payment. True when it is recorded, or surely not ours.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    platform = client()
    try:
        seen = platform.dispute(stripe_id)
    except InvalidRequest:
        return False
    with read() as session:
        paid = _paid_by(session, seen.payment_intent)
    if paid is None:
        return _is_foreign(seen)
    wrong = mismatches(paid, seen, live=platform.live)
    if wrong:
        log.error("chargeback.mismatch", chargeback=seen.id, operation=str(paid.id), wrong=wrong)
        return False
    return _record(paid, seen)


def mismatches(paid: Operation, seen: Dispute, *, live: bool) -> list[str]:
    """Name what of a chargeback does not fit the payment that it names; empty when it may be recorded.

    Args:
        paid: the payment.
        seen: the platform's object, just fetched.
        live: whether our key is for real money.
    """
    currency = paid.currency.lower()
    stray = paid.state is OperationState.STRAY  # of another amount than was planned, perhaps
    checks = {
        "status": seen.status in SAID,
        "charge": seen.charge == paid.charge,
        "amount": seen.amount > 0 and (stray or seen.amount <= paid.amount),
        "currency": stray or seen.currency == currency,
        "taken": 0 <= seen.withdrawn <= seen.amount and seen.fee >= 0,
        "taken_currency": seen.taken_currency in ("", seen.currency),
        "mode": seen.livemode is live,
    }
    return [name for name, right in checks.items() if not right]


def _record(paid: Operation, seen: Dispute) -> bool:
    recording.opened(paid, seen)
    with read() as session:
        row = recording.of_dispute(session, seen.id)
    if row is None or row.state not in PENDING:
        return row is not None and _agrees(row, seen)
    recording.changed(seen.id, seen)
    match SAID[seen.status]:
        case ChargebackState.LOST:
            if _settled_before(paid, row):
                recording.lost(seen.id)
        case ChargebackState.WON | ChargebackState.CLOSED:
            recording.ended(seen.id, seen)
    return True


def _agrees(row: Chargeback, seen: Dispute) -> bool:
    """Tell whether the platform still says what was recorded as the end; else a person must look."""
    said = SAID[seen.status]
    agrees = (said in PENDING or said is row.state) and (
        row.state is not ChargebackState.LOST or seen.withdrawn == row.withdrawn
    )
    if not agrees:
        log.error("chargeback.changed_after_its_end", chargeback=seen.id, status=seen.status)
    return agrees


def _settled_before(paid: Operation, row: Chargeback) -> bool:
    """Record what of the payment was sent before the chargeback came; tell whether all of that is known.

    A call may have been under way when it was opened; so a movement that the platform does not list is only given up
    a while after that.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    with read() as session:
        waiting = reading.waiting(session, paid.id)
    under_way = [performing.look_up([one]) for one in waiting]
    with read() as session:
        waiting = reading.waiting(session, paid.id)
    return not waiting or (not any(under_way) and clock.now() - row.opened_at >= PATIENCE)


def _paid_by(session: Session, payment_intent: str) -> Operation | None:
    query = select(Operation).where(
        Operation.payment_intent == payment_intent,
        Operation.kind == OperationKind.CHECKOUT,
        Operation.state.in_([OperationState.OK, OperationState.STRAY]),
    )
    return session.scalars(query).one_or_none()


def _is_foreign(seen: Dispute) -> bool:
    """Tell whether a chargeback is surely about no payment of this exchange: its payment names no operation of ours.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if not seen.payment_intent:
        return True
    try:
        named = client().payment_intent(seen.payment_intent).metadata.get("operation", "")
        operation_id = uuid.UUID(named)
    except InvalidRequest:
        return False
    except ValueError:
        return True
    with read() as session:
        return session.get(Operation, operation_id) is None
