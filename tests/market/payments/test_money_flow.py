"""A trade's money in and out: steps, postings, and that the books are what the platform holds."""

import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from market import steps
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict
from market.migrations import metadata
from market.payments import platform, service
from market.payments.models import Account, Operation
from market.payments.service import Bill
from market.payments.states import (
    ACCOUNT_TRANSITIONS,
    TRANSITIONS,
    AccountEvent,
    AccountState,
    OperationEvent,
    OperationState,
    advance,
    advance_account,
)
from market.steps import Kind, fsck
from tests import people
from tests.market.payments.conftest import Money, a_bill
from tests.waiting import side_by_side, until

PSP_FEE = 577
"""2.9 % of 199.00."""


def test_every_state_and_event_is_either_in_the_table_or_refused() -> None:
    for state in OperationState:
        for event in OperationEvent:
            if (state, event) in TRANSITIONS:
                assert advance(state, event) is TRANSITIONS[state, event]
            else:
                with pytest.raises(Conflict):
                    advance(state, event)


def test_every_state_of_an_account_and_event_is_either_in_the_table_or_refused() -> None:
    for state in AccountState:
        for event in AccountEvent:
            if (state, event) in ACCOUNT_TRANSITIONS:
                assert advance_account(state, event) is ACCOUNT_TRANSITIONS[state, event]
            else:
                with pytest.raises(Conflict):
                    advance_account(state, event)


