"""The instalments of a trade's price: written as the terms plan them, and found by what is asked of them.

The machine of each is :mod:`market.trades.settlement`; the plan itself is pure (:mod:`contracts.instalments`).
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from contracts import instalments
from contracts.terms import AnyTerms
from market import clock, jobs
from market.payments import service as payments
from market.rules import book
from market.steps import Pending
from market.trades import settlement
from market.trades.models import Settlement, Trade
from market.trades.settlement import SettlementEvent, SettlementState


def open_all(session: Session, step: Pending, trade: Trade, terms: AnyTerms) -> None:
    """Write every instalment of a price within the step that brings the contract into force, each with its deadline.

    Args:
        session: the session of the step.
        step: the step; days and periods are counted from its time.
        trade: whose price it is.
        terms: what was signed; nothing is written where nothing is owed.
    """
    planned = instalments.plan(terms, step.time)
    fees = instalments.fees(planned, book(trade.rules).value("fee.basis_points"))
    for one, fee in zip(planned, fees, strict=True):
        session.add(
            Settlement(
                step_id=step.id,
                trade_id=trade.id,
                ordinal=one.ordinal,
                label=one.label,
                period_from=one.starts,
                period_until=one.ends,
                amount=one.amount,
                fee=fee,
                refund=0,
                currency=trade.currency,
                state=SettlementState.DUE,
                due_at=one.due_at,
            )
        )
        jobs.queue(session, "settlement.deadline", due_at=one.due_at, number=trade.number)


def named(rows: Iterable[Settlement], settlement_id: uuid.UUID) -> Settlement | None:
    """Return the instalment that an operation or a redress names; None for one of another trade."""
    return next((one for one in rows if one.id == settlement_id), None)


def payable(rows: Iterable[Settlement], moment: datetime | None = None) -> Settlement | None:
    """Return the instalment to be paid next: the earliest that is due, if its period has begun.

    Args:
        rows: the instalments of a trade in their order.
        moment: as of when (aware UTC); now when not given.
    """
    now = moment or clock.now()
    return next((one for one in unpaid(rows) if one.period_from is None or one.period_from <= now), None)


def unpaid(rows: Iterable[Settlement]) -> list[Settlement]:
    """Return the instalments that are due, whether or not they can be paid already."""
    return [one for one in rows if one.state is SettlementState.DUE]


def held(rows: Iterable[Settlement]) -> list[Settlement]:
    """Return the instalments whose money is held."""
    return [one for one in rows if one.state is SettlementState.FUNDED]


def overdue(rows: Iterable[Settlement]) -> bool:
    """Tell whether an instalment was not paid in time."""
    return any(one.due_at <= clock.now() for one in unpaid(rows))


def began(rows: Iterable[Settlement]) -> bool:
    """Tell whether any instalment was paid, so that the delivery could begin."""
    return any(one.state not in {SettlementState.DUE, SettlementState.CANCELLED} for one in rows)


def cancel(session: Session, step: Pending, rows: Sequence[Settlement], *, later: bool = False) -> None:
    """Let what is unpaid be due no more, within a step; a pay page that stands open is closed.

    Args:
        session: the session of the step.
        step: the step that ends what it was to be paid for.
        rows: the locked instalments of the trade.
        later: only those of periods that have not begun; what ran before the end stays owed.
    """
    for one in unpaid(rows):
        if later and (one.period_from is None or one.period_from <= step.time):
            continue
        one.state = settlement.advance(one.state, SettlementEvent.CANCEL)
        one.step_id = step.id
        payments.close_payment(session, one.id)
