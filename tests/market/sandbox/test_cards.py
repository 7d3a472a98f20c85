"""Test cards do what Stripe says of them, and a refusal is a card error with everything a client needs."""

from typing import Any

import pytest
import requests

from market.payments.stripe import CardError, InvalidRequest, PaymentIntent, Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.driver import Control, Watch, click, open_checkout, paid

BACK = "http://localhost:8080/back"


def plan(client: Stripe, key: str = "intent:1:1") -> PaymentIntent:
    return client.create_payment_intent(
        key=key,
        amount=12_345,
        currency="cny",
        description="每日气象",
        transfer_group="trade-handle",
        metadata={"operation": "1"},
    )


def confirm(client: Stripe, intent: PaymentIntent, method: str, key: str = "confirm:1:1") -> PaymentIntent:
    return client.confirm_payment_intent(intent.id, key=key, payment_method=method, return_url=BACK)


def balance(raw: requests.Session, base: str) -> dict[str, int]:
    found = raw.get(f"{base}/v1/balance", timeout=60).json()
    return {when: sum(part["amount"] for part in found[when]) for when in ("available", "pending")}


def test_a_card_pays(client: Stripe) -> None:
    intent = plan(client)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", "")
    done = confirm(client, intent, "pm_card_visa")
    assert (done.status, done.amount_received, done.transfer_group) == ("succeeded", 12_345, "trade-handle")
    assert client.payment_intent(intent.id).fee == 358
    charge = next(client.charges("trade-handle"))
    assert (charge.id, charge.status, charge.payment_intent) == (done.latest_charge, "succeeded", intent.id)
    with pytest.raises(InvalidRequest) as over:
        confirm(client, intent, "pm_card_visa", key="confirm:1:2")
    assert over.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_card_leaves_the_payment_open(
    client: Stripe, card: str, code: str, decline_code: str
) -> None:
    intent = plan(client)
    with pytest.raises(CardError) as refusal:
        confirm(client, intent, card)
    error = refusal.value
    assert (error.status, error.code, error.decline_code) == (402, code, decline_code)
    assert error.payment_intent == intent.id
    assert error.refused
    found = client.payment_intent(intent.id)
    assert (found.status, found.failure) == ("requires_payment_method", decline_code)
    assert [charge.status for charge in client.charges("trade-handle")] == ["failed"]
    assert confirm(client, intent, "pm_card_visa", key="confirm:1:2").status == "succeeded"


def test_a_card_error_has_the_platforms_shape(
    client: Stripe, raw: requests.Session, sandbox: Sandbox
) -> None:
    body = {
        "amount": "500",
        "currency": "cny",
        "payment_method": "pm_card_chargeDeclinedIncorrectCvc",
        "payment_method_types[0]": "card",
        "confirm": "true",
    }

    def post() -> requests.Response:
        headers = {"Idempotency-Key": "intent:1:1"}
        return raw.post(f"{sandbox.base}/v1/payment_intents", data=body, headers=headers, timeout=60)

    answer = post()
    error: dict[str, Any] = answer.json()["error"]
    assert answer.status_code == 402
    assert (error["type"], error["code"], error["param"]) == ("card_error", "incorrect_cvc", "cvc")
    assert error["payment_intent"]["object"] == "payment_intent"
    assert error["payment_intent"]["last_payment_error"]["charge"] == error["charge"]
    assert error["payment_method"]["card"]["last4"] == "0127"
    assert error["doc_url"].startswith("https://docs.stripe.com/")
    assert not any(name.startswith("_") for name in error["payment_intent"])
    replay = post()
    assert (replay.status_code, replay.headers["Idempotent-Replayed"]) == (402, "true")
    assert len(raw.get(f"{sandbox.base}/v1/payment_intents", timeout=60).json()["data"]) == 1


