"""Money that goes two ways and comes back after the release, whatever ends or fails in between: once each.

The tests walk every moment at which a process can end: before a call, after the platform has done it, and
after its outcome is recorded, for each movement. Afterwards the platform's own list has one movement each, and the
books are what the platform holds.
"""

import itertools
import random
import uuid
from dataclasses import replace
from typing import Any

import pytest

from market.actor import Actor
from market.db import read, transaction
from market.payments import performing, service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationKind, OperationState
from tests.market.payments.conftest import FEE, REFUND, Money, a_bill
from tests.market.payments.dividing import SYSTEM, Killed, balanced, divide, moved, repay, take_back

PATHS = {"transfer": "/v1/transfers", "refund": "/v1/refunds", "reversal": "/v1/transfers/"}


MOMENTS = ("before the call", "after the call", "lost answer", "kept failure", "after the outcome")
MOVEMENTS = ("refund", "transfer", "later refund", "reversal")


def story(money: Money, bill: Bill, cause: uuid.UUID) -> None:
    """Take the next step of a divided price that is paid back afterwards, as far as it can go now.

    It is what the rooms above do by jobs: every plan may be repeated, and nothing is remembered in between.
    """
    divide(money, bill)
    with read() as session:
        done = service.made_of(session, bill.settlement_id)
    if len(done) < 2:
        return
    again = repay(bill, cause, 13_250, FEE)
    if money.get(again).state is OperationState.OK:
        take_back(bill, cause, 13_250 - FEE)


class Ending:
    """A process that ends at one moment of one movement, and the processes after it that do not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, money: Money, movement: str, moment: str) -> None:
        self.kind = OperationKind(movement.removeprefix("later "))
        self.later = movement.startswith("later")
        self.fired = False
        path = PATHS[self.kind.value]
        faults = {"lost answer": ("lose", path, 4), "kept failure": ("break", path, 1)}
        self.fault = faults.get(moment)
        if self.fault is None:
            self._die(monkeypatch, moment)
        self.money = money

    def arm(self, found: Operation) -> None:
        """Let the platform fail at the movement that is meant."""
        if self.fault and not self.fired and self._meant(found):
            self.fired = True
            kind, path, times = self.fault
            self.money.control("faults", kind=kind, path=path, times=times)

    def _meant(self, found: Operation) -> bool:
        return found.kind is self.kind and (found.cause_id != found.settlement_id) is (
            self.later or self.kind is OperationKind.REVERSAL
        )

    def _die(self, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
        call, record = performing._CALLS[self.kind], performing._record

        def calling(found: Operation) -> Any:
            if moment == "before the call" and self._meant(found) and not self.fired:
                self.fired = True
                raise Killed
            return call(found)

        def recording(found: Operation, made: Any) -> None:
            mine = self._meant(found) and not self.fired
            if moment == "after the call" and mine:
                self.fired = True
                raise Killed
            record(found, made)
            if moment == "after the outcome" and mine:
                self.fired = True
                raise Killed

        monkeypatch.setattr(performing, "_CALLS", {**performing._CALLS, self.kind: calling})
        monkeypatch.setattr(performing, "_record", recording)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_process_that_ends_anywhere_moves_everything_once(
    money: Money, parted: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch, movement: str, moment: str
) -> None:
    money.funded(parted, buyer)
    ending, cause = Ending(monkeypatch, money, movement, moment), uuid.uuid4()
    for _turn in range(12):
        story(money, parted, cause)
        for one in money.all(parted):
            if one.state is OperationState.PLANNED:
                ending.arm(one)
        try:
            money.work(minutes=16)
        except Killed:
            money.clock.advance(minutes=2)
        money.clock.advance(hours=1)
    assert ending.fired
    net = 19_900 - REFUND - FEE
    assert {name: sorted(amounts) for name, amounts in moved(money, parted).items()} == {
        "transfer": [net],
        "refund": sorted([REFUND, 13_250]),
        "reversal": [13_250 - FEE],
    }
    books = balanced(money, parted)
    assert books[f"order_hold:{parted.number}"] == books[f"recovery:{parted.number}"] == 0
    assert books["fee_revenue"] == 0
    assert sum(one.state is OperationState.OK for one in money.all(parted)) == 5


@pytest.mark.parametrize("seed", range(3))
def test_many_crashes_and_faults_in_a_row_move_everything_once(
    money: Money, provider: Actor, buyer: Actor, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(f"divided {seed}")
    record = performing._record

    def dying(found: Operation, made: Any) -> None:
        if chance.random() < 0.2:
            raise Killed
        record(found, made)
        if chance.random() < 0.2:
            raise Killed

    price = chance.randrange(1_000, 90_000)
    part = chance.randrange(1, price)
    bill = replace(a_bill(provider, buyer, amount=price, fee=(price - part) // 33), refund=part)
    money.funded(bill, buyer)
    monkeypatch.setattr(performing, "_record", dying)
    cause, released = uuid.uuid4(), price - part
    for turn in itertools.count():
        if turn > 14:
            monkeypatch.setattr(performing, "_record", record)
        if turn > 24:
            break
        with transaction() as session:
            service.plan_refund(session, SYSTEM, bill)
        with transaction() as session:
            service.plan_transfer(session, SYSTEM, bill)
        with read() as session:
            both = len(service.made_of(session, bill.settlement_id)) == 2
        if both and money.get(repay(bill, cause, released, bill.fee)).state is OperationState.OK:
            take_back(bill, cause, released - bill.fee)
        if turn < 14:
            for kind in chance.sample(["lose", "break", "garble"], chance.randrange(3)):
                path = chance.choice([*PATHS.values()])
                money.control("faults", kind=kind, path=path, times=4 if kind == "lose" else 1)
        for _ in range(3):
            try:
                money.work(minutes=20)
            except Killed:
                money.clock.advance(minutes=2)
        money.clock.advance(hours=2)
    found = moved(money, bill)
    assert sorted(found["refund"]) == sorted([part, released])
    assert (found["transfer"], found["reversal"]) == ([released - bill.fee], [released - bill.fee])
    totals = balanced(money, bill)
    assert {name: amount for name, amount in totals.items() if amount} == {
        "psp_clearing": -totals["psp_fee_expense"],
        "psp_fee_expense": totals["psp_fee_expense"],
    }
