"""The startup waiver: who has it, what goes with it in the contract, what nobody can change, and that it ends."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask

from contracts.money import Money
from market import jobs, steps
from market.actor import Actor, Role
from market.catalog import reading as catalog
from market.contracting import bargaining, waiver_reading
from market.contracting import service as contracting
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError
from market.rules import waiver
from market.trades import decisions
from tests import assets, deals, offers, people, trades, waivers
from tests.conftest import Clock
from tests.deals import Deal


def values(deal: Deal) -> dict[str, Any]:
    with read() as session:
        return dict(contracting.found(session, deal.buyer, deal.number).terms.values)


def both_sign(deal: Deal) -> Deal:
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    return deal


def refusal(act: Any, *args: Any, **kwargs: Any) -> MarketError:
    with pytest.raises(MarketError) as caught:
        act(*args, **kwargs)
    return caught.value


def to(clock: Clock, moment: datetime) -> None:
    clock.advance(seconds=(moment - clock()).total_seconds())


def test_a_young_company_has_an_authoritys_data_free_for_itself(exchange: Flask, clock: Clock) -> None:
    deal = waivers.asked()
    said, row = values(deal), waivers.of(deal)
    assert row is not None
    assert (row.listed, row.waived, row.currency) == (128_000, 128_000, "CNY")
    assert (row.established_on, row.asked_on, row.last_day) == ("2024-03-01", "2026-11-22", waivers.LAST)
    assert (row.rule, row.rules, row.authority) == ("R4.18", 4, waivers.AUTHORITY)
    assert (said["price.model"], said[waiver.BLANK]) == ("free", True)
    assert "price.amount" not in said
    assert {"sell", "distribute"} <= set(said["use.prohibited"])
    assert said["term.days"] == 100  # 22 November to 1 March, both counted
    clock.advance(days=3)
    both_sign(deal)
    life = trades.rows(deal)
    assert (life.trade.amount, len(life.settlements)) == (0, 0)
    assert life.agreement.term_until == waiver.ends_at(date(2027, 3, 1))
    assert trades.grant(deal).term_until == life.agreement.term_until
    trades.fetched(deal)
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    chief = people.operator()
    with read() as session:
        assert [(one.count, one.amount) for one in waiver_reading.sums(session, chief)] == [(1, 128_000)]
        assert refusal(waiver_reading.sums, session, deal.buyer).code == "role.missing"


def test_a_shorter_term_stays_as_it_is_listed(exchange: Flask) -> None:
    assert values(waivers.asked(term_days=30))["term.days"] == 30


@pytest.mark.parametrize(
    ("moment", "free"),
    [
        (datetime(2027, 3, 1, 15, 59, tzinfo=UTC), True),
        (datetime(2027, 3, 1, 16, 0, tzinfo=UTC), False),
    ],
)
def test_the_day_of_the_request_decides_in_china(
    exchange: Flask, clock: Clock, moment: datetime, free: bool
) -> None:
    to(clock, moment)
    deal = waivers.asked()
    assert (waivers.of(deal) is not None) == free
    with read() as session:
        price = contracting.found(session, deal.buyer, deal.number).terms.price
    assert price == Money(0 if free else 128_000)


def test_nobodys_data_and_free_data_know_no_waiver(exchange: Flask) -> None:
    deal = deals.requested()
    assert waivers.of(deal) is None
    error = refusal(contracting.request, deal.buyer, _listing(deal), waiver=True)
    assert (error.code, error.extra["why"]) == ("waiver.not_eligible", "not_public")
    assert waivers.of(waivers.asked(price=Money(0))) is None
    assert waivers.of(waivers.asked(wanted=False)) is None


def test_one_key_makes_one_request_and_another_wish_is_another_input(exchange: Flask) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    deals.publish_key(provider)
    deals.publish_key(buyer)
    listing = waivers.listed(provider)
    first = contracting.request(buyer, listing, "key-1")
    assert contracting.request(buyer, listing, "key-1").number == first.number
    assert isinstance(refusal(contracting.request, buyer, listing, "key-1", waiver=False), Conflict)


def test_no_side_can_take_it_away_or_claim_it(exchange: Flask) -> None:
    deal = waivers.asked()
    said, priced = values(deal), values(waivers.asked(wanted=False))
    assert priced["price.amount"]["amount"] == 128_000
    for changes, blank in (
        (priced, "price.model"),
        ({waiver.BLANK: False}, waiver.BLANK),
        ({"rights.sublicense": True}, "rights.sublicense"),
    ):
        error = refusal(_answer, deal, deal.provider, said, changes)
        assert isinstance(error, Invalid)
        assert (error.code, error.extra["rule"]) == ("waiver.kept", "R4.18")
        assert f"terms.{blank}" in error.fields
    _answer(deal, deal.provider, said, {"term.notice_days": 45})
    free = assets.listed(deal.provider, assets.registered(deal.provider, deals.content()), price=Money(0))
    other = deals.requested(deal.provider, deal.buyer, free)
    error = refusal(_answer, other, other.provider, values(other), {waiver.BLANK: True})
    assert error.code == "waiver.not_computed"


def test_a_listing_cannot_say_it_by_itself(exchange: Flask) -> None:
    error = refusal(waivers.listed, assets.provider(), price=Money(0), further={waiver.BLANK: True})
    assert error.code == "listing.invalid"


def test_after_its_last_day_nobody_signs(exchange: Flask, clock: Clock) -> None:
    to(clock, datetime(2027, 2, 28, 12, tzinfo=UTC))
    deal = waivers.asked()
    deals.sign(deal.provider, deal.number)
    to(clock, datetime(2027, 3, 1, 16, tzinfo=UTC))
    error = refusal(deals.sign, deal.buyer, deal.number)
    assert (error.code, error.extra["rule"], error.extra["last_day"]) == (
        "waiver.over",
        "R4.18",
        waivers.LAST,
    )


def test_signed_on_its_last_day_and_put_in_force_too_late_it_lapses(exchange: Flask, clock: Clock) -> None:
    to(clock, datetime(2027, 3, 1, 15, tzinfo=UTC))
    deal = waivers.asked()
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    to(clock, datetime(2027, 3, 1, 16, tzinfo=UTC))
    jobs.drain()
    with read() as session:
        one = contracting.found(session, deal.buyer, deal.number)
        assert (one.contract.state.value, str(one.contract.ending)) == ("TERMINATED", "lapsed")
        assert steps.steps_of(session, one.request.handle)[-1].kind == "contract.expired"


def test_what_lapses_is_not_sold(exchange: Flask, clock: Clock) -> None:
    to(clock, datetime(2027, 3, 1, 15, tzinfo=UTC))
    deal = waivers.asked(exclusive=True)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    with read() as session:
        listing = contracting.found(session, deal.buyer, deal.number).terms.subject.listing_number
        assert catalog.sold(session, [catalog.by_number(session, listing)])
    to(clock, datetime(2027, 3, 1, 16, tzinfo=UTC))
    jobs.drain()
    with read() as session:
        assert not catalog.sold(session, [catalog.by_number(session, listing)])


def test_a_standing_offer_is_accepted_as_it_is(exchange: Flask) -> None:
    provider = assets.provider()
    listing = waivers.listed(provider)
    offer = offers.opened(provider, listing)
    deal = offers.accepted(offer)
    assert waivers.of(deal) is None
    assert values(deal)["price.model"] == "fixed"
    deals.publish_key(deal.buyer)
    asked = contracting.request(deal.buyer, listing)
    assert waivers.of(Deal(provider, deal.buyer, asked.number)) is not None


def test_only_whoever_is_verified_and_a_buyer_gets_it(exchange: Flask) -> None:
    provider = assets.provider()
    listing = waivers.listed(provider)
    assert isinstance(refusal(contracting.request, provider, listing), Forbidden)


def _listing(deal: Deal) -> str:
    with read() as session:
        return str(contracting.found(session, deal.buyer, deal.number).terms.subject.listing_number)


def _answer(deal: Deal, side: Actor, said: dict[str, Any], changes: dict[str, Any]) -> None:
    whole = {name: value for name, value in {**said, **changes}.items() if value is not None}
    bargaining.offer(side, deal.number, deals.of(deal.number).terms_digest, whole)
