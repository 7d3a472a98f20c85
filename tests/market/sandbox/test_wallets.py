"""Wallets beside cards: the page is done first, the money comes a little later, or never."""

import pytest
import requests

from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.driver import EXPIRES, Control, Watch, click, open_checkout
from tests.waiting import until


@pytest.mark.parametrize("wallet", ["alipay", "wechat_pay"])
def test_a_wallet_pays_later(client: Stripe, control: Control, watch: Watch, wallet: str) -> None:
    control("settings", wallet_after=60)
    session = open_checkout(client)
    assert click(session, "pay", wallet).status_code == 303
    found = client.checkout(session.id)
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert client.payment_intent(found.payment_intent).status == "processing"
    assert client.balance().amounts == {"cny": 0}
    watch.advance(61)
    assert client.checkout(session.id).payment_status == "paid"
    assert client.payment_intent(found.payment_intent).amount_received == 12_345
    types = [event.type for event in client.events(since=0, types=TYPES)]
    assert types[::-1] == ["checkout.session.completed", "checkout.session.async_payment_succeeded"]


def test_a_page_takes_no_means_that_it_does_not_offer(client: Stripe) -> None:
    session = open_checkout(client, means=("card", "wechat_pay"))
    assert click(session, "pay", "alipay").status_code != 303
    assert client.checkout(session.id).status == "open"
    assert click(session, "pay", "wechat_pay").status_code == 303


def test_a_wallet_fails_later(client: Stripe, watch: Watch) -> None:
    session = open_checkout(client)
    assert click(session, "fail", "alipay").status_code == 303
    watch.advance(3)
    found = client.checkout(session.id)
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert client.payment_intent(found.payment_intent).status == "requires_payment_method"
    assert client.balance().amounts == {"cny": 0}
    types = [event.type for event in client.events(since=0, types=TYPES)]
    assert types[::-1] == ["checkout.session.completed", "checkout.session.async_payment_failed"]


TYPES = [
    f"checkout.session.{word}" for word in ("completed", "async_payment_succeeded", "async_payment_failed")
]


def test_paying_by_wallet_twice_makes_one_payment(client: Stripe, watch: Watch) -> None:
    session = open_checkout(client)
    assert click(session, "pay", "alipay").status_code == click(session, "pay", "alipay").status_code == 303
    watch.advance(3)
    assert [charge.status for charge in client.charges("trade-handle")] == ["succeeded"]


def test_a_wallet_settles_without_anybody_asking(client: Stripe, control: Control, watch: Watch) -> None:
    click(open_checkout(client), "pay", "alipay")
    watch.advance(3)
    until(lambda: "charge.succeeded" in {one["type"] for one in control.get("deliveries")})


def test_a_wallet_pays_an_intent(client: Stripe, raw: requests.Session, watch: Watch) -> None:
    body = {
        "amount": "500",
        "currency": "cny",
        "payment_method_types[0]": "alipay",
        "payment_method_data[type]": "alipay",
        "confirm": "true",
        "return_url": "http://localhost:8080/back",
    }
    made = raw.post(f"{client.base}/v1/payment_intents", data=body, timeout=60).json()
    assert made["status"] == "requires_action"
    url = made["next_action"]["redirect_to_url"]["url"]
    requests.post(url, data={"outcome": "complete"}, allow_redirects=False, timeout=60)
    assert client.payment_intent(made["id"]).status == "processing"
    watch.advance(3)
    assert client.payment_intent(made["id"]).status == "succeeded"


def test_wechat_needs_to_know_its_client(raw: requests.Session, sandbox: Sandbox) -> None:
    body = {
        "mode": "payment",
        "success_url": "http://localhost:8080/",
        "expires_at": str(EXPIRES),
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "cny",
        "line_items[0][price_data][unit_amount]": "500",
        "line_items[0][price_data][product_data][name]": "X",
        "payment_method_types[0]": "wechat_pay",
    }
    url = f"{sandbox.base}/v1/checkout/sessions"
    name = "payment_method_options[wechat_pay][client]"
    assert raw.post(url, data=body, timeout=60).json()["error"]["param"] == name
    page = raw.post(url, data={**body, name: "web"}, timeout=60).json()
    shown = requests.get(page["url"], timeout=60).text
    assert "微信支付" in shown
    assert "pm_card_visa" not in shown
    refused = requests.post(page["url"], data={"outcome": "pay", "method": "pm_card_visa"}, timeout=60)
    assert refused.status_code == 200
