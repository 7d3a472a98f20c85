"""Letters about a negotiation: who gets one, when, what it says, and when none goes out any more."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from market import jobs
from market.actor import Actor, Role
from market.contracting import service
from market.db import read, transaction
from market.jobs import Job
from market.participants import members
from market.rules import book
from tests import deals, people
from tests.conftest import Clock
from tests.deals import Deal

LETTER = re.compile(r"^To: (\S+)\nSubject: (.+)$", re.MULTILINE)
BOOK = book()


@pytest.fixture
def deal(exchange: Flask, capsys: pytest.CaptureFixture[str]) -> Deal:
    """A requested contract, before its first letters."""
    return deals.requested()


def letters(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Do what is due and return to whom what was written."""
    capsys.readouterr()
    jobs.drain()
    return [(to, subject) for to, subject in LETTER.findall(capsys.readouterr().out)]


def address(actor: Actor) -> str:
    with read() as session:
        assert actor.user_id is not None
        assert actor.organisation_id is not None
        found = members.address(session, actor.user_id, [actor.organisation_id])
    assert found is not None
    return found


def test_whoever_has_the_turn_is_told_and_nobody_else(deal: Deal, capsys: pytest.CaptureFixture[str]) -> None:
    provider, buyer = address(deal.provider), address(deal.buyer)
    answer = f"合同 {deal.number} 待您表态"
    assert letters(capsys) == [(provider, answer)]
    deals.offer(deal.provider, deal.number, {"term.days": 90})
    assert letters(capsys) == [(buyer, answer)]
    deals.offer(deal.buyer, deal.number, {"term.days": 120})
    assert letters(capsys) == [(provider, answer)]
    deals.offer(deal.provider, deal.number, {"term.days": 100})
    assert letters(capsys) == [(buyer, answer)]
    deals.accept(deal.buyer, deal.number)
    sign = f"合同 {deal.number} 待您签署"
    assert letters(capsys) == [(provider, sign)]
    deals.sign(deal.provider, deal.number)
    assert letters(capsys) == [(buyer, sign)]
    deals.sign(deal.buyer, deal.number)
    assert letters(capsys) == []


def test_a_letter_that_is_no_longer_true_is_not_sent(deal: Deal, capsys: pytest.CaptureFixture[str]) -> None:
    deals.offer(deal.provider, deal.number, {"term.days": 90})
    assert letters(capsys) == [(address(deal.buyer), f"合同 {deal.number} 待您表态")]


def test_a_job_that_is_done_again_does_not_write_to_others_again(
    deal: Deal, capsys: pytest.CaptureFixture[str]
) -> None:
    colleague = people.colleague(deal.provider, Role.PROVIDER)
    people.colleague(deal.provider, Role.BUYER)
    deals.offer(deal.provider, deal.number, {"term.days": 90})
    deals.offer(deal.buyer, deal.number, {"term.days": 120})
    both = sorted([address(deal.provider), address(colleague)])
    assert sorted(to for to, _subject in letters(capsys)) == both
    with transaction() as session:  # as if the worker had died before it could note the first one
        first = select(Job.id).where(Job.name == "contract.turn", Job.payload["version"].as_integer() == 3)
        session.execute(
            update(Job)
            .where(Job.id == first.limit(1).scalar_subquery())
            .values(done_at=None, leased_until=None)
        )
    assert len(letters(capsys)) == 1


def test_a_reminder_goes_out_before_the_time_ends(
    deal: Deal, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    letters(capsys)
    deals.sign(deal.provider, deal.number)
    letters(capsys)
    clock.advance(days=BOOK.value("request.days") - BOOK.value("reminder.days"), seconds=-1)
    assert letters(capsys) == []
    clock.advance(seconds=2)
    assert letters(capsys) == [(address(deal.buyer), f"合同 {deal.number} 的表态期限即将届满")]


def test_who_has_left_gets_no_letter(deal: Deal, capsys: pytest.CaptureFixture[str]) -> None:
    chief = people.colleague(deal.provider, Role.ADMIN, Role.PROVIDER)
    assert deal.provider.user_id is not None
    with transaction() as session:
        members.remove(session, chief, deal.provider.user_id)
    assert letters(capsys) == []


def test_all_are_told_how_it_ended_and_why(deal: Deal, capsys: pytest.CaptureFixture[str]) -> None:
    letters(capsys)
    with transaction() as session:
        service.decline(session, deal.provider, deal.number, "价格不符")
    jobs.drain()
    told = capsys.readouterr().out
    assert {to for to, _subject in LETTER.findall(told)} == {address(deal.provider), address(deal.buyer)}
    assert told.count("谢绝了合同。\n\n理由：价格不符\n") == 2


def test_withdrawal_and_expiry_are_told_too(
    exchange: Flask, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = deals.requested(), deals.requested()
    with transaction() as session:
        service.withdraw(session, first.buyer, first.number)
    clock.advance(days=BOOK.value("request.days"), seconds=1)
    jobs.drain()
    told = capsys.readouterr().out
    assert told.count("撤回了合同。") == 0, "an end of two weeks ago is no news"
    assert told.count("双方未在期限内表态或签署") == 2
    assert second.number in told
