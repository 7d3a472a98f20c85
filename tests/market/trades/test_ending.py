"""Ending an agreement early, resting it, and what is deleted after the end, on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from market import clock, jobs, migrations
from market.actor import Actor
from market.db import read, transaction
from market.delivery.ranges import Span
from market.errors import MarketError
from market.steps import fsck
from market.trades import deadlines, decisions, ending, exits, obligations, timeline, waiting
from market.trades import service as trades_service
from market.trades.exits import Statement
from market.trades.grounds import Cause, Ground
from market.trades.notice import NoticeState
from tests import people, trades
from tests.deals import Deal

WHY = "the data are used for another purpose than was agreed"


def end(deal: Deal, actor: Actor, ground: Ground, reason: str = WHY) -> str:
    with transaction() as session:
        return str(ending.end(session, actor, deal.number, ground, reason).entry_id)


def retract(deal: Deal, actor: Actor) -> str:
    with transaction() as session:
        return str(ending.retract(session, actor, deal.number).entry_id)


def suspend(deal: Deal, actor: Actor, cause: Cause = Cause.MISUSE, reason: str = WHY) -> str:
    with transaction() as session:
        return str(ending.suspend(session, actor, deal.number, cause, reason).entry_id)


def restore(deal: Deal, actor: Actor) -> str:
    with transaction() as session:
        return str(ending.restore(session, actor, deal.number).entry_id)


def said(**changes: str | None) -> Statement:
    facts: dict[str, str | None] = {"copies": "both copies", "method": "overwritten", **changes}
    return Statement(clock.now().date(), **facts)


def delete(deal: Deal, statement: Statement, actor: Actor | None = None) -> str:
    with transaction() as session:
        return str(exits.perform(session, actor or deal.buyer, deal.number, statement).entry_id)


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code


def later(app: Flask, **days: float) -> None:
    """Let days pass, and do what falls due."""
    moment = clock.now() + timedelta(**days)
    app.extensions["clock"] = lambda: moment
    jobs.drain()


def closed(deal: Deal) -> Deal:
    """Return a trade whose money has gone where it belongs."""
    return trades.closed(trades.fetched(trades.paid(deal)))


def sound() -> None:
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def test_a_breach_that_is_not_mended_ends_the_agreement_and_the_data_are_deleted(exchange: Flask) -> None:
    deal = closed(trades.in_force())
    first = end(deal, deal.provider, Ground.BREACH)
    assert end(deal, deal.provider, Ground.BREACH) == first
    refused("step.already_taken", lambda: end(deal, deal.buyer, Ground.NOTICE))
    rows = trades.rows(deal)
    assert rows.notice is not None
    assert rows.notice.effective_at == rows.notice.given_at + timedelta(days=15)
    later(exchange, days=14)
    assert trades.states(deal)["agreement"] == "ACTIVE"
    later(exchange, days=1, seconds=1)
    assert (trades.states(deal)["agreement"], trades.states(deal)["grant"]) == ("TERMINATED", "CLOSED")
    rows = trades.rows(deal)
    assert rows.notice is None
    assert rows.duty is not None
    assert rows.duty.certified
    assert trades.kinds(deal)[-2:] == ["notice.given", "agreement.terminated"]
    with read() as session:
        (mine,) = waiting.mine(session, deal.buyer).items
        standing = trades_service.standing(session, rows)
        assert mine.next == timeline.awaited(session, rows, standing)
        (theirs,) = waiting.others(session, deal.provider).items
        assert theirs.next.what == "delete"
        assert obligations.running(session, [rows.trade.buyer_id]) == [deal.number]
    refused("duty.not_certified", lambda: delete(deal, said(method=None)))
    refused("role.missing", lambda: delete(deal, said(), deal.provider))
    stated = delete(deal, said())
    assert delete(deal, said()) == stated
    refused("step.already_taken", lambda: delete(deal, said(kept="one copy, by law")))
    later(exchange, days=60)
    assert trades.kinds(deal)[-1] == "duty.performed"
    with read() as session:
        assert waiting.mine(session, deal.buyer).items == []
        assert obligations.running(session, [rows.trade.buyer_id]) == []
    sound()


def test_a_deletion_that_is_not_stated_is_on_record_and_can_be_made_good(exchange: Flask) -> None:
    deal = closed(trades.in_force())
    end(deal, deal.provider, Ground.GRAVE)
    later(exchange, days=31)
    assert trades.kinds(deal)[-1] == "duty.missed"
    refused(
        "duty.not_yet",
        lambda: delete(deal, Statement(clock.now().date() + timedelta(days=3), "all", "shred")),
    )
    delete(deal, said())
    exits.on_duty_deadline(deal.number)
    assert trades.kinds(deal)[-2:] == ["duty.missed", "duty.performed"]
    sound()


def test_a_notice_can_be_taken_back_by_whoever_gave_it(exchange: Flask) -> None:
    deal = closed(trades.in_force())
    refused("notice.none", lambda: retract(deal, deal.buyer))
    end(deal, deal.buyer, Ground.NOTICE)
    refused("notice.not_yours", lambda: retract(deal, deal.provider))
    taken_back = retract(deal, deal.buyer)
    assert retract(deal, deal.buyer) == taken_back
    later(exchange, days=40)
    assert trades.states(deal)["agreement"] == "ACTIVE"
    end(deal, deal.buyer, Ground.NOTICE, "again")
    later(exchange, days=31)
    assert trades.states(deal)["agreement"] == "TERMINATED"
    sound()


def test_a_notice_lapses_when_the_term_is_over_first(exchange: Flask) -> None:
    deal = closed(trades.in_force())
    later(exchange, days=350)
    end(deal, deal.buyer, Ground.NOTICE)
    later(exchange, days=16)
    assert trades.kinds(deal)[-2:] == ["notice.given", "agreement.expired"]
    later(exchange, days=20)
    rows = trades.rows(deal)
    assert rows.notice is None
    assert rows.duty is not None
    with read() as session:
        states = {row.state for row in session.scalars(trades_service.notices(rows.trade.id))}
    assert states == {NoticeState.LAPSED}
    sound()


def test_nobody_ends_on_a_ground_that_was_not_signed_or_while_money_is_open(exchange: Flask) -> None:
    deal = trades.in_force()
    refused("termination.money_open", lambda: end(deal, deal.buyer, Ground.GRAVE))
    trades.paid(deal)
    refused("termination.money_open", lambda: end(deal, deal.provider, Ground.GRAVE))
    closed_ = closed(trades.in_force(beside=deal))
    refused("termination.not_agreed", lambda: end(closed_, closed_.provider, Ground.NOTICE))
    refused("termination.not_agreed", lambda: end(closed_, closed_.buyer, Ground.NEED))
    refused("role.missing", lambda: end(closed_, people.operator(), Ground.LAW))
    free = trades.in_force(0, beside=deal)
    refused("termination.not_agreed", lambda: end(free, free.buyer, Ground.BREACH))
    end(free, free.provider, Ground.LAW)
    assert trades.rows(free).duty is None, "an open licence asks for no deletion"
    refused("step.already_taken", lambda: end(free, free.buyer, Ground.LAW))


def test_what_nobody_fetched_is_not_to_be_deleted(exchange: Flask) -> None:
    deal = trades.in_force()
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    jobs.drain()
    assert trades.rows(deal).duty is None
    refused("duty.none", lambda: delete(deal, said()))


def test_a_suspension_for_a_breach_stops_the_bytes_until_it_is_lifted(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    trades.fetched(deal, Span(0, 5))
    first = suspend(deal, deal.provider)
    assert suspend(deal, deal.provider) == first
    refused("role.missing", lambda: suspend(deal, deal.buyer))
    refused("delivery.agreement_suspended", lambda: trades.fetch(deal))
    assert trades.states(deal)["transfer"] == "SUSPENDED"
    again = restore(deal, deal.provider)
    assert restore(deal, deal.provider) == again
    trades.fetched(deal)
    assert trades.states(deal)["transfer"] == "COMPLETED"
    assert trades.kinds(deal)[-3:] == ["agreement.suspended", "agreement.restored", "delivery.completed"]
    free = trades.in_force(0, beside=deal)
    refused("suspension.not_agreed", lambda: suspend(free, free.provider))
    sound()


def test_a_suspended_agreement_still_ends(exchange: Flask) -> None:
    deal = closed(trades.in_force())
    suspend(deal, deal.provider, Cause.INCIDENT)
    end(deal, deal.provider, Ground.GRAVE)
    refused("agreement.ended", lambda: restore(deal, deal.provider))
    deadlines.on_term_over(deal.number)
    ending.on_notice_over(deal.number)
    assert trades.kinds(deal)[-1] == "agreement.terminated"
    sound()
