"""Letters about updates: to the buyer's people alone, once, and none about what cannot be fetched any more."""

import pytest
from flask import Flask

from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.participants import members
from market.registry import update_reading
from market.trades import decisions, ending, updating
from market.trades.grounds import Cause
from tests import people, trades, updates
from tests.conftest import Clock
from tests.deals import Deal


def address(actor: Actor) -> str:
    assert actor.user_id is not None
    assert actor.organisation_id is not None
    with read() as session:
        found = members.address(session, actor.user_id, [actor.organisation_id])
    assert found is not None
    return found


def letters(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Do what is due and return the letters about updates."""
    capsys.readouterr()
    jobs.drain()
    found = capsys.readouterr().out.split("To: ")[1:]
    return [letter for letter in found if "有新文件" in letter]


def decided(deal: Deal) -> None:
    updates.decided(deal.provider, trades.rows(deal).trade.asset_id)


def test_everybody_of_the_buyer_is_told_what_changed_and_until_when(
    exchange: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    deal = trades.paid(updates.in_force())
    clerk = people.colleague(deal.buyer, Role.BUYER)
    decided(deal)
    found = letters(capsys)
    assert sorted(letter.split("\n")[0] for letter in found) == sorted([address(deal.buyer), address(clerk)])
    trade_id = trades.rows(deal).trade.id
    with read() as session:
        one = updating.given(session, trade_id)[0]
    for letter in found:
        for said in (
            "August was added",
            one.grant.digest,
            one.grant.filename,
            f"/trades/{deal.number}",
            "之前",
        ):
            assert said in letter
    assert letters(capsys) == []


def test_unpaid_and_suspended_it_says_so(exchange: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    deal = updates.in_force()
    paid = trades.paid(updates.in_force(beside=deal))
    with transaction() as session:
        ending.suspend(session, paid.provider, paid.number, Cause.MISUSE, "it was sold on")
    decided(deal)
    found = {deal.number: "价款支付后", paid.number: "交付目前中止"}
    written = letters(capsys)
    assert len(written) == 2
    for letter in written:
        number = next(number for number in found if number in letter)
        assert found[number] in letter


def waiting(deal: Deal) -> None:
    """Give an update whose letter is not written yet."""
    asset_id = trades.rows(deal).trade.asset_id
    decided(deal)
    with read() as session:
        newest = update_reading.newest_approved(session, asset_id)
    assert newest is not None
    updating.on_update(deal.number, str(newest.update.id))


def test_none_goes_out_when_the_days_are_over(
    exchange: Flask, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    deal = updates.in_force(0)
    waiting(deal)
    clock.advance(days=trades.grant(deal).fetch_days)
    assert letters(capsys) == []


def test_none_goes_out_when_the_trade_has_ended(exchange: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    deal = updates.in_force()
    waiting(deal)
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    assert letters(capsys) == []


def test_who_has_left_gets_none(exchange: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    deal = updates.in_force()
    chief = people.colleague(deal.buyer, Role.ADMIN)
    waiting(deal)
    assert deal.buyer.user_id is not None
    with transaction() as session:
        members.remove(session, chief, deal.buyer.user_id)
    assert [letter.split("\n")[0] for letter in letters(capsys)] == [address(chief)]
