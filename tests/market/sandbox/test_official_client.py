"""Stripe's own Python client drives the stand-in: it must look like Stripe to Stripe's code."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.conftest import SECRET, Inbox
from tests.market.sandbox.driver import EXPIRES, KEY, Control, Watch, click

BACK = "http://localhost:8080/back"


@pytest.fixture
def official(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": sandbox.base}, max_network_retries=0)


def test_a_trade_through_the_official_client(official: stripe.StripeClient, client: Stripe) -> None:
    account = official.v1.accounts.create(
        {
            "controller": {"stripe_dashboard": {"type": "express"}},
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"organisation": "1"},
        }
    )
    assert account.capabilities is not None
    assert account.capabilities.transfers == "active"
    session = official.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://localhost:8080/",
            "expires_at": EXPIRES,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": "cny", "unit_amount": 500, "product_data": {"name": "数据"}},
                }
            ],
            "payment_intent_data": {"transfer_group": "g"},
        },
        {"idempotency_key": "checkout:9:1"},
    )
    click(client.checkout(session.id), "pay")
    session = official.v1.checkout.sessions.retrieve(session.id)
    assert session.payment_status == "paid"
    intent = official.v1.payment_intents.retrieve(
        str(session.payment_intent), {"expand": ["latest_charge.balance_transaction"]}
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    transfer = official.v1.transfers.create(
        {
            "amount": 400,
            "currency": "cny",
            "destination": account.id,
            "source_transaction": charge.id,
            "transfer_group": "g",
        }
    )
    assert [one.id for one in official.v1.transfers.list({"transfer_group": "g"}).auto_paging_iter()] == [
        transfer.id
    ]
    refund = official.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    assert refund.status == "succeeded"
    assert official.v1.balance.retrieve().available[0].amount == 500 - 15 - 400 - 100
    event = next(official.v1.events.list({"type": "refund.created"}).auto_paging_iter())
    assert official.v1.events.retrieve(event.id).type == "refund.created"


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda api: api.v1.payment_intents.retrieve("pi_no"), stripe.InvalidRequestError),
        (lambda api: api.v1.transfers.create({"amount": 1, "currency": "cny", "destination": ""}),
         stripe.InvalidRequestError),
        (lambda api: api.v1.accounts.create({"colour": "red"}), stripe.InvalidRequestError),
    ],
)  # fmt: skip
def test_the_official_client_understands_refusals(
    official: stripe.StripeClient, act: Callable[[stripe.StripeClient], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        act(official)


def intent_of(official: stripe.StripeClient, method: str, **more: Any) -> stripe.PaymentIntent:
    """Pay with a test card, as a server does that has no pay page."""
    params: Any = {
        "amount": 2_000,
        "currency": "cny",
        "payment_method": method,
        "payment_method_types": ["card"],
        "confirm": True,
        "transfer_group": "g",
        **more,
    }
    return official.v1.payment_intents.create(params)


def test_payment_intents_through_the_official_client(official: stripe.StripeClient) -> None:
    api = official.v1.payment_intents
    planned = api.create({"amount": 2_000, "currency": "cny", "automatic_payment_methods": {"enabled": True}})
    assert planned.status == "requires_payment_method"
    done = api.confirm(planned.id, {"payment_method": "pm_card_visa", "return_url": BACK})
    assert (done.status, done.amount_received) == ("succeeded", 2_000)
    found = api.retrieve(done.id, {"expand": ["latest_charge", "payment_method"]})
    assert isinstance(found.latest_charge, stripe.Charge)
    assert isinstance(found.payment_method, stripe.PaymentMethod)
    assert found.payment_method.card is not None
    assert found.payment_method.card.last4 == "4242"
    other = api.create({"amount": 1, "currency": "jpy", "payment_method": "pm_card_visa"})
    assert api.cancel(other.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as over:
        api.confirm(other.id, {"return_url": BACK})
    assert over.value.code == "payment_intent_unexpected_state"


def test_the_official_client_sees_a_card_error(official: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        intent_of(official, "pm_card_visa_chargeDeclinedInsufficientFunds")
    error = refusal.value
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.user_message == "Your card has insufficient funds."
    assert error.error is not None
    assert error.error.decline_code == "insufficient_funds"
    assert isinstance(error.error.payment_intent, stripe.PaymentIntent)
    assert error.error.payment_intent.status == "requires_payment_method"
    assert official.v1.charges.list({"transfer_group": "g"}).data[0].status == "failed"
    with pytest.raises(stripe.CardError) as asked:
        intent_of(official, "pm_card_authenticationRequired", off_session=True)
    assert asked.value.code == "authentication_required"


def test_onboarding_through_the_official_client(official: stripe.StripeClient, control: Control) -> None:
    control("settings", transfers="inactive")
    account = official.v1.accounts.create({"capabilities": {"transfers": {"requested": True}}})
    assert account.requirements is not None
    assert account.requirements.currently_due
    params: Any = {
        "account": account.id,
        "refresh_url": f"{BACK}/again",
        "return_url": BACK,
        "type": "account_onboarding",
    }
    first, second = (official.v1.account_links.create(params) for _ in range(2))
    assert first.url != second.url
    assert requests.get(first.url, timeout=60).status_code == 200
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        official.v1.transfers.create({"amount": 1, "currency": "cny", "destination": account.id})
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_a_dispute_through_the_official_client(official: stripe.StripeClient) -> None:
    intent = intent_of(official, "pm_card_createDispute")
    dispute = official.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.balance_transactions[0].reporting_category) == (
        "needs_response",
        "dispute",
    )
    answered = official.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    assert answered.evidence_details.submission_count == 1
    won = official.v1.disputes.retrieve(dispute.id, {"expand": ["charge", "payment_intent"]})
    assert won.status == "won"
    assert isinstance(won.charge, stripe.Charge)
    assert won.charge.disputed
    with pytest.raises(stripe.InvalidRequestError):
        official.v1.disputes.close(dispute.id)
    moved = official.v1.balance_transactions.list({"source": dispute.id}).data
    assert sum(one.net for one in moved) == 0


def test_lists_page_by_themselves(official: stripe.StripeClient) -> None:
    made = [
        official.v1.payment_intents.create({"amount": number, "currency": "cny"}).id for number in range(1, 8)
    ]
    paged = official.v1.payment_intents.list({"limit": 2}).auto_paging_iter()
    assert [one.id for one in paged] == made[::-1]
    events = official.v1.events.list({"types": ["payment_intent.created"], "limit": 3}).auto_paging_iter()
    objects = [event.data.object["id"] for event in events]
    assert objects == made[::-1]
    since = official.v1.events.list({"created": {"gt": 2**40}}).auto_paging_iter()
    assert list(since) == []
    for _ in range(3):
        page(official)
    assert len(list(official.v1.checkout.sessions.list({"limit": 1}).auto_paging_iter())) == 3


def page(official: stripe.StripeClient, options: Any = None) -> stripe.checkout.Session:
    price: Any = {"currency": "cny", "unit_amount": 500, "product_data": {"name": "数据"}}
    return official.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": BACK,
            "expires_at": EXPIRES,
            "line_items": [{"quantity": 1, "price_data": price}],
        },
        options,
    )


def test_a_wallet_through_the_official_client(
    official: stripe.StripeClient, client: Stripe, watch: Watch, inbox: Inbox
) -> None:
    made = page(official)
    assert made.payment_method_types == ["card", "alipay", "wechat_pay"]
    click(client.checkout(made.id), "pay", "alipay")
    assert official.v1.checkout.sessions.retrieve(made.id).payment_status == "unpaid"
    watch.advance(3)
    assert official.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"
    told = "checkout.session.async_payment_succeeded"
    event = official.v1.events.list({"type": told}).data[0]
    assert event.data.object["id"] == made.id
    for body, header in list(inbox.wait_for(3)):
        stripe.Webhook.construct_event(body, header, SECRET, tolerance=10**9)
        tampered = body.replace(b"livemode", b"lifemode")
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(tampered, header, SECRET, tolerance=10**9)
        assert json.loads(body)["api_version"] == event.api_version


def test_a_key_repeated_by_the_official_client(official: stripe.StripeClient) -> None:
    first, again = (page(official, {"idempotency_key": "checkout:9:1"}) for _ in range(2))
    assert first.id == again.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "refuse", "status": 429}, stripe.RateLimitError),
        ({"kind": "refuse", "status": 503}, stripe.APIError),
        ({"kind": "deny", "status": 500}, stripe.APIError),
        ({"kind": "garble", "status": 502}, stripe.APIError),
        ({"kind": "lose"}, stripe.APIConnectionError),
        ({"kind": "cut"}, stripe.APIConnectionError),
    ],
)
def test_troubles_have_a_type_at_the_official_client(
    official: stripe.StripeClient, control: Control, fault: dict[str, Any], error: type[Exception]
) -> None:
    control("faults", **fault)
    with pytest.raises(error):
        page(official, {"idempotency_key": "checkout:1:1"})
    page(official, {"idempotency_key": "checkout:1:1"})
    done = official.v1.checkout.sessions.list().data
    assert len(done) == 1


def test_the_official_client_repeats_by_itself(sandbox: Sandbox, control: Control) -> None:
    patient = stripe.StripeClient(KEY, base_addresses={"api": sandbox.base}, max_network_retries=2)
    control("faults", kind="lose")
    account = patient.v1.accounts.create({"email": "a@example.org"})
    assert [one.id for one in patient.v1.accounts.list().data] == [account.id]


def test_the_official_client_understands_a_key_used_otherwise(official: stripe.StripeClient) -> None:
    official.v1.accounts.create({"email": "a@example.org"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        official.v1.accounts.create({"email": "b@example.org"}, {"idempotency_key": "k"})


def test_a_wrong_key_is_an_authentication_error(sandbox: Sandbox) -> None:
    api = stripe.StripeClient("sk_live_x", base_addresses={"api": sandbox.base}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        api.v1.balance.retrieve()
