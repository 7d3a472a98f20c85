"""Troubles on demand: before the work is done, after it, for some of many, and in what webhooks tell."""

import json
from collections import Counter

import pytest
import requests

from market.payments.stripe import ApiError, ConnectionFailed, RateLimited, Stripe
from tests.market.sandbox.conftest import Inbox
from tests.market.sandbox.driver import KEY, Control, Watch, click, open_checkout
from tests.waiting import until


def accounts(client: Stripe) -> int:
    url = f"{client.base}/v1/accounts?limit=100"
    return len(requests.get(url, auth=(KEY, ""), timeout=60).json()["data"])


def make(client: Stripe, number: int = 1) -> str:
    return client.create_account(key=f"account:{number}:1", name="X", metadata={}).id


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        ({"kind": "refuse", "status": 503}, ApiError, 0),
        ({"kind": "refuse", "status": 429, "after": 1}, RateLimited, 0),
        ({"kind": "break"}, ApiError, 0),
        ({"kind": "cut"}, ConnectionFailed, 0),
        ({"kind": "lose"}, ConnectionFailed, 1),
        ({"kind": "hang", "seconds": 4}, ConnectionFailed, 1),
        ({"kind": "deny", "status": 500}, ApiError, 1),
        ({"kind": "garble", "status": 502}, ApiError, 1),
    ],
)
def test_a_trouble_comes_before_or_after_the_work(
    client: Stripe, control: Control, fault: dict[str, object], error: type[Exception], done: int
) -> None:
    patience = 1.0 if fault["kind"] == "hang" else 60.0
    hasty = Stripe(client.base, KEY, retries=0, timeouts=(60.0, patience))
    control("faults", **fault)
    with pytest.raises(error):
        make(hasty)
    until(lambda: accounts(client) >= done)
    assert accounts(client) == done
    if fault["kind"] != "break":  # that one is the key's result for ever
        assert make(client) == make(client)
    assert accounts(client) == (0 if fault["kind"] == "break" else 1)


def test_some_of_many_are_struck_the_same_ones_each_time(client: Stripe, control: Control) -> None:
    once = Stripe(client.base, KEY, retries=0)

    def struck(first: int) -> list[int]:
        control("faults", kind="refuse", path="/v1/accounts", times=1_000, percent=30, seed=7)
        found = []
        for number in range(30):
            try:
                make(once, first + number)
            except ApiError:
                found.append(number)
        requests.delete(f"{client.base}/_sandbox/faults", auth=(KEY, ""), timeout=60).raise_for_status()
        return found

    before = struck(0)
    assert 3 < len(before) < 16
    assert struck(100) == before
    assert make(client, 200)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "explode"}),
        ("faults", {"kind": "lose", "colour": "red"}),
        ("settings", {"webhooks": "sometimes"}),
        ("settings", {"copies": -1}),
        ("settings", {"copies": "3"}),
        ("settings", {"colour": "red"}),
        ("disputes/du_nobody", {"status": "won"}),
        ("disputes/du_nobody", {"status": "undecided"}),
        ("refunds/re_nobody", {"status": "failed"}),
        ("disputes", {"payment_intent": "pi_nobody"}),
    ],
)
def test_what_cannot_be_asked_for_is_refused(control: Control, path: str, body: dict[str, object]) -> None:
    with pytest.raises(requests.HTTPError) as refusal:
        control(path, **body)
    assert refusal.value.response.status_code in (400, 404)


def ids(inbox: Inbox) -> list[str]:
    return [json.loads(body)["id"] for body, _ in inbox.received]


def test_an_event_comes_three_days_late(client: Stripe, inbox: Inbox, control: Control, watch: Watch) -> None:
    control("settings", webhooks="hold")
    make(client)
    control("settings", webhooks="send")
    control("deliveries", after=259_200)
    make(client, 2)
    assert len(inbox.wait_for(1)) == 1, "only the newer one is told"
    watch.advance(259_300)
    until(lambda: len(inbox.received) == 2)
    stamps = [int(header.split(",")[0].removeprefix("t=")) for _, header in inbox.received]
    assert stamps[1] - stamps[0] >= 259_000, "signed when it is sent"


def test_events_are_dropped_and_found_by_asking(client: Stripe, inbox: Inbox, control: Control) -> None:
    control("settings", webhooks="hold")
    click(open_checkout(client), "pay")
    assert control("deliveries", order="shuffled", seed=3, drop=2) == {"released": 1}
    inbox.wait_for(1)
    assert Counter(one["state"] for one in control.get("deliveries"))["dropped"] == 2
    told = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert len(list(client.events(since=0, types=told))) == 3


def test_events_come_several_times_and_in_any_order(
    client: Stripe, inbox: Inbox, control: Control, watch: Watch
) -> None:
    control("settings", copies=5, spread=3_600)
    made = [make(client, number) for number in range(12)]
    watch.advance(3_601)
    until(lambda: all(one["state"] == "done" for one in control.get("deliveries")))
    copies = Counter(ids(inbox))
    assert len(copies) == len(made)
    assert set(copies.values()) <= {1, 2, 3, 4, 5}
    assert max(copies.values()) > 1
    told = [json.loads(body)["data"]["object"]["id"] for body, _ in inbox.received]
    assert list(dict.fromkeys(told)) != made
