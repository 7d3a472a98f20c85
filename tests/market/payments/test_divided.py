"""Money that goes two ways, and money that comes back after the release: once each, whatever happens in between.

The crash tests walk every moment at which a process can end: before a call, after the platform has done it, and
after its outcome is recorded, for each movement. Afterwards the platform's own list has one movement each, and the
books are what the platform holds.
"""

import itertools
import random
import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from market import steps
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.migrations import metadata
from market.payments import performing, service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationKind, OperationState
from market.steps import Kind, fsck
from tests.market.payments.conftest import Money, a_bill
from tests.waiting import side_by_side

SYSTEM = Actor.system("test")
REFUND, FEE = 6_650, 397
"""Of 199.00: 66.50 back to the buyer, and 3 % of the rest."""
PATHS = {"transfer": "/v1/transfers", "refund": "/v1/refunds", "reversal": "/v1/transfers/"}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def parted(bill: Bill) -> Bill:
    """A bill that a ruling has divided."""
    return replace(bill, refund=REFUND, fee=FEE)


def divide(money: Money, bill: Bill) -> None:
    """Plan both ways, as the room above does."""
    money.out(bill, service.plan_refund)
    money.out(bill, service.plan_transfer)


def repay(bill: Bill, cause_id: uuid.UUID, amount: int, fee: int = 0) -> Operation:
    with transaction() as session:
        return service.plan_repayment(session, SYSTEM, bill, cause_id, amount, fee)


def take_back(bill: Bill, cause_id: uuid.UUID, amount: int) -> Operation | None:
    with transaction() as session:
        return service.plan_reversal(session, SYSTEM, bill, cause_id, amount)


def close(bill: Bill, cause_id: uuid.UUID, missing: int) -> None:
    """Book what is missing, within a step as the room above takes one."""
    with transaction() as session:
        step = steps.begin(SYSTEM, Kind.REDRESS_CLOSED, bill.handle)
        service.book_shortfall(session, step, bill, cause_id, missing)
        steps.record(session, step)


def owes(bill: Bill) -> int:
    with transaction() as session:
        return service.owed_by(session, bill.provider_id, bill.currency)


def account(money: Money, bill: Bill) -> str:
    with read() as session:
        found = service.account_of(session, bill.provider_id)
    assert found is not None
    return str(found.stripe_id)


def paid_out(money: Money, bill: Bill, amount: int) -> None:
    """Let the provider have its money paid out, so that the platform cannot take it back."""
    money.control(f"objects/{account(money, bill)}", _paid_out={"cny": amount})


def moved(money: Money, *bills: Bill) -> dict[str, list[int]]:
    """Return the amounts of all movements that the platform has made for trades."""
    found: dict[str, list[int]] = {"transfer": [], "refund": [], "reversal": []}
    for bill in bills:
        paid = next(one for one in money.all(bill) if one.kind is OperationKind.CHECKOUT)
        transfers = list(money.stripe.transfers(f"trade-{bill.number}"))
        found["transfer"] += [one.amount for one in transfers]
        found["refund"] += [one.amount for one in money.stripe.refunds(paid.payment_intent or "")]
        for one in transfers:
            found["reversal"] += [back.amount for back in money.stripe.reversals(one.id)]
    return found


def balanced(money: Money, *bills: Bill) -> dict[str, int]:
    """Return the books of trades together, once they are what the platform holds and fsck finds nothing."""
    totals: dict[str, int] = {}
    for bill in bills:
        for name, amount in money.balances(bill).items():
            totals[name] = totals.get(name, 0) + amount
    assert money.stripe.balance().amounts == {"cny": totals["psp_clearing"]}
    with read() as session:
        assert list(fsck.check(session, metadata())) == []
    return totals


