"""Planning what leaves a payment: to the provider, back to the buyer, and back from the provider's account.

Each ``plan_*`` is one step in the caller's transaction. The paid checkout is locked first, so that what leaves can be
added up: of the hold a release with its fee and a refund are never more than came in, what is paid back after the
release is never more than was released, and what is taken back never more than was transferred. An attempt that
failed counts as what it will be: it is planned again by its own job, which asks first what became of it.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import steps
from market.actor import Actor
from market.db import locked
from market.errors import Conflict
from market.i18n import gettext as _
from market.payments import books
from market.payments.accounts import account_of
from market.payments.chargebacks import reading
from market.payments.models import Account, Operation
from market.payments.outcomes import CHARGED_BACK, set_out, transfer_of
from market.payments.planning import Bill, payment_of, planned
from market.payments.states import OperationKind, OperationState, Processor
from market.steps import Kind, Pending


def plan_transfer(session: Session, actor: Actor, bill: Bill) -> Operation:
    """Plan the release of a paid settlement: what does not go back, less the fee, goes to the provider (R5.4, R6.3).

    What the provider owes to the exchange is kept back (R6.4).

    Returns:
        The new operation, or the one that was begun already.

    Raises:
        Conflict: ``payment.not_settled``: nothing was paid; ``settlement.spent``: it goes back to the buyer;
            ``chargeback.open``: the buyer's bank questions it.
    """
    paid = _paid(session, bill)
    net = bill.amount - bill.charged_back - bill.refund - bill.fee
    if begun := _begun(session, paid, OperationKind.TRANSFER, bill.settlement_id):
        return begun
    _demand_held(session, paid, bill.settlement_id, net + bill.fee)
    netted = min(net, owed_by(session, bill.provider_id, bill.currency))
    step = steps.begin(actor, Kind.TRANSFER_PLANNED, bill.handle, version=bill.rules)
    made = planned(
        session, step, bill, OperationKind.TRANSFER, net - netted, paid, fee=bill.fee, netted=netted
    )
    return _go(session, step, made)


def plan_refund(session: Session, actor: Actor, bill: Bill) -> Operation:
    """Plan to give what was paid back to the buyer: all of it, or the part that a ruling gives (R5.5, R6.2, R6.3).

    Returns:
        The new operation, or the one that was begun already.

    Raises:
        Conflict: ``payment.not_settled``: nothing was paid; ``settlement.spent``: it went to the provider;
            ``chargeback.open``: the buyer's bank questions it.
    """
    paid = _paid(session, bill)
    if begun := _begun(session, paid, OperationKind.REFUND, bill.settlement_id):
        return begun
    amount = bill.refund or paid.amount - bill.charged_back
    _demand_held(session, paid, bill.settlement_id, amount)
    step = steps.begin(actor, Kind.REFUND_PLANNED, bill.handle, version=bill.rules)
    return _go(session, step, planned(session, step, bill, OperationKind.REFUND, amount, paid))


def plan_repayment(
    session: Session, actor: Actor, bill: Bill, cause_id: uuid.UUID, amount: int, fee: int
) -> Operation:
    """Plan to give the buyer back a part of what was released already (R6.4).

    Args:
        session: the session of the transaction.
        actor: the exchange's own job.
        bill: of the settlement that was released.
        cause_id: what it is owed for; the same one gives the same operation.
        amount: minor units to the buyer.
        fee: minor units of it that the exchange gives out of its fee.

    Raises:
        Conflict: ``settlement.spent``: more than was released would be paid back; ``chargeback.open``: the buyer's
            bank questions the payment.
    """
    paid = _paid(session, bill)
    if begun := _begun(session, paid, OperationKind.REFUND, cause_id):
        return begun
    made = transfer_of(session, paid.id)
    released = made.amount + made.netted + made.fee if made else 0
    before = sum(
        one.amount for one in _last(session, paid, OperationKind.REFUND) if one.cause_id != bill.settlement_id
    )
    if before + amount > released:
        raise _spent()
    reading.demand_unquestioned(session, paid)
    step = steps.begin(actor, Kind.REFUND_PLANNED, bill.handle, version=bill.rules)
    row = planned(session, step, bill, OperationKind.REFUND, amount, paid, cause_id=cause_id, fee=fee)
    return _go(session, step, row)


def plan_reversal(
    session: Session, actor: Actor, bill: Bill, cause_id: uuid.UUID, amount: int
) -> Operation | None:
    """Plan to take back from the provider's account what the buyer got back after the release (R6.4).

    Args:
        session: the session of the transaction.
        actor: the exchange's own job.
        bill: of the settlement that was released.
        cause_id: what it is taken back for; the same one gives the same operation.
        amount: minor units of the provider's part; less is planned where the transfer brought less.

    Returns:
        The new operation, the one that was begun already, or None where nothing of the transfer is left to reverse,
        or where it went to a bank account: out of that nobody can take anything.
    """
    paid = _paid(session, bill)
    if paid.processor is Processor.BANK:
        return None
    if begun := _begun(session, paid, OperationKind.REVERSAL, cause_id):
        return begun
    made = transfer_of(session, paid.id)
    left = (made.amount if made else 0) - sum(
        one.amount for one in _last(session, paid, OperationKind.REVERSAL) if not _is_given_up(one)
    )
    if min(amount, left) <= 0:
        return None
    step = steps.begin(actor, Kind.REVERSAL_PLANNED, bill.handle, version=bill.rules)
    row = planned(session, step, bill, OperationKind.REVERSAL, min(amount, left), paid, cause_id=cause_id)
    return _go(session, step, row)


def owed_by(session: Session, provider_id: uuid.UUID, currency: str) -> int:
    """Return what a provider owes to the exchange and no planned release keeps back yet, minor units.

    Its account is locked until the end of the transaction, so that two releases never keep back the same.
    """
    if account := account_of(session, provider_id):
        locked(session, Account, account.id)
    query = select(Operation).where(
        Operation.organisation_id == provider_id,
        Operation.kind == OperationKind.TRANSFER,
        Operation.currency == currency,
        Operation.netted > 0,
        # What a bank's loss ended will keep nothing back; most movements have no failure at all.
        Operation.failure.is_distinct_from(CHARGED_BACK),
    )
    last = {one.source_id: one for one in session.scalars(query.order_by(Operation.attempt))}
    done = {one.source_id for one in session.scalars(query.where(Operation.state == OperationState.OK))}
    kept = sum(one.netted for source, one in last.items() if source not in done)
    return max(books.receivable(session, provider_id, currency) - kept, 0)


def book_shortfall(
    session: Session,
    step: Pending,
    bill: Bill,
    cause_id: uuid.UUID,
    amount: int,
    chargeback_id: uuid.UUID | None = None,
) -> None:
    """Book, within a step of the room above, what of a repayment could not be taken back; the provider owes it.

    Args:
        session: the session of the step.
        step: the step that was begun.
        bill: of the settlement that was released.
        cause_id: what the repayment was for.
        amount: minor units; nothing is booked for 0.
        chargeback_id: the lost chargeback by which the buyer had it back; None where we repaid it.
    """
    paid = _paid(session, bill)
    if chargeback_id is not None:
        row = reading.found(session, chargeback_id)
        lines = [(books.receivable_of(bill.provider_id), books.recovery_of(bill.number), amount)]
        books.charged_back(session, step, paid, row, lines)
    elif refund := _begun(session, paid, OperationKind.REFUND, cause_id):
        books.fell_short(session, step, refund, bill.provider_id, amount)


def book_charged_back(
    session: Session, step: Pending, bill: Bill, chargeback_id: uuid.UUID, amount: int, fee: int
) -> None:
    """Book, within a step of the room above, that the bank took back what had been released already.

    Args:
        session: the session of the step.
        step: the step that was begun.
        bill: of the settlement that was released.
        chargeback_id: the lost one.
        amount: minor units that the buyer has from its bank.
        fee: minor units of it that the exchange gives out of its fee; the rest is to be taken back.
    """
    row = reading.found(session, chargeback_id)
    taken = books.dispute_of(row.number)
    lines = [(books.recovery_of(row.number), taken, amount - fee), (books.FEE_REVENUE, taken, fee)]
    books.charged_back(session, step, _paid(session, bill), row, lines)


def made_of(session: Session, settlement_id: uuid.UUID) -> frozenset[OperationKind]:
    """Return which ways the held money of a settlement has gone; what strayed beside it and went back is none."""
    paid = payment_of(session, settlement_id)
    query = select(Operation.kind).where(
        Operation.source_id == (paid.id if paid else None),
        Operation.cause_id == settlement_id,
        Operation.state == OperationState.OK,
        Operation.kind.in_([OperationKind.TRANSFER, OperationKind.REFUND]),
    )
    return frozenset(session.scalars(query))


def _paid(session: Session, bill: Bill) -> Operation:
    """Return the payment that a settlement was funded by, locked."""
    paid = payment_of(session, bill.settlement_id)
    if paid is None or paid.state is not OperationState.OK:
        raise Conflict("payment.not_settled", _("Nothing was paid for this yet."))
    return locked(session, Operation, paid.id)


def _last(session: Session, paid: Operation, kind: OperationKind) -> list[Operation]:
    """Return the last attempt at each movement of a kind."""
    query = select(Operation).where(Operation.source_id == paid.id, Operation.kind == kind)
    found: dict[uuid.UUID, Operation] = {}
    for one in session.scalars(query.order_by(Operation.attempt)):
        if one.failure == CHARGED_BACK:
            continue  # its money went another way; what is left may be planned anew
        if one.cause_id not in found or found[one.cause_id].state is not OperationState.OK:
            found[one.cause_id] = one
    return list(found.values())


def _begun(session: Session, paid: Operation, kind: OperationKind, cause_id: uuid.UUID) -> Operation | None:
    """Return the last attempt at a movement, or None before the first."""
    return next((one for one in _last(session, paid, kind) if one.cause_id == cause_id), None)


def _demand_held(session: Session, paid: Operation, settlement_id: uuid.UUID, amount: int) -> None:
    """Refuse to send more out of the hold than came in, or anything while the payer's bank questions it.

    Raises:
        Conflict: ``settlement.spent``, ``chargeback.open``.
    """
    left = [
        one.amount + one.netted + one.fee
        for kind in (OperationKind.TRANSFER, OperationKind.REFUND)
        for one in _last(session, paid, kind)
        if one.cause_id == settlement_id
    ]
    if sum(left) + reading.covered(session, paid.id) + amount > paid.amount:
        raise _spent()
    reading.demand_unquestioned(session, paid)


def _is_given_up(found: Operation) -> bool:
    """Tell whether an earlier reversal is over without having moved anything (a redress runs alone)."""
    return found.state is OperationState.FAILED


def _spent() -> Conflict:
    return Conflict("settlement.spent", _("This money has already been sent the other way."))


def _go(session: Session, step: Pending, made: Operation) -> Operation:
    """Queue the call, or let the order stand, and record the plan."""
    set_out(session, made)
    note = {"amount": made.amount, "fee": made.fee, "netted": made.netted}
    told = {name: value for name, value in note.items() if value or name == "amount"}
    steps.record(session, step, note={**told, "currency": made.currency})
    return made
