"""Money that goes two ways, and money that comes back after the release: once each, whatever happens in between."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from market import steps
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.payments import service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationKind, OperationState
from market.steps import Kind
from tests.market.payments.conftest import FEE, REFUND, Money, a_bill
from tests.market.payments.dividing import balanced, close, divide, moved, owes, paid_out, repay, take_back
from tests.waiting import side_by_side


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
