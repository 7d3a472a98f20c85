"""Which trades wait for whom, for the page that shows what is to be done.

The same cases as in :func:`market.trades.timeline.awaited`, said to the database, so that of many trades the
most urgent are found without looking at each; a test holds the two against each other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, not_, null, or_, select
from sqlalchemy.orm import Session

from market import clock
from market.actor import Actor, Role
from market.delivery import service as delivery
from market.paging import Beginning, beginning
from market.steps import Step
from market.trades import service, timeline
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState
from market.trades.duty import DutyState
from market.trades.models import Acceptance, Agreement, Dispute, Duty, Redress, Settlement, Trade
from market.trades.redress import RedressState
from market.trades.settlement import SettlementState
from market.trades.timeline import Next, Side

_WORD = and_(
    Acceptance.state == AcceptanceState.PENDING,
    Dispute.id.is_(None),
    or_(
        Agreement.state.in_((AgreementState.ACTIVE, AgreementState.SUSPENDED)),
        and_(Agreement.state == AgreementState.EXPIRED, Acceptance.due_at.is_not(None)),
    ),
)
"""The buyer must pay first, fetch, or accept or reject; the receipt between the last two is the exchange's."""
_OPERATOR = and_(
    Dispute.id.is_not(None),
    Dispute.state.in_((DisputeState.OPEN, DisputeState.EVIDENCE)),
)
_EXCHANGE = or_(
    and_(Dispute.id.is_not(None), Dispute.state == DisputeState.RULED),
    and_(
        exists().where(Settlement.trade_id == Trade.id, Settlement.state == SettlementState.FUNDED),
        or_(
            Acceptance.state.in_((AcceptanceState.ACCEPTED, AcceptanceState.DEEMED)),
            Agreement.state == AgreementState.TERMINATED,
        ),
    ),
    exists().where(Redress.trade_id == Trade.id, Redress.state != RedressState.CLOSED),
)
"""Money must be sent on or taken back, or a dispute closed."""
_BEGAN = exists().where(
    Settlement.trade_id == Trade.id,
    Settlement.state.not_in((SettlementState.DUE, SettlementState.CANCELLED)),
)
"""An instalment was paid."""


def _payable() -> ColumnElement[bool]:
    begun = or_(Settlement.period_from.is_(None), Settlement.period_from <= clock.now())
    return and_(Settlement.trade_id == Trade.id, Settlement.state == SettlementState.DUE, begun)


def _pays() -> ColumnElement[bool]:
    """The buyer must pay an instalment."""
    return and_(exists().where(_payable()), not_(_OPERATOR), not_(_EXCHANGE))


def _of_buyer() -> ColumnElement[bool]:
    return or_(_WORD, _pays())


def _deletion() -> ColumnElement[bool]:
    """The agreement has ended and nothing else is open: the buyer deletes the data and states it."""
    owed = and_(Duty.id.is_not(None), Duty.state != DutyState.PERFORMED)
    return and_(owed, not_(_of_buyer()), not_(_OPERATOR), not_(_EXCHANGE))


@dataclass(frozen=True)
class Awaited:
    """A trade that waits for somebody.

    Attributes:
        trade: the row.
        next: for whom, for what, and until when.
        since: the time of the step that led there.
    """

    trade: Trade
    next: Next
    since: datetime


def mine(session: Session, actor: Actor) -> Beginning[Awaited]:
    """Return the trades that wait for the actor: the nearest deadline first, then what waits longest."""
    return _looked_at(session, _mine(actor))


def others(session: Session, actor: Actor) -> Beginning[Awaited]:
    """Return the trades of the actor's organisation that wait for somebody else, in the same order."""
    unfinished = or_(_of_buyer(), _OPERATOR, _EXCHANGE, _deletion())
    return _looked_at(session, and_(_own(actor), unfinished, not_(_mine(actor))))


def sides_of(actor: Actor, trade: Trade) -> set[Side]:
    """Return the sides of a trade on which the actor acts."""
    sides = set()
    if actor.has(Role.BUYER) and actor.organisation_id == trade.buyer_id:
        sides.add(Side.BUYER)
    if actor.has(Role.PROVIDER) and actor.organisation_id == trade.provider_id:
        sides.add(Side.PROVIDER)
    if actor.has(Role.OPERATOR):
        sides.add(Side.OPERATOR)
    return sides


def _own(actor: Actor) -> ColumnElement[bool]:
    return or_(Trade.buyer_id == actor.organisation_id, Trade.provider_id == actor.organisation_id)


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Select the trades in which it is the actor's turn; nobody rules on a matter of their own (R1.5)."""
    turns: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.BUYER):
        received = Trade.id.in_(delivery.awaiting_receipts())
        mine = or_(and_(_WORD, not_(_EXCHANGE), not_(received)), _pays(), _deletion())
        turns.append(and_(Trade.buyer_id == actor.organisation_id, mine))
    if actor.has(Role.OPERATOR):
        turns.append(and_(_OPERATOR, not_(_own(actor))))
    return or_(*turns)


def _looked_at(session: Session, condition: ColumnElement[bool]) -> Beginning[Awaited]:
    since = _since()
    query = _trades(since).where(condition)
    rows = beginning(session, query, _deadline().nulls_last(), since, Trade.id)
    found = []
    for trade, moment in rows.items:
        life = service.life(session, trade.number)
        awaits = timeline.awaited(session, life, service.standing(session, life))
        if awaits is not None:
            found.append(Awaited(trade, awaits, moment))
    return Beginning(found, rows.more)


def _trades(since: ColumnElement[datetime]) -> Select[Trade, datetime]:
    return (
        select(Trade, since)
        .join(Agreement, Agreement.trade_id == Trade.id)
        .join(Acceptance, Acceptance.trade_id == Trade.id)
        .outerjoin(Dispute, Dispute.trade_id == Trade.id)
        .outerjoin(Duty, Duty.trade_id == Trade.id)
    )


def _since() -> ColumnElement[datetime]:
    """Return the time of the newest step that changed one of a trade's machines."""
    led = or_(
        Step.id.in_([Agreement.step_id, Acceptance.step_id, Dispute.step_id, Duty.step_id]),
        Step.id.in_(select(Settlement.step_id).where(Settlement.trade_id == Trade.id)),
    )
    return select(func.max(Step.time)).where(led).scalar_subquery()


def _deadline() -> ColumnElement[Any]:
    """Return by when it is the buyer's turn: of paying and of what the delivery asks for, the earlier one."""
    fetch = func.coalesce(Acceptance.due_at, delivery.fetch_by(Trade.id))
    due = select(func.min(Settlement.due_at)).where(_payable()).correlate(Trade).scalar_subquery()
    first = or_(not_(_WORD), not_(_BEGAN), fetch.is_(None), due <= fetch)
    return case(
        (_deletion(), Duty.due_at),
        (not_(_of_buyer()), null()),
        (and_(_pays(), first), due),
        else_=fetch,
    )
