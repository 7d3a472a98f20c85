"""Stripe's own Python client drives the stand-in: it must look like Stripe to Stripe's code."""

from collections.abc import Callable

import pytest
import stripe

from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.driver import EXPIRES, KEY, click


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


def test_the_official_client_understands_a_key_used_otherwise(official: stripe.StripeClient) -> None:
    official.v1.accounts.create({"email": "a@example.org"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        official.v1.accounts.create({"email": "b@example.org"}, {"idempotency_key": "k"})


def test_a_wrong_key_is_an_authentication_error(sandbox: Sandbox) -> None:
    api = stripe.StripeClient("sk_live_x", base_addresses={"api": sandbox.base}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        api.v1.balance.retrieve()
