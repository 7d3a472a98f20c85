"""What the stand-in answers and tells has the shape of Stripe's own objects, in every state of a trade's money."""

from typing import Any

import pytest
import requests

from market.payments.stripe import CardError, Stripe
from tests.market.payments.stripe_shapes import faults
from tests.market.sandbox.driver import Control, Watch, click, open_checkout, paid

pytestmark = pytest.mark.stripe_spec

LISTS = (
    "accounts", "balance_transactions", "charges", "checkout/sessions", "disputes", "events", "payment_intents",
    "refunds", "transfers",
)  # fmt: skip


def live_through_everything(client: Stripe, control: Control, watch: Watch) -> None:
    """Bring objects of every kind into every state that this stand-in has."""
    control("settings", available_after=60, transfers="inactive")
    client.create_account(key="account:1:1", name="X", metadata={})
    control("settings", transfers="active")
    account = client.create_account(key="account:2:1", name="海洋数据", metadata={"a": "b"})
    intent = paid(client)
    client.create_transfer(
        key="transfer:1:1",
        amount=5,
        currency="cny",
        destination=account.id,
        source_transaction=intent.latest_charge,
        transfer_group="trade-handle",
        metadata={},
    )
    client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=5, metadata={})
    failed = paid(client, "pm_card_refundFail", key="paid:2:1")
    client.create_refund(key="refund:2:1", payment_intent=failed.id, amount=5, metadata={})
    for number, evidence in enumerate(("winning_evidence", "losing_evidence", "text")):
        dispute = next(client.disputes(paid(client, "pm_card_createDispute", key=f"paid:3:{number}").id))
        client.submit_evidence(
            dispute.id, key=f"evidence:{number}:1", evidence={"uncategorized_text": evidence}
        )
    client.disputes(paid(client, "pm_card_createDisputeInquiry", key="paid:4:1").id)
    for number, (outcome, method) in enumerate(
        [
            ("pay", "alipay"),
            ("fail", "wechat_pay"),
            ("pay", "pm_card_authenticationRequired"),
            ("fail", "pm_card_visa"),
        ]
    ):
        click(open_checkout(client, key=f"page:{number}:1"), outcome, method)
    client.expire_checkout(open_checkout(client, key="page:9:1").id, key="expire:9:1")
    planned = client.create_payment_intent(
        key="intent:1:1", amount=5, currency="cny", description="X", transfer_group="g", metadata={}
    )
    client.cancel_payment_intent(planned.id, key="cancel:1:1")
    watch.advance(120)


def test_every_object_and_every_event_has_stripes_shape(
    client: Stripe, control: Control, watch: Watch, raw: requests.Session
) -> None:
    live_through_everything(client, control, watch)
    found: set[str] = set()
    kinds: set[str] = set()
    for path in LISTS:
        answer = raw.get(f"{client.base}/v1/{path}?limit=100", timeout=60).json()
        assert answer["data"], path
        told = [one["data"]["object"] for one in answer["data"] if one["object"] == "event"]
        for data in [*answer["data"], *told]:
            kinds.add(data["object"])
            found.update(faults(data))
    assert found == set()
    assert len(kinds) == len(LISTS)


def test_expanded_objects_links_balance_and_errors_have_it_too(client: Stripe, raw: requests.Session) -> None:
    intent = paid(client)
    account = client.create_account(key="account:1:1", name="X", metadata={})
    link = {
        "account": account.id,
        "refresh_url": "http://localhost:8080/again",
        "return_url": "http://localhost:8080/back",
        "type": "account_onboarding",
    }
    wide = "expand[0]=latest_charge.balance_transaction&expand[1]=payment_method"
    answers: list[Any] = [
        raw.get(f"{client.base}/v1/payment_intents/{intent.id}?{wide}", timeout=60).json(),
        raw.get(f"{client.base}/v1/balance", timeout=60).json(),
        raw.post(f"{client.base}/v1/account_links", data=link, timeout=60).json(),
    ]
    body = {
        "amount": "500",
        "currency": "cny",
        "payment_method": "pm_card_visa_chargeDeclined",
        "payment_method_types[0]": "card",
        "confirm": "true",
    }
    refusal = raw.post(f"{client.base}/v1/payment_intents", data=body, timeout=60).json()
    answers += [refusal["error"]["payment_intent"], refusal["error"]["payment_method"]]
    assert [trouble for data in answers for trouble in faults(data)] == []
    assert answers[0]["payment_method"]["object"] == "payment_method"


def test_a_wrong_shape_is_seen(client: Stripe, control: Control, raw: requests.Session) -> None:
    intent = paid(client)
    control(f"objects/{intent.id}", amount="ten", status="lost", colour="red", currency=None)
    data = raw.get(f"{client.base}/v1/payment_intents/{intent.id}", timeout=60).json()
    del data["livemode"]
    assert sorted(faults(data)) == [
        "payment_intent.amount: integer expected",
        "payment_intent.colour: unknown",
        "payment_intent.currency: null",
        "payment_intent.livemode: missing",
        "payment_intent.status: 'lost' is not foreseen",
    ]


def test_a_declined_card_embeds_the_whole_payment(client: Stripe) -> None:
    planned = client.create_payment_intent(
        key="intent:1:1", amount=5, currency="cny", description="X", transfer_group="g", metadata={}
    )
    with pytest.raises(CardError) as refusal:
        client.confirm_payment_intent(
            planned.id,
            key="confirm:1:1",
            payment_method="pm_card_visa_chargeDeclined",
            return_url="http://localhost:8080/",
        )
    assert refusal.value.payment_intent == planned.id
