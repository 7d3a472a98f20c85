"""The steps of a redress: ordered by the operator, repaid to the buyer, taken back from the provider (R6.4).

The order of the money is fixed: first the buyer has it back, then the provider's part is reversed at the payment
platform, then the redress closes; what the provider's account did not hold stands as its debt from then on. Each
stage is queued in the transaction of the one before, so that a crash between any two goes on where it stopped.
"""

import uuid

from sqlalchemy.orm import Session

from market import jobs, permissions, steps
from market.actor import Actor
from market.db import transaction
from market.errors import Conflict, Invalid
from market.i18n import gettext as _
from market.payments import service as payments
from market.payments.states import OperationState
from market.steps import Kind, Step
from market.trades import acts, instalments, redress, service
from market.trades.acts import Act
from market.trades.billing import bill
from market.trades.models import Redress, Settlement
from market.trades.redress import RedressEvent, RedressState
from market.trades.service import Life
from market.trades.settlement import SettlementState
from market.trades.shares import fee_back

SYSTEM = Actor.system("trade")
RULE = "R6.4"
"""The rule without which a trade has no redress: it keeps the rule book that it began with."""


def order(
    session: Session, actor: Actor, number: str, amount: int, reason: str, key: str | None = None
) -> Step:
    """Order that a released price is paid back, in full or in part (R6.4).

    Args:
        session: the session of the transaction.
        actor: an operator.
        number: the trade's number.
        amount: minor units that the buyer gets back.
        reason: why.
        key: the ``Idempotency-Key``; the same key and input give the redress ordered the first time.

    It is paid back of one instalment: the earliest that was released and has enough left.

    Raises:
        NotFound: no such trade, or not one the actor may see.
        Forbidden: the actor is not an operator, or its organisation is a party (R1.5).
        Conflict: nothing was released, the term is over, or a redress runs.
        Invalid: ``redress.too_much``: no more than what was released and not paid back yet can be.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "redress.order", service.relation_of(actor, trade))
    given = {"trade": number, "amount": amount, "reason": reason}
    if made := steps.once(session, actor, key, Kind.REDRESS_ORDERED, given):
        return steps.chain(session, made)[0]
    acts.demand(service.standing(session, rows), Act.REDRESS)
    if not service.has_rule(trade, RULE):
        raise Conflict(
            "redress.not_in_rules", _("The rule book of this trade knows no redress after a release.")
        )
    due = _released(session, rows, amount)
    step = service.step_of(actor, Kind.REDRESS_ORDERED, trade)
    row = Redress(
        id=uuid.uuid4(),
        trade_id=trade.id,
        settlement_id=due.id,
        step_id=step.id,
        state=RedressState.ORDERED,
        amount=amount,
        fee=fee_part(session, due, amount),
        currency=trade.currency,
        reason=reason,
        ordered_at=step.time,
    )
    session.add(row)
    jobs.queue(session, "trade.redress", number=number)
    taken = steps.record(session, step, given=given, note={"reason": reason})
    steps.remember(session, actor, key, Kind.REDRESS_ORDERED, given, row.id)
    return taken


def released(found: Settlement) -> int:
    """Return how many minor units of an instalment went to the provider and the exchange."""
    return found.amount - found.refund - found.charged_back


def left(session: Session, rows: Life) -> int:
    """Return how many minor units of a released price can be paid back at once: the most of one instalment."""
    return max((left_of(session, one) for one in rows.settlements), default=0)


def on_redress(number: str) -> None:
    """Job: begin the next stage of a redress that runs; nothing when none does."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = rows.redress
        due = instalments.named(rows.settlements, found.settlement_id) if found else None
        if found is None or due is None:
            return
        owed = bill(rows.trade, due)
        if found.state is RedressState.ORDERED and found.chargeback_id is not None:
            _repaid_by_bank(session, rows, found, due)
        elif found.state is RedressState.ORDERED and payments.is_questioned(session, due.id):
            return  # the buyer may have it from its bank; the end of the chargeback queues this again
        elif found.state is RedressState.ORDERED:
            payments.plan_repayment(session, SYSTEM, owed, found.id, found.amount, found.fee)
        elif payments.plan_reversal(session, SYSTEM, owed, found.id, found.amount - found.fee) is None:
            _close(session, rows, found, due, recovered=0)


