"""What follows by itself: a payment arrived, a file was handed over, a transfer or a refund was made.

Each function is the handler of a job, so it may be called again after a crash and then changes nothing.
Money moves in three stages, each its own step: the intent (``payments``), the outcome at the processor
(``payments``), and here what the outcome means for the trade.
"""

import uuid
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from market import jobs
from market.actor import Actor
from market.db import read, transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.errors import Conflict
from market.payments import service as payments
from market.payments.states import OperationKind
from market.steps import Kind, record
from market.trades import acts, dispute, instalments, redressing, service, settlement
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Debt
from market.trades.billing import bill
from market.trades.dispute import DisputeEvent, DisputeState, Ruling
from market.trades.ending_by_refund import terminate
from market.trades.models import Settlement, Trade
from market.trades.service import Life
from market.trades.settlement import SettlementEvent, SettlementState

SYSTEM = Actor.system("trade")
_PAID = {SettlementState.FUNDED, SettlementState.RELEASED, SettlementState.REFUNDED, SettlementState.PARTIAL}

log = structlog.get_logger()


def on_covered(number: str, ordinal: int = 0) -> None:
    """Complete a delivery: receipt, and the buyer's time to accept begins (rule book R5.3); an update has no such time.

    The stored bytes are hashed again first. If they are not the bytes that were sold there is no receipt,
    and the buyer may reject; when the days to fetch are over the operator rules.

    Args:
        number: of the trade.
        ordinal: 0 for the file that was sold, else which update.

    Raises:
        StoreError: the store cannot be read; the job tries again.
    """
    with read() as session:
        rows = service.life(session, number)
        grant = delivery.grant_of(session, rows.trade.id, ordinal)
        if not delivery.awaits_receipt(session, grant):
            return
    digest = delivery.digest_again(grant.digest, grant.size)
    if digest != grant.digest:
        log.error("delivery.bytes_changed", number=number, ordinal=ordinal)
        return
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        if not delivery.awaits_receipt(session, delivery.grant_of(session, rows.trade.id, ordinal)):
            return
        if ordinal:
            step = service.step_of(SYSTEM, Kind.UPDATE_DELIVERED, rows.trade)
            delivery.complete(session, step, rows.trade.id, digest, ordinal)
            record(session, step)
        else:
            _complete(session, rows, digest)


def on_payment_settled(number: str, operation_id: str) -> None:
    """Mark an instalment held and let the buyer fetch; a payment for a trade that was cancelled goes back.

    The first one that is paid opens the delivery, a later one ends the stop that its delay brought. Where the delivery
    is accepted already, or ruled upon, the money goes on at once.
    """
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = _of_operation(session, rows, operation_id)
        if found is None or found.state in _PAID:
            return
        if found.state is SettlementState.CANCELLED:
            payments.plan_refund(session, SYSTEM, bill(rows.trade, found))
            return
        step = service.step_of(SYSTEM, Kind.SETTLEMENT_FUNDED, rows.trade)
        found.state = settlement.advance(found.state, SettlementEvent.FUND)
        found.operation_id = uuid.UUID(operation_id)
        found.step_id = step.id
        if not delivery.grant_of(session, rows.trade.id).funded:
            opened = delivery.fund(session, step, rows.trade.id)
            jobs.queue(session, "delivery.deadline", due_at=opened.fetch_until, number=number)
        if not instalments.overdue(rows.settlements):
            delivery.lift(session, step, Hold.OVERDUE, rows.trade.id)
        if acts.owed(service.standing(session, rows)) is not None:
            jobs.queue(session, "trade.settle", number=number)
        record(session, step)


def on_settle(number: str) -> None:
    """Begin to send held money where the parties, the deadline or the ruling sent it, or close a dispute.

    Each instalment that is held goes for itself. Money that is divided goes both ways, each a plan of its own, and
    neither waits for the other: what is refused of one is told once all were tried.
    """
    with read() as session:
        rows = service.life(session, number)
        debt = acts.owed(service.standing(session, rows))
        held = [one.id for one in instalments.held(rows.settlements)]
    if debt is None:
        with transaction() as session:
            rows = service.life(session, number, lock=True)
            if acts.owed(service.standing(session, rows)) is None:
                _close_dispute(session, rows)
        return
    refused: list[Conflict] = []
    for settlement_id in held:
        for kind in (OperationKind.REFUND, OperationKind.TRANSFER):
            try:
                _settle(number, settlement_id, debt, kind)
            except Conflict as refusal:
                refused.append(refusal)
    if refused:
        raise refused[0]


