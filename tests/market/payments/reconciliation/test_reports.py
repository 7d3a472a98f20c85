"""A report says what each side has, is made once, and is signed off by somebody who answers for it."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid
from market.payments import service as payments
from market.payments.models import Operation, Reconciliation
from market.payments.reconciliation import daily, desk, gathering, service, table
from market.payments.reconciliation.desk import AlarmKind
from market.payments.reconciliation.states import ReconciliationState
from market.payments.service import Bill
from tests import people
from tests.market.payments.conftest import Money, a_bill
from tests.market.sandbox.driver import KEY


@pytest.fixture
def operator(money: Money) -> Actor:
    return people.operator()


def asked(money: Money, operator: Actor) -> Reconciliation:
    """Ask for a report on today and have it made."""
    today = money.clock().date()
    with transaction() as session:
        row = service.ask(session, operator, today, today, None)
    money.work()
    return again(row)


def again(row: Reconciliation) -> Reconciliation:
    with read() as session:
        return session.get_one(Reconciliation, row.id)


def told(row: Reconciliation) -> list[tuple[str, int]]:
    return [(line["outcome"], line["difference"]) for line in service.lines_of(row)]


def counts(row: Reconciliation) -> dict[str, int]:
    return {one["outcome"]: one["count"] for one in service.summary_of(row)["outcomes"]}


def balance(row: Reconciliation) -> list[int]:
    return [one["difference"] for one in service.summary_of(row)["accounts"]]


def movement(money: Money, source: str | None) -> str:
    """Return the platform's number of the movement of a charge, transfer or refund."""
    answer = requests.get(
        f"{money.platform.base}/v1/balance_transactions",
        params={"source": source}, auth=(KEY, ""), timeout=60,
    )  # fmt: skip
    return str(answer.json()["data"][0]["id"])


def forget(money: Money, id: str) -> None:
    url = f"{money.platform.base}/_sandbox/objects/{id}"
    requests.delete(url, auth=(KEY, ""), timeout=60).raise_for_status()


def strangers_payment(money: Money, **change: Any) -> None:
    """Let somebody pay on a page of the platform account that this exchange has not opened."""
    form = {
        "mode": "payment", "success_url": "http://localhost/",
        "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "cny",
        "line_items[0][price_data][unit_amount]": "1000", "line_items[0][price_data][product_data][name]": "x",
        **change,
    }  # fmt: skip
    made = requests.post(f"{money.platform.base}/v1/checkout/sessions", data=form, auth=(KEY, ""), timeout=60)
    requests.post(made.json()["url"], data={"outcome": "pay"}, allow_redirects=False, timeout=60)


def released(money: Money, bill: Bill, buyer: Actor) -> tuple[Operation, Operation]:
    paid = money.funded(bill, buyer)
    out = money.out(bill, payments.plan_transfer)
    money.work()
    return paid, money.get(out)


def test_books_that_agree_are_told_so(money: Money, bill: Bill, buyer: Actor, operator: Actor) -> None:
    released(money, bill, buyer)
    row = asked(money, operator)
    assert (row.state, row.differences, told(row), balance(row)) == (ReconciliationState.MADE, 0, [], [0])
    assert counts(row) == {"matched": 2}
    sums = service.summary_of(row)["outcomes"][0]
    assert sums["platform"] == sums["books"] == bill.fee
    assert sums["platform_fee"] == sums["books_fee"] == 577


def test_a_foreign_payment_a_wrong_amount_and_a_missing_one_are_told(
    money: Money, bill: Bill, provider: Actor, buyer: Actor, operator: Actor
) -> None:
    paid, out = released(money, bill, buyer)
    other = money.funded(a_bill(provider, buyer, amount=500, fee=15), buyer)
    strangers_payment(money)
    money.control(f"objects/{movement(money, paid.charge)}", amount=19_901, net=19_324)
    money.control(f"objects/{movement(money, other.charge)}", fee=20, net=480)
    forget(money, movement(money, out.stripe_id))
    row = asked(money, operator)
    assert sorted(told(row)) == [
        ("amount", 1), ("books", 19_303), ("fee", -5), ("platform", 971)
    ]  # fmt: skip
    assert row.differences == 5  # the balance is not explained either
    trades = {line["outcome"]: line["trade"] for line in service.lines_of(row)}
    assert (trades["amount"], trades["books"], trades["platform"]) == (bill.number, bill.number, None)


