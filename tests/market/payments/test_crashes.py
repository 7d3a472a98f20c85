"""Lost answers, kept failures, forgotten keys and a process that dies: one movement of money, never two."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ledger import reader
from ledger.entry import Entry
from market.actor import Actor, Role
from market.clock import utcnow
from market.db import engine, read, transaction
from market.errors import Frozen, Unavailable
from market.oversight import sequencing
from market.payments import outcomes, performing, service
from market.payments.models import Account, Operation
from market.payments.service import Bill
from market.payments.states import AccountState, OperationState
from market.steps import chain, recovering, steps_of
from tests import people
from tests.market.payments.conftest import Money

WAYS = [
    pytest.param(service.plan_transfer, "transferred", "/v1/transfers", id="transfer"),
    pytest.param(service.plan_refund, "refunded", "/v1/refunds", id="refund"),
]
Way = Callable[..., Operation]


class Killed(BaseException):
    """The process ends here."""


def die_once(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """End the process where an outcome would be recorded; the next process lives."""
    real = getattr(outcomes, place)

    def dying(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(outcomes, place, real)
        raise Killed

    monkeypatch.setattr(outcomes, place, dying)


def moved(money: Money, bill: Bill) -> int:
    """Count transfers and refunds that the platform has made for a trade."""
    paid = next(one for one in money.all(bill) if one.kind.value == "checkout")
    transfers = list(money.stripe.transfers(f"trade-{bill.number}"))
    return len(transfers) + len(list(money.stripe.refunds(paid.payment_intent or "")))


def test_killed_between_call_and_outcome_of_a_page(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = money.plan(bill, buyer)
    die_once(monkeypatch, "opened")
    with pytest.raises(Killed):
        service.open_page(operation.id)
    assert money.get(operation).state is OperationState.PLANNED
    money.work(seconds=31)
    assert money.get(operation).state is OperationState.OPEN
    assert len(money.open_pages()) == 1


def test_killed_between_look_and_outcome_of_a_payment(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    money.control("settings", webhooks="hold")
    operation = money.pay(bill, buyer)
    die_once(monkeypatch, "settled")
    with pytest.raises(Killed):
        money.work(minutes=1)
    money.work(minutes=2)
    assert money.get(operation).state is OperationState.OK
    assert money.followed == [("payment.settled", bill.number)]
    assert len(money.postings(bill)) == 2


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_killed_between_call_and_outcome(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    die_once(monkeypatch, place)
    with pytest.raises(Killed):
        money.work()
    assert money.get(operation).state is OperationState.PLANNED
    money.work(minutes=2)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_a_lost_answer_is_never_a_failure(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="lose", path=path, times=4)
    money.work()
    assert money.get(operation).state is OperationState.PLANNED
    assert moved(money, bill) == 1
    money.work(minutes=1)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


@pytest.mark.parametrize("status", [302, 408, 413])
@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_an_answer_of_somebody_in_between_is_never_a_failure(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str, status: int
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="garble", path=path, status=status)
    money.work()
    assert money.get(operation).state is OperationState.PLANNED
    money.work(minutes=1)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_what_arrives_after_it_was_given_up_is_found_and_not_done_again(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="break", path=path)
    money.work()
    money.work(minutes=16)
    assert money.get(operation).failure == "not_done"
    performing._CALLS[operation.kind](replaced(money.get(operation)))
    money.work(hours=1)
    assert [one.state for one in money.all(bill)] == [OperationState.OK, OperationState.OK]
    assert moved(money, bill) == 1
    assert money.balances(bill)[f"order_hold:{bill.number}"] == 0
    assert money.followed[-1][0].endswith(".made")


def replaced(operation: Operation) -> Operation:
    """Return an operation whose call the platform takes for a new one."""
    operation.attempt += 100
    return operation


def test_a_refund_that_cannot_be_looked_at_is_not_a_refusal(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", refund_status="pending")
    operation = money.out(bill, service.plan_refund)
    money.control("faults", kind="refuse", method="GET", path="/v1/refunds/", status=404)
    money.work()
    assert money.get(operation).state is OperationState.PLANNED
    refund = next(money.stripe.refunds(paid.payment_intent or ""))
    money.control(f"objects/{refund.id}", status="succeeded")
    money.work(minutes=5)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


def test_a_refund_given_up_and_still_under_way_is_waited_for(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    operation = money.out(bill, service.plan_refund)
    money.control("faults", kind="break", path="/v1/refunds")
    money.work()
    money.work(minutes=16)
    money.control("settings", refund_status="pending")
    performing._CALLS[operation.kind](replaced(money.get(operation)))
    money.work(hours=1)
    money.work(minutes=2)
    assert money.all(bill)[-1].state is OperationState.FAILED
    refund = next(money.stripe.refunds(paid.payment_intent or ""))
    money.control(f"objects/{refund.id}", status="succeeded")
    money.work(minutes=2)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_a_failed_way_out_is_not_begun_a_second_time_beside_its_own_retry(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="refuse", path=path, status=400)
    money.work()
    assert money.get(operation).state is OperationState.FAILED
    assert money.out(bill, way).id == operation.id


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_a_forgotten_key_is_not_repeated_but_looked_up(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="lose", path=path, times=4)
    money.work()
    money.control("faults", kind="refuse", path=path, times=1000)
    money.work(hours=23)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1
    assert money.kinds(bill)[-1].endswith(".made")


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_what_was_never_done_is_planned_again_after_the_key_is_old(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.work(hours=-1)
    money.clock.advance(hours=1)
    money.control("faults", kind="refuse", path=path, times=4)
    money.work(hours=23)
    assert money.get(operation).failure == "not_done"
    money.work(hours=1)
    money.work(minutes=5)
    assert [one.state.value for one in money.all(bill)][-2:] == ["FAILED", "OK"]
    assert moved(money, bill) == 1


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_a_failure_that_the_platform_keeps_is_not_repeated_for_ever(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    money.control("faults", kind="break", path=path)
    money.work()
    assert money.get(operation).state is OperationState.PLANNED
    money.work(minutes=16)
    assert money.get(operation).state is OperationState.FAILED
    money.work(hours=1)
    assert money.all(bill)[-1].state is OperationState.OK
    assert moved(money, bill) == 1


def test_a_refused_transfer_is_tried_again_until_it_is_made(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    with read() as session:
        account = service.account_of(session, bill.provider_id)
    assert account is not None
    money.control(f"objects/{account.stripe_id}", capabilities={"transfers": "inactive"})
    money.out(bill, service.plan_transfer)
    money.work()
    assert money.all(bill)[-1].failure == "insufficient_capabilities_for_transfer"
    assert money.balances(bill)[f"order_hold:{bill.number}"] == -19_900
    money.work(hours=1)
    assert [one.attempt for one in money.all(bill)[1:]] == [1, 2]
    money.control(f"objects/{account.stripe_id}", capabilities={"transfers": "active"})
    money.work(hours=2)
    assert money.all(bill)[-1].state is OperationState.OK
    assert money.followed == [("payment.settled", bill.number), ("transfer.made", bill.number)]
    assert money.kinds(bill)[3:] == [
        "transfer.planned", "transfer.failed",
        "transfer.planned", "transfer.failed",
        "transfer.planned", "transfer.made",
    ]  # fmt: skip


def test_a_refund_that_takes_its_time_is_waited_for(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", refund_status="pending")
    operation = money.out(bill, service.plan_refund)
    money.work()
    money.work(minutes=5)
    assert money.get(operation).state is OperationState.PLANNED
    assert moved(money, bill) == 1
    refund = next(money.stripe.refunds(paid.payment_intent or ""))
    money.control(f"objects/{refund.id}", status="succeeded")
    money.work(minutes=5)
    assert money.get(operation).state is OperationState.OK
    assert moved(money, bill) == 1


def test_a_refund_that_fails_at_the_bank_is_made_again(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", refund_status="pending")
    money.out(bill, service.plan_refund)
    money.work()
    refund = next(money.stripe.refunds(paid.payment_intent or ""))
    money.control(f"objects/{refund.id}", status="failed")
    money.control(f"objects/{paid.charge}", amount_refunded=0, refunded=False)
    money.control("settings", refund_status="succeeded")
    money.work(minutes=5)
    assert money.all(bill)[-1].failure == "refund_failed"
    money.work(hours=1)
    assert money.all(bill)[-1].state is OperationState.OK


def test_a_silent_platform_is_said_to_the_buyer_and_waited_for(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    operation = money.plan(bill, buyer)
    money.control("faults", kind="refuse", status=503, times=4)
    with pytest.raises(Unavailable):
        service.open_page(operation.id)
    money.work(seconds=31)
    assert service.open_page(operation.id).url.startswith(money.platform.base)


def test_a_refused_page_can_be_begun_again(money: Money, provider: Actor, buyer: Actor) -> None:
    from tests.market.payments.conftest import a_bill

    huge = a_bill(provider, buyer, amount=100_000_000)
    operation = money.plan(huge, buyer)
    money.work(seconds=31)
    assert money.get(operation).failure == "amount_too_large"
    assert money.plan(huge, buyer).attempt == 2


def test_an_account_whose_answer_was_lost_is_one_account(money: Money) -> None:
    money.control("faults", kind="lose", path="/v1/accounts", times=4)
    people.verified(Role.PROVIDER)
    money.work()
    with read() as session:
        assert session.query(Account).one().state is AccountState.PLANNED
    money.work(minutes=1)
    with read() as session:
        account = session.query(Account).one()
    assert account.state is AccountState.OPEN


def test_an_account_refused_is_planned_again(money: Money) -> None:
    money.control("faults", kind="refuse", status=400, path="/v1/accounts")
    people.verified(Role.PROVIDER)
    money.work()
    money.work(hours=1)
    with read() as session:
        account = session.query(Account).one()
        kinds = [step.kind for step in chain(session, account.id)]
    assert (account.state, account.attempt) == (AccountState.OPEN, 2)
    assert kinds == ["account.planned", "account.planned", "account.opened"]


@pytest.mark.parametrize(("way", "place", "path"), WAYS)
def test_nothing_is_sent_for_a_trade_whose_last_steps_were_lost(
    money: Money, bill: Bill, buyer: Actor, way: Way, place: str, path: str
) -> None:
    """What followed the plan may have sent the money the other way; the platform's keys are forgotten after a day."""
    money.funded(bill, buyer)
    operation = money.out(bill, way)
    if engine().dialect.name == "postgresql":
        sequencing.integrate()
    with transaction() as session:
        [*_before, last] = steps_of(session, bill.handle)
        lost = Entry(
            uuid.uuid4(), "dispute.ruled", bill.handle, last.seq + 1, 1, utcnow(), {"step": "ab" * 32}
        )
        recovering.put_back(session, reader.size(session), [lost.leaf()])
    with pytest.raises(Frozen):
        performing.on_perform(str(operation.id))
    money.work(minutes=2)
    assert money.get(operation).state is OperationState.PLANNED
    assert moved(money, bill) == 0
