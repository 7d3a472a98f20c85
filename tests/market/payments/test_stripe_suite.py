"""The client's suite: every call it has, against our stateful sandbox and against Stripe's stateless mock.

The mock holds each request against the official description and answers fixtures, so what both must agree
on is that the request is accepted and its answer can be read; what was paid is the sandbox's to say.
"""

import inspect
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from market.payments.stripe import CheckoutSession, InvalidRequest, Stripe
from tests.market.payments import stripe_mock
from tests.market.sandbox.driver import KEY, click, open_checkout


@dataclass
class Platform:
    """Whom the client speaks with.

    Attributes:
        stateful: whether it remembers what it was told.
    """

    client: Stripe
    stateful: bool

    def paid_page(self) -> CheckoutSession:
        page = open_checkout(self.client, key=new_key())
        if self.stateful:
            click(page, "pay")
        return self.client.checkout(page.id)

    def charge(self) -> str:
        return self.client.payment_intent(self.paid_page().payment_intent).latest_charge


@pytest.fixture(scope="session")
def mock_url() -> Iterator[str]:
    with stripe_mock.server() as url:
        yield url


@pytest.fixture(params=["sandbox", pytest.param("stripe_mock", marks=pytest.mark.stripe_mock)])
def platform(request: pytest.FixtureRequest) -> Platform:
    if request.param == "sandbox":
        return Platform(request.getfixturevalue("client"), stateful=True)
    return Platform(Stripe(request.getfixturevalue("mock_url"), KEY), stateful=False)


GROUP = "trade-handle"


def new_key() -> str:
    return f"suite:{uuid.uuid4().hex}"


def test_an_account_is_made_and_found(platform: Platform) -> None:
    made = platform.client.create_account(key=new_key(), name="齐鲁 Qilu", metadata={"organisation": "1"})
    found = platform.client.account(made.id)
    assert found.id == made.id
    assert made.id.startswith("acct_")
    assert found.transfers == "active"
    assert made.request_id


def test_a_link_for_onboarding_is_made(platform: Platform) -> None:
    account = platform.client.create_account(key=new_key(), name="Provider", metadata={})
    link = platform.client.create_account_link(
        key=new_key(),
        account=account.id,
        refresh_url="http://localhost:8080/again",
        return_url="http://localhost:8080/back",
    )
    assert link.url.startswith("http")
    assert link.expires_at > 0


@pytest.mark.parametrize("means", [("card",), ("card", "wechat_pay"), ("card", "alipay", "wechat_pay")])
def test_a_page_is_opened_for_some_means_alone(platform: Platform, means: tuple[str, ...]) -> None:
    page = open_checkout(platform.client, key=new_key(), means=means)
    assert platform.client.checkout(page.id).id


def test_a_pay_page_is_opened_and_found(platform: Platform) -> None:
    page = open_checkout(platform.client, key=new_key())
    assert page.id.startswith("cs_test_")
    assert (page.status, page.payment_status, page.livemode) == ("open", "unpaid", False)
    assert page.url.startswith("http")
    assert platform.client.checkout(page.id).id == page.id


def test_a_pay_page_is_closed(platform: Platform) -> None:
    page = open_checkout(platform.client, key=new_key())
    closed = platform.client.expire_checkout(page.id, key=new_key())
    assert closed.status == ("expired" if platform.stateful else "open")


def test_a_payment_is_read_with_its_charge(platform: Platform) -> None:
    intent = platform.client.payment_intent(platform.paid_page().payment_intent)
    assert intent.id.startswith("pi_")
    assert intent.latest_charge.startswith("ch_")
    assert (intent.amount_received > 0) is platform.stateful


def test_a_payment_is_planned_confirmed_and_given_up(platform: Platform) -> None:
    client = platform.client
    made, other = (
        client.create_payment_intent(
            key=new_key(),
            amount=500,
            currency="cny",
            description="每日气象 Daily weather",
            transfer_group=f"{GROUP}-of-intents",
            metadata={"operation": "4"},
        )
        for _ in range(2)
    )
    assert made.id.startswith("pi_")
    done = client.confirm_payment_intent(
        made.id, key=new_key(), payment_method="pm_card_visa", return_url="http://localhost:8080/back"
    )
    given_up = client.cancel_payment_intent(other.id, key=new_key())
    charges = list(client.charges(f"{GROUP}-of-intents"))
    assert [one.id.split("_")[0] for one in charges] == ["ch"]
    if platform.stateful:
        assert (done.status, given_up.status) == ("succeeded", "canceled")
        assert (charges[0].id, charges[0].amount) == (done.latest_charge, 500)


