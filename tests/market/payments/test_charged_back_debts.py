"""What a lost chargeback leaves when it ends a movement that was planned: a debt to keep back, a rest to send back."""

import uuid

from market.actor import Actor
from market.payments import service
from market.payments.chargebacks import watching
from market.payments.chargebacks.states import ChargebackState
from market.payments.service import Bill
from market.payments.states import OperationState
from tests.market.payments.conftest import Money, a_bill
from tests.market.payments.dividing import balanced, close, moved, owes, repay
from tests.market.payments.test_chargebacks import decide, heard, only, question
from tests.market.payments.test_stray import nothing_is_kept, wrongly_paid


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


def test_what_a_bank_left_of_money_astray_goes_back(money: Money, bill: Bill, buyer: Actor) -> None:
    money.control("faults", kind="refuse", path="/v1/refunds", status=400)
    stray = wrongly_paid(money, bill, buyer, amount_total=19_899)
    dispute = question(money, stray, told=False, amount=6_650)
    watching.look_at(dispute)
    decide(money, dispute, "lost", told=False)
    for _turn in range(3):
        money.work(hours=1)
    assert (only(bill).state, only(bill).covered) == (ChargebackState.LOST, 6_650)
    tried = money.all(bill)[-1]
    assert (tried.state, tried.amount, tried.failure) == (OperationState.FAILED, 13_249, "charge_disputed")
    # As long as the platform refuses to send back anything of a charge that was taken back, it is tried again.
    money.control(f"objects/{money.get(stray).charge}", _charged_back=False)
    money.work(hours=6)
    assert (money.all(bill)[-1].state, money.all(bill)[-1].amount) == (OperationState.OK, 13_249)
    nothing_is_kept(money, bill)
