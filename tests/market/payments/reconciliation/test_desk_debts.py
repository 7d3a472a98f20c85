"""What the money desk says of chargebacks that must be answered and of providers that owe for long."""

import uuid

from market.actor import Actor
from market.db import read
from market.payments import service
from market.payments.chargebacks.states import Answer
from market.payments.reconciliation import desk
from market.payments.reconciliation.desk import AlarmKind
from market.payments.service import Bill
from tests import people
from tests.market.payments.conftest import Money
from tests.market.payments.dividing import close, repay
from tests.market.payments.test_chargebacks import answer, heard, only, question


def alarms(actor: Actor) -> dict[AlarmKind, int]:
    with read() as session:
        return {one.kind: one.count for one in desk.alarms(session, actor)}


def test_a_chargeback_is_an_alarm_when_its_time_ends_soon_and_nobody_answered(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    chief = people.operator()
    paid = money.funded(bill, buyer)
    question(money, paid)
    heard(money)
    with read() as session:
        ((row, days),) = desk.chargebacks(session, chief)
    assert (row.number, days) == (bill.number, 19)
    assert AlarmKind.CHARGEBACK not in alarms(chief)
    money.clock.advance(days=14)
    assert alarms(chief)[AlarmKind.CHARGEBACK] == 1
    answer(only(bill), Answer.CONTEST)
    assert AlarmKind.CHARGEBACK not in alarms(chief)
    with read() as session:
        ((_row, days),) = desk.chargebacks(session, chief)
    assert days is None


def test_what_a_provider_owes_for_long_is_an_alarm(money: Money, bill: Bill, buyer: Actor) -> None:
    chief, cause = people.operator(), uuid.uuid4()
    money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    money.work()
    repay(bill, cause, 10_000, 300)
    money.work()
    close(bill, cause, 9_700)
    assert AlarmKind.RECEIVABLE not in alarms(chief)
    money.clock.advance(days=31)
    assert alarms(chief)[AlarmKind.RECEIVABLE] == 1