def repaid(session: Session, rows: Life) -> None:
    """Mark that the buyer has its money back; the provider's part is taken back next."""
    found = rows.redress
    if found is None or found.state is not RedressState.ORDERED:
        return
    step = service.step_of(SYSTEM, Kind.REDRESS_REPAID, rows.trade)
    found.state = redress.advance(found.state, RedressEvent.REPAY)
    found.step_id = step.id
    jobs.queue(session, "trade.redress", number=rows.trade.number)
    steps.record(session, step)


def _repaid_by_bank(session: Session, rows: Life, found: Redress, due: Settlement) -> None:
    """Mark that the buyer has its money from its bank, which took it from the exchange (R6.5)."""
    step = service.step_of(SYSTEM, Kind.REDRESS_REPAID, rows.trade)
    if found.chargeback_id is not None:
        owed = bill(rows.trade, due)
        payments.book_charged_back(session, step, owed, found.chargeback_id, found.amount, found.fee)
    found.state = redress.advance(found.state, RedressEvent.REPAY)
    found.step_id = step.id
    jobs.queue(session, "trade.redress", number=rows.trade.number)
    steps.record(session, step)


def on_reversal_over(number: str, operation_id: str) -> None:
    """Job: close the redress, with what the reversal took back or with nothing where it was given up."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = rows.redress
        due = instalments.named(rows.settlements, found.settlement_id) if found else None
        if found is None or due is None or found.state is not RedressState.REPAID:
            return
        made = payments.operation(session, uuid.UUID(operation_id))
        if made.cause_id == found.id:
            _close(session, rows, found, due, made.amount if made.state is OperationState.OK else 0)


def _close(session: Session, rows: Life, found: Redress, due: Settlement, recovered: int) -> None:
    """Close a redress; what is missing of the provider's part is its debt from this step on."""
    step = service.step_of(SYSTEM, Kind.REDRESS_CLOSED, rows.trade)
    found.state = redress.advance(found.state, RedressEvent.CLOSE)
    found.recovered = recovered
    found.step_id = step.id
    missing = found.amount - found.fee - recovered
    payments.book_shortfall(session, step, bill(rows.trade, due), found.id, missing, found.chargeback_id)
    for one in payments.chargebacks_of(session, rows.trade.number):
        # What a bank took may have waited for this one to end.
        jobs.queue(session, "chargeback.over", number=rows.trade.number, chargeback_id=one.id)
    steps.record(session, step)


def _released(session: Session, rows: Life, amount: int) -> Settlement:
    """Return the instalment that an amount can be paid back of; refuse more than is left of any."""
    found = next((one for one in rows.settlements if 0 < amount <= left_of(session, one)), None)
    if found is None:
        sentence = _("No more can be paid back than was released and is not paid back yet.")
        if len(rows.settlements) > 1:
            sentence += " " + _("What is more than one instalment is paid back one instalment at a time.")
        raise Invalid("redress.too_much", sentence, fields={"amount": [sentence]})
    return found


def left_of(session: Session, found: Settlement) -> int:
    """Return how many minor units of an instalment were released and are not paid back yet."""
    if found.state not in {SettlementState.RELEASED, SettlementState.PARTIAL}:
        return 0
    back = [one.amount for one in service.redresses(session, found.trade_id) if one.settlement_id == found.id]
    return released(found) - sum(back)


def fee_part(session: Session, due: Settlement, amount: int) -> int:
    """Return what the exchange gives of its fee."""
    whole = released(due)
    return fee_back(whole, due.fee, whole - left_of(session, due), amount)
