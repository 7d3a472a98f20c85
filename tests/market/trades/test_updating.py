"""Newer files of an asset reach the buyers whose contract gives them a right to updates, and nobody else."""

import hashlib
import uuid
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from market import jobs, migrations
from market.db import read, transaction
from market.delivery import sending
from market.delivery.gate import Hold
from market.delivery.models import AccessGrant
from market.errors import MarketError
from market.registry.models import Update
from market.registry.states import RegistrationEvent
from market.steps import fsck
from market.trades import decisions, ending, suspension, updating
from market.trades.grounds import Cause
from market.trades.updating import Given
from tests import amendments, assets, people, trades, updates
from tests.conftest import Clock
from tests.deals import Deal

DIGEST = hashlib.sha256(assets.NEWER).hexdigest()


def given(deal: Deal) -> list[Given]:
    trade = trades.rows(deal).trade
    with read() as session:
        return updating.given(session, trade.id)


def grant(deal: Deal) -> AccessGrant:
    return given(deal)[0].grant


def refusal(deal: Deal, ordinal: int = 1) -> str:
    with pytest.raises(MarketError) as error, read() as session:
        sending.permit(session, deal.buyer, deal.number, ordinal)
    return error.value.code


def update_of(deal: Deal) -> uuid.UUID:
    asset_id = trades.rows(deal).trade.asset_id
    with read() as session:
        query = select(Update.id).where(Update.asset_id == asset_id)
        return session.scalars(query).one()


def test_a_newer_file_is_given_fetched_and_receipted(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(updates.in_force())))
    updates.approved(deal)
    row = grant(deal)
    assert (row.number, row.ordinal, row.digest, row.update_id) == (deal.number, 1, DIGEST, update_of(deal))
    assert (given(deal)[0].changes, given(deal)[0].open) == ("August was added", True)
    assert updates.fetch(deal) == assets.NEWER
    jobs.drain()
    receipt = given(deal)[0].receipt
    assert receipt is not None
    assert receipt.digest == DIGEST
    assert trades.kinds(deal)[-2:] == ["trade.updated", "update.delivered"]
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


@pytest.mark.parametrize("price", [0, 128_000])
def test_its_receipt_leaves_the_acceptance_of_what_was_sold_alone(exchange: Flask, price: int) -> None:
    deal = updates.in_force(price)
    updates.approved(trades.paid(deal) if price else deal)
    updates.fetch(deal)
    jobs.drain()
    assert trades.kinds(deal)[-1] == "update.delivered"
    assert trades.rows(deal).acceptance.due_at is None
    assert trades.states(deal)["transfer"] == "STARTED"
    trades.fetched(deal)
    assert trades.kinds(deal)[-1] == "delivery.completed"
    assert trades.rows(deal).acceptance.due_at is not None


def test_only_contracts_with_the_right_get_it(exchange: Flask) -> None:
    deal = updates.in_force()
    without = updates.in_force(cycle="once", beside=deal)
    ended = updates.in_force(0, beside=deal)
    with transaction() as session:
        decisions.cancel(session, ended.buyer, ended.number, "no longer needed")
    updates.approved(deal)
    assert [len(given(one)) for one in (deal, without, ended)] == [1, 0, 0]


def test_nothing_is_given_of_a_file_that_was_rejected(exchange: Flask) -> None:
    deal = updates.in_force()
    updates.decided(deal.provider, trades.rows(deal).trade.asset_id, approve=False)
    jobs.drain()
    assert given(deal) == []


def test_the_same_again_gives_nothing_twice(exchange: Flask) -> None:
    deal = updates.approved(updates.in_force())
    for _time in range(2):
        updating.on_approved(str(update_of(deal)))
        jobs.drain()
    assert len(given(deal)) == 1
    assert trades.kinds(deal).count("trade.updated") == 1


def test_the_same_at_once_gives_nothing_twice(exchange: Flask) -> None:
    deal = updates.in_force()
    updates.decided(deal.provider, trades.rows(deal).trade.asset_id)
    give = partial(updating.on_update, deal.number, str(update_of(deal)))
    assert trades.together(exchange, give, give) == ["done", "done"]
    assert len(given(deal)) == 1


def test_the_days_to_fetch_begin_with_the_notice(exchange: Flask, clock: Clock) -> None:
    deal = trades.closed(trades.fetched(trades.paid(updates.in_force())))
    days = trades.grant(deal).fetch_days
    clock.advance(days=days + 1)
    updates.approved(deal)
    until = grant(deal).fetch_until
    assert until is not None
    assert (until - clock()).days == days
    assert refusal(deal, 0) == "delivery.days_over"
    updates.fetch(deal)
    clock.advance(days=days)
    assert refusal(deal) == "delivery.days_over"


