"""The stand-in is as strict and as honest as the platform it stands for."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from market.payments.stripe import IdempotencyError, InvalidRequest, Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.driver import KEY, Control, click, open_checkout
from tests.waiting import side_by_side

TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_whole_movement_of_money(client: Stripe) -> None:
    account = client.create_account(key="account:1:1", name="海洋数据", metadata={"organisation": "1"})
    assert account.transfers == "active"
    session = open_checkout(client)
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 12_345)
    assert session.payment_intent == ""
    back = click(session, "pay")
    assert back.status_code == 303
    assert back.headers["Location"] == f"http://localhost:8080/back?session={session.id}"
    session = client.checkout(session.id)
    assert (session.status, session.payment_status) == ("complete", "paid")
    intent = client.payment_intent(session.payment_intent)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 12_345, "cny")
    assert (intent.transfer_group, intent.livemode) == ("trade-handle", False)
    assert (intent.fee, intent.fee_currency) == (358, "cny")
    assert intent.metadata == {"operation": "1"}
    transfer = client.create_transfer(
        key="transfer:1:1",
        amount=10_000,
        currency="cny",
        destination=account.id,
        source_transaction=intent.latest_charge,
        transfer_group="trade-handle",
        metadata={"operation": "2"},
    )
    assert [one.id for one in client.transfers("trade-handle")] == [transfer.id]
    assert list(client.transfers("another")) == []
    refund = client.create_refund(
        key="refund:1:1", payment_intent=intent.id, amount=345, metadata={"operation": "3"}
    )
    assert refund.status == "succeeded"
    assert [one.id for one in client.refunds(intent.id)] == [refund.id]
    assert client.balance().amounts == {"cny": 12_345 - 358 - 10_000 - 345}
    kinds = {event.type for event in client.events(since=0, types=["transfer.created", "charge.refunded"])}
    assert kinds == {"transfer.created", "charge.refunded"}


def test_a_declined_payment_leaves_the_page_open(client: Stripe) -> None:
    session = open_checkout(client)
    page = click(session, "fail")
    assert page.status_code == 200
    assert "declined" in page.text
    assert client.checkout(session.id).status == "open"
    assert click(session, "pay").status_code == 303
    assert client.checkout(session.id).payment_status == "paid"


def test_paying_twice_makes_one_charge(client: Stripe, raw: requests.Session, sandbox: Sandbox) -> None:
    session = open_checkout(client)
    side_by_side([lambda: click(session, "pay")] * 8)
    charges = raw.get(f"{sandbox.base}/v1/charges", timeout=60).json()["data"]
    assert len(charges) == 1


def test_going_back_and_expiring(client: Stripe) -> None:
    session = open_checkout(client)
    assert click(session, "cancel").headers["Location"] == "http://localhost:8080/trades/X"
    assert client.checkout(session.id).status == "open"
    assert client.expire_checkout(session.id, key="expire:1:1").status == "expired"
    assert click(session, "pay").status_code == 200
    assert client.checkout(session.id).payment_status == "unpaid"
    with pytest.raises(InvalidRequest):
        client.expire_checkout(session.id, key="expire:1:2")


def test_the_pay_page_says_test_money_and_names_the_ways_back(client: Stripe) -> None:
    session = open_checkout(client)
    page = requests.get(session.url, timeout=60)
    assert "测试资金" in page.text
    assert "Test money" in page.text
    assert "CNY 123.45" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://localhost:8080" in policy
    assert "unsafe" not in policy


def test_a_key_replays_its_first_result(client: Stripe) -> None:
    first = open_checkout(client)
    assert click(first, "pay").status_code == 303
    again = open_checkout(client)
    assert again.id == first.id
    assert again.status == "open", "the first result is replayed, not the present state"
    assert open_checkout(client, key="checkout:1:2").id != first.id


def test_a_key_is_bound_to_its_parameters(client: Stripe) -> None:
    open_checkout(client)
    with pytest.raises(IdempotencyError) as refusal:
        open_checkout(client, amount=1)
    assert not refusal.value.refused


def test_a_key_in_use_is_a_conflict(sandbox: Sandbox, control: Control, raw: requests.Session) -> None:
    control("faults", kind="slow", seconds=5)
    headers = {**TYPE, "Idempotency-Key": "account:1:1"}
    answers: list[requests.Response] = []

    def post() -> None:
        answers.append(
            requests.post(f"{sandbox.base}/v1/accounts", headers=headers, auth=(KEY, ""), timeout=60)
        )

    side_by_side([post] * 2)
    conflict, done = sorted(answers, key=lambda answer: -answer.status_code)
    assert (conflict.status_code, done.status_code) == (409, 200)
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    again = raw.post(f"{sandbox.base}/v1/accounts", headers=headers, timeout=60)
    assert again.json() == done.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == done.headers["Request-Id"]


def test_a_refusal_begun_is_kept_and_a_malformed_request_is_not(
    sandbox: Sandbox, raw: requests.Session, client: Stripe
) -> None:
    def transfer(destination: str) -> requests.Response:
        body = {"amount": 1, "currency": "cny", "destination": destination}
        headers = {**TYPE, "Idempotency-Key": "transfer:1:1"}
        return raw.post(f"{sandbox.base}/v1/transfers", data=urlencode(body), headers=headers, timeout=60)

    assert transfer("").status_code == 400
    assert transfer("acct_nobody").status_code == 404
    replay = transfer("acct_nobody")
    assert (replay.status_code, replay.headers["Idempotent-Replayed"]) == (404, "true")
    assert transfer("acct_other").json()["error"]["type"] == "idempotency_error"


def test_state_outlives_the_process(tmp_path: Path) -> None:
    home = tmp_path / "kept"
    first = Sandbox(0, home).start()
    client = Stripe(first.base, KEY)
    session = open_checkout(client)
    first.stop()
    second = Sandbox(0, home).start()
    client = Stripe(second.base, KEY)
    assert client.checkout(session.id).status == "open"
    assert open_checkout(client).id == session.id
    second.stop()


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (
            {"amount": "1", "currency": "cny", "destination": "acct_1", "colour": "red"},
            "colour",
            "parameter_unknown",
        ),
        ({"amount": "1", "currency": "cny"}, "destination", "parameter_missing"),
        ({"amount": "ten", "currency": "cny", "destination": "a"}, "amount", "parameter_invalid_integer"),
        ({"amount": "-1", "currency": "cny", "destination": "a"}, "amount", "parameter_invalid_integer"),
        ({"amount": "1", "currency": "zzz", "destination": "a"}, "currency", ""),
        ({"amount": "1", "currency": "cny", "destination": ""}, "destination", "parameter_invalid_empty"),
        ({"amount": "1", "currency": "cny", "destination[a]": "a"}, "destination", ""),
        ({"amount": "1", "currency": "cny", "destination": "acct_no"}, "destination", "resource_missing"),
    ],
)
def test_wrong_parameters_are_named(
    sandbox: Sandbox, raw: requests.Session, body: dict[str, str], param: str, code: str
) -> None:
    answer = raw.post(f"{sandbox.base}/v1/transfers", data=urlencode(body), headers=TYPE, timeout=60)
    error = answer.json()["error"]
    assert answer.status_code == (404 if code == "resource_missing" else 400)
    assert (error["type"], error["param"], error.get("code", "")) == ("invalid_request_error", param, code)


def test_nested_unknown_parameters_are_refused_too(sandbox: Sandbox, raw: requests.Session) -> None:
    body = (
        "mode=payment&success_url=http://localhost/&line_items[0][quantity]=1&line_items[0][price_data][x]=1"
    )
    answer = raw.post(f"{sandbox.base}/v1/checkout/sessions", data=body, headers=TYPE, timeout=60)
    assert answer.json()["error"]["param"] == "line_items[0][price_data][x]"


def test_the_door_is_kept(sandbox: Sandbox, raw: requests.Session) -> None:
    url = f"{sandbox.base}/v1/balance"
    assert requests.get(url, timeout=60).status_code == 401
    assert requests.get(url, auth=("sk_live_real", ""), timeout=60).status_code == 401
    assert requests.get(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60).status_code == 200
    assert (
        requests.post(f"{sandbox.base}/_sandbox/faults", json={"kind": "lose"}, timeout=60).status_code == 401
    )
    assert raw.get(url, headers={"Host": "evil.example"}, timeout=60).status_code == 403
    assert raw.get(url, headers={"Stripe-Version": "newest"}, timeout=60).status_code == 400
    assert raw.get(f"{sandbox.base}/v1/payouts", timeout=60).status_code == 404
    assert raw.post(f"{sandbox.base}/v1/accounts", json={}, timeout=60).status_code == 400


def test_money_cannot_be_made(client: Stripe) -> None:
    account = client.create_account(key="account:1:1", name="X", metadata={})
    session = open_checkout(client)
    click(session, "pay")
    intent = client.payment_intent(client.checkout(session.id).payment_intent)

    def transfer(key: str, amount: int, group: str = "trade-handle") -> None:
        client.create_transfer(
            key=key,
            amount=amount,
            currency="cny",
            destination=account.id,
            source_transaction=intent.latest_charge,
            transfer_group=group,
            metadata={},
        )

    with pytest.raises(InvalidRequest) as refusal:
        transfer("t:1", 12_346)
    assert refusal.value.code == "balance_insufficient"
    with pytest.raises(InvalidRequest, match="transfer_group"):
        transfer("t:2", 1, group="another")
    transfer("t:3", 12_000)
    with pytest.raises(InvalidRequest):
        transfer("t:4", 346)
    with pytest.raises(InvalidRequest, match="greater than"):
        client.create_refund(key="r:1", payment_intent=intent.id, amount=12_346, metadata={})
    client.create_refund(key="r:2", payment_intent=intent.id, amount=12_345, metadata={})
    with pytest.raises(InvalidRequest) as refusal:
        client.create_refund(key="r:3", payment_intent=intent.id, amount=1, metadata={})
    assert refusal.value.code == "charge_already_refunded"
    with pytest.raises(InvalidRequest, match="No such payment_intent"):
        client.payment_intent("pi_nobody")


def test_lists_come_in_pages(client: Stripe, raw: requests.Session, sandbox: Sandbox) -> None:
    made = [client.create_account(key=f"account:{n}:1", name=str(n), metadata={}).id for n in range(5)]
    page = raw.get(f"{sandbox.base}/v1/accounts?limit=2", timeout=60).json()
    assert [one["id"] for one in page["data"]] == made[:2:-1]
    assert page["has_more"] is True
    page = raw.get(f"{sandbox.base}/v1/accounts?limit=3&starting_after={made[3]}", timeout=60).json()
    assert [one["id"] for one in page["data"]] == made[2::-1]
    assert page["has_more"] is False
