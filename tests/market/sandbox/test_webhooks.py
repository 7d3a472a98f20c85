"""Webhooks: signed so that Stripe's own code accepts them, repeated until taken, disturbed on demand."""

import json

import stripe

from market.payments.stripe import Event, Stripe
from tests.market.sandbox.conftest import SECRET, Inbox
from tests.market.sandbox.driver import Control, click, open_checkout
from tests.waiting import until


def types(inbox: Inbox, count: int) -> list[str]:
    return [json.loads(body)["type"] for body, _ in inbox.wait_for(count)]


def test_stripes_own_code_accepts_our_events(client: Stripe, inbox: Inbox) -> None:
    click(open_checkout(client), "pay")
    for body, header in inbox.wait_for(3):
        event = stripe.Webhook.construct_event(body, header, SECRET)
        assert event.livemode is False
    assert types(inbox, 3) == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    shown = json.loads(inbox.received[2][0])["data"]["object"]
    assert not any(name.startswith("_") for name in shown)


def test_an_event_is_sent_until_it_is_taken(client: Stripe, inbox: Inbox, control: Control) -> None:
    inbox.status = 500
    client.create_account(key="account:1:1", name="X", metadata={})
    inbox.wait_for(1)
    inbox.status = 200
    inbox.wait_for(2)
    until(lambda: control.get("deliveries")[0]["state"] == "done")
    assert control.get("deliveries")[0]["attempts"] >= 2
    ids = {Event.read(json.loads(body)).id for body, _ in inbox.received}
    assert len(ids) == 1


def test_events_can_be_held_reordered_and_doubled(client: Stripe, inbox: Inbox, control: Control) -> None:
    control("settings", webhooks="hold")
    click(open_checkout(client), "pay")
    assert inbox.received == []
    assert control("deliveries", order="newest", times=2) == {"released": 3}
    seen = types(inbox, 6)
    assert seen[0] == "checkout.session.completed"
    assert sorted(seen) == sorted(seen[::2] * 2)


def test_an_event_can_tell_an_untruth(client: Stripe, inbox: Inbox, control: Control) -> None:
    session = open_checkout(client)
    control("events", type="checkout.session.completed", id=session.id, change={"payment_status": "paid"})
    body = json.loads(inbox.wait_for(1)[0][0])
    assert body["data"]["object"]["payment_status"] == "paid"
    assert client.checkout(session.id).payment_status == "unpaid"


def test_an_event_can_come_again_later(client: Stripe, inbox: Inbox, control: Control) -> None:
    client.create_account(key="account:1:1", name="X", metadata={})
    first = json.loads(inbox.wait_for(1)[0][0])["id"]
    control(f"deliveries/{first}")
    assert json.loads(inbox.wait_for(2)[1][0])["id"] == first
