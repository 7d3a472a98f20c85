"""Which trades wait for somebody, for the page that shows what is to be done."""

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from market.actor import Actor, Role
from market.trades import service, timeline
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState
from market.trades.models import Acceptance, Agreement, Dispute, Trade
from market.trades.timeline import Next, Side

MOST = 50
"""Trades looked at: the oldest that are not finished."""


def waiting(session: Session, actor: Actor) -> list[tuple[Trade, Next]]:
    """Return the trades that wait for the actor, the oldest first, with what is to be done and by when."""
    return [
        (trade, awaited)
        for trade, awaited in under_way(session, actor)
        if awaited.side in sides_of(actor, trade)
    ]


def under_way(session: Session, actor: Actor) -> list[tuple[Trade, Next]]:
    """Return the unfinished trades that concern the actor, the oldest first, with whom each waits for."""
    found = []
    for trade in session.scalars(_open(actor)):
        rows = service.life(session, trade.number)
        awaited = timeline.awaited(session, rows, service.standing(session, rows))
        if awaited is not None:
            found.append((trade, awaited))
    return found


def _open(actor: Actor) -> Select[Trade]:
    """Select the unfinished trades of the actor's organisation; for an operator those in dispute."""
    own = or_(Trade.buyer_id == actor.organisation_id, Trade.provider_id == actor.organisation_id)
    disputed = Trade.id.in_(select(Dispute.trade_id).where(Dispute.state == DisputeState.OPEN))
    return (
        select(Trade)
        .join(Agreement, Agreement.trade_id == Trade.id)
        .join(Acceptance, Acceptance.trade_id == Trade.id)
        .where(
            disputed
            if actor.has(Role.OPERATOR)
            else own
            & (Agreement.state != AgreementState.TERMINATED)
            & (Acceptance.state == AcceptanceState.PENDING)
        )
        .order_by(Trade.began_at)
        .limit(MOST)
    )


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
