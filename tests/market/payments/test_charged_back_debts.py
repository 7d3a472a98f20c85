"""What a provider owes, when a release that was to keep it back is ended by a lost chargeback."""

import uuid

from market.actor import Actor
from market.payments import service
from market.payments.service import Bill
from market.payments.states import OperationState
from tests.market.payments.conftest import Money, a_bill
from tests.market.payments.dividing import balanced, close, moved, owes, repay
from tests.market.payments.test_chargebacks import decide, heard, question


def test_a_release_that_a_loss_ended_keeps_nothing_back(
    money: Money, bill: Bill, provider: Actor, buyer: Actor
) -> None:
    cause = uuid.uuid4()
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    repay(bill, cause, 10_000, 300)
    money.work()
    close(bill, cause, 9_700)
    assert owes(bill) == 9_700
    other = a_bill(provider, buyer)
    paid = money.funded(other, buyer)
    dispute = question(money, paid)
    planned = money.out(other, service.plan_transfer)
    assert (planned.netted, owes(bill)) == (9_700, 0)
    heard(money)
    decide(money, dispute, "lost")
    money.work(hours=1)
    heard(money)
    assert money.get(planned).state is OperationState.FAILED
    assert owes(bill) == 9_700
    third = a_bill(provider, buyer)
    money.funded(third, buyer)
    assert money.out(third, service.plan_transfer).netted == 9_700
    money.work()
    assert owes(bill) == 0
    assert moved(money, other)["transfer"] == []
    assert balanced(money, bill, other, third)[f"provider_receivable:{provider.organisation_id}"] == 0
