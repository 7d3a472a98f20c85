"""What was in force when: any past state of a contract can be asked for, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask, current_app

from market import clock, jobs
from market.db import read, transaction
from market.errors import MarketError
from market.trades import consolidated, ending
from market.trades.grounds import Cause, Ground
from tests import amendments, assets, deals, people, trades
from tests.deals import Deal

HOUR = timedelta(hours=1)


def _later() -> datetime:
    """Return the present, and let two days pass."""
    now = clock.now()
    current_app.extensions["clock"].advance(days=2)
    jobs.drain()
    return now


def _do(act: Callable[..., object], actor: object, deal: Deal, *rest: object) -> None:
    with transaction() as session:
        act(session, actor, deal.number, *rest)


@pytest.fixture
def story(exchange: Flask) -> tuple[Deal, list[datetime], list[str]]:
    """Return a trade with a long story, the moment of each part of it, and the numbers of its amendments."""
    provider = assets.provider()
    deal = deals.requested(provider, None, assets.listed(provider, assets.registered(provider)))
    moments = [_later()]
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    moments.append(_later())
    trades.closed(trades.fetched(trades.paid(deal)))
    numbers = [amendments.amend(deal, {"term.days": 100})]
    moments.append(_later())
    numbers.append(amendments.amend(deal, {"term.days": 200, "delivery.downloads": 3}))
    moments.append(_later())
    _do(ending.suspend, deal.provider, deal, Cause.MISUSE, "passed on")
    moments.append(_later())
    _do(ending.restore, deal.provider, deal)
    moments.append(_later())
    _do(ending.end, deal.provider, deal, Ground.GRAVE, "passed on again")
    moments.append(_later())
    return deal, moments, numbers


def test_every_moment_of_a_story_is_told(
    exchange: Flask, story: tuple[Deal, list[datetime], list[str]]
) -> None:
    deal, moments, (one, two) = story
    expected = [
        ("NOT_YET", []),
        ("ACTIVE", [deal.number]),
        ("ACTIVE", [deal.number, one]),
        ("ACTIVE", [deal.number, one, two]),
        ("SUSPENDED", [deal.number, one, two]),
        ("ACTIVE", [deal.number, one, two]),
        ("TERMINATED", [deal.number, one, two]),
    ]
    with read() as session:
        for moment, (state, line) in zip(moments, expected, strict=True):
            then = consolidated.at(session, deal.buyer, deal.number, moment)
            assert (then.state, [link.agreed.contract.number for link in then.line]) == (state, line)
            assert consolidated.at(session, deal.provider, two, moment) == then
        first, second, third = then.line
        assert then.term is not None
        assert then.term[1] - then.term[0] == timedelta(days=200)
        before = consolidated.at(session, deal.buyer, deal.number, second.since - timedelta(milliseconds=1))
        assert [link.agreed.contract.number for link in before.line] == [deal.number]
        assert (first.by, second.by, third.by) == (None, "buyer", "buyer")
        assert [change.blank for change in second.changes] == ["term.days"]
        assert third.changes[-1].old == 100
        assert "term" in [section.clause for section in second.sections]


def test_pages_and_programs_are_told_the_same(
    exchange: Flask, story: tuple[Deal, list[datetime], list[str]]
) -> None:
    deal, moments, (one, _two) = story
    client, headers = exchange.test_client(), people.bearer(deal.buyer)
    told = client.get(
        f"/api/v1/contracts/{deal.number}/at/{clock.text(moments[2])}", headers=headers
    ).get_json()
    assert (told["state"], told["contract"], told["number"]) == ("ACTIVE", one, deal.number)
    assert told["terms"]["amends"]["number"] == deal.number
    assert told["line"][1]["changes"][0]["new"] == 100
    assert [link["contract"] for link in told["line"]] == [deal.number, one]
    trade = client.get(f"/api/v1/trades/{deal.number}", headers=headers).get_json()
    assert [link["amends"] for link in trade["contracts"]] == [False, True, True]


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("yesterday", "moment.invalid"),
        ("2026-02-30", "moment.invalid"),
        ("0001-01-01", "moment.invalid"),
        ("9999-12-31T23:59:59Z", "moment.invalid"),
        ("2026-01-01T00:00:00", "moment.invalid"),
        ("2026-W01-1", "moment.invalid"),
        ("2999-12-31", "moment.ahead"),
    ],
)
def test_a_bad_day_is_refused(exchange: Flask, moment: str, code: str) -> None:
    with pytest.raises(MarketError) as error:
        consolidated.moment_of(moment)
    assert error.value.code == code


def test_a_day_is_one_in_china_and_ends_at_its_end(exchange: Flask) -> None:
    assert consolidated.moment_of("2026-01-02").isoformat() == "2026-01-02T23:59:59.999000+08:00"
    assert consolidated.moment_of("2026-01-02T08:00:00+08:00") == consolidated.moment_of(
        "2026-01-02T00:00:00Z"
    )
