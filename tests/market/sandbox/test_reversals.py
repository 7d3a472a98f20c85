"""Taking a transfer back: what the account holds, what is left of the transfer, and no more."""

import pytest
import requests

from market.payments.stripe import InvalidRequest, Stripe, Transfer
from market.sandbox import Sandbox
from tests.market.sandbox.driver import KEY, Control, click, open_checkout


@pytest.fixture
def transfer(client: Stripe) -> Transfer:
    """A transfer of 1,000 to an account that holds nothing else."""
    account = client.create_account(key="account:1:1", name="Provider", metadata={})
    page = open_checkout(client)
    click(page, "pay")
    charge = client.payment_intent(client.checkout(page.id).payment_intent).latest_charge
    return client.create_transfer(
        key="transfer:1:1",
        amount=1_000,
        currency="cny",
        destination=account.id,
        source_transaction=charge,
        transfer_group="trade-handle",
        metadata={},
    )


def reverse(client: Stripe, transfer: Transfer, amount: int, key: str = "reversal:1:1") -> str:
    return client.create_reversal(transfer.id, key=key, amount=amount, metadata={"operation": key}).id


def test_what_is_reversed_is_with_the_exchange_again(client: Stripe, transfer: Transfer) -> None:
    before = client.balance().amounts["cny"]
    made = reverse(client, transfer, 400)
    assert reverse(client, transfer, 400) == made
    assert client.balance().amounts["cny"] == before + 400
    assert client.balance(transfer.destination).amounts == {"cny": 600}
    (found,) = client.reversals(transfer.id)
    assert (found.id, found.amount, found.transfer) == (made, 400, transfer.id)
    assert found.metadata == {"operation": "reversal:1:1"}


def test_no_more_is_reversed_than_was_transferred(client: Stripe, transfer: Transfer) -> None:
    reverse(client, transfer, 400)
    with pytest.raises(InvalidRequest, match="greater than unreversed"):
        reverse(client, transfer, 601, "reversal:2:1")
    reverse(client, transfer, 600, "reversal:3:1")
    with pytest.raises(InvalidRequest, match="greater than unreversed"):
        reverse(client, transfer, 1, "reversal:4:1")


def test_no_more_is_reversed_than_the_account_holds(
    client: Stripe, transfer: Transfer, control: Control
) -> None:
    control(f"objects/{transfer.destination}", _paid_out={"cny": 700})
    with pytest.raises(InvalidRequest) as refusal:
        reverse(client, transfer, 301)
    assert refusal.value.code == "balance_insufficient"
    assert list(client.reversals(transfer.id)) == []
    reverse(client, transfer, 300, "reversal:2:1")
    assert client.balance(transfer.destination).available == {"cny": 0}


def test_what_hangs_on_no_transfer_is_not_listed(client: Stripe) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        list(client.reversals("tr_nobody"))
    assert refusal.value.code == "resource_missing"


def test_only_the_balance_is_asked_for_a_connected_account(sandbox: Sandbox) -> None:
    answer = requests.get(
        f"{sandbox.base}/v1/charges", auth=(KEY, ""), headers={"Stripe-Account": "acct_1"}, timeout=60
    )
    assert answer.status_code == 400
