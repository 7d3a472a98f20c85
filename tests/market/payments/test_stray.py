"""Money that comes late, wrong or not at all: it is booked as it came, goes back, and blocks nobody."""

from collections.abc import Callable

import pytest
import requests

from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.migrations import metadata
from market.payments import outcomes, performing, service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationState
from market.steps import fsck
from tests.market.payments.conftest import Money
from tests.waiting import until


def close(bill: Bill) -> None:
    """Cancel what is to be paid, as a trade does."""
    with transaction() as session:
        service.close_payment(session, bill.settlement_id)


def click(money: Money, outcome: str = "pay") -> None:
    """Do what the buyer does on the newest pay page, whatever the exchange thinks of it."""
    page = money.open_pages()[0]
    requests.post(
        f"{money.platform.base}/pay/{page['id']}",
        data={"outcome": outcome},
        allow_redirects=False,
        timeout=5,
    )


def nothing_is_kept(money: Money, bill: Bill) -> None:
    """The buyer has everything back, and the books are what the platform holds."""
    balances = money.balances(bill)
    assert balances[f"suspense:{bill.number}"] == 0
    assert money.stripe.balance().amounts == {"cny": balances["psp_clearing"]}
    with read() as session:
        assert list(fsck.check(session, metadata())) == []


def overtake(
    money: Money, operation: Operation, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    """Let the buyer's own request open the page after a job has read it and before it records anything."""
    real: Callable[..., None] = getattr(module, name)

    def late(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(module, name, real)
        service.open_page(operation.id)
        real(*args, **kwargs)

    monkeypatch.setattr(module, name, late)


def test_a_page_opened_while_its_trade_is_cancelled_is_closed_at_the_platform(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = money.plan(bill, buyer)
    close(bill)
    overtake(money, operation, monkeypatch, outcomes, "expired")
    money.work()
    assert money.get(operation).state is OperationState.EXPIRED
    assert [page["status"] for page in money.open_pages()] == ["expired"]


def test_a_page_opened_while_its_call_is_given_up_stays_payable(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = money.plan(bill, buyer)
    found = money.get(operation)
    service.open_page(operation.id)
    performing._resolve(found)
    assert money.get(operation).state is OperationState.OPEN
    click(money)
    money.work(minutes=1)
    assert money.get(operation).state is OperationState.OK


def test_money_on_a_page_that_is_over_is_booked_and_goes_back(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("settings", webhooks="hold")
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    # The platform says it is closed, and takes the money all the same.
    page = money.get(operation).stripe_id
    money.control(f"objects/{page}", status="expired")
    close(bill)
    money.work()
    assert money.get(operation).state is OperationState.EXPIRED
    money.control(f"objects/{page}", status="open")
    click(money)
    money.work(minutes=2)
    money.work()
    assert money.get(operation).state is OperationState.STRAY
    assert money.get(operation).failure == "late"
    assert money.kinds(bill)[2:] == ["payment.expired", "payment.strayed", "payment.returned"]
    assert money.followed == []
    nothing_is_kept(money, bill)


def test_a_webhook_about_a_page_that_is_over_is_a_reason_to_look(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    close(bill)
    money.work(hours=3)
    money.work(hours=3)
    assert money.get(operation).state is OperationState.EXPIRED
    money.control(f"objects/{money.get(operation).stripe_id}", status="open")
    before = money.told("checkout.session.completed")
    click(money)
    until(lambda: money.told("checkout.session.completed") > before)
    money.work()
    assert money.get(operation).state is OperationState.STRAY
    nothing_is_kept(money, bill)


def wrongly_paid(money: Money, bill: Bill, buyer: Actor, **wrong: object) -> Operation:
    """Pay what the page asks for, which is not what was planned."""
    money.control("settings", webhooks="hold")
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    money.control(f"objects/{money.get(operation).stripe_id}", **wrong)
    click(money)
    money.work(minutes=1)
    return money.get(operation)


@pytest.mark.parametrize("amount", [1, 19_899, 19_901])
def test_a_wrong_amount_is_booked_as_it_came_and_goes_back(
    money: Money, bill: Bill, buyer: Actor, amount: int
) -> None:
    operation = wrongly_paid(money, bill, buyer, amount_total=amount)
    assert (operation.state, operation.failure) == (OperationState.STRAY, "mismatch")
    came = next(one for one in money.postings(bill) if one.debit == "psp_clearing")
    assert (came.amount, came.credit) == (amount, f"suspense:{bill.number}")
    money.work()
    nothing_is_kept(money, bill)
    assert money.followed == []


def test_what_strays_is_on_the_books_until_it_is_back(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("settings", refund_status="pending")
    wrongly_paid(money, bill, buyer, amount_total=500)
    assert money.balances(bill)[f"suspense:{bill.number}"] == -500


def test_another_currency_is_booked_as_such(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = wrongly_paid(money, bill, buyer, currency="usd")
    money.work()
    assert operation.failure == "mismatch"
    assert {one.currency for one in money.postings(bill)} == {"USD"}
    totals = money.balances(bill)
    assert totals[f"suspense:{bill.number}"] == 0
    assert money.stripe.balance().amounts == {"cny": 0, "usd": totals["psp_clearing"]}


def test_after_a_wrong_payment_the_buyer_pays_again_and_the_provider_is_paid(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    wrongly_paid(money, bill, buyer, amount_total=19_899)
    money.control("settings", webhooks="send")
    assert money.funded(bill, buyer).state is OperationState.OK
    money.out(bill, service.plan_transfer)
    money.work()
    assert money.followed == [("payment.settled", bill.number), ("transfer.made", bill.number)]
    assert money.balances(bill)[f"order_hold:{bill.number}"] == 0
    nothing_is_kept(money, bill)


def test_the_right_payment_is_refunded_beside_a_wrong_one(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("settings", refund_status="pending")
    wrongly_paid(money, bill, buyer, amount_total=19_899)
    money.control("settings", webhooks="send", refund_status="succeeded")
    money.funded(bill, buyer)
    money.out(bill, service.plan_refund)
    money.work()
    assert money.followed == [("payment.settled", bill.number), ("refund.made", bill.number)]


def test_the_refund_of_what_strayed_is_tried_until_it_is_made(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("faults", kind="refuse", path="/v1/refunds", status=400)
    wrongly_paid(money, bill, buyer, amount_total=19_899)
    assert money.all(bill)[-1].state is OperationState.FAILED
    money.work(hours=1)
    assert money.kinds(bill)[-3:] == ["refund.failed", "refund.planned", "payment.returned"]
    nothing_is_kept(money, bill)


def test_a_page_whose_bank_refuses_after_days_makes_room_for_another(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    money.control("settings", webhooks="hold")
    operation = money.pay(bill, buyer, "fail")
    page = money.open_pages()[0]
    money.control(f"objects/{page['id']}", status="complete", url=None)
    money.control(f"objects/{page['payment_intent']}", status="processing")
    money.work(minutes=1)
    assert money.get(operation).state is OperationState.OPEN
    money.control(f"objects/{page['payment_intent']}", status="requires_payment_method")
    money.work(minutes=2)
    assert (money.get(operation).state, money.get(operation).failure) == (OperationState.FAILED, "not_paid")
    money.control("settings", webhooks="send")
    assert money.funded(bill, buyer).state is OperationState.OK


def test_a_closed_page_refuses_the_buyer_who_still_has_it_open(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    close(bill)
    money.work()
    click(money)
    money.work(minutes=2)
    assert money.get(operation).state is OperationState.EXPIRED
    assert money.postings(bill) == []
    with pytest.raises(Conflict):
        service.open_page(operation.id)