def test_unpaid_it_waits_for_the_payment(exchange: Flask, clock: Clock) -> None:
    deal = updates.approved(updates.in_force())
    assert (grant(deal).fetch_until, refusal(deal)) == (None, "delivery.not_paid")
    clock.advance(days=1)
    trades.paid(deal)
    assert grant(deal).fetch_until == trades.grant(deal).fetch_until is not None
    assert updates.fetch(deal) == assets.NEWER


def test_the_end_closes_it_and_nothing_is_given_after(exchange: Flask, clock: Clock) -> None:
    deal = updates.approved(trades.closed(trades.fetched(trades.paid(updates.in_force()))))
    clock.advance(days=366)
    jobs.drain()
    assert trades.states(deal)["agreement"] == "EXPIRED"
    assert (grant(deal).state, refusal(deal)) == ("CLOSED", "delivery.agreement_ended")
    updates.approved(deal, updates.NEWEST)
    assert len(given(deal)) == 1


def test_who_fetched_an_update_cannot_call_the_trade_off(exchange: Flask) -> None:
    deal = updates.approved(trades.paid(updates.in_force()))
    updates.fetch(deal)
    with pytest.raises(MarketError) as error, transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    assert error.value.code == "cancellation.begun"


def hold_asset(deal: Deal, event: RegistrationEvent) -> None:
    chief, asset_id = people.operator(), trades.rows(deal).trade.asset_id
    with transaction() as session:
        suspension.decide_asset(session, chief, asset_id, event, "under examination")


def test_whatever_holds_the_sold_file_holds_its_updates(exchange: Flask) -> None:
    deal = updates.approved(trades.paid(updates.in_force()))
    hold_asset(deal, RegistrationEvent.SUSPEND)
    assert (grant(deal).holds, refusal(deal)) == ([Hold.ASSET], "delivery.asset_suspended")
    hold_asset(deal, RegistrationEvent.RESTORE)
    assert (grant(deal).holds, given(deal)[0].open) == ([], True)
    with transaction() as session:
        ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "it was sold on")
    assert refusal(deal) == "delivery.agreement_suspended"
    hold_asset(deal, RegistrationEvent.CANCEL)
    assert refusal(deal) == "delivery.agreement_ended"


def test_it_begins_held_where_the_sold_file_is_held(exchange: Flask) -> None:
    deal = trades.paid(updates.in_force())
    with transaction() as session:
        ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "it was sold on")
    updates.approved(deal)
    assert refusal(deal) == "delivery.agreement_suspended"
    with transaction() as session:
        ending.restore(session, deal.provider, deal.number)
    assert updates.fetch(deal) == assets.NEWER


def test_a_contract_that_comes_later_gets_the_newest_update_of_its_file(exchange: Flask) -> None:
    first = updates.in_force()
    late = updates.signed(beside=first)
    updates.decided(first.provider, trades.rows(first).trade.asset_id)
    updates.decided(first.provider, trades.rows(first).trade.asset_id, updates.NEWEST)
    jobs.drain()
    digests = [one.grant.digest for one in given(late)]
    assert digests[:1] == [hashlib.sha256(updates.NEWEST).hexdigest()]
    assert len(given(first)) == 2


def test_an_amendment_brings_the_right(exchange: Flask) -> None:
    deal = trades.paid(updates.in_force(cycle="once"))
    updates.approved(deal)
    assert given(deal) == []
    amendments.amend(deal, {"data.update": "monthly", "delivery.days": 9})
    assert [one.grant.digest for one in given(deal)] == [DIGEST]
    assert grant(deal).fetch_days == 9


def test_an_amendment_changes_its_days_too(exchange: Flask, clock: Clock) -> None:
    deal = trades.paid(updates.in_force())
    clock.advance(days=2)
    updates.approved(deal)
    clock.advance(days=1)
    amendments.amend(deal, {"delivery.days": 9})
    row = grant(deal)
    assert row.fetch_until is not None
    assert (row.fetch_until - row.opened_at).days == 9
    assert row.policy_digest == trades.grant(deal).policy_digest


def test_the_file_that_the_buyer_has_is_not_given_again(exchange: Flask) -> None:
    deal = updates.approved(updates.in_force())
    updates.approved(deal, assets.CONTENT)
    updates.approved(deal, updates.NEWEST)
    assert [one.grant.ordinal for one in given(deal)] == [2, 1]
