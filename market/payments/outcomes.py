"""What came of an operation, each outcome one step with the postings of the money that moved.

Every function may be called late, twice or by two at once. It is given the operation as its caller saw it
when the platform was asked, and changes nothing if the operation has gone on since: what was learned about
a page that nobody had seen says nothing about one that was opened meanwhile.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from market import clock, jobs, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.payments import books
from market.payments.models import Operation
from market.payments.states import OperationEvent, OperationKind, OperationState, Processor, advance
from market.payments.stripe import CheckoutSession, PaymentIntent, Refund, Reversal, Transfer
from market.steps import Kind, Pending

SYSTEM = Actor.system("payments")
MISMATCH, LATE = "mismatch", "late"
"""Why money that came in funds nothing: it is not what was planned, or the page was over."""
CHARGED_BACK = "charged_back"
"""Failure of a movement that is not made any more, because the payer's bank has taken its money back."""

FIRST_LOOK = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
AFTER_REFUSAL = timedelta(hours=1)

UNPAID: Final = frozenset({OperationState.OPEN, OperationState.EXPIRED, OperationState.FAILED})
"""States of a pay page on which money may still be found."""

log = structlog.get_logger()

_FAILED = {
    OperationKind.CHECKOUT: Kind.PAYMENT_FAILED,
    OperationKind.TRANSFER: Kind.TRANSFER_FAILED,
    OperationKind.REFUND: Kind.REFUND_FAILED,
    OperationKind.REVERSAL: Kind.REVERSAL_FAILED,
}
_PLANNED = {
    OperationKind.TRANSFER: Kind.TRANSFER_PLANNED,
    OperationKind.REFUND: Kind.REFUND_PLANNED,
    OperationKind.REVERSAL: Kind.REVERSAL_PLANNED,
}
_SAME = ("handle", "number", "settlement_id", "organisation_id", "title", "rules", "processor")
"""What an operation hands on to the one that follows from it."""


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


def opened(found: Operation, page: CheckoutSession) -> None:
    """Record ``payment.opened``: the pay page stands and waits for the buyer."""
    with _outcome(found, Kind.PAYMENT_OPENED) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.state = advance(row.state, OperationEvent.OPEN)
        row.stripe_id, row.request_id, row.url = page.id, page.request_id, page.url
        jobs.queue(session, "payment.look", due_at=next_look(), operation_id=row.id)
        steps.record(session, step)


def settled(found: Operation, intent: PaymentIntent) -> None:
    """Record ``payment.settled``: the money is here, for what was planned."""
    with _outcome(found, Kind.PAYMENT_SETTLED) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.state = advance(row.state, OperationEvent.SUCCEED)
        row.url, row.payment_intent, row.charge = None, intent.id, intent.latest_charge
        books.received(session, step, row, intent, books.hold_of(row.number))
        follow(session, "payment.settled", row)
        steps.record(session, step, note={"psp_fee": intent.fee, "psp_fee_currency": intent.fee_currency})


def strayed(found: Operation, intent: PaymentIntent, wrong: list[str]) -> None:
    """Record ``payment.strayed``: money came in that funds nothing; it is booked apart and its refund planned.

    Args:
        found: the checkout, in whatever state but OK.
        intent: what really came in, which is what is booked and given back.
        wrong: what of it is not as planned; empty when it came too late.
    """
    with _outcome(found, Kind.PAYMENT_STRAYED, UNPAID) as begun:
        if begun is None:
            return
        session, step, row = begun
        log.error("payment.strayed", operation=str(row.id), state=row.state.value, wrong=wrong)
        row.state = advance(row.state, OperationEvent.STRAY)
        row.url, row.payment_intent, row.charge = None, intent.id, intent.latest_charge
        row.failure = MISMATCH if wrong else LATE
        books.received(session, step, row, intent, books.suspense_of(row.number))
        _plan_next(
            session, step, row, OperationKind.REFUND,
            source_id=row.id, cause_id=row.settlement_id,
            amount=intent.amount_received, fee=0, netted=0, currency=intent.currency.upper(),
        )  # fmt: skip
        steps.record(session, step, note={"wrong": wrong})