def test_a_divided_price_goes_both_ways_exactly(money: Money, parted: Bill, buyer: Actor) -> None:
    money.funded(parted, buyer)
    divide(money, parted)
    money.work()
    net = 19_900 - REFUND - FEE
    assert moved(money, parted) == {"transfer": [net], "refund": [REFUND], "reversal": []}
    assert sorted(money.followed[1:]) == [("refund.made", parted.number), ("transfer.made", parted.number)]
    books = balanced(money, parted)
    assert books[f"order_hold:{parted.number}"] == 0
    assert books[f"provider_payable:{parted.provider_id}"] == 0
    assert books["fee_revenue"] == -FEE
    with read() as session:
        assert service.made_of(session, parted.settlement_id) == {
            OperationKind.TRANSFER,
            OperationKind.REFUND,
        }


def test_no_more_leaves_the_hold_than_came_in(money: Money, parted: Bill, buyer: Actor) -> None:
    money.funded(parted, buyer)
    divide(money, parted)
    divide(money, parted)
    whole = replace(parted, refund=0)
    assert money.out(whole, service.plan_transfer).amount == 19_900 - REFUND - FEE
    money.work()
    divide(money, parted)
    assert [one.kind.value for one in money.all(parted)] == ["checkout", "refund", "transfer"]


@pytest.mark.parametrize("first", [service.plan_transfer, service.plan_refund])
def test_what_goes_one_way_whole_does_not_go_the_other(
    money: Money, bill: Bill, buyer: Actor, first: Any
) -> None:
    money.funded(bill, buyer)
    money.out(bill, first)
    for part in (bill, replace(bill, refund=1)):
        for way in (service.plan_transfer, service.plan_refund):
            if way is not first:
                with pytest.raises(Conflict) as refusal:
                    money.out(part, way)
                assert refusal.value.code == "settlement.spent"


def test_one_way_fails_and_is_tried_again_while_the_other_goes(
    money: Money, parted: Bill, buyer: Actor
) -> None:
    money.funded(parted, buyer)
    money.control("faults", kind="refuse", path="/v1/refunds", status=400, times=2)
    divide(money, parted)
    money.work()
    assert [one.state.value for one in money.all(parted)[1:]] == ["FAILED", "OK"]
    assert money.balances(parted)[f"order_hold:{parted.number}"] == -REFUND
    money.work(hours=1)
    money.work(hours=2)
    assert moved(money, parted)["refund"] == [REFUND]
    assert balanced(money, parted)[f"order_hold:{parted.number}"] == 0