def test_what_is_in_flight_is_no_difference(money: Money, bill: Bill, buyer: Actor, operator: Actor) -> None:
    money.control("settings", webhooks="hold")
    money.pay(bill, buyer)
    row = asked(money, operator)
    assert (row.differences, balance(row)) == (0, [0])
    assert [(line["outcome"], line["trade"]) for line in service.lines_of(row)] == [("pending", bill.number)]


def test_what_stays_in_flight_for_long_is_a_difference(
    money: Money, bill: Bill, buyer: Actor, operator: Actor
) -> None:
    money.control("settings", webhooks="hold")
    money.pay(bill, buyer)
    day = money.clock().date()
    money.clock.advance(hours=30)
    with transaction() as session:
        row = service.ask(session, operator, day, day, None)
    service.on_make(str(row.id))  # alone: the poller would find the payment
    row = again(row)
    assert [(one["outcome"], one["trade"]) for one in service.lines_of(row)] == [("platform", bill.number)]


def test_what_the_platform_moved_long_before_is_asked_for(
    money: Money, bill: Bill, buyer: Actor, operator: Actor
) -> None:
    """A payment that is booked after a week's outage has its movement before any window."""
    paid = money.funded(bill, buyer)
    before = int(money.clock().timestamp()) - 9 * 86_400
    money.control(f"objects/{movement(money, paid.charge)}", created=before)
    row = asked(money, operator)
    assert (counts(row), row.differences) == ({"matched": 1}, 0)


def test_the_same_key_asks_once(money: Money, operator: Actor) -> None:
    today = money.clock().date()
    with transaction() as session:
        first = service.ask(session, operator, today, today, "key")
    with transaction() as session:
        assert service.ask(session, operator, today, today, "key").id == first.id
    with transaction() as session, pytest.raises(Conflict):
        service.ask(session, operator, today - timedelta(days=1), today, "key")


def test_days_must_have_begun_and_be_few(money: Money, operator: Actor) -> None:
    today = money.clock().date()
    for first, last in [
        (today + timedelta(days=1), today + timedelta(days=1)),
        (today, today - timedelta(days=1)),
        (today - timedelta(days=31), today),
    ]:
        with transaction() as session, pytest.raises(Invalid):
            service.ask(session, operator, first, last, None)


