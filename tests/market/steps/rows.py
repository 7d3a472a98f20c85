"""A trade and its settlement, and a person, written as a service would: the rows the step tests work on."""

import uuid

from sqlalchemy.orm import Session

from market import clock, steps
from market.actor import Actor
from market.participants.models import User
from market.steps import Kind, Pending
from market.trades.models import Settlement, Trade
from market.trades.settlement import SettlementState

ACTOR = Actor(user_id=uuid.UUID(int=1), organisation_id=uuid.UUID(int=2), via="api", verified=True)
EMAIL = "zhang.san@example.org"


def a_trade(step_id: uuid.UUID, handle: str) -> Trade:
    return Trade(
        id=uuid.uuid4(),
        step_id=step_id,
        number=handle[:11].upper(),
        handle=handle,
        contract_id=uuid.uuid4(),
        provider_id=uuid.uuid4(),
        buyer_id=uuid.uuid4(),
        listing_id=uuid.uuid4(),
        asset_id=uuid.uuid4(),
        title="天气",
        amount=19900,
        currency="CNY",
        rules=1,
        began_at=clock.now(),
    )


def add_trade(session: Session) -> tuple[Trade, Settlement, Pending]:
    """Write a trade and its settlement as one step."""
    step = steps.begin(ACTOR, Kind.CONTRACT_FINALIZED, steps.new_handle())
    trade = a_trade(step.id, step.handle)
    session.add(trade)
    session.flush()
    settlement = Settlement(
        id=uuid.uuid4(),
        step_id=step.id,
        trade_id=trade.id,
        amount=19900,
        fee=597,
        currency="CNY",
        state=SettlementState.DUE,
        due_at=clock.now(),
    )
    session.add(settlement)
    steps.record(session, step, given={"number": trade.number})
    return trade, settlement, step


def add_person(session: Session, email: str = EMAIL) -> User:
    """Write a person as one step."""
    step = steps.begin(ACTOR, Kind.MEMBER_JOINED, steps.new_handle())
    user = User(id=uuid.uuid4(), step_id=step.id, email=email, name="张三", joined_at=clock.now())
    session.add(user)
    steps.record(session, step)
    return user
