"""What other rooms ask of payments: plan money in and out, find it, close a pay page.

Each ``plan_*`` is one step in the caller's transaction and makes no call; the call follows by job (or by
the buyer's click, :func:`open_page`), its outcome is a step of its own, and then a job named after it is
queued with the keywords ``number`` (the trade's) and ``operation_id``: ``payment.settled``,
``transfer.made``, ``refund.made``, ``reversal.over`` (made, or given up). Planning again what is planned or done
changes nothing. A transfer or refund that the platform refuses is planned again by itself, so held money never sticks
here; a reversal is tried for what the provider's account holds, and then given up.
"""

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import jobs, rules, steps
from market.actor import Actor
from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.payments import books
from market.payments.accounts import account_of, on_verified
from market.payments.books import balances, postings_of
from market.payments.chargebacks import answering, reading, recording
from market.payments.means import means_for
from market.payments.models import Account, Chargeback, Operation, Posting
from market.payments.outgoing import (
    book_charged_back,
    book_shortfall,
    made_of,
    owed_by,
    plan_refund,
    plan_repayment,
    plan_reversal,
    plan_transfer,
)
from market.payments.performing import PayPage, close_page, open_page
from market.payments.planning import Bill, payment_of, planned
from market.payments.states import AccountState, OperationKind, OperationState, Processor
from market.steps import Kind

__all__ = [
    "Account",
    "Bill",
    "Chargeback",
    "Operation",
    "PayPage",
    "Posting",
    "Processor",
    "account_of",
    "balances",
    "bear_loss",
    "book_charged_back",
    "book_shortfall",
    "chargeback",
    "chargebacks_of",
    "close_page",
    "close_payment",
    "covered",
    "held",
    "is_questioned",
    "is_taken_back",
    "made_of",
    "on_verified",
    "open_page",
    "operation",
    "operations_of",
    "owed_by",
    "payment_of",
    "plan_answer",
    "plan_payment",
    "plan_refund",
    "plan_repayment",
    "plan_reversal",
    "plan_transfer",
    "postings_of",
]

bear_loss = recording.bear
chargeback = reading.found
chargebacks_of = reading.of_trade
is_questioned = reading.is_questioned
is_taken_back = reading.is_taken_back
plan_answer = answering.plan

CLICK = timedelta(seconds=30)
"""How long the buyer's own request may take to open the pay page before the worker does."""


def plan_payment(session: Session, actor: Actor, bill: Bill) -> Operation:
    """Plan a pay page; then, outside the transaction, call :func:`open_page` with the operation's id.

    The caller has checked the actor's permission and that the settlement is DUE, and holds its lock.

    Returns:
        The new operation, or the one that is planned or open already (a second click, a colleague).

    Raises:
        Conflict: ``account.not_open``: the provider cannot be paid yet; ``payment.settled``: it is paid.
    """
    latest = payment_of(session, bill.settlement_id)
    if latest is not None and latest.state in {OperationState.PLANNED, OperationState.OPEN}:
        return latest
    if latest is not None and latest.state is OperationState.OK:
        raise Conflict("payment.settled", _("This is already paid."))
    account = account_of(session, bill.provider_id)
    if account is None or account.state is not AccountState.OPEN:
        raise Conflict("account.not_open", _("The provider cannot be paid yet. Try again in a moment."))
    step = steps.begin(actor, Kind.PAYMENT_PLANNED, bill.handle, version=bill.rules)
    made = planned(
        session,
        step,
        bill,
        OperationKind.CHECKOUT,
        bill.amount,
        means=means_for(bill.held_days, rules.book()),
    )
    jobs.queue(session, "payment.perform", due_at=step.time + CLICK, operation_id=made.id)
    steps.record(session, step, note={"amount": made.amount, "currency": made.currency})
    return made


def close_payment(session: Session, settlement_id: uuid.UUID) -> None:
    """Have a planned or open pay page closed, because its trade is cancelled; nothing when there is none.

    Call it in the transaction that cancels. A payment that was faster still arrives as ``payment.settled``
    and is then to be refunded.
    """
    latest = payment_of(session, settlement_id)
    if latest is not None and latest.state in {OperationState.PLANNED, OperationState.OPEN}:
        jobs.queue(session, "payment.close", operation_id=latest.id)


def operations_of(session: Session, number: str) -> list[Operation]:
    """Return every operation of a trade, oldest first."""
    query = select(Operation).where(Operation.number == number)
    return list(session.scalars(query.order_by(Operation.planned_at, Operation.attempt)))


def operation(session: Session, operation_id: uuid.UUID) -> Operation:
    """Return an operation.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Operation, operation_id)
    if found is None:
        raise NotFound("operation.not_found", _("There is no such payment operation."))
    return found


def held(session: Session, settlement_id: uuid.UUID) -> int:
    """Return what is still held of a settlement's payment, minor units; 0 while nothing was paid."""
    paid = payment_of(session, settlement_id)
    return books.held(session, paid, books.holder_of(paid)) if paid is not None else 0


def covered(session: Session, settlement_id: uuid.UUID) -> int:
    """Return what banks have taken back for good of a settlement's held money, minor units."""
    paid = payment_of(session, settlement_id)
    return reading.covered(session, paid.id) if paid is not None else 0
