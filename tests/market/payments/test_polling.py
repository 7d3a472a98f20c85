"""Whatever becomes of the webhooks, the platform's own list of events brings what they would have brought."""

import json
from datetime import timedelta

import pytest
import requests

from market.actor import Actor
from market.db import read, transaction
from market.jobs import Job
from market.payments import inbox, polling, service
from market.payments.models import Operation, WebhookEvent
from market.payments.service import Bill
from market.payments.states import OperationState
from tests.market.payments.conftest import Money
from tests.market.payments.test_webhooks import EVENT, event_about, post


@pytest.fixture
def deaf(money: Money, bill: Bill) -> Money:
    """An exchange that no webhook reaches."""
    money.control("settings", webhooks="off")
    polling.seed()
    money.work()
    return money


def planned() -> list[Job]:
    with read() as session:
        return session.query(Job).filter(Job.name == polling.JOB, Job.done_at.is_(None)).all()


def events(type: str) -> list[WebhookEvent]:
    with read() as session:
        return session.query(WebhookEvent).filter(WebhookEvent.type == type).all()


def test_without_any_webhook_a_payment_arrives(deaf: Money, bill: Bill, buyer: Actor) -> None:
    operation = deaf.pay(bill, buyer)
    with transaction() as session:  # nor does the exchange look by itself
        session.query(Job).filter(Job.name == "payment.look").delete()
    deaf.work(minutes=5)
    assert deaf.get(operation).state is OperationState.OK
    assert deaf.followed == [("payment.settled", bill.number)]


def test_money_on_a_page_that_is_over_is_found_within_thirty_days(
    deaf: Money, bill: Bill, buyer: Actor
) -> None:
    """Nobody looks at an expired page any more: only an event tells of money that came in on it."""
    operation = deaf.plan(bill, buyer)
    page = service.open_page(operation.id)
    operation = deaf.get(operation)
    deaf.control(f"objects/{operation.stripe_id}", status="expired")
    deaf.work(minutes=2)
    assert deaf.get(operation).state is OperationState.EXPIRED
    deaf.control(f"objects/{operation.stripe_id}", status="open", expires_at=2**40)
    with transaction() as session:
        session.query(Job).filter(Job.name == polling.JOB).delete()  # the exchange stands still
    _click(page.url)
    deaf.clock.advance(days=29)
    polling.seed()
    deaf.work()
    assert deaf.get(operation).state is OperationState.STRAY


def _click(url: str) -> None:
    requests.post(url, data={"outcome": "pay"}, allow_redirects=False, timeout=60)


def test_an_event_that_a_webhook_brought_is_kept_once(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    before = len(events("checkout.session.completed"))
    polling.on_poll(0)
    polling.on_poll(0)
    assert len(events("checkout.session.completed")) == before == 1
    assert len(planned()) == 1


def test_the_next_list_begins_where_the_last_ended(deaf: Money, bill: Bill, buyer: Actor) -> None:
    assert len(planned()) == 1
    first = planned()[0].payload["since"]
    deaf.pay(bill, buyer)
    deaf.work(minutes=5)
    (job,) = planned()
    assert job.payload["since"] >= first
    assert job.due_at - deaf.clock() == polling.EVERY
    deaf.work(minutes=5)
    assert planned()[0].payload["since"] == job.payload["since"]
    assert len(events("checkout.session.completed")) == 1


def test_a_crash_in_the_middle_lists_again(
    deaf: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_CHUNK", 1)
    operation = deaf.pay(bill, buyer)
    kept = inbox.keep
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "keep", lambda session, event, body: kept(session, event, body) and 1 / 0)
        deaf.work(minutes=5)
    assert events("checkout.session.completed") == []
    deaf.work(minutes=5)
    assert deaf.get(operation).state is OperationState.OK


def test_a_platform_that_does_not_answer_is_asked_again(deaf: Money, bill: Bill, buyer: Actor) -> None:
    deaf.control("faults", kind="refuse", status=500, method="GET", path="/v1/events", times=4)
    deaf.pay(bill, buyer)
    deaf.work(minutes=5)
    assert events("checkout.session.completed") == []
    deaf.work(minutes=5)
    assert len(events("checkout.session.completed")) == 1


@pytest.fixture
def unknown(money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """A paid page whose number we do not know: the answer that brings it was lost."""
    money.control("settings", webhooks="hold")
    operation = money.pay(bill, buyer)
    monkeypatch.setattr(inbox, "_found", lambda *_: (None, None))
    return operation


def test_an_event_about_a_page_not_known_yet_is_parked_and_looked_at_again(
    money: Money, unknown: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(money, event_about(unknown))
    money.work()
    (event,) = events("checkout.session.completed")
    assert event.handled_at is None
    monkeypatch.undo()
    money.work(minutes=1)
    (event,) = events("checkout.session.completed")
    assert event.handled_at is not None
    assert money.get(unknown).state is OperationState.OK


def test_an_event_that_nobody_places_is_told_after_an_hour_and_looked_at_on_demand(
    money: Money, unknown: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = money.clock()
    post(money, event_about(unknown))
    money.work()
    for _ in range(90):
        money.work(hours=1)
    with read() as session:
        assert inbox.unhandled(session) == (1, began)
        jobs = session.query(Job).filter(Job.name == inbox.JOB, Job.done_at.is_(None)).all()
    assert [job for job in jobs if job.payload["event_id"] == EVENT["id"]] == []
    monkeypatch.undo()
    with transaction() as session:
        inbox.look_again(session)
    money.work()
    with read() as session:
        assert inbox.unhandled(session) == (0, None)


def test_an_event_about_a_page_of_somebody_else_is_not_kept_waiting(money: Money, bill: Bill) -> None:
    theirs = money.stripe.open_checkout(
        key="theirs", amount=500, currency="cny", description="x", transfer_group="x", cancel_url="http://a/",
        success_url="http://a/", expires_at=int((money.clock() + timedelta(hours=1)).timestamp()), metadata={},
    )  # fmt: skip
    about = {"id": theirs.id, "object": "checkout.session"}
    post(money, json.dumps({**EVENT, "data": {"object": about}}).encode())
    money.work()
    (event,) = events("checkout.session.completed")
    assert event.handled_at is not None


def test_an_event_about_a_page_that_the_platform_does_not_show_is_parked(money: Money, bill: Bill) -> None:
    about = {"id": "cs_nowhere", "object": "checkout.session"}
    post(money, json.dumps({**EVENT, "data": {"object": about}}).encode())
    money.work()
    (event,) = events("checkout.session.completed")
    assert event.handled_at is None