def test_paid_back_after_the_release_and_taken_back(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    cause = uuid.uuid4()
    first = repay(bill, cause, 10_000, 300)
    assert repay(bill, cause, 10_000, 300).id == first.id
    money.work()
    assert money.balances(bill)[f"recovery:{bill.number}"] == 9_700
    assert owes(bill) == 0, "what is being taken back is not kept back elsewhere"
    back = take_back(bill, cause, 9_700)
    assert back is not None
    money.work()
    again = take_back(bill, cause, 9_700)
    assert again is not None
    assert again.id == back.id
    assert moved(money, bill) == {"transfer": [19_303], "refund": [10_000], "reversal": [9_700]}
    books = balanced(money, bill)
    assert books[f"recovery:{bill.number}"] == 0
    assert books["fee_revenue"] == -297
    assert money.kinds(bill)[-4:] == ["refund.planned", "refund.made", "reversal.planned", "reversal.made"]
    assert money.followed[-2:] == [("refund.made", bill.number), ("reversal.over", bill.number)]


def test_no_more_is_paid_back_than_was_released(money: Money, parted: Bill, buyer: Actor) -> None:
    money.funded(parted, buyer)
    divide(money, parted)
    money.work()
    repay(parted, uuid.uuid4(), 10_000)
    money.work()
    for amount, refused in ((3_251, True), (3_250, False)):
        if refused:
            with pytest.raises(Conflict) as refusal:
                repay(parted, uuid.uuid4(), amount)
            assert refusal.value.code == "settlement.spent"
        else:
            repay(parted, uuid.uuid4(), amount)


def test_nothing_is_paid_back_before_the_release(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    with pytest.raises(Conflict):
        repay(bill, uuid.uuid4(), 1)


def test_an_account_that_holds_less_gives_what_it_has_and_owes_the_rest(
    money: Money, bill: Bill, provider: Actor, buyer: Actor
) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    paid_out(money, bill, 15_000)
    cause = uuid.uuid4()
    repay(bill, cause, 19_900, 597)
    money.work()
    take_back(bill, cause, 19_303)
    money.work()
    assert money.all(bill)[-1].failure == "balance_insufficient"
    money.work(hours=1)
    assert moved(money, bill)["reversal"] == [4_303]
    assert money.followed[-1] == ("reversal.over", bill.number)
    close(bill, cause, 15_000)
    assert owes(bill) == 15_000
    later = [a_bill(provider, buyer, amount=amount, fee=amount // 100 * 3) for amount in (10_000, 8_000)]
    for one in later:
        money.funded(one, buyer)
    first = money.out(later[0], service.plan_transfer)
    second = money.out(later[1], service.plan_transfer)
    assert (first.amount, first.netted) == (0, 9_700)
    assert (second.amount, second.netted) == (2_460, 5_300)
    assert owes(bill) == 0
    money.work()
    assert [money.get(one).state for one in (first, second)] == [OperationState.OK] * 2
    books = balanced(money, bill, *later)
    assert books[f"provider_receivable:{bill.provider_id}"] == 0
    assert books[f"provider_payable:{bill.provider_id}"] == 0
    assert all(books[f"order_hold:{one.number}"] == 0 for one in later)
    assert moved(money, bill, *later)["transfer"] == [19_303, 2_460]


def test_a_reversal_of_nothing_is_given_up_and_owed(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    paid_out(money, bill, 19_303)
    cause = uuid.uuid4()
    repay(bill, cause, 500)
    money.work()
    take_back(bill, cause, 500)
    money.work()
    money.work(hours=1)
    assert money.followed[-1] == ("reversal.over", bill.number)
    assert money.all(bill)[-1].state is OperationState.FAILED
    close(bill, cause, 500)
    assert owes(bill) == 500
    balanced(money, bill)


def test_a_reversal_is_not_tried_for_ever(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    cause = uuid.uuid4()
    repay(bill, cause, 500)
    money.work()
    money.control("faults", kind="refuse", path="/v1/transfers/", status=400, times=99)
    take_back(bill, cause, 500)
    money.work()
    for _ in range(8):
        money.work(hours=9)
    assert [one.state for one in money.all(bill)[3:]] == [OperationState.FAILED] * 5
    assert money.followed[-1] == ("reversal.over", bill.number)


def test_releases_at_once_keep_back_what_is_owed_once(
    money: Money, bill: Bill, provider: Actor, buyer: Actor
) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    cause = uuid.uuid4()
    repay(bill, cause, 5_000)
    money.work()
    close(bill, cause, 5_000)
    later = [a_bill(provider, buyer) for _ in range(4)]
    for one in later:
        money.funded(one, buyer)
    kept: list[int] = []

    def release(one: Bill) -> None:
        with money.app.app_context():
            kept.append(money.out(one, service.plan_transfer).netted)

    side_by_side([lambda one=one: release(one) for one in later])  # type: ignore[misc]
    assert sorted(kept) == [0, 0, 0, 5_000]


@pytest.mark.parametrize(("kind", "state"), [("refund", "PLANNED"), ("refund", "OK"), ("transfer", "OPEN")])
def test_the_database_itself_allows_each_movement_of_a_divided_price_once(
    money: Money, parted: Bill, buyer: Actor, kind: str, state: str
) -> None:
    money.funded(parted, buyer)
    divide(money, parted)
    planned = next(one for one in money.all(parted) if one.kind.value == kind)
    with pytest.raises(IntegrityError), transaction() as session:
        step = steps.begin(buyer, Kind.REFUND_PLANNED, parted.handle)
        values = {
            column.key: getattr(planned, column.key)
            for column in Operation.__table__.columns
            if column.key not in {"id", "state", "attempt", "step_id"}
        }
        session.add(Operation(**values, id=uuid.uuid4(), state=state, attempt=7, step_id=step.id))
        steps.record(session, step)


# Crashes

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
