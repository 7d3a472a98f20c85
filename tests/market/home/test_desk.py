"""Everybody's home shows what is under way, the most urgent first, and says how much it does not show."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask, current_app

from market import clock, jobs, paging
from market.actor import Actor
from market.contracting import reading
from market.db import read, transaction
from market.delivery.ranges import Span
from market.home import desk
from market.registry import waiting as registry
from market.trades import decisions, service, timeline
from market.trades import waiting as trades_waiting
from market.trades.dispute import Ruling
from market.trades.timeline import Side
from tests import assets, deals, people, trades
from tests.browsing import signed_in
from tests.deals import Deal

CHINESE = {"Accept": "text/html", "Accept-Language": "zh"}
SIDES = {
    Side.BUYER: ("mine", "others", None),
    Side.OPERATOR: ("others", "others", "mine"),
    Side.EXCHANGE: ("others", "others", None),
    None: (None, None, None),
}
"""In which list a trade stands for buyer, provider and operator, by whom it waits for."""


def reject(deal: Deal) -> None:
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "rows are missing")


def accept(deal: Deal) -> None:
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)


def cancel(deal: Deal) -> None:
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "bought by mistake")


def rule(deal: Deal) -> None:
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, Ruling.RELEASE, "all rows are there")


def drained(_deal: Deal) -> None:
    jobs.drain()


def fetch(deal: Deal) -> None:
    trades.fetch(deal)


def fetch_a_part(deal: Deal) -> None:
    trades.fetch(deal, Span(0, 10))


def let_the_days_to_fetch_pass(_deal: Deal) -> None:
    current_app.extensions["clock"].advance(days=31)
    jobs.drain()


def listed(actor: Actor, number: str) -> str | None:
    """Return in which list of an actor a trade stands."""
    with read() as session:
        for name in ("mine", "others"):
            if number in [one.trade.number for one in getattr(trades_waiting, name)(session, actor).items]:
                return name
    return None


@pytest.mark.parametrize(
    ("course", "seen"),
    [
        (
            (trades.paid, fetch, drained, accept, drained),
            ["pay", "fetch", "receipt", "accept", "release", None],
        ),
        (
            (trades.paid, fetch, drained, reject, rule, drained),
            ["pay", "fetch", "receipt", "accept", "rule", "release", None],
        ),
        ((trades.paid, cancel, drained), ["pay", "fetch", "refund", None]),
        ((cancel,), ["pay", None]),
        (
            (trades.paid, fetch_a_part, let_the_days_to_fetch_pass, rule, drained),
            ["pay", "fetch", "fetch", "rule", "release", None],
        ),
    ],
)
def test_a_trade_stands_in_the_lists_of_those_it_concerns_until_it_is_done(
    exchange: Flask, course: tuple[Callable[[Deal], object], ...], seen: list[str | None]
) -> None:
    trades.platform(exchange)
    deal, chief = trades.in_force(), people.operator()
    found = []
    for act in (None, *course):
        if act is not None:
            act(deal)
        with read() as session:
            rows = service.life(session, deal.number)
            awaited = timeline.awaited(session, rows, service.standing(session, rows))
        found.append(awaited.what if awaited else None)
        places = tuple(listed(actor, deal.number) for actor in (deal.buyer, deal.provider, chief))
        assert places == SIDES[awaited.side if awaited else None], found
    assert found == seen


def test_the_instalments_of_a_price_wait_for_the_buyer_one_by_one(exchange: Flask) -> None:
    trades.platform(exchange)
    rows = [("0.5", 7), ("0.3", 9), ("0.2", 60)]
    said = [{"label": str(days), "share": share, "days": days} for share, days in rows]
    deal, chief = trades.in_force(further={"price.milestones": said}), people.operator()
    found = []
    for act in (None, trades.paid, trades.paid, trades.fetched, accept, drained, trades.paid):
        if act is not None:
            act(deal)
        with read() as session:
            life = service.life(session, deal.number)
            awaited = timeline.awaited(session, life, service.standing(session, life))
            tasks = desk.waiting(session, deal.buyer).tasks
        found.append(awaited.what if awaited else None)
        places = tuple(listed(actor, deal.number) for actor in (deal.buyer, deal.provider, chief))
        assert places == SIDES[awaited.side if awaited else None], found
        if awaited and awaited.side is Side.BUYER:
            assert [(task.label, task.due_at) for task in tasks] == [
                (str(desk.TRADE_TASKS[awaited.what]), awaited.by)
            ]
    assert found == ["pay", "instalment", "fetch", "accept", "release", "instalment", None]


def test_a_rejected_delivery_stands_on_both_homes_with_who_must_act(exchange: Flask) -> None:
    trades.platform(exchange)
    deal = trades.fetched(trades.paid(trades.in_force()))
    exchange.extensions["clock"].advance(days=1)
    reject(deal)
    for actor in (deal.buyer, deal.provider):
        with read() as session:
            [task] = desk.elsewhere(session, actor).tasks
        assert task.label == str(timeline.WAITS["rule"])
        assert task.since == clock.now()
        assert task.label in signed_in(exchange, actor).get("/", headers=CHINESE).text


def test_the_nearest_deadline_comes_first_however_much_there_is(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades.platform(exchange)
    to_pay = trades.in_force()
    exchange.extensions["clock"].advance(hours=1)
    to_accept = trades.fetched(trades.paid(trades.in_force(beside=to_pay)))
    with read() as session:
        assert hrefs(desk.waiting(session, to_pay.buyer)) == [
            f"/trades/{to_accept.number}", f"/trades/{to_pay.number}"
        ]  # fmt: skip
    monkeypatch.setattr(trades_waiting, "beginning", partial(paging.beginning, size=1))
    with read() as session:
        work = desk.waiting(session, to_pay.buyer)
    assert hrefs(work) == [f"/trades/{to_accept.number}"]
    assert work.rest == [desk.Rest("交易", 1, "/trades")]
    shown = signed_in(exchange, to_pay.buyer).get("/", headers=CHINESE).text
    assert '<a href="/trades">交易：另有 1 项</a>' in shown


def test_the_reviewer_sees_what_waits_longest_and_how_much_more_there_is(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, chief = assets.provider(), people.operator()
    oldest = None
    for _number in range(3):
        asset = assets.submitted(provider, deals.content())
        oldest = oldest or asset
        exchange.extensions["clock"].advance(days=1)
    monkeypatch.setattr(registry, "beginning", partial(paging.beginning, size=1))
    with read() as session:
        work = desk.waiting(session, chief)
    assert hrefs(work) == [f"/assets/{oldest}"]
    assert work.tasks[0].since == clock.now() - timedelta(days=3)
    assert work.rest == [desk.Rest("审核登记", 2, "/assets?state=SUBMITTED")]


def test_a_contract_waits_since_the_signature_before(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = deals.requested()
    exchange.extensions["clock"].advance(days=2)
    deals.sign(deal.provider, deal.number)
    with read() as session:
        [task] = desk.waiting(session, deal.buyer).tasks
        [other] = desk.elsewhere(session, deal.provider).tasks
    assert task.since == other.since == clock.now()
    monkeypatch.setattr(reading, "beginning", partial(paging.beginning, size=0))
    with read() as session:
        assert [one.count for one in desk.waiting(session, deal.buyer).rest] == [1]


def hrefs(work: desk.Work) -> list[str]:
    return [task.href for task in work.tasks]