@pytest.mark.parametrize(
    ("outcome", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")]
)
def test_a_bank_asks_the_payer(client: Stripe, outcome: str, status: str) -> None:
    intent = confirm(client, plan(client), "pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    assert "CNY 123.45" in requests.get(intent.action_url, timeout=60).text
    answer = requests.post(intent.action_url, data={"outcome": outcome}, allow_redirects=False, timeout=60)
    word = "succeeded" if status == "succeeded" else "failed"
    assert answer.headers["Location"].startswith(f"{BACK}?payment_intent={intent.id}&")
    assert answer.headers["Location"].endswith(f"redirect_status={word}")
    assert client.payment_intent(intent.id).status == status


def test_nobody_can_be_asked_off_session(raw: requests.Session, sandbox: Sandbox) -> None:
    body = {
        "amount": "500",
        "currency": "cny",
        "payment_method": "pm_card_authenticationRequired",
        "payment_method_types[0]": "card",
        "confirm": "true",
        "off_session": "true",
    }
    error = raw.post(f"{sandbox.base}/v1/payment_intents", data=body, timeout=60).json()["error"]
    assert (error["type"], error["code"]) == ("card_error", "authentication_required")
    assert error["payment_intent"]["status"] == "requires_payment_method"


def test_a_payment_is_given_up(client: Stripe) -> None:
    intent = plan(client)
    assert client.cancel_payment_intent(intent.id, key="cancel:1:1").status == "canceled"
    with pytest.raises(InvalidRequest):
        client.cancel_payment_intent(intent.id, key="cancel:1:2")
    with pytest.raises(InvalidRequest):
        confirm(client, intent, "pm_card_visa")
    with pytest.raises(InvalidRequest, match="Expire the session"):
        client.cancel_payment_intent(paid(client).id, key="cancel:1:3")


def test_an_expired_page_takes_its_payment_with_it(client: Stripe) -> None:
    session = open_checkout(client)
    asked = click(session, "pay", "pm_card_authenticationRequired").headers["Location"]
    client.expire_checkout(session.id, key="expire:1:1")
    requests.post(asked, data={"outcome": "complete"}, allow_redirects=False, timeout=60)
    assert client.checkout(session.id).payment_status == "unpaid"
    assert [charge.status for charge in client.charges("trade-handle")] == []


def test_the_pay_page_offers_the_cards(client: Stripe) -> None:
    session = open_checkout(client)
    assert "支付宝" in requests.get(session.url, timeout=60).text
    refused = click(session, "pay", "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert "insufficient funds" in refused.text
    assert click(session, "pay", "pm_card_nobody").status_code == 200
    bank = click(session, "pay", "pm_card_authenticationRequired")
    assert bank.headers["Location"].startswith(f"{client.base}/authorize/pi_")
    back = requests.post(
        bank.headers["Location"], data={"outcome": "complete"}, allow_redirects=False, timeout=60
    )
    assert back.headers["Location"].startswith("http://localhost:8080/back?session=cs_test_")
    assert client.checkout(session.id).payment_status == "paid"


def test_money_is_pending_first_and_a_transfer_waits_with_its_charge(
    client: Stripe, control: Control, watch: Watch, raw: requests.Session
) -> None:
    control("settings", available_after=86_400)
    intent = paid(client)
    net = 12_345 - 358
    assert balance(raw, client.base) == {"available": 0, "pending": net}
    account = client.create_account(key="account:1:1", name="X", metadata={})

    def send(key: str, source: str) -> None:
        client.create_transfer(
            key=key,
            amount=2_000,
            currency="cny",
            destination=account.id,
            source_transaction=source,
            transfer_group="trade-handle",
            metadata={},
        )

    send("transfer:1:1", intent.latest_charge)
    assert balance(raw, client.base) == {"available": 0, "pending": net - 2_000}
    body = {"amount": "1", "currency": "cny", "destination": account.id}
    refused = raw.post(f"{client.base}/v1/transfers", data=body, timeout=60).json()["error"]
    assert refused["code"] == "balance_insufficient"
    watch.advance(86_401)
    assert balance(raw, client.base) == {"available": net - 2_000, "pending": 0}
    assert raw.post(f"{client.base}/v1/transfers", data=body, timeout=60).status_code == 200


def test_one_card_brings_money_at_once(client: Stripe, control: Control, raw: requests.Session) -> None:
    control("settings", available_after=86_400)
    paid(client, "pm_card_bypassPending")
    assert balance(raw, client.base) == {"available": 12_345 - 358, "pending": 0}


@pytest.mark.parametrize(
    ("card", "first", "last", "left"),
    [
        ("pm_card_pendingRefund", "pending", "succeeded", -358),
        ("pm_card_refundFail", "succeeded", "failed", 12_345 - 358),
    ],
)
def test_refunds_take_time_or_fail(
    client: Stripe, watch: Watch, card: str, first: str, last: str, left: int
) -> None:
    intent = paid(client, card)
    refund = client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=12_345, metadata={})
    assert refund.status == first
    watch.advance(6)
    assert client.refund(refund.id).status == last
    assert client.balance().amounts == {"cny": left}


def test_a_test_decides_a_refund(client: Stripe, control: Control) -> None:
    control("settings", refund_status="pending")
    intent = paid(client)
    refund = client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=345, metadata={})
    control(f"refunds/{refund.id}", status="failed")
    assert client.refund(refund.id).status == "failed"
    assert client.balance().amounts == {"cny": 12_345 - 358}
    types = {event.type for event in client.events(since=0, types=["refund.failed"])}
    assert types == {"refund.failed"}
