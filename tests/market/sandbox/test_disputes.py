"""Disputes: the money is gone first, the bank decides later; an inquiry takes none."""

import pytest
import requests

from market.payments.stripe import InvalidRequest, PaymentIntent, Stripe
from market.sandbox import Sandbox
from tests.market.sandbox.driver import Control, paid

NET = 12_345 - 358
FEE = 1_500


def types(client: Stripe) -> list[str]:
    words = ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
    found = client.events(since=0, types=[f"charge.dispute.{word}" for word in words])
    return [event.type.rpartition(".")[2] for event in found][::-1]


def disputed(client: Stripe, card: str = "pm_card_createDispute") -> PaymentIntent:
    return paid(client, card)


@pytest.mark.parametrize(
    ("evidence", "status", "taken", "ends"),
    [
        ("winning_evidence", "won", 0, ["updated", "closed", "funds_reinstated"]),
        ("losing_evidence", "lost", 12_345 + FEE, ["updated", "closed"]),
    ],
)
def test_evidence_wins_or_loses(
    client: Stripe, evidence: str, status: str, taken: int, ends: list[str]
) -> None:
    intent = disputed(client)
    found = next(client.disputes(intent.id))
    assert (found.status, found.reason, found.amount) == ("needs_response", "fraudulent", 12_345)
    assert (found.taken, found.taken_currency) == (12_345 + FEE, "cny")
    assert client.balance().amounts == {"cny": NET - 12_345 - FEE}
    assert next(client.charges("trade-handle")).disputed
    given = {"product_description": "每日气象", "uncategorized_text": evidence}
    answered = client.submit_evidence(found.id, key="evidence:1:1", evidence=given)
    assert (answered.status, answered.submissions) == ("under_review", 1)
    found = client.dispute(found.id)
    assert (found.status, found.taken) == (status, taken)
    assert client.balance().amounts == {"cny": NET - taken}
    assert types(client) == ["created", "funds_withdrawn", *ends]


def test_a_dispute_is_answered_once_and_ends_once(client: Stripe, control: Control) -> None:
    found = next(client.disputes(disputed(client).id))
    client.submit_evidence(found.id, key="evidence:1:1", evidence={"receipt": "file_1"})
    with pytest.raises(InvalidRequest):
        client.submit_evidence(found.id, key="evidence:1:2", evidence={"receipt": "file_2"})
    assert client.close_dispute(found.id, key="close:1:1").status == "lost"
    with pytest.raises(InvalidRequest):
        client.close_dispute(found.id, key="close:1:2")
    with pytest.raises(requests.HTTPError):
        control(f"disputes/{found.id}", status="won")


def test_an_inquiry_takes_no_money(client: Stripe, control: Control) -> None:
    intent = disputed(client, "pm_card_createDisputeInquiry")
    found = next(client.disputes(intent.id))
    assert (found.status, found.taken, found.taken_currency) == ("warning_needs_response", 0, "")
    assert control(f"disputes/{found.id}", status="warning_closed")["status"] == "warning_closed"
    assert client.balance().amounts == {"cny": NET}
    assert types(client) == ["created", "closed"]
    client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=1, metadata={})


def test_what_a_bank_took_cannot_be_refunded_too(client: Stripe) -> None:
    intent = disputed(client)
    with pytest.raises(InvalidRequest) as refusal:
        client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=1, metadata={})
    assert refusal.value.code == "charge_disputed"


def test_a_test_opens_and_decides_a_dispute(client: Stripe, control: Control) -> None:
    intent = paid(client)
    made = control("disputes", payment_intent=intent.id, amount=2_000, reason="product_not_received")
    assert client.dispute(made["id"]).taken == 2_000 + FEE
    with pytest.raises(requests.HTTPError):
        control("disputes", charge=intent.latest_charge)
    control(f"disputes/{made['id']}", status="won")
    assert client.dispute(made["id"]).status == "won"
    assert client.balance().amounts == {"cny": NET}


def test_a_refunded_payment_is_not_disputed_any_more(
    client: Stripe, control: Control, raw: requests.Session, sandbox: Sandbox
) -> None:
    control("settings", dispute_after=3_600)
    intent = disputed(client)
    client.create_refund(key="refund:1:1", payment_intent=intent.id, amount=12_345, metadata={})
    control("settings", dispute_after=0)
    assert list(client.disputes(intent.id)) == []
    with pytest.raises(requests.HTTPError):
        control("disputes", payment_intent=intent.id)


def test_its_movements_are_on_the_account(client: Stripe, raw: requests.Session) -> None:
    found = next(client.disputes(disputed(client).id))
    client.submit_evidence(found.id, key="e:1", evidence={"uncategorized_text": "winning_evidence"})
    url = f"{client.base}/v1/balance_transactions?source={found.id}"
    moved = raw.get(url, timeout=60).json()["data"]
    facts = [(one["type"], one["reporting_category"], one["amount"], one["fee"], one["net"]) for one in moved]
    assert facts == [
        ("adjustment", "dispute_reversal", 12_345, -FEE, 12_345 + FEE),
        ("adjustment", "dispute", -12_345, FEE, -12_345 - FEE),
    ]
