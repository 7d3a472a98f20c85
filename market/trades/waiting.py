"""Which trades wait for whom, for the page that shows what is to be done.

The same cases as in :func:`market.trades.timeline.awaited`, said to the database, so that of many trades the
most urgent are found without looking at each; a test holds the two against each other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, not_, null, or_, select
from sqlalchemy.orm import Session

from market.actor import Actor, Role
from market.delivery import service as delivery
from market.paging import Beginning, beginning
from market.steps import Step
from market.trades import service, timeline
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState
from market.trades.duty import DutyState
from market.trades.models import Acceptance, Agreement, Dispute, Duty, Settlement, Trade
from market.trades.settlement import SettlementState
from market.trades.timeline import Next, Side

_BUYER = and_(
    Acceptance.state == AcceptanceState.PENDING,
    Dispute.id.is_(None),
    or_(
        Agreement.state.in_((AgreementState.ACTIVE, AgreementState.SUSPENDED)),
        and_(Agreement.state == AgreementState.EXPIRED, Acceptance.due_at.is_not(None)),
    ),
)
"""The buyer must pay, fetch, or accept or reject; the receipt between the last two is the exchange's."""
_OPERATOR = and_(
    Dispute.id.is_not(None),
    Dispute.state.in_((DisputeState.OPEN, DisputeState.EVIDENCE)),
)
_EXCHANGE = or_(
    and_(Dispute.id.is_not(None), Dispute.state == DisputeState.RULED),
    and_(
        Settlement.id.is_not(None),
        Settlement.state == SettlementState.FUNDED,
        or_(
            Acceptance.state.in_((AcceptanceState.ACCEPTED, AcceptanceState.DEEMED)),
            Agreement.state == AgreementState.TERMINATED,
        ),
    ),
)
"""Money must be sent on, or a dispute closed."""
_DELETION = and_(
    Duty.id.is_not(None), Duty.state != DutyState.PERFORMED, not_(_BUYER), not_(_OPERATOR), not_(_EXCHANGE)
)
"""The agreement has ended and nothing else is open: the buyer deletes the data and states it."""


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
    unfinished = or_(_BUYER, _OPERATOR, _EXCHANGE, _DELETION)
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
        mine = or_(and_(_BUYER, not_(received)), _DELETION)
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
        .outerjoin(Settlement, Settlement.trade_id == Trade.id)
        .outerjoin(Dispute, Dispute.trade_id == Trade.id)
        .outerjoin(Duty, Duty.trade_id == Trade.id)
    )


def _since() -> ColumnElement[datetime]:
    """Return the time of the newest step that changed one of a trade's machines."""
    led = Step.id.in_(
        [Agreement.step_id, Acceptance.step_id, Settlement.step_id, Dispute.step_id, Duty.step_id]
    )
    return select(func.max(Step.time)).where(led).scalar_subquery()


def _deadline() -> ColumnElement[Any]:
    fetch = func.coalesce(Acceptance.due_at, delivery.fetch_by(Trade.id))
    return case(
        (_DELETION, Duty.due_at),
        (not_(_BUYER), null()),
        (Settlement.state == SettlementState.DUE, Settlement.due_at),
        else_=fetch,
    )
