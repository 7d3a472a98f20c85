"""A listing that is sold once: one contract over it comes into force, whoever signs at the same moment (R3.5)."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from contracts.negotiation import Ending, State
from market import jobs, migrations, steps
from market.actor import Actor, Role
from market.catalog import service as catalog
from market.contracting import claiming
from market.contracting.models import Request
from market.db import read, transaction
from market.errors import MarketError
from market.steps import Kind, fsck
from market.trades import decisions, renewing
from market.trades.dispute import Ruling
from market.trades.models import Trade
from tests import amendments, assets, deals, offers, people, selling, trades
from tests.conftest import CI, tell
from tests.deals import Deal
from tests.selling import Sale

BUYERS, ROUNDS = (64, 4) if CI else (16, 2)


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code


def sound() -> None:
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def sold() -> tuple[Sale, Deal, Deal]:
    """Return a sale of two, whose buyer has signed, and the one who came too late; the jobs wait."""
    sale = selling.prepared(2)
    first, late = sale.racing
    deals.sign(first.buyer, first.number)
    return sale, first, late


def operator_rules(deal: Deal, ruling: Ruling) -> None:
    operator = people.operator()
    with transaction() as session:
        decisions.rule(session, operator, deal.number, ruling, "as measured")
    jobs.drain()


def rejected(deal: Deal) -> None:
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half of it is missing")
    jobs.drain()


def test_of_many_who_sign_at_once_one_has_it_and_the_rest_owe_nothing(exchange: Flask) -> None:
    sale = selling.prepared(BUYERS)
    for turn in range(ROUNDS):
        told = selling.raced(exchange, sale.racing)
        assert Counter(told) == {"done": 1, "listing.sold": BUYERS - 1}
        won = selling.winner(sale.racing, told)
        assert selling.is_sold(sale)
        if turn + 1 < ROUNDS:
            selling.begun_and_called_off(won)
            assert not selling.is_sold(sale)
            selling.again(sale, won)
    jobs.drain()
    with read() as session:
        begun = session.scalars(select(Trade)).all()
    assert (len(begun), begun[-1].number) == (ROUNDS, won.number)
    for deal in sale.racing:
        contract = deals.of(deal.number)
        if deal is not won:
            assert (contract.state, contract.ending) == (State.TERMINATED, Ending.SOLD)
            refused("contract.wrong_state", partial(deals.sign, deal.buyer, deal.number))
    sound()
    tell(
        "sold once",
        f"{ROUNDS} rounds of {BUYERS} buyers: one contract each, the others refused before paying",
    )


def test_the_others_are_ended_and_both_sides_told(exchange: Flask) -> None:
    sale, first, late = sold()
    refused("listing.sold", lambda: deals.sign(late.buyer, late.number))
    with read() as session:
        ids = {one.user_id for one in (late.provider, late.buyer)}
    jobs.drain()
    assert trades.states(first)["settlement"] == "DUE"
    handle = deals.row(late.number).handle
    with read() as session:
        assert [step.kind for step in steps.steps_of(session, handle)][-1] == Kind.CONTRACT_LAPSED
        letters = session.scalars(select(jobs.Job).where(jobs.Job.name == "contract.ended")).all()
    assert {job.payload["user_id"] for job in letters} == {str(one) for one in ids}
    buyer = people.verified(Role.BUYER)
    refused("listing.sold", lambda: deals.requested(first.provider, buyer, sale.listing))
    refused("listing.sold", lambda: offers.drafted(first.provider, sale.listing, most=1))
    assert selling.is_sold(sale)
    sound()


def test_the_database_itself_lets_no_two_contracts_have_it(exchange: Flask) -> None:
    sale, first, late = sold()
    with pytest.raises(IntegrityError, match="claims_id"), transaction() as session:
        row = session.scalars(select(Request).where(Request.number == late.number)).one()
        step = steps.begin(Actor.system("test"), Kind.CONTRACT_SIGNED, row.handle)
        row.claims_id, row.step_id = row.listing_id, step.id
        steps.record(session, step)
    assert selling.is_sold(sale)
    assert deals.row(first.number).claims_id == deals.row(first.number).listing_id


def _unpaid(deal: Deal) -> None:
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "we do not need it")
    jobs.drain()


def _paid(deal: Deal) -> None:
    _unpaid(trades.paid(deal))


def _ruled(deal: Deal) -> None:
    trades.fetched(trades.paid(deal))
    rejected(deal)
    operator_rules(deal, Ruling.REFUND)


@pytest.mark.parametrize("end", [_unpaid, _paid, _ruled])
def test_a_trade_that_comes_to_nothing_gives_it_free(exchange: Flask, end: Callable[[Deal], None]) -> None:
    sale, first, _late = sold()
    jobs.drain()
    end(first)
    assert not selling.is_sold(sale)
    assert deals.row(first.number).claims_id is None
    second = deals.requested(first.provider, people.verified(Role.BUYER), sale.listing)
    deals.sign(second.provider, second.number)
    deals.sign(second.buyer, second.number)
    jobs.drain()
    assert trades.states(second)["agreement"] == "ACTIVE"
    assert selling.is_sold(sale)
    sound()


def _accepted(deal: Deal) -> None:
    trades.closed(trades.fetched(trades.paid(deal)))


def _released(deal: Deal) -> None:
    trades.fetched(trades.paid(deal))
    rejected(deal)
    operator_rules(deal, Ruling.RELEASE)


@pytest.mark.parametrize("end", [_accepted, _released])
def test_what_was_fulfilled_stays_sold(exchange: Flask, end: Callable[[Deal], None]) -> None:
    sale, first, _late = sold()
    jobs.drain()
    end(first)
    assert selling.is_sold(sale)


def test_its_buyer_amends_and_renews_and_a_renewed_one_stays_sold(exchange: Flask) -> None:
    sale, first, _late = sold()
    jobs.drain()
    trades.paid(first)
    amendments.amend(first, {"term.days": 400})
    made = renewing.renew(first.buyer, first.number)
    renewal = Deal(first.provider, first.buyer, made.number)
    amendments.sign(renewal, renewal.number)
    jobs.drain()
    assert trades.states(renewal)["agreement"] == "ACTIVE"
    _unpaid(first)
    assert trades.states(first)["settlement"] == "REFUNDED"
    assert selling.is_sold(sale)
    with transaction() as session:
        catalog.show_nothing_sold(session)
        claiming.mend(session)
    assert selling.is_sold(sale)
    sound()


def test_a_standing_offer_over_it_can_be_accepted_once(exchange: Flask) -> None:
    provider = assets.provider()
    listing = assets.listed(provider, assets.registered(provider, deals.content()), exclusive=True)
    refused("offer.sold_once", lambda: offers.drafted(provider, listing, most=2))
    offer = offers.opened(provider, listing, most=1)
    negotiated = deals.requested(provider, people.verified(Role.BUYER), listing)
    deals.sign(provider, negotiated.number)
    accepting = offers.begun(offer)
    deals.sign(negotiated.buyer, negotiated.number)
    refused("listing.sold", lambda: deals.sign(accepting.buyer, accepting.number))
    refused("listing.sold", lambda: offers.begun(offer))
    jobs.drain()
    _unpaid(negotiated)
    deals.sign((second := offers.begun(offer)).buyer, second.number)
    assert selling.is_sold(Sale(listing, []))
    sound()


def test_an_exclusive_grant_is_promised_with_it_and_to_one_buyer_only(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider, deals.content())
    once = assets.listed(provider, asset, exclusive=True)
    with read() as session:
        assert catalog.by_number(session, once).terms["rights.exclusive"] is True
    with pytest.raises(MarketError) as error:
        assets.listed(provider, asset, further={"rights.exclusive": True})
    assert error.value.code == "listing.invalid"
