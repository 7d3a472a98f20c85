"""Bank transfer: two people for every movement, the same states, and never paid twice whichever way."""

import uuid
from dataclasses import replace

import pytest

from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid
from market.migrations import metadata
from market.payments import performing, service
from market.payments.bank import accounts, announcing, desk, recording
from market.payments.service import Bill
from market.payments.states import OperationState
from market.steps import fsck
from tests import people
from tests.banking import Bank, came, entered, left, nobodys, refused
from tests.market.payments.conftest import Money


@pytest.fixture
def bank(money: Money, provider: Actor) -> Bank:
    return Bank(provider)


def sound() -> bool:
    with read() as session:
        return list(fsck.check(session, metadata())) == []


def test_paid_in_and_out_by_two_people_each_and_no_call_is_made(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    assert (operation.state, len(operation.reference or "")) == (OperationState.OPEN, 11)
    line = bank.say(came(operation))
    assert money.get(operation).state is OperationState.OPEN
    bank.confirm(line)
    assert money.get(operation).state is OperationState.OK
    assert money.balances(bill) == {"bank": bill.amount, f"order_hold:{bill.number}": -bill.amount}
    money.work()
    assert money.followed == [("payment.settled", bill.number)]
    transfer = money.out(bill, service.plan_transfer)
    money.work(hours=2)
    assert money.get(transfer).state is OperationState.PLANNED
    bank.both(left(transfer))
    money.work()
    assert money.get(transfer).state is OperationState.OK
    assert money.followed[-1] == ("transfer.made", bill.number)
    balances = money.balances(bill)
    assert balances["bank"] == -balances["fee_revenue"] == bill.fee
    assert balances[f"order_hold:{bill.number}"] == 0
    assert not any(money.stripe.balance().amounts.values())
    assert money.kinds(bill) == [
        "payment.opened", "line.recorded", "payment.settled",
        "transfer.planned", "line.recorded", "transfer.made",
    ]  # fmt: skip
    assert sound()


def test_the_same_person_twice_is_refused_and_a_repetition_changes_nothing(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    assert bank.announce(bill, buyer).id == operation.id
    said = came(operation)
    line = bank.say(said)
    assert bank.say(said) == line
    with pytest.raises(Forbidden) as same:
        bank.confirm(line, bank.first)
    assert same.value.code == "bank_line.same_person"
    with pytest.raises(Conflict):
        bank.say(said, bank.second)
    before = bank.confirm(line).step_id
    assert bank.confirm(line).step_id == before
    third = people.colleague(bank.first, *bank.first.roles)
    with pytest.raises(Conflict) as late:
        bank.confirm(line, third)
    assert late.value.code == "bank_line.wrong_state"
    with pytest.raises(Conflict):
        bank.say(came(operation, serial=said.serial, amount=1))
    assert len(money.postings(bill)) == 1


@pytest.mark.parametrize("case", ["less", "late", "again"])
def test_money_that_is_not_as_announced_is_booked_apart_and_goes_back(
    money: Money, bank: Bank, bill: Bill, buyer: Actor, case: str
) -> None:
    operation = bank.announce(bill, buyer)
    amount = bill.amount - 1 if case == "less" else bill.amount
    if case == "late":
        with transaction() as session:
            service.close_payment(session, bill.settlement_id)
        money.work()
        assert money.get(operation).state is OperationState.EXPIRED
    if case == "again":
        bank.both(came(operation))
    bank.both(came(operation, amount))
    stray = next(one for one in money.all(bill) if one.state is OperationState.STRAY)
    assert stray.failure == {"less": "mismatch", "late": "late", "again": "paid_twice"}[case]
    (back,) = bank.orders(bill)
    assert (back.amount, back.source_id) == (amount, stray.id)
    bank.both(left(back))
    money.work()
    assert money.balances(bill)[f"suspense:{bill.number}"] == 0
    assert money.kinds(bill)[-1] == "payment.returned"
    if case == "again":
        assert money.get(operation).state is OperationState.OK
        assert money.balances(bill)["bank"] == bill.amount
        money.out(bill, service.plan_transfer)
    assert sound()


def test_money_that_names_no_trade_goes_back_where_it_came_from(money: Money, bank: Bank) -> None:
    unknown = bank.say(came(nobodys(), counterparty="某公司"))
    with read() as session:
        (waiting,) = desk.shown(session, bank.second).lines
    assert (waiting.match, waiting.own) == ("unknown", False)
    bank.confirm(unknown)
    with read() as session:
        (order,) = desk.shown(session, bank.first).orders
    assert (order.operation.amount, order.payee) == (700, "某公司")
    bank.both(left(order.operation))
    money.work()
    with read() as session:
        (balance,) = desk.shown(session, bank.first).balances
    assert balance.books == 0
    assert sound()


def test_an_order_that_the_bank_refused_is_planned_again_and_made_once(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    bank.funded(bill, buyer)
    refund = money.out(bill, service.plan_refund)
    bank.both(refused(refund))
    assert money.get(refund).failure == "bank_refused"
    with pytest.raises(Invalid):
        bank.say(left(refund))
    money.work(minutes=2)
    (again,) = bank.orders(bill)
    assert again.reference != refund.reference
    with pytest.raises(Invalid):
        bank.say(replace(left(again), amount=again.amount + 1))
    line = bank.say(left(again))
    with pytest.raises(Conflict):  # one line at a time says that an order is done
        bank.say(left(again), bank.second)
    bank.confirm(line)
    money.work(hours=30)
    assert bank.orders(bill) == []
    assert set(money.balances(bill).values()) == {0}
    assert sound()


def test_what_was_transferred_by_bank_is_taken_back_from_nobody(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    bank.funded(bill, buyer)
    bank.both(left(money.out(bill, service.plan_transfer)))
    cause, part = uuid.uuid4(), bill.amount // 2
    with transaction() as session:
        back = service.plan_repayment(session, Actor.system("test"), bill, cause, part, 0)
        assert service.plan_reversal(session, Actor.system("test"), bill, cause, part) is None
    bank.both(left(back))
    assert money.balances(bill)[f"recovery:{bill.number}"] == part
    assert sound()


def test_a_choice_is_withdrawn_until_money_is_seen_and_one_way_is_open_at_a_time(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    with pytest.raises(Conflict) as by_bank:
        service.open_page(money.plan(bill, buyer).id)
    assert by_bank.value.code == "payment.by_bank"
    line = bank.say(came(operation))
    with pytest.raises(Conflict) as arriving:
        withdraw(bill, buyer)
    assert arriving.value.code == "payment.arriving"
    with transaction() as session:
        recording.dismiss(session, bank.first, line, "mistyped")
    withdraw(bill, buyer)
    withdraw(bill, buyer)
    page = money.plan(bill, buyer)
    service.open_page(page.id)
    with pytest.raises(Conflict) as open_page:
        bank.announce(bill, buyer)
    assert open_page.value.code == "payment.page_open"
    performing.close_page(page.id)
    assert bank.announce(bill, buyer).id not in {operation.id, page.id}
    assert sound()


def withdraw(bill: Bill, buyer: Actor) -> None:
    with transaction() as session:
        announcing.withdraw(session, buyer, bill.settlement_id)


def test_money_astray_does_not_hide_what_was_announced_anew(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    first = bank.announce(bill, buyer)
    bank.both(came(first, bill.amount - 1))
    anew = bank.announce(bill, buyer)
    assert anew.id != first.id
    stray = bank.both(came(first))  # the payer wrote the old reference
    assert stray.operation_id not in {first.id, anew.id}
    assert bank.announce(bill, buyer).id == anew.id
    with transaction() as session:
        service.close_payment(session, bill.settlement_id)
    money.work()
    assert money.get(anew).state is OperationState.EXPIRED
    assert sound()


def test_no_account_counts_by_one_person_s_word(money: Money, bank: Bank, bill: Bill, buyer: Actor) -> None:
    assert bank.first.organisation_id is not None
    before = one_in_use()
    other = entered(bank.first.organisation_id, receiving=True, number="9999 9999 9999")
    with transaction() as session:
        row, _step = accounts.propose(session, bank.first, other)
    assert one_in_use() == before
    with pytest.raises(Forbidden) as same, transaction() as session:
        accounts.confirm(session, bank.first, row.id)
    assert same.value.code == "bank_account.same_person"
    with transaction() as session:
        accounts.confirm(session, bank.second, row.id)
    assert one_in_use() == other.number
    for wrong in ({"holder": "别的公司"}, {"institution": None}, {"supervised": False}):
        with pytest.raises(Invalid), transaction() as session:
            accounts.propose(session, bank.first, replace(other, **wrong))
    with transaction() as session:
        accounts.close(session, bank.first, row.id, "the agreement ended")
    with pytest.raises(Conflict) as gone:
        bank.announce(bill, buyer)
    assert gone.value.code == "bank.not_offered"
    assert sound()


def one_in_use() -> str | None:
    with read() as session:
        found = accounts.receiving(session, "CNY")
        return found.number if found else None
