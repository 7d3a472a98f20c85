"""Renewing a contract: a trade of its own, whose term begins where the old one ends, on both databases."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, current_app

from contracts.negotiation import State
from contracts.terms import Terms
from market import clock, jobs, migrations
from market.actor import Actor, Role
from market.contracting import reading
from market.contracting import service as contracting
from market.db import read, transaction
from market.errors import MarketError
from market.i18n import CHINA
from market.participants.web import COOKIE
from market.steps import fsck
from market.trades import consolidated, ending, exits, renewing, showing, suspension
from market.trades.grounds import Cause, Ground
from tests import amendments, deals, people, trades
from tests.deals import Deal


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code


def renew(deal: Deal, actor: Actor | None = None, key: str | None = None) -> Deal:
    made = renewing.renew(actor or deal.buyer, deal.number, key)
    return Deal(deal.provider, deal.buyer, made.number)


def begun(deal: Deal) -> Deal:
    """Let both sign a renewal, and its trade begin."""
    amendments.sign(deal, deal.number)
    jobs.drain()
    return deal


def past_the_term(deal: Deal) -> None:
    current_app.extensions["clock"].advance(days=amendments.in_force(deal).terms.term_days, minutes=1)
    jobs.drain()


def test_the_term_of_a_renewal_begins_when_the_old_one_ends(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    amended = amendments.amend(deal, {"term.days": 90})
    old, rows = amendments.in_force(deal), trades.rows(deal)
    current_app.extensions["clock"].advance(days=1)
    made = renew(deal)
    assert (deals.of(made.number).state, made.number == deal.number) == (State.REQUESTED, False)
    begun(made)
    new = deals.of(made.number)
    terms = amendments.in_force(made).terms
    assert isinstance(terms, Terms)
    assert terms.renews is not None
    assert (terms.renews.number, terms.renews.terms_digest) == (amended, old.contract.terms_digest)
    assert terms.renews.document_digest == old.contract.final_digest
    assert (terms.amends, terms.origin, terms.values) == (None, None, old.terms.values)
    assert deals.row(made.number).renews_id == old.contract.id
    assert deals.row(made.number).handle != old.request.handle
    after, grant = trades.rows(made), trades.grant(made)
    assert after.agreement.term_from == rows.agreement.term_until == terms.renews.ends_at
    assert after.agreement.term_until == rows.agreement.term_until + timedelta(days=90)
    assert (grant.term_from, grant.term_until) == (after.agreement.term_from, after.agreement.term_until)
    assert new.id == after.agreement.contract_id
    trades.closed(trades.fetched(trades.paid(made)))
    assert trades.states(made)["settlement"] == "RELEASED"
    assert trades.rows(deal).agreement.term_until == rows.agreement.term_until
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def test_after_the_end_the_term_begins_at_once_and_days_are_counted_from_then(exchange: Flask) -> None:
    deal = trades.in_force(0)
    past_the_term(deal)
    assert trades.states(deal)["agreement"] == "EXPIRED"
    made = begun(renew(deal))
    rows = trades.rows(made)
    assert rows.agreement.term_from == rows.trade.began_at
    past_the_term(made)
    assert trades.states(made)["agreement"] == "EXPIRED"


def test_a_renewal_is_amended_and_keeps_where_its_term_begins(exchange: Flask) -> None:
    deal = trades.in_force(0)
    ends = trades.rows(deal).agreement.term_until
    made = begun(renew(deal))
    amendments.amend(made, {"term.days": 40, "delivery.days": 20})
    rows, grant, terms = trades.rows(made), trades.grant(made), amendments.in_force(made).terms
    assert isinstance(terms, Terms)
    assert terms.renews is not None
    assert terms.amends is not None
    assert (rows.agreement.term_from, rows.agreement.term_until) == (ends, ends + timedelta(days=40))
    assert grant.fetch_until == rows.trade.began_at + timedelta(days=20)
    next_one = begun(renew(made))
    assert trades.rows(next_one).agreement.term_from == rows.agreement.term_until


def test_each_names_the_other(exchange: Flask) -> None:
    deal = trades.in_force(0)
    made = renew(deal)
    headers = people.bearer(deal.buyer)
    client = exchange.test_client()
    contract = client.get(f"/api/v1/contracts/{made.number}", headers=headers).get_json()
    assert contract["renews"] == deal.number
    begun(made)
    told = {
        number: client.get(f"/api/v1/trades/{number}", headers=headers).get_json()
        for number in (deal.number, made.number)
    }
    assert (told[deal.number]["renews"], told[deal.number]["renewed_by"]) == (None, made.number)
    assert (told[made.number]["renews"], told[made.number]["renewed_by"]) == (deal.number, None)
    assert "renew" not in told[deal.number]["possible"]
    assert "renew" in told[made.number]["possible"]


def test_what_was_in_force_when_is_told_of_a_renewal_too(exchange: Flask) -> None:
    deal = trades.in_force(0)
    made = renew(deal)
    before = clock.now()
    current_app.extensions["clock"].advance(days=1)
    begun(made)
    with read() as session:
        assert consolidated.at(session, deal.buyer, made.number, before).state == "NOT_YET"
        then = consolidated.at(session, deal.buyer, made.number, clock.now())
    assert (then.state, len(then.line)) == ("ACTIVE", 1)
    assert then.term is not None
    assert then.term[0] == trades.rows(deal).agreement.term_until > then.line[0].since


def test_the_provider_answers_and_declines_as_every_request(exchange: Flask) -> None:
    deal = trades.in_force(0)
    made = renew(deal)
    refused("renewal.already", lambda: renew(deal))
    offered = deals.offer(deal.provider, made.number, {"term.days": 77})
    assert offered.state is State.OFFERED
    with read() as session:
        terms = reading.by_number(session, made.number).terms
    assert isinstance(terms, Terms)
    assert terms.renews is not None
    with transaction() as session:
        contracting.decline(session, deal.buyer, made.number, "too long")
    again = begun(renew(deal))
    refused("renewal.already", lambda: renew(deal))
    past_the_term(deal)
    refused("renewal.already", lambda: renew(deal))
    past_the_term(again)
    assert renew(deal).number not in {deal.number, made.number, again.number}


def test_who_may_not_renew_is_told(exchange: Flask) -> None:
    deal = trades.in_force(0)
    refused("role.missing", lambda: renew(deal, deal.provider))
    refused("role.missing", lambda: renew(deal, people.colleague(deal.buyer, Role.ADMIN)))
    both = people.colleague(deal.provider, Role.BUYER)
    refused("relation.wrong", lambda: renew(deal, both))
    refused("trade.not_found", lambda: renew(deal, people.verified(Role.BUYER)))


def test_an_agreement_at_rest_or_ended_is_not_renewed(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    with transaction() as session:
        ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "passed on")
    refused("agreement.suspended", lambda: renew(deal))
    with transaction() as session:
        ending.restore(session, deal.provider, deal.number)
        ending.end(session, deal.provider, deal.number, Ground.GRAVE, "passed on again")
    refused("agreement.ended", lambda: renew(deal))


def test_data_that_were_deleted_are_asked_for_anew(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    past_the_term(deal)
    assert trades.rows(deal).duty is not None
    with transaction() as session:
        today = clock.now().date()
        exits.perform(
            session, deal.buyer, deal.number, exits.Statement(today, "one copy", "overwritten", None)
        )
    refused("renewal.deleted", lambda: renew(deal))


def test_an_asset_at_rest_is_not_renewed(exchange: Flask) -> None:
    deal = trades.in_force(0)
    staff, asset_id = people.operator(), trades.rows(deal).trade.asset_id
    with transaction() as session:
        suspension.decide_asset(session, staff, asset_id, suspension.ACTS["suspension"], "looked into")
    refused("asset.not_registered", lambda: renew(deal))


def test_the_same_key_gives_the_same_renewal(exchange: Flask) -> None:
    deal, key = trades.in_force(0), uuid.uuid4().hex
    assert renew(deal, key=key) == renew(deal, key=key)
    other = trades.in_force(0, beside=deal)
    refused("idempotency.key_reused", lambda: renew(other, key=key))


def test_of_two_renewals_at_once_one_stands(exchange: Flask) -> None:
    deal = trades.in_force(0)
    got = trades.together(exchange, lambda: renew(deal), lambda: renew(deal))
    assert sorted(got) == ["done", "renewal.already"]
    with read() as session:
        assert showing.shown(session, deal.buyer, deal.number).renewed_by is not None


def test_the_page_asks_for_a_renewal_and_leads_to_it(exchange: Flask) -> None:
    deal = trades.in_force(0)
    client, html = exchange.test_client(), {"Accept": "text/html", "Accept-Language": "en"}
    client.set_cookie(COOKIE, people.session_of(deal.buyer))
    page = client.get(f"/trades/{deal.number}", headers=html).text
    path = f"/trades/{deal.number}/renewal"
    form = page[page.index(f'action="{path}"') :].partition("</form>")[0]
    hidden = dict(re.findall(r'name="([a-z_]+)"[^>]* value="([^"]*)"', form))
    answer = client.post(path, data=hidden, headers=html)
    assert answer.status_code == 303, answer.text
    made = answer.headers["Location"].rsplit("/", 1)[1]
    shown = client.get(f"/contracts/{made}", headers=html).text
    assert f'<a href="/contracts/{deal.number}">' in shown
    begun(Deal(deal.provider, deal.buyer, made))
    assert f'<a href="/contracts/{made}">' in client.get(f"/trades/{deal.number}", headers=html).text
    page = client.get(f"/trades/{made}", headers=html).text
    assert f'<a href="/trades/{deal.number}">' in page
    assert "Term begins" in page
    today = clock.now().astimezone(CHINA).date()
    assert "Term begins" in client.get(f"/contracts/{made}/at/{today}", headers=html).text
