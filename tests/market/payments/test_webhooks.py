"""A webhook is a reason to look: unsigned, replayed, late, reordered or untrue ones fund nothing."""

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from market.actor import Actor
from market.db import read
from market.payments import service
from market.payments.looking import mismatches
from market.payments.models import Operation, WebhookEvent
from market.payments.service import Bill
from market.payments.states import OperationState
from market.payments.stripe import CheckoutSession, PaymentIntent
from market.payments.stripe.signature import sign
from tests.market.payments.conftest import SECRET, Money
from tests.waiting import until

EVENT = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "created": 1}


def post(
    money: Money, body: bytes, *, secret: str = SECRET, late: int = 0, header: str | None = None
) -> TestResponse:
    stamp = int(money.clock().timestamp()) - late
    signature = header if header is not None else f"t={stamp},v1={sign(body, secret, stamp)}"
    return money.app.test_client().post(
        "/webhooks/stripe", data=body, headers={"Stripe-Signature": signature} if signature else {}
    )


def event_about(operation: Operation, **changes: object) -> bytes:
    return json.dumps(
        {**EVENT, "data": {"object": {"id": operation.stripe_id, "object": "checkout.session"}}, **changes}
    ).encode()


def kept() -> int:
    with read() as session:
        return session.query(WebhookEvent).filter(WebhookEvent.type == EVENT["type"]).count()


@pytest.fixture
def operation(money: Money, bill: Bill, buyer: Actor) -> Operation:
    """A paid page whose webhooks are held back."""
    money.control("settings", webhooks="hold")
    return money.pay(bill, buyer)


def test_a_signed_webhook_settles_once(money: Money, bill: Bill, operation: Operation) -> None:
    body = event_about(operation)
    assert post(money, body).json == {"received": True}
    assert post(money, body).json == {"received": False}
    money.work()
    assert post(money, event_about(operation, id="evt_2")).json == {"received": True}
    money.work()
    assert money.get(operation).state is OperationState.OK
    assert money.followed == [("payment.settled", bill.number)]
    assert kept() == 2


def test_unsigned_foreign_old_and_future_webhooks_are_refused(money: Money, operation: Operation) -> None:
    body = event_about(operation)
    answers = [
        post(money, body, header=""),
        post(money, body, header="t=1,v1=0"),
        post(money, body, secret="whsec_other"),
        post(money, body, late=301),
        post(money, body, late=-301),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json is not None
        assert answer.json["code"] == "webhook.not_signed"
    money.work()
    assert kept() == 0
    assert money.get(operation).state is OperationState.OPEN


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 1}', b'{"id": "evt_1", "data": {}}', b"\xff"])
def test_signed_nonsense_is_refused(money: Money, body: bytes) -> None:
    answer = post(money, body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "webhook.unreadable"


def test_the_other_mode_and_too_much_are_refused(money: Money, operation: Operation) -> None:
    assert post(money, event_about(operation, livemode=True)).status_code == 400
    assert post(money, b" " * 300_000).status_code == 413
    assert kept() == 0


def test_without_a_secret_the_address_does_not_exist(
    money: Money, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = replace(money.app.extensions["settings"], stripe_webhook_secret="")
    monkeypatch.setitem(money.app.extensions, "settings", closed)
    assert post(money, event_about(operation)).status_code == 404
    assert post(money, event_about(operation), secret="").status_code == 404


def test_doubled_reordered_and_late_webhooks_change_nothing_twice(
    money: Money, bill: Bill, operation: Operation
) -> None:
    money.control("deliveries", order="newest", times=2)
    until(lambda: money.told("checkout.session.completed") == 2)
    money.work()
    assert money.get(operation).state is OperationState.OK
    last = next(one for one in money.control.get("deliveries") if one["type"] == "checkout.session.completed")
    money.work(hours=30)
    before = money.kinds(bill)
    sent = money.told("checkout.session.completed")
    money.control(f"deliveries/{last['event']}")
    until(lambda: money.told("checkout.session.completed") > sent)
    money.work()
    assert money.kinds(bill) == before == ["payment.planned", "payment.opened", "payment.settled"]
    assert money.followed == [("payment.settled", bill.number)]


def test_a_lost_webhook_does_not_hold_the_money(money: Money, bill: Bill, operation: Operation) -> None:
    money.work(minutes=1)
    assert money.get(operation).state is OperationState.OK
    assert money.followed == [("payment.settled", bill.number)]


def test_an_untrue_webhook_funds_nothing(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    service.open_page(operation.id)
    operation = money.get(operation)
    change = {"payment_status": "paid", "status": "complete", "amount_total": 1}
    money.control("events", type="checkout.session.completed", id=operation.stripe_id, change=change)
    until(lambda: money.told("checkout.session.completed") == 1)
    money.work()
    assert money.get(operation).state is OperationState.OPEN
    assert money.postings(bill) == []


PLANNED = Operation(id=uuid.UUID(int=7), number="ABC", amount=19_900, currency="CNY")
PAGE = CheckoutSession(
    id="cs_1",
    status="complete",
    payment_status="paid",
    url="",
    payment_intent="pi_1",
    amount_total=19_900,
    currency="cny",
    livemode=False,
    metadata={"operation": str(PLANNED.id)},
)
INTENT = PaymentIntent(
    id="pi_1",
    status="succeeded",
    amount=19_900,
    amount_received=19_900,
    currency="cny",
    transfer_group="trade-ABC",
    livemode=False,
    latest_charge="ch_1",
    metadata={"operation": str(PLANNED.id)},
)


def test_money_that_matches_has_nothing_wrong() -> None:
    assert mismatches(PLANNED, PAGE, INTENT, live=False) == []
    assert mismatches(PLANNED, PAGE, INTENT, live=True) == ["mode"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"amount_received": 19_899}, "amount"),
        ({"amount": 1, "amount_received": 1}, "amount"),
        ({"currency": "jpy"}, "currency"),
        ({"livemode": True}, "mode"),
        ({"transfer_group": "trade-of-others"}, "group"),
        ({"metadata": {}}, "operation"),
        ({"status": "requires_action"}, "status"),
        ({"latest_charge": ""}, "status"),
    ],
)
def test_every_fact_of_a_payment_is_compared(change: dict[str, Any], wrong: str) -> None:
    assert mismatches(PLANNED, PAGE, replace(INTENT, **change), live=False) == [wrong]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [({"amount_total": 1}, "amount"), ({"currency": "usd"}, "currency"), ({"metadata": {}}, "operation")],
)
def test_every_fact_of_a_page_is_compared(change: dict[str, Any], wrong: str) -> None:
    assert mismatches(PLANNED, replace(PAGE, **change), INTENT, live=False) == [wrong]


def test_events_about_other_things_change_nothing(money: Money, bill: Bill, operation: Operation) -> None:
    other = {**EVENT, "type": "customer.created", "data": {"object": {"id": "cus_1", "object": "customer"}}}
    assert post(money, json.dumps(other).encode()).status_code == 200
    money.work()
    with read() as session:
        assert session.get_one(WebhookEvent, "evt_1").handled_at is not None
    assert money.kinds(bill) == ["payment.planned", "payment.opened"]


def test_a_page_nobody_paid_expires_and_another_is_opened(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    first = service.open_page(operation.id)
    for _ in range(8):
        money.work(hours=3)
    assert money.get(operation).state is OperationState.EXPIRED
    again = money.plan(bill, buyer)
    assert again.attempt == 2
    assert service.open_page(again.id).url != first.url
    assert money.kinds(bill)[2:] == ["payment.expired", "payment.planned", "payment.opened"]
