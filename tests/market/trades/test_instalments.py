"""A price that is paid in instalments or by period: each a settlement of its own, ended together where the trade is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from contracts.money import Money
from market import jobs, migrations
from market.db import read, transaction
from market.delivery.ranges import Span
from market.errors import MarketError
from market.steps import fsck
from market.trades import decisions, ending, opening, redressing, service, showing
from market.trades.dispute import Ruling
from market.trades.grounds import Ground
from tests import assets, people, trades
from tests.browsing import signed_in
from tests.conftest import Clock
from tests.deals import Deal

PARTS = [
    {"label": "on signing", "share": "0.3", "days": 7},
    {"label": "soon after", "share": "0.5", "days": 9},
    {"label": "the rest", "share": "0.2", "days": 60},
]


def in_parts(beside: Deal | None = None) -> Deal:
    return trades.in_force(100_001, beside=beside, further={"price.milestones": PARTS})


def by_month(fee: int = 9_900, months: int = 3) -> Deal:
    said: dict[str, Any] = {
        "price.model": "subscription",
        "price.period": "month",
        "price.period_amount": {"amount": fee, "currency": "CNY"},
        "price.periods": months,
    }
    return trades.in_force(fee * months, further=said)


def parts(deal: Deal) -> list[tuple[str, int]]:
    return [(one.state.value, one.amount) for one in trades.rows(deal).settlements]


def stands(deal: Deal) -> str:
    return "/".join(state for state, _amount in parts(deal))


def to(clock: Clock, deal: Deal, ordinal: int) -> None:
    """Let the time to pay an instalment pass."""
    due = trades.rows(deal).settlements[ordinal - 1].due_at
    clock.advance(seconds=(due - clock()).total_seconds())
    jobs.drain()


def rejected(deal: Deal) -> Deal:
    trades.fetched(deal)
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "a third is missing")
    return deal


def rule(deal: Deal, ruling: Ruling, refund: int | None = None) -> None:
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, ruling, "measured again", refund)
    jobs.drain()


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code


def whole(deal: Deal, left: dict[str, int]) -> None:
    """Hold every row against its last image, and the books against what must be left in them."""
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []
    assert {name: amount for name, amount in trades.balances(deal).items() if "psp" not in name} == left


def test_milestones_open_stop_and_follow_the_delivery(exchange: Flask, clock: Clock) -> None:
    deal = in_parts()
    assert parts(deal) == [("DUE", 30_000), ("DUE", 50_001), ("DUE", 20_000)]
    fees = [one.fee for one in trades.rows(deal).settlements]
    assert (fees, sum(fees)) == ([900, 1_500, 600], 3_000)
    refused("delivery.not_paid", lambda: trades.fetch(deal))
    trades.paid(deal)
    assert (stands(deal), trades.states(deal)["settlement"]) == ("FUNDED/DUE/DUE", "FUNDED")
    trades.fetch(deal, Span(0, 1))
    to(clock, deal, 2)
    assert trades.kinds(deal)[-1] == "settlement.missed"
    assert trades.grant(deal).holds == ["overdue"]
    refused("delivery.overdue", lambda: trades.fetch(deal))
    jobs.drain()
    trades.paid(deal)
    assert (stands(deal), trades.grant(deal).holds) == ("FUNDED/FUNDED/DUE", [])
    trades.closed(trades.fetched(deal))
    assert stands(deal) == "RELEASED/RELEASED/DUE"
    client = signed_in(exchange, deal.buyer)
    shown = client.get(f"/trades/{deal.number}", headers={"Accept-Language": "zh"}).text
    assert ("第3期，共3期" in shown, "soon after" in shown, "分期付款" in shown) == (True, True, True)
    books = client.get(f"/trades/{deal.number}/money", headers={"Accept-Language": "en"}).text
    assert ("Instalment 2" in books, "¥500.01" in books) == (True, True)
    with read() as session:
        found = showing.shown(session, deal.buyer, deal.number)
        assert found.next is not None
        assert (found.next.what, found.next.by) == ("instalment", found.rows.settlements[2].due_at)
    trades.paid(deal)
    assert (stands(deal), trades.states(deal)["settlement"]) == ("RELEASED/RELEASED/RELEASED", "RELEASED")
    refused("settlement.nothing_due", lambda: opening.pay(deal.buyer, deal.number))
    whole(deal, {"fee_revenue": -3_000})
    chief = people.operator()
    with transaction() as session:
        assert redressing.left(session, service.life(session, deal.number)) == 50_001
        redressing.order(session, chief, deal.number, 40_000, "half of it was wrong")
    jobs.drain()
    with read() as session:
        (redress,) = service.redresses(session, service.life(session, deal.number).trade.id)
    assert redress.settlement_id == trades.rows(deal).settlements[1].id
    assert (redress.state.value, redress.fee, redress.recovered) == ("CLOSED", 1_200, 38_800)
    whole(deal, {"fee_revenue": -1_800})


def test_the_first_unpaid_ends_the_trade_and_cancelling_gives_back(exchange: Flask, clock: Clock) -> None:
    unpaid = in_parts()
    called_off = in_parts(beside=unpaid)
    trades.paid(trades.paid(called_off))
    with transaction() as session:
        decisions.cancel(session, called_off.buyer, called_off.number, "not needed")
    jobs.drain()
    assert stands(called_off) == "REFUNDED/REFUNDED/CANCELLED"
    assert trades.states(called_off)["settlement"] == "REFUNDED"
    whole(called_off, {})
    to(clock, unpaid, 1)
    assert (stands(unpaid), trades.states(unpaid)["agreement"]) == (
        "CANCELLED/CANCELLED/CANCELLED",
        "TERMINATED",
    )


def test_a_ruling_is_on_all_that_is_held(exchange: Flask) -> None:
    back = rejected(trades.paid(trades.paid(in_parts())))
    on = rejected(trades.paid(trades.paid(in_parts(beside=back))))
    rule(back, Ruling.REFUND)
    assert stands(back) == "REFUNDED/REFUNDED/CANCELLED"
    assert (trades.states(back)["dispute"], trades.states(back)["agreement"]) == ("CLOSED", "TERMINATED")
    whole(back, {})
    rule(on, Ruling.RELEASE)
    assert stands(on) == "RELEASED/RELEASED/DUE"
    trades.paid(on)
    assert stands(on) == "RELEASED/RELEASED/RELEASED"
    whole(on, {"fee_revenue": -3_000})


def test_a_division_is_exact_over_the_instalments(exchange: Flask) -> None:
    deal = rejected(trades.paid(trades.paid(in_parts())))
    refused("ruling.no_part", lambda: rule(deal, Ruling.DIVIDE, 80_001))
    rule(deal, Ruling.DIVIDE, 26_667)
    found = trades.rows(deal).settlements
    assert (stands(deal), sum(one.refund for one in found)) == ("PARTIAL/PARTIAL/DUE", 26_667)
    assert [one.fee for one in found] == [600, 1_000, 600]
    assert trades.states(deal)["dispute"] == "CLOSED"
    trades.paid(deal)
    assert stands(deal) == "PARTIAL/PARTIAL/RELEASED"
    whole(deal, {"fee_revenue": -2_200})


def test_a_subscription_is_paid_by_period_and_what_ran_stays_owed(exchange: Flask, clock: Clock) -> None:
    deal = by_month(months=4)
    assert parts(deal) == [("DUE", 9_900)] * 4
    trades.closed(trades.fetched(trades.paid(deal)))
    assert stands(deal) == "RELEASED/DUE/DUE/DUE"
    refused("settlement.not_yet", lambda: opening.pay(deal.buyer, deal.number))
    to(clock, deal, 2)
    assert trades.grant(deal).holds == ["overdue"]
    trades.paid(deal)
    assert (stands(deal), trades.grant(deal).holds) == ("RELEASED/RELEASED/DUE/DUE", [])
    to(clock, deal, 3)
    assert trades.grant(deal).holds == ["overdue"]
    with transaction() as session:
        ending.end(session, deal.provider, deal.number, Ground.BREACH, "they do not pay")
    notice, last = trades.rows(deal).notice, trades.rows(deal).settlements[3]
    assert notice is not None
    assert last.period_from is not None
    clock.advance(seconds=(notice.effective_at - clock()).total_seconds())
    jobs.drain()
    assert trades.states(deal)["agreement"] == "TERMINATED"
    rest = "CANCELLED" if clock() < last.period_from else "DUE"
    assert stands(deal) == f"RELEASED/RELEASED/DUE/{rest}"
    trades.paid(deal)
    assert stands(deal) == f"RELEASED/RELEASED/RELEASED/{rest}"
    whole(deal, {"fee_revenue": -891})


def test_what_the_exchange_cannot_collect_is_refused_when_it_is_listed(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)

    def listed(price: int, **further: object) -> None:
        said = {f"price.{name}": value for name, value in further.items()}
        assets.listed(provider, asset, price=Money(price), further=said)

    small = [{"label": "a", "share": "0.01", "days": 1}, {"label": "b", "share": "0.99", "days": 2}]
    monthly = {
        "model": "subscription",
        "period": "month",
        "period_amount": {"amount": 9_900, "currency": "CNY"},
    }
    for act in (
        lambda: listed(10_000, milestones=small),
        lambda: listed(9_900, **monthly, periods=3),
        lambda: listed(9_900 * 120, **monthly, periods=120),
        lambda: listed(9_900, model="usage", unit="call", unit_amount={"amount": 600, "currency": "CNY"}),
    ):
        refused("listing.invalid", act)
