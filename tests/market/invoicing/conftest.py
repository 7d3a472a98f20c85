"""An exchange whose payment platform answers at once, with a way to let money go back."""

import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from market import jobs
from market.contracting import requesting
from market.db import read
from market.invoicing import service
from market.payments import service as payments
from market.payments.models import Operation
from market.payments.states import OperationKind, OperationState
from tests import trades
from tests.deals import Deal

Refund = Callable[..., None]


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned."""
    trades.platform(exchange)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange


@pytest.fixture
def refund(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Refund:
    """Let money of a released trade go back, as the operations of the trade would show it."""
    extra: list[Operation] = []
    asked = payments.operations_of

    def with_extra(session: Session, number: str) -> list[Operation]:
        return [*asked(session, number), *(one for one in extra if one.number == number)]

    def go_back(deal: Deal, amount: int, fee: int = 0, state: OperationState = OperationState.OK) -> None:
        with read() as session:
            paid = next(one for one in asked(session, deal.number) if one.kind is OperationKind.CHECKOUT)
        extra.append(
            Operation(
                id=uuid.uuid4(),
                kind=OperationKind.REFUND,
                number=deal.number,
                settlement_id=paid.settlement_id,
                source_id=paid.id,
                amount=amount,
                fee=fee,
                state=state,
            )
        )
        if state is OperationState.OK:
            service.on_refunded(deal.number)
            jobs.drain()

    monkeypatch.setattr(payments, "operations_of", with_extra)
    return go_back
