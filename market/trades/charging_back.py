"""What a chargeback means for a trade: delivery rests while the bank decides, and a loss is somebody's (R6.5).

Each function is the handler of a job, so it may be called again after a crash and then changes nothing. What the
bank took of money that was still held is gone from the settlement. What it took of money that was released is a
redress: the buyer has it already, so the provider's part is taken back at once; what nobody owes, the exchange bears.
"""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from market import jobs
from market.actor import Actor
from market.db import locked, transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.payments import service as payments
from market.payments.chargebacks.states import PENDING, ChargebackState
from market.payments.models import Chargeback
from market.payments.states import OperationKind
from market.rules import book
from market.steps import Kind, record
from market.trades import instalments, redressing, service, settlement
from market.trades.billing import bill
from market.trades.ending_by_refund import terminate
from market.trades.models import Redress, Settlement
from market.trades.redress import RedressState
from market.trades.service import Life
from market.trades.settlement import SettlementEvent, SettlementState
from market.trades.shares import divided

SYSTEM = Actor.system("trade")
REASON = "charged back by the buyer's bank"


def on_opened(number: str, chargeback_id: str) -> None:
    """Job: let no more bytes leave while the buyer's bank has taken the price back."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        if payments.chargeback(session, uuid.UUID(chargeback_id)).state is not ChargebackState.OPEN:
            return
        step = service.step_of(SYSTEM, Kind.DELIVERY_SUSPENDED, rows.trade)
        if delivery.hold(session, step, Hold.CHARGEBACK, rows.trade.id):
            record(session, step, note={"chargeback": chargeback_id})


def on_over(number: str, chargeback_id: str) -> None:
    """Job: let a trade follow the bank's decision, as far as it can now; it is queued again by what it waits for."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = payments.chargeback(session, uuid.UUID(chargeback_id))
        if found.state in PENDING:
            return
        due = locked(session, Settlement, found.settlement_id)
        if found.state is ChargebackState.LOST:
            _cover(session, rows, due, found)
            _return_rest(session, rows, due)
        _resume(session, rows)
        jobs.queue(session, "trade.settle", number=number)
        jobs.queue(session, "trade.redress", number=number)
    if found.state is ChargebackState.LOST:
        with transaction() as session:
            _claim(session, service.life(session, number, lock=True), uuid.UUID(chargeback_id))


def _cover(session: Session, rows: Life, due: Settlement, found: Chargeback) -> None:
    """Enter in a settlement what the bank took of money that was still held for it; again is nothing new."""
    covered = payments.covered(session, due.id)
    taken = covered - due.charged_back
    if due.state is not SettlementState.FUNDED or taken <= 0:
        return
    left = payments.held(session, due.id)
    made = payments.made_of(session, due.id)
    released = OperationKind.TRANSFER in made
    kind, event = _KINDS[bool(left), released]
    step = service.step_of(SYSTEM, kind, rows.trade)
    if OperationKind.REFUND not in made:
        # What a ruling gives the buyer, it has from its bank as far as that goes; what we sent back already stands.
        due.refund = max(due.refund - taken, 0)
    if not released:
        # The fee is of the rest alone; one that was taken already stands.
        points = book(rows.trade.rules).value("fee.basis_points")
        due.fee = divided(due.amount - covered, due.refund, points).fee
    due.charged_back = covered
    due.step_id = step.id
    if event is not None:
        due.state = settlement.advance(due.state, event)
    if event is SettlementEvent.REFUND:
        terminate(session, rows, step)
        instalments.cancel(session, step, rows.settlements)
    record(session, step, note={"chargeback": str(found.id), "amount": taken})


def _return_rest(session: Session, rows: Life, due: Settlement) -> None:
    """Send back the rest of a payment that came for a cancelled instalment, whose refund the loss ended."""
    if due.state is not SettlementState.CANCELLED or payments.is_questioned(session, due.id):
        return
    if payments.held(session, due.id):
        taken = payments.covered(session, due.id)
        payments.plan_refund(session, SYSTEM, replace(bill(rows.trade, due), charged_back=taken))


_KINDS = {
    (False, False): (Kind.SETTLEMENT_REFUNDED, SettlementEvent.REFUND),
    (False, True): (Kind.SETTLEMENT_DIVIDED, SettlementEvent.DIVIDE),
    (True, False): (Kind.SETTLEMENT_REDUCED, None),
    (True, True): (Kind.SETTLEMENT_REDUCED, None),
}
"""What a loss makes of a settlement: by whether anything is left of the hold, and whether the provider has its part."""


def _claim(session: Session, rows: Life, chargeback_id: uuid.UUID) -> None:
    """Let somebody owe what the bank took of money that was not held any more: a redress, or the exchange's loss."""
    found = payments.chargeback(session, chargeback_id)
    mine = [one for one in service.redresses(session, rows.trade.id) if one.chargeback_id == found.id]
    rest = found.withdrawn - found.covered - found.borne - sum(one.amount for one in mine)
    if rest <= 0:
        return
    running = rows.redress
    if running is not None:
        # One of another instalment is not repaid by this loss: its own refund goes on.
        same = running.settlement_id == found.settlement_id and running.chargeback_id is None
        if same and running.state is RedressState.ORDERED and running.amount <= rest:
            _adopt(session, rows, running, found)
        return  # its end queues the next look
    due = locked(session, Settlement, found.settlement_id)
    amount = min(rest, redressing.left_of(session, due))
    if amount <= 0 or not service.has_rule(rows.trade, redressing.RULE):
        payments.bear_loss(session, SYSTEM, found.id, rest)
        return
    step = service.step_of(SYSTEM, Kind.REDRESS_ORDERED, rows.trade)
    session.add(
        Redress(
            id=uuid.uuid4(),
            trade_id=rows.trade.id,
            settlement_id=due.id,
            step_id=step.id,
            state=RedressState.ORDERED,
            chargeback_id=found.id,
            amount=amount,
            fee=redressing.fee_part(session, due, amount),
            currency=rows.trade.currency,
            reason=REASON,
            ordered_at=step.time,
        )
    )
    if amount == redressing.released(due):
        terminate(session, rows, step)
        instalments.cancel(session, step, rows.settlements)
    jobs.queue(session, "trade.redress", number=rows.trade.number)
    record(session, step, note={"reason": REASON, "chargeback": str(found.id)})


def _adopt(session: Session, rows: Life, running: Redress, found: Chargeback) -> None:
    """Let a redress whose money had not gone back yet be repaid by what the bank took."""
    step = service.step_of(SYSTEM, Kind.REDRESS_ORDERED, rows.trade)
    running.chargeback_id = found.id
    running.step_id = step.id
    jobs.queue(session, "trade.redress", number=rows.trade.number)
    record(session, step, note={"chargeback": str(found.id)})


def _resume(session: Session, rows: Life) -> None:
    """Let bytes leave again, unless the bank has taken another payment of the trade; money astray stops none."""
    if any(payments.is_taken_back(session, one.id) for one in rows.settlements):
        return
    step = service.step_of(SYSTEM, Kind.DELIVERY_RESUMED, rows.trade)
    if delivery.lift(session, step, Hold.CHARGEBACK, rows.trade.id):
        record(session, step)
