"""What came of an operation, each outcome one step with the postings of the money that moved.

Every function may be called late, twice or by two at once: whoever finds the operation further on than
expected changes nothing.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from market import clock, jobs, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.payments import books
from market.payments.models import Operation
from market.payments.states import OperationEvent, OperationKind, OperationState, advance
from market.payments.stripe import CheckoutSession, PaymentIntent, Refund, Transfer
from market.steps import Kind, Pending

SYSTEM = Actor.system("payments")
MISMATCH = "mismatch"

FIRST_LOOK = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
AFTER_REFUSAL = timedelta(hours=1)

_LIVE = frozenset({OperationState.PLANNED, OperationState.OPEN})

_FAILED = {
    OperationKind.CHECKOUT: Kind.PAYMENT_FAILED,
    OperationKind.TRANSFER: Kind.TRANSFER_FAILED,
    OperationKind.REFUND: Kind.REFUND_FAILED,
}
_PLANNED = {
    OperationKind.TRANSFER: Kind.TRANSFER_PLANNED,
    OperationKind.REFUND: Kind.REFUND_PLANNED,
}


def get(operation_id: uuid.UUID) -> Operation:
    """Return an operation as it stands now, read on its own."""
    with read() as session:
        return session.get_one(Operation, operation_id)


def group_of(found: Operation) -> str:
    """Return the group that ties a trade's payments and transfers together at the platform."""
    return f"trade-{found.number}"


def next_look(turn: int = 0) -> datetime:
    """Return when to look again: after a minute, doubling to an hour."""
    pause = min(FIRST_LOOK * (1 << min(turn, 10)), LONGEST_PAUSE)
    return clock.now() + pause


def opened(operation_id: uuid.UUID, page: CheckoutSession) -> None:
    """Record ``payment.opened``: the pay page stands and waits for the buyer."""
    with _outcome(operation_id, Kind.PAYMENT_OPENED, frozenset({OperationState.PLANNED})) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.OPEN)
        row.stripe_id, row.request_id, row.url = page.id, page.request_id, page.url
        jobs.queue(session, "payment.look", due_at=next_look(), operation_id=row.id)
        steps.record(session, step)


def settled(operation_id: uuid.UUID, intent: PaymentIntent) -> None:
    """Record ``payment.settled``: the money is here, for what was planned."""
    with _outcome(operation_id, Kind.PAYMENT_SETTLED) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.SUCCEED)
        row.url, row.payment_intent, row.charge = None, intent.id, intent.latest_charge
        known = intent.fee_currency == row.currency.lower()
        books.paid(session, step, row, intent.fee if known else 0)
        _follow(session, "payment.settled", row)
        steps.record(session, step, note={"psp_fee": intent.fee, "psp_fee_currency": intent.fee_currency})


def mismatched(operation_id: uuid.UUID, intent: PaymentIntent, wrong: list[str]) -> None:
    """Record ``payment.failed``: money came in that is not what was planned; nothing is funded by it.

    An operator must look; the buyer cannot begin another payment meanwhile.
    """
    with _outcome(operation_id, Kind.PAYMENT_FAILED) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.FAIL)
        row.url, row.payment_intent, row.failure = None, intent.id, MISMATCH
        steps.record(session, step, note={"wrong": wrong})


def expired(operation_id: uuid.UUID) -> None:
    """Record ``payment.expired``: nobody can pay on this page any more; another may be opened."""
    with _outcome(operation_id, Kind.PAYMENT_EXPIRED) as found:
        if found is None:
            return
        session, step, row = found
        row.state, row.url = advance(row.state, OperationEvent.EXPIRE), None
        steps.record(session, step)


def transferred(operation_id: uuid.UUID, made: Transfer) -> None:
    """Record ``transfer.made``: the provider has its money and the exchange its fee."""
    with _outcome(operation_id, Kind.TRANSFER_MADE) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.SUCCEED)
        row.stripe_id, row.request_id = made.id, made.request_id
        books.transferred(session, step, row)
        _follow(session, "transfer.made", row)
        steps.record(session, step)


def refunded(operation_id: uuid.UUID, made: Refund) -> None:
    """Record ``refund.made``: the buyer has its money back."""
    with _outcome(operation_id, Kind.REFUND_MADE) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.SUCCEED)
        row.stripe_id, row.request_id = made.id, made.request_id
        books.refunded(session, step, row)
        _follow(session, "refund.made", row)
        steps.record(session, step)


def failed(operation_id: uuid.UUID, failure: str, *, request_id: str = "") -> None:
    """Record that the platform did not and will not do it; what is owed is planned again later."""
    kind = _FAILED[get(operation_id).kind]
    with _outcome(operation_id, kind) as found:
        if found is None:
            return
        session, step, row = found
        row.state = advance(row.state, OperationEvent.FAIL)
        row.failure, row.request_id, row.url = failure[:100], request_id or row.request_id, None
        if row.kind is not OperationKind.CHECKOUT:
            pause = AFTER_REFUSAL * min(row.attempt, 24)
            jobs.queue(session, "payment.retry", due_at=clock.now() + pause, operation_id=row.id)
        steps.record(session, step, note={"failure": failure})


def planned_again(operation_id: uuid.UUID) -> None:
    """Record the next attempt at a failed transfer or refund, under a key of its own."""
    with transaction() as session:
        old = locked(session, Operation, operation_id)
        later = session.query(Operation).filter(
            Operation.settlement_id == old.settlement_id,
            Operation.kind != OperationKind.CHECKOUT,
            Operation.planned_at > old.planned_at,
        )
        if old.state is not OperationState.FAILED or later.count():
            return
        step = steps.begin(SYSTEM, _PLANNED[old.kind], old.handle, version=old.rules)
        same: dict[str, Any] = {
            name: getattr(old, name)
            for name in (
                "kind", "handle", "number", "settlement_id", "organisation_id", "source_id",
                "amount", "fee", "currency", "title", "rules",
            )
        }  # fmt: skip
        made = Operation(
            id=uuid.uuid4(),
            step_id=step.id,
            attempt=old.attempt + 1,
            state=OperationState.PLANNED,
            planned_at=step.time,
            **same,
        )
        session.add(made)
        jobs.queue(session, "payment.perform", operation_id=made.id)
        steps.record(session, step, note={"attempt": made.attempt})


@contextmanager
def _outcome(
    operation_id: uuid.UUID, kind: Kind, expected: frozenset[OperationState] = _LIVE
) -> Iterator[tuple[Session, Pending, Operation] | None]:
    """Open the transaction of an outcome: the locked operation under a begun step, or None if it is over."""
    with transaction() as session:
        row = locked(session, Operation, operation_id)
        if row.state not in expected:
            yield None
            return
        step = steps.begin(SYSTEM, kind, row.handle, version=row.rules)
        row.step_id = step.id
        yield session, step, row


def _follow(session: Session, name: str, row: Operation) -> None:
    """Queue what follows in the rooms above, who bind the name."""
    jobs.queue(session, name, number=row.number, operation_id=row.id)