def test_a_crash_between_the_call_and_the_record_loses_nothing(
    money: Money, bill: Bill, buyer: Actor, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(money, bill, buyer)
    gone: list[gathering.Found] = []

    def killed(_id: object, found: gathering.Found) -> None:
        gone.append(found)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(service, "record_made", killed)
        row = asked(money, operator)
    assert (row.state, len(gone)) == (ReconciliationState.PLANNED, 1)
    money.work(minutes=1)
    row = again(row)
    assert (row.state, counts(row)) == (ReconciliationState.MADE, {"matched": 2})
    made = row.step_id
    service.on_make(str(row.id))
    service.record_made(row.id, gone[0])
    assert again(row).step_id == made


def test_a_platform_that_does_not_answer_is_asked_again(money: Money, operator: Actor) -> None:
    money.control("faults", kind="refuse", status=500, method="GET", path="/v1/balance", times=4)
    row = asked(money, operator)
    assert row.state is ReconciliationState.PLANNED
    money.work(minutes=1)
    assert again(row).state is ReconciliationState.MADE


def test_differences_want_a_reason_and_a_second_person(money: Money, operator: Actor) -> None:
    strangers_payment(money)
    row = asked(money, operator)
    second = people.colleague(operator, Role.OPERATOR)
    with transaction() as session, pytest.raises(Forbidden) as refused:
        service.sign(session, operator, row.id, "a sale of the other shop")
    assert (refused.value.code, refused.value.rule) == ("reconciliation.same_person", "R7.6")
    with transaction() as session, pytest.raises(Invalid) as missing:
        service.sign(session, second, row.id, None)
    assert missing.value.code == "reconciliation.reason_missing"
    with transaction() as session:
        _row, step = service.sign(session, second, row.id, "a sale of the other shop")
    with transaction() as session:
        assert service.sign(session, second, row.id, "a sale of the other shop")[1].id == step.id
    with transaction() as session, pytest.raises(Conflict):
        service.sign(session, second, row.id, "another reason")
    assert again(row).note == "a sale of the other shop"


def test_what_a_person_has_explained_is_not_told_for_ever(money: Money, operator: Actor) -> None:
    strangers_payment(money)
    first = asked(money, operator)
    colleague = people.colleague(operator, Role.OPERATOR)
    with transaction() as session:
        service.sign(session, colleague, first.id, "a sale of the other shop")
    money.clock.advance(days=2)
    second = asked(money, operator)
    assert (second.differences, balance(second)) == (0, [0])
    assert [one["explained"] for one in service.summary_of(second)["accounts"]] == [971]
    strangers_payment(money)
    third = asked(money, operator)
    assert (told(third), balance(third)) == ([("platform", 971)], [971])


def test_without_differences_who_asked_may_sign(money: Money, operator: Actor, buyer: Actor) -> None:
    row = asked(money, operator)
    with transaction() as session, pytest.raises(Forbidden):
        service.sign(session, buyer, row.id, None)
    with transaction() as session:
        service.sign(session, operator, row.id, None)
    assert again(row).state is ReconciliationState.SIGNED


def test_a_report_is_not_signed_before_it_is_made(money: Money, operator: Actor) -> None:
    today = money.clock().date()
    with transaction() as session:
        row = service.ask(session, operator, today, today, None)
    with transaction() as session, pytest.raises(Conflict):
        service.sign(session, operator, row.id, None)


def test_every_day_is_covered_by_itself(money: Money, bill: Bill, buyer: Actor) -> None:
    daily.seed()
    daily.seed()
    released(money, bill, buyer)
    money.work(days=1, hours=2)
    money.work(days=3)
    with read() as session:
        rows = session.query(Reconciliation).order_by(Reconciliation.begins_at).all()
    assert [row.state for row in rows] == [ReconciliationState.MADE] * 2
    assert counts(rows[0]) == {"matched": 2}
    assert rows[0].ends_at == rows[1].begins_at
    assert rows[1].ends_at - rows[1].begins_at == timedelta(days=3)


def test_a_day_without_trade_is_not_reported(money: Money) -> None:
    daily.seed()
    money.work(days=2)
    with read() as session:
        assert session.query(Reconciliation).count() == 0


def test_the_desk_tells_what_must_be_looked_at_and_since_when(
    money: Money, bill: Bill, buyer: Actor, operator: Actor
) -> None:
    with read() as session:
        assert desk.alarms(session, operator) == []
    began = money.clock()
    money.funded(bill, buyer)
    strangers_payment(money)
    asked(money, operator)
    money.control("settings", refund_status="pending")
    money.out(bill, payments.plan_refund)
    money.clock.advance(days=91)
    with read() as session:
        found = {alarm.kind: alarm for alarm in desk.alarms(session, operator)}
        totals = {total.account: total.amount for total in desk.totals(session, operator)}
    assert set(found) == {
        AlarmKind.UNKNOWN, AlarmKind.HELD, AlarmKind.REFUND, AlarmKind.DOUBT, AlarmKind.DIFFERENCES, AlarmKind.LATE
    }  # fmt: skip
    assert all(alarm.count == 1 and alarm.since - began < timedelta(days=2) for alarm in found.values())
    assert totals == {"order_hold": -19_900, "psp_clearing": 19_323, "psp_fee_expense": 577}
    assert sum(totals.values()) == 0


def test_a_table_begins_no_formula() -> None:
    line = dict.fromkeys(table.COLUMNS, None) | {"source": "=cmd|' /C calc'!A0", "type": "@x", "platform": -5}
    content = table.written([line])
    assert content.startswith("\ufeffoutcome,")
    assert "'=cmd|" in content
    assert ",'@x," in content
    assert ",-5," in content