def plan_return(
    session: Session, step: Pending, stray: Operation, amount: int, currency: str | None = None
) -> Operation:
    """Plan, within the step that books money astray or a loss of it, that what is there goes back.

    Args:
        session: the session of the step.
        step: the step that was begun.
        stray: the payment that funds nothing.
        amount: minor units of what came in, or of what a bank left of it.
        currency: in which it came; that of the payment when not given.
    """
    return _plan_next(
        session, step, stray, OperationKind.REFUND,
        source_id=stray.id, cause_id=stray.settlement_id,
        amount=amount, fee=0, netted=0, currency=currency or stray.currency,
    )  # fmt: skip


def expired(found: Operation) -> None:
    """Record ``payment.expired``: nobody can pay on this page any more; another may be opened.

    A page that was only PLANNED was never shown to anybody. One that is OPEN must be closed at the platform
    first: its address is known.
    """
    with _outcome(found, Kind.PAYMENT_EXPIRED) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.state, row.url = advance(row.state, OperationEvent.EXPIRE), None
        steps.record(session, step)


def transferred(found: Operation, made: Transfer | None) -> None:
    """Record ``transfer.made``: the provider has its money and the exchange its fee.

    Args:
        found: the transfer.
        made: what the platform made; None where all of it is netted, so that nothing was to be sent.
    """
    with _outcome(found, Kind.TRANSFER_MADE) as begun:
        if begun is None:
            return
        session, step, row = begun
        if made is not None:
            row.stripe_id, row.request_id = made.id, made.request_id
        do_transferred(session, step, row)
        steps.record(session, step)


def do_transferred(session: Session, step: Pending, row: Operation) -> None:
    """Move a transfer on and book it, within the step of its outcome."""
    row.state = advance(row.state, OperationEvent.SUCCEED)
    books.transferred(session, step, row)
    follow(session, "transfer.made", row)


def refunded(found: Operation, made: Refund) -> None:
    """Record ``refund.made``, or ``payment.returned`` for money that funded nothing: the buyer has it back."""
    # Whether a payment is STRAY is final before its refund is planned, so it may be read beforehand.
    stray = source_of(found).state is OperationState.STRAY
    with _outcome(found, Kind.PAYMENT_RETURNED if stray else Kind.REFUND_MADE) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.stripe_id, row.request_id = made.id, made.request_id
        do_refunded(session, step, row, stray=stray)
        steps.record(session, step)


def do_refunded(session: Session, step: Pending, row: Operation, *, stray: bool) -> None:
    """Move a refund on and book it, within the step of its outcome; of money astray nothing follows."""
    row.state = advance(row.state, OperationEvent.SUCCEED)
    if row.cause_id != row.settlement_id:
        books.repaid(session, step, row)
    else:
        account = books.suspense_of(row.number) if stray else books.hold_of(row.number)
        books.refunded(session, step, row, account)
    if not stray:
        follow(session, "refund.made", row)


def reversed_(found: Operation, made: Reversal) -> None:
    """Record ``reversal.made``: what a transfer brought to the provider's account is back, in full or in part."""
    with _outcome(found, Kind.REVERSAL_MADE) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.state = advance(row.state, OperationEvent.SUCCEED)
        row.stripe_id, row.request_id = made.id, made.request_id
        books.reversed_(session, step, row)
        follow(session, "reversal.over", row)
        steps.record(session, step)


def given_up(found: Operation) -> None:
    """Let follow that a failed reversal is not tried again: what it should have brought is owed by the provider."""
    with transaction() as session:
        follow(session, "reversal.over", session.get_one(Operation, found.id))


def failed(found: Operation, failure: str, *, request_id: str = "") -> None:
    """Record that the platform did not do it and will not by itself; what is owed is planned again later."""
    with _outcome(found, _FAILED[found.kind]) as begun:
        if begun is None:
            return
        session, step, row = begun
        row.request_id, row.url = request_id or row.request_id, None
        do_failed(session, row, failure, AFTER_REFUSAL * min(row.attempt, 24))
        steps.record(session, step, note={"failure": failure})


def do_failed(session: Session, row: Operation, failure: str, pause: timedelta) -> None:
    """Move an operation on, within the step that says it failed; what is owed is planned again after a pause."""
    row.state = advance(row.state, OperationEvent.FAIL)
    row.failure = failure[:100]
    if row.kind is not OperationKind.CHECKOUT:
        jobs.queue(session, "payment.retry", due_at=clock.now() + pause, operation_id=row.id)