def test_paid_and_released(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    assert (paid.state, paid.url) == (OperationState.OK, None)
    assert money.followed == [("payment.settled", bill.number)]
    assert money.balances(bill)[f"order_hold:{bill.number}"] == -19_900
    released = money.out(bill, service.plan_transfer)
    money.work()
    assert money.get(released).state is OperationState.OK
    assert money.followed[1:] == [("transfer.made", bill.number)]
    assert money.kinds(bill) == [
        "payment.planned",
        "payment.opened",
        "payment.settled",
        "transfer.planned",
        "transfer.made",
    ]
    assert money.balances(bill) == {
        "psp_clearing": 19_900 - PSP_FEE - 19_303,
        "psp_fee_expense": PSP_FEE,
        f"order_hold:{bill.number}": 0,
        f"provider_payable:{bill.provider_id}": 0,
        "fee_revenue": -597,
    }
    assert money.stripe.balance().amounts == {"cny": money.balances(bill)["psp_clearing"]}
    with read() as session:
        assert list(fsck.check(session, metadata())) == []


def test_paid_and_refunded(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.out(bill, service.plan_refund)
    money.work()
    assert money.followed[1:] == [("refund.made", bill.number)]
    assert money.kinds(bill)[-2:] == ["refund.planned", "refund.made"]
    assert money.balances(bill) == {
        "psp_clearing": -PSP_FEE,
        "psp_fee_expense": PSP_FEE,
        f"order_hold:{bill.number}": 0,
    }
    assert money.stripe.balance().amounts == {"cny": -PSP_FEE}


def test_several_trades_keep_their_money_apart(money: Money, provider: Actor, buyer: Actor) -> None:
    bills = [a_bill(provider, buyer, amount=amount, fee=amount // 33) for amount in (100, 12_345, 9_999_999)]
    for bill in bills:
        money.funded(bill, buyer)
    money.out(bills[0], service.plan_transfer)
    money.out(bills[2], service.plan_refund)
    money.work()
    holds = [money.balances(bill)[f"order_hold:{bill.number}"] for bill in bills]
    assert holds == [0, -12_345, 0]
    held = sum(money.balances(bill)["psp_clearing"] for bill in bills)
    assert money.stripe.balance().amounts == {"cny": held}


def test_a_second_click_finds_the_same_page(money: Money, bill: Bill, buyer: Actor) -> None:
    colleague = people.colleague(buyer, Role.BUYER)
    first, second = money.plan(bill, buyer), money.plan(bill, colleague)
    assert first.id == second.id
    pages = {service.open_page(first.id).url for _ in range(2)}
    assert len(pages) == 1
    assert money.kinds(bill) == ["payment.planned", "payment.opened"]
    money.work(seconds=31)
    assert len(money.open_pages()) == 1


def test_racing_clicks_open_one_page(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    money.control("faults", kind="slow", path="/v1/checkout/sessions", seconds=1)
    urls: list[str] = []

    def click() -> None:
        with money.app.app_context():
            urls.append(service.open_page(operation.id).url)

    side_by_side([click] * 8)
    assert len(urls) == 8
    assert len(set(urls)) == 1
    assert len(money.open_pages()) == 1
    assert money.kinds(bill) == ["payment.planned", "payment.opened"]


def test_what_is_paid_is_not_paid_again(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.funded(bill, buyer)
    with pytest.raises(Conflict) as refusal:
        money.plan(bill, buyer)
    assert refusal.value.code == "payment.settled"
    with pytest.raises(Conflict):
        service.open_page(operation.id)


def test_nothing_leaves_before_it_came(money: Money, bill: Bill, buyer: Actor) -> None:
    money.pay(bill, buyer, "fail")
    for way in (service.plan_transfer, service.plan_refund):
        with pytest.raises(Conflict) as refusal:
            money.out(bill, way)
        assert refusal.value.code == "payment.not_settled"


def test_money_leaves_one_way_and_once(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    first = money.out(bill, service.plan_transfer)
    assert money.out(bill, service.plan_transfer).id == first.id
    with pytest.raises(Conflict) as refusal:
        money.out(bill, service.plan_refund)
    assert refusal.value.code == "settlement.spent"
    money.work()
    assert money.out(bill, service.plan_transfer).id == first.id
    assert len(list(money.stripe.transfers(f"trade-{bill.number}"))) == 1


@pytest.mark.parametrize(("kind", "state"), [("checkout", "OK"), ("refund", "PLANNED"), ("refund", "OK")])
def test_the_database_itself_allows_one_charge_and_each_movement_once(
    money: Money, bill: Bill, buyer: Actor, kind: str, state: str
) -> None:
    money.funded(bill, buyer)
    refund = money.out(bill, service.plan_refund)
    with pytest.raises(IntegrityError), transaction() as session:
        step = steps.begin(buyer, Kind.REFUND_PLANNED, bill.handle)
        values = {
            column.key: getattr(refund, column.key)
            for column in Operation.__table__.columns
            if column.key not in {"id", "kind", "state", "attempt", "step_id"}
        }
        session.add(Operation(**values, id=uuid.uuid4(), kind=kind, state=state, attempt=7, step_id=step.id))
        steps.record(session, step)


def test_a_provider_without_account_is_not_paid_for(money: Money, buyer: Actor) -> None:
    provider = people.verified(Role.PROVIDER)
    bill = a_bill(provider, buyer)
    with pytest.raises(Conflict) as refusal:
        money.plan(bill, buyer)
    assert refusal.value.code == "account.not_open"
    money.work()
    assert money.plan(bill, buyer).state is OperationState.PLANNED


def test_an_account_is_opened_once_for_a_verified_organisation(money: Money, provider: Actor) -> None:
    from market.payments import accounts

    accounts.on_verified(str(provider.organisation_id))
    money.work(minutes=10)
    with read() as session:
        account = session.query(Account).one()
        kinds = [step.kind for step in steps.chain(session, account.id)]
    assert kinds == ["account.planned", "account.opened"]
    assert account.stripe_id is not None
    assert money.stripe.account(account.stripe_id).metadata == {"organisation": str(provider.organisation_id)}


def account_of(provider: Actor) -> Account:
    with read() as session:
        found = service.account_of(session, provider.organisation_id or uuid.UUID(int=0))
    assert found is not None
    return found


def activate(money: Money, account: Account, word: str) -> None:
    money.control(f"objects/{account.stripe_id}", capabilities={"transfers": word})


def test_nobody_pays_for_a_provider_who_cannot_be_paid_yet(money: Money, buyer: Actor) -> None:
    money.control("settings", transfers="inactive")
    provider = people.verified(Role.PROVIDER)
    bill = a_bill(provider, buyer)
    for _ in range(3):
        money.work(hours=1)
        assert account_of(provider).state is AccountState.PENDING
        with pytest.raises(Conflict) as refusal:
            money.plan(bill, buyer)
        assert refusal.value.code == "account.not_open"
    assert money.open_pages() == []
    activate(money, account_of(provider), "active")
    money.work(hours=1)
    assert money.funded(bill, buyer).state is OperationState.OK
    money.out(bill, service.plan_transfer)
    money.work()
    assert money.followed[-1] == ("transfer.made", bill.number)
    account_id = account_of(provider).id
    with read() as session:
        kinds = [step.kind for step in steps.chain(session, account_id)]
        assert list(fsck.check(session, metadata())) == []
    assert kinds == ["account.planned", "account.restricted", "account.opened"]


def test_an_account_closed_later_closes_the_pay_door_too(
    money: Money, bill: Bill, provider: Actor, buyer: Actor
) -> None:
    account = account_of(provider)
    activate(money, account, "inactive")
    before = money.told("account.updated")
    money.control("events", type="account.updated", id=account.stripe_id)
    until(lambda: money.told("account.updated") > before)
    money.work()
    with pytest.raises(Conflict):
        money.plan(bill, buyer)
    activate(money, account, "active")
    money.work(minutes=2)
    assert money.plan(bill, buyer).state is OperationState.PLANNED


def test_no_call_is_made_inside_a_transaction(money: Money) -> None:
    with transaction(), pytest.raises(RuntimeError, match="outside call"):
        platform.client()


def test_a_closed_page_cannot_be_paid(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    with transaction() as session:
        service.close_payment(session, bill.settlement_id)
    money.work()
    assert money.get(operation).state is OperationState.EXPIRED
    assert money.open_pages()[0]["status"] == "expired"
    with pytest.raises(Conflict):
        service.open_page(operation.id)


def test_a_page_closed_before_it_opened_is_never_opened(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    with transaction() as session:
        service.close_payment(session, bill.settlement_id)
    money.work()
    money.work(minutes=5)
    assert money.get(operation).state is OperationState.EXPIRED
    assert money.open_pages() == []


def test_a_payment_faster_than_the_closing_is_recorded(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("settings", webhooks="hold")
    operation = money.pay(bill, buyer)
    with transaction() as session:
        service.close_payment(session, bill.settlement_id)
    money.work()
    assert money.get(operation).state is OperationState.OK
    assert money.followed == [("payment.settled", bill.number)]