def test_a_dispute_is_answered_and_accepted(platform: Platform) -> None:
    client = platform.client
    page = open_checkout(client, key=new_key())
    if platform.stateful:
        click(page, "pay", "pm_card_createDispute")
    intent = client.checkout(page.id).payment_intent
    found = next(client.disputes(intent))
    assert client.dispute(found.id).id == found.id
    answered = client.submit_evidence(found.id, key=new_key(), evidence={"uncategorized_text": "收货回执"})
    closed = client.close_dispute(found.id, key=new_key())
    if platform.stateful:
        assert found.payment_intent == intent
        assert (found.status, answered.status, closed.status) == ("needs_response", "under_review", "lost")
        assert closed.taken > found.amount > 0


def test_money_goes_to_an_account(platform: Platform) -> None:
    account = platform.client.create_account(key=new_key(), name="Provider", metadata={})
    made = platform.client.create_transfer(
        key=new_key(),
        amount=100,
        currency="cny",
        destination=account.id,
        source_transaction=platform.charge(),
        transfer_group="trade-handle",
        metadata={"operation": "2"},
    )
    assert (made.amount, made.destination, made.transfer_group) == (100, account.id, "trade-handle")
    listed = list(platform.client.transfers("trade-handle"))
    assert [one.id.split("_")[0] for one in listed] == ["tr"]
    assert platform.client.transfer(made.id).id == made.id


def test_money_is_taken_back_from_an_account(platform: Platform) -> None:
    account = platform.client.create_account(key=new_key(), name="Provider", metadata={})
    made = platform.client.create_transfer(
        key=new_key(),
        amount=100,
        currency="cny",
        destination=account.id,
        source_transaction=platform.charge(),
        transfer_group="trade-handle",
        metadata={"operation": "2"},
    )
    back = platform.client.create_reversal(made.id, key=new_key(), amount=40, metadata={"operation": "4"})
    assert back.amount == 40
    assert back.id.startswith("trr_")
    assert [one.id.split("_")[0] for one in platform.client.reversals(made.id)] == ["trr"]
    held = platform.client.balance(account.id)
    assert held.available == ({"cny": 60} if platform.stateful else held.available)


def test_money_goes_back(platform: Platform) -> None:
    intent = platform.paid_page().payment_intent
    made = platform.client.create_refund(
        key=new_key(), payment_intent=intent, amount=50, metadata={"operation": "3"}
    )
    assert (made.amount, made.payment_intent, made.status) == (50, intent, "succeeded")
    assert platform.client.refund(made.id).id == made.id
    assert [one.id.split("_")[0] for one in platform.client.refunds(intent)] == ["re"]


def test_what_the_platform_knows_is_read(platform: Platform) -> None:
    platform.paid_page()
    assert platform.client.balance().amounts
    events = list(platform.client.events(since=1, types=["checkout.session.completed"]))
    assert all(event.id.startswith("evt_") for event in events)
    assert events


def test_movements_of_the_balance_are_read_with_what_moved_it(platform: Platform) -> None:
    charge = platform.charge()
    assert platform.client.charge(charge).id == charge
    moved = list(platform.client.balance_transactions(source=charge))
    assert [one.id.split("_")[0] for one in moved] == ["txn"]
    if platform.stateful:
        assert (moved[0].source, moved[0].type, moved[0].currency) == (charge, "charge", "cny")
        assert moved[0].amount > moved[0].fee > 0
    since = moved[0].created
    assert list(platform.client.balance_transactions(created={"gte": since}))
    if platform.stateful:
        assert list(platform.client.balance_transactions(created={"lt": since})) == []


@pytest.mark.parametrize("amount", ["ten", "1.5"])
def test_an_amount_that_is_no_integer_is_refused(platform: Platform, amount: Any) -> None:
    with pytest.raises(InvalidRequest):
        open_checkout(platform.client, key=new_key(), amount=amount)


def test_the_suite_makes_every_call_the_client_has() -> None:
    calls = {name for name, _ in inspect.getmembers(Stripe, inspect.isfunction) if not name.startswith("_")}
    here = inspect.getsource(inspect.getmodule(new_key) or Stripe)
    helper = inspect.getsource(open_checkout)
    assert {name for name in calls if f".{name}(" not in here + helper} == set()