def planned_again(found: Operation, amount: int | None = None) -> None:
    """Record the next attempt at a failed transfer, refund or reversal, under a key of its own.

    Call it only after all :func:`attempts` were looked up at the platform: none of them was done.

    Args:
        found: the last attempt.
        amount: minor units of the next one; the same when None.
    """
    with transaction() as session:
        old = locked(session, Operation, found.id)
        over = old.state is not OperationState.FAILED or old.failure == CHARGED_BACK
        if over or attempts(session, old)[-1].id != old.id:
            return
        step = steps.begin(SYSTEM, _PLANNED[old.kind], old.handle, version=old.rules)
        made = _plan_next(
            session, step, old, old.kind,
            source_id=old.source_id, cause_id=old.cause_id,
            amount=old.amount if amount is None else amount,
            fee=old.fee, netted=old.netted, currency=old.currency,
        )  # fmt: skip
        steps.record(session, step, note={"attempt": made.attempt, "amount": made.amount})


def attempts(session: Session, found: Operation) -> list[Operation]:
    """Return every attempt at one movement of a payment's money, first to last."""
    query = select(Operation).where(
        Operation.source_id == found.source_id,
        Operation.kind == found.kind,
        Operation.cause_id == found.cause_id,
    )
    return list(session.scalars(query.order_by(Operation.attempt)))


def next_attempt(session: Session, settlement_id: uuid.UUID, kind: OperationKind) -> int:
    """Return the number of the next operation of a kind for a settlement, counted from 1."""
    query = select(func.max(Operation.attempt)).where(
        Operation.settlement_id == settlement_id, Operation.kind == kind
    )
    return (session.scalar(query) or 0) + 1


def source_of(found: Operation) -> Operation:
    """Return the checkout that a transfer, refund or reversal is about."""
    with read() as session:
        return session.get_one(Operation, found.source_id)


def transfer_of(session: Session, source_id: uuid.UUID | None) -> Operation | None:
    """Return the transfer that was made of a payment, or None."""
    query = select(Operation).where(
        Operation.source_id == source_id,
        Operation.kind == OperationKind.TRANSFER,
        Operation.state == OperationState.OK,
    )
    return session.scalars(query).one_or_none()


def _plan_next(
    session: Session, step: Pending, before: Operation, kind: OperationKind, **values: Any
) -> Operation:
    """Plan what follows from an operation: another attempt, or the refund of what strayed."""
    made = Operation(
        id=uuid.uuid4(),
        step_id=step.id,
        kind=kind,
        attempt=next_attempt(session, before.settlement_id, kind),
        state=OperationState.PLANNED,
        planned_at=step.time,
        reference=reference_for(before.processor),
        **{name: getattr(before, name) for name in _SAME},
        **values,
    )
    session.add(made)
    set_out(session, made)
    return made


def reference_for(processor: Processor) -> str | None:
    """Return a fresh number to be written into a bank transfer; None where the platform keeps its own."""
    return new_number() if processor is Processor.BANK else None


def set_out(session: Session, made: Operation) -> None:
    """Queue the call of a planned operation. At a bank it stands among the orders instead, until people made it.

    A transfer that is netted in full moves nothing outside, so it is done by itself at both.
    """
    if made.processor is Processor.STRIPE or not made.amount:
        jobs.queue(session, "payment.perform", operation_id=made.id)


@contextmanager
def _outcome(
    found: Operation, kind: Kind, expected: frozenset[OperationState] | None = None
) -> Iterator[tuple[Session, Pending, Operation] | None]:
    """Open the transaction of an outcome: the locked operation under a begun step, or None if it went on.

    Args:
        found: the operation as the caller saw it.
        kind: the outcome.
        expected: states that the outcome fits; that of ``found`` alone when not given.
    """
    with transaction() as session:
        row = locked(session, Operation, found.id)
        if row.state not in (expected or {found.state}):
            yield None
            return
        step = steps.begin(SYSTEM, kind, row.handle, version=row.rules)
        row.step_id = step.id
        yield session, step, row


def follow(session: Session, name: str, row: Operation) -> None:
    """Queue what follows in the rooms above, who bind the name."""
    jobs.queue(session, name, number=row.number, operation_id=row.id)
