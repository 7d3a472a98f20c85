"""What other rooms ask of payments: plan money in and out, find it, close a pay page.

Each ``plan_*`` is one step in the caller's transaction and makes no call; the call follows by job (or by
the buyer's click, :func:`open_page`), its outcome is a step of its own, and then a job named after it is
queued with the keywords ``number`` (the trade's) and ``operation_id``: ``payment.settled``,
``transfer.made``, ``refund.made``. Planning again what is planned or done changes nothing. A transfer or
refund that the platform refuses is planned again by itself, so held money never sticks here.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import jobs, steps
from market.actor import Actor
from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.payments.accounts import account_of, on_verified
from market.payments.books import balances, postings_of
from market.payments.models import Account, Operation, Posting
from market.payments.outcomes import attempts, next_attempt
from market.payments.performing import PayPage, open_page
from market.payments.states import AccountState, OperationKind, OperationState
from market.steps import Kind, Pending

__all__ = [
    "Account",
    "Bill",
    "Operation",
    "PayPage",
    "Posting",
    "account_of",
    "balances",
    "close_payment",
    "on_verified",
    "open_page",
    "operation",
    "operations_of",
    "payment_of",
    "plan_payment",
    "plan_refund",
    "plan_transfer",
    "postings_of",
]

CLICK = timedelta(seconds=30)
"""How long the buyer's own request may take to open the pay page before the worker does."""


@dataclass(frozen=True)
class Bill:
    """What of a trade and its settlement this room must know.

    Attributes:
        handle: the trade's handle in the ledger.
        number: the trade's number; also names its group at the payment platform.
        settlement_id: one charge and one way out of it for each.
        provider_id: organisation that is paid.
        buyer_id: organisation that pays.
        amount: minor units of ``currency`` that the buyer pays.
        fee: minor units of it that the exchange keeps on release.
        currency: ISO 4217, upper case.
        title: what the payer reads on the pay page, at most 200 characters.
        rules: version of the rule book that the trade keeps.
    """

    handle: str
    number: str
    settlement_id: uuid.UUID
    provider_id: uuid.UUID
    buyer_id: uuid.UUID
    amount: int
    fee: int
    currency: str
    title: str
    rules: int


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
    made = _plan(session, step, bill, OperationKind.CHECKOUT, bill.amount)
    jobs.queue(session, "payment.perform", due_at=step.time + CLICK, operation_id=made.id)
    steps.record(session, step, note={"amount": made.amount, "currency": made.currency})
    return made


def plan_transfer(session: Session, actor: Actor, bill: Bill) -> Operation:
    """Plan the release of a paid settlement: the amount less the fee goes to the provider (R5.4).

    Returns:
        The new operation, or the one that was begun already.

    Raises:
        Conflict: ``payment.not_settled``: nothing was paid; ``settlement.spent``: it goes back to the buyer.
    """
    paid = _paid(session, bill)
    live = _outgoing(session, paid, OperationKind.TRANSFER)
    if live is not None:
        return live
    step = steps.begin(actor, Kind.TRANSFER_PLANNED, bill.handle, version=bill.rules)
    made = _plan(session, step, bill, OperationKind.TRANSFER, bill.amount - bill.fee, paid)
    jobs.queue(session, "payment.perform", operation_id=made.id)
    steps.record(session, step, note={"amount": made.amount, "fee": made.fee, "currency": made.currency})
    return made


def plan_refund(session: Session, actor: Actor, bill: Bill) -> Operation:
    """Plan to give all that was paid back to the buyer (R5.5, R6.2).

    Returns:
        The new operation, or the one that was begun already.

    Raises:
        Conflict: ``payment.not_settled``: nothing was paid; ``settlement.spent``: it went to the provider.
    """
    paid = _paid(session, bill)
    live = _outgoing(session, paid, OperationKind.REFUND)
    if live is not None:
        return live
    step = steps.begin(actor, Kind.REFUND_PLANNED, bill.handle, version=bill.rules)
    made = _plan(session, step, bill, OperationKind.REFUND, paid.amount, paid)
    jobs.queue(session, "payment.perform", operation_id=made.id)
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


def payment_of(session: Session, settlement_id: uuid.UUID) -> Operation | None:
    """Return the latest payment of a settlement, or None before the first."""
    query = select(Operation).where(
        Operation.settlement_id == settlement_id, Operation.kind == OperationKind.CHECKOUT
    )
    return session.scalars(query.order_by(Operation.attempt.desc()).limit(1)).one_or_none()


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


def _paid(session: Session, bill: Bill) -> Operation:
    """Return the payment that a settlement was funded by."""
    paid = payment_of(session, bill.settlement_id)
    if paid is None or paid.state is not OperationState.OK:
        raise Conflict("payment.not_settled", _("Nothing was paid for this yet."))
    return paid


def _outgoing(session: Session, paid: Operation, kind: OperationKind) -> Operation | None:
    """Return the way out of a payment if it was begun and is of this kind; never two ways.

    One that failed counts too: it is planned again by its own job, which asks first what became of it.
    """
    begun = attempts(session, paid.id)
    if not begun:
        return None
    if begun[-1].kind is not kind:
        raise Conflict("settlement.spent", _("This money has already been sent the other way."))
    return begun[-1]


def _plan(
    session: Session,
    step: Pending,
    bill: Bill,
    kind: OperationKind,
    amount: int,
    source: Operation | None = None,
) -> Operation:
    """Write the row of an intended call; its id and attempt are the call's idempotency key."""
    made = Operation(
        id=uuid.uuid4(),
        step_id=step.id,
        kind=kind,
        handle=bill.handle,
        number=bill.number,
        settlement_id=bill.settlement_id,
        organisation_id=bill.provider_id if kind is OperationKind.TRANSFER else bill.buyer_id,
        source_id=source.id if source else None,
        attempt=next_attempt(session, bill.settlement_id, kind),
        amount=amount,
        fee=bill.fee if kind is OperationKind.TRANSFER else 0,
        currency=bill.currency,
        title=bill.title,
        rules=bill.rules,
        state=OperationState.PLANNED,
        planned_at=step.time,
    )
    session.add(made)
    return made
