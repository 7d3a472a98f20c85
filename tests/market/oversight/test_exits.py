"""The evidence of every way a trade can go, on both databases, as each viewer gets it."""

import pytest
import requests
from flask import Flask

from market import config, jobs
from market.actor import Role
from market.catalog.models import Benefit
from market.db import read, transaction
from market.errors import Forbidden, NotFound, Unavailable
from market.oversight import publishing, service, writer
from market.payments import service as payments
from market.payments.stripe import Stripe
from market.trades import decisions, opening, redressing
from market.trades.dispute import Ruling
from market.verify import verify_files
from tests import assets, deals, evidence, people
from tests.deals import Deal
from tests.market.sandbox.driver import KEY, Control


@pytest.fixture
def deal(running: Flask) -> Deal:
    """A contract in force."""
    made = deals.requested()
    evidence.in_force(made)
    return made


def intent_of(deal: Deal) -> str:
    """Return the payment that was made first."""
    with read() as session:
        return payments.operations_of(session, deal.number)[0].payment_intent or ""


def lines(deal: Deal) -> str:
    """Return the report on the buyer's bundle, which must be consistent."""
    report = verify_files(evidence.bundle(deal.buyer, deal.number))
    assert report.consistent, report.text()
    return report.text()


def test_in_force_and_not_paid(deal: Deal) -> None:
    assert "money: 1280.00 CNY signed = owed; due" in lines(deal)


def test_paid_and_not_fetched(deal: Deal) -> None:
    evidence.pay(deal)
    told = lines(deal)
    assert "signed = owed = paid; held" in told
    assert "delivery: nothing was handed over yet" in told


def test_paid_wrongly_then_rightly(running: Flask, deal: Deal) -> None:
    page = opening.pay(deal.buyer, deal.number).url
    control = Control(config.current().stripe_api_base)
    control(f"objects/{page.rsplit('/', 1)[1]}", amount_total=127_999)
    requests.post(page, data={"outcome": "pay"}, allow_redirects=False, timeout=5).raise_for_status()
    control("settings", refund_status="pending")
    evidence.look()
    assert "signed = owed; due; the books balance" in lines(deal)
    control("settings", refund_status="succeeded")
    evidence.pay(deal)
    assert "signed = owed = paid; held; the books balance" in lines(deal)
    refund = Stripe(control.base, KEY).refunds(intent_of(deal))
    control(f"objects/{next(refund).id}", status="succeeded")
    evidence.look()
    evidence.fetch(running, deal)
    evidence.accept(deal)
    assert "signed = owed = paid; released; the books balance" in lines(deal)


def test_cancelled_before_it_was_paid(deal: Deal) -> None:
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "changed our mind")
    jobs.drain()
    assert "settlement CANCELLED" in lines(deal)


def test_cancelled_after_it_was_paid(deal: Deal) -> None:
    evidence.pay(deal)
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "changed our mind")
    evidence.look()
    assert "signed = owed = paid; refunded; the books balance" in lines(deal)


@pytest.mark.parametrize(("ruling", "word"), [(Ruling.REFUND, "refunded"), (Ruling.RELEASE, "released")])
def test_rejected_and_ruled(running: Flask, deal: Deal, ruling: Ruling, word: str) -> None:
    evidence.pay(deal)
    evidence.fetch(running, deal)
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half of the days are missing")
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, ruling, "they are there")
    evidence.look()
    told = lines(deal)
    assert f"paid; {word}; the books balance" in told
    assert "acceptance REJECTED, dispute CLOSED" in told


def test_divided_and_paid_back_after_the_release(running: Flask, deal: Deal) -> None:
    """What a ruling divides and what is ordered after it add up in the evidence, at every stage of it."""
    evidence.pay(deal)
    evidence.fetch(running, deal)
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half of the days are missing")
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, Ruling.DIVIDE, "a third is missing", 42_667)
    lines(deal)
    evidence.look()
    assert "paid; divided; the books balance" in lines(deal)
    assert "settlement PARTIAL, acceptance REJECTED, dispute CLOSED" in lines(deal)
    for amount, told in ((10_001, 10_001), (75_332, 85_333)):
        with transaction() as session:
            redressing.order(session, chief, deal.number, amount, "the rest is wrong too")
        lines(deal)
        evidence.look()
        assert f"divided; {told} minor units paid back after the release; the books balance" in lines(deal)


def test_open_data_at_no_price(running: Flask) -> None:
    provider = assets.provider()
    listing = assets.listed(provider, benefit=Benefit.PUBLIC, **deals.free())
    deal = deals.requested(provider, listing=listing)
    evidence.in_force(deal)
    evidence.fetch(running, deal)
    told = lines(deal)
    assert "money: nothing is to be paid" in told
    assert "delivery: the file handed over is the one measured and sold" in told


def test_every_viewer_gets_a_bundle_of_its_own(deal: Deal) -> None:
    auditor = people.colleague(people.operator(), Role.AUDITOR)
    told = {
        viewer: verify_files(evidence.bundle(actor, deal.number))
        for viewer, actor in (("provider", deal.provider), ("buyer", deal.buyer), ("auditor", auditor))
    }
    assert all(report.consistent for report in told.values())
    withheld = {viewer: report.text().count("withheld") for viewer, report in told.items()}
    assert withheld["auditor"] == 0 < min(withheld["provider"], withheld["buyer"])


def test_the_pay_page_is_the_buyer_s_alone(deal: Deal) -> None:
    page = opening.pay(deal.buyer, deal.number).url.encode()
    read = {
        actor: any(page in content for content in evidence.bundle(actor, deal.number).values())
        for actor in (deal.buyer, deal.provider)
    }
    assert read == {deal.buyer: True, deal.provider: False}
    for actor in read:
        assert verify_files(evidence.bundle(actor, deal.number)).consistent


def test_nobody_else_gets_one(deal: Deal) -> None:
    publishing.publish()
    for actor, refusal in ((people.verified(Role.BUYER), NotFound), (people.operator(), Forbidden)):
        with read() as session, pytest.raises(refusal):
            writer.gather(session, actor, deal.number)


def test_none_before_a_checkpoint_covers_it(deal: Deal) -> None:
    with read() as session, pytest.raises(Unavailable):
        writer.gather(session, deal.buyer, deal.number)
    publishing.publish()
    evidence.pay(deal)
    with read() as session:
        seen = service.of_trade(session, deal.buyer, deal.number).entries
        assert [entry.proof is not None for entry in seen] == [True] * 4 + [False] * (len(seen) - 4)
        with pytest.raises(Unavailable):
            writer.gather(session, deal.buyer, deal.number)