def on_transfer_made(number: str, operation_id: str) -> None:
    """Mark the money released: the provider has it, less the platform fee; or divided, once the buyer has its part."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = _of_operation(session, rows, operation_id)
        if found is None or found.state is not SettlementState.FUNDED:
            return
        if found.refund:
            _divided(session, rows, found)
            return
        step = service.step_of(SYSTEM, Kind.SETTLEMENT_RELEASED, rows.trade)
        found.state = settlement.advance(found.state, SettlementEvent.RELEASE)
        found.step_id = step.id
        jobs.queue(session, "trade.settle", number=number)
        record(session, step, note={"operation": operation_id})


def on_refund_made(number: str, operation_id: str) -> None:
    """Mark the money refunded: the buyer has it back, agreement and grant end.

    A part that a ruling gave back makes the settlement PARTIAL, once the provider has the rest; a refund after the
    release is a redress; one of what was paid too late finds the settlement cancelled, and changes nothing.
    """
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = _of_operation(session, rows, operation_id)
        if found is not None and payments.operation(session, uuid.UUID(operation_id)).cause_id != found.id:
            redressing.repaid(session, rows)
            return
        if found is None or found.state is not SettlementState.FUNDED:
            return
        if 0 < found.refund < found.amount - found.charged_back:
            _divided(session, rows, found)
            return
        step = service.step_of(SYSTEM, Kind.SETTLEMENT_REFUNDED, rows.trade)
        found.state = settlement.advance(found.state, SettlementEvent.REFUND)
        found.step_id = step.id
        if not found.refund:
            terminate(session, rows, step)
        jobs.queue(session, "trade.settle", number=number)
        record(session, step, note={"operation": operation_id})


def _settle(number: str, settlement_id: uuid.UUID, debt: Debt, kind: OperationKind) -> None:
    """Plan the movement of a kind for one instalment, if it is held, owed and not questioned still."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = instalments.named(rows.settlements, settlement_id)
        if payments.is_questioned(session, settlement_id):
            return  # its end queues this again
        still = found is not None and found.state is SettlementState.FUNDED
        if found and still and acts.owed(service.standing(session, rows)) is debt:
            _send(session, rows.trade, found, debt, kind)


def _send(session: Session, trade: Trade, found: Settlement, debt: Debt, kind: OperationKind) -> None:
    """Plan the movement of a kind for an instalment that is held, where what is owed of it goes that way.

    Of money that is divided over instalments one may go back whole, and one that is paid after the ruling goes to the
    provider whole: that ruling was on what was held.
    """
    whole = found.amount - found.charged_back
    back = whole if debt is Debt.REFUND else found.refund if debt is Debt.DIVIDE else 0
    if kind is OperationKind.REFUND and back:
        payments.plan_refund(session, SYSTEM, bill(trade, found))
    elif kind is OperationKind.TRANSFER and back < whole:
        payments.plan_transfer(session, SYSTEM, bill(trade, found))


def _of_operation(session: Session, rows: Life, operation_id: str) -> Settlement | None:
    """Return the instalment that a payment operation moves money of."""
    made = payments.operation(session, uuid.UUID(operation_id))
    return instalments.named(rows.settlements, made.settlement_id)


def _divided(session: Session, rows: Life, found: Settlement) -> None:
    """Mark the money divided once both have their part; agreement and grant go on, as after a release (R6.3)."""
    if payments.made_of(session, found.id) != {OperationKind.TRANSFER, OperationKind.REFUND}:
        return
    step = service.step_of(SYSTEM, Kind.SETTLEMENT_DIVIDED, rows.trade)
    found.state = settlement.advance(found.state, SettlementEvent.DIVIDE)
    found.step_id = step.id
    jobs.queue(session, "trade.settle", number=rows.trade.number)
    record(session, step)


def _complete(session: Session, rows: Life, digest: str) -> None:
    step = service.step_of(SYSTEM, Kind.DELIVERY_COMPLETED, rows.trade)
    delivery.complete(session, step, rows.trade.id, digest)
    found = rows.acceptance
    if found.state is AcceptanceState.PENDING and rows.dispute is None:
        found.due_at = step.time + timedelta(days=found.days)
        found.step_id = step.id
        jobs.queue(session, "acceptance.deadline", due_at=found.due_at, number=rows.trade.number)
    record(session, step)


def _close_dispute(session: Session, rows: Life) -> None:
    """Close a ruled dispute once no money is held for it any more."""
    found = rows.dispute
    if found is None or found.state is not DisputeState.RULED or instalments.held(rows.settlements):
        return
    step = service.step_of(SYSTEM, Kind.DISPUTE_CLOSED, rows.trade)
    found.state = dispute.advance(found.state, DisputeEvent.CLOSE)
    found.step_id = step.id
    if found.ruling is Ruling.REFUND:
        terminate(session, rows, step)
    else:
        delivery.lift(session, step, Hold.DISPUTE, rows.trade.id)
    record(session, step)
