"""Two people, or a person and a stream, act at the same moment: one is first, and the books agree."""

import threading
import time
import uuid
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.delivery import locking, sending
from market.delivery.grant import GrantState
from market.delivery.models import AccessGrant
from market.delivery.ranges import Span
from market.participants.states import Decision
from market.registry.states import RegistrationEvent
from market.trades import decisions, service, suspension
from tests import assets, deals, people, trades
from tests.deals import Deal
from tests.waiting import SECONDS


def test_one_accepts_while_the_other_rejects(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    colleague = people.colleague(deal.buyer, Role.BUYER)

    def accept() -> None:
        with transaction() as session:
            decisions.accept(session, deal.buyer, deal.number)

    def reject() -> None:
        with transaction() as session:
            decisions.reject(session, colleague, deal.number, "rows are missing")

    assert trades.together(exchange, accept, reject) in (
        ["done", "acceptance.spoken"],
        ["dispute.open", "done"],
    )
    said = [kind for kind in trades.kinds(deal) if kind.startswith("acceptance.")]
    assert len(said) == 1


def test_eight_clicks_are_one_acceptance_and_one_transfer(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))

    def accept() -> None:
        with transaction() as session:
            decisions.accept(session, deal.buyer, deal.number)

    assert set(trades.together(exchange, *[accept] * 8)) == {"done"}
    jobs.drain()
    assert trades.kinds(deal).count("acceptance.accepted") == 1
    assert trades.kinds(deal).count("transfer.made") == 1


def test_a_trade_s_step_and_a_suspension_do_not_wait_for_each_other(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    chief, asset_id = people.operator(), trades.rows(deal).trade.asset_id
    begun = threading.Event()

    def cancel() -> None:
        with transaction() as session:
            rows = service.life(session, deal.number, lock=True)
            begun.set()
            time.sleep(0.5)  # until the suspension has taken what it can get
            decisions.undo(session, deal.buyer, rows, "no longer needed")

    def suspend() -> None:
        begun.wait()
        with transaction() as session:
            suspension.decide_asset(session, chief, asset_id, RegistrationEvent.SUSPEND, "an objection")

    assert trades.together(exchange, cancel, suspend) == ["done", "done"]
    assert (trades.grant(deal).state, trades.grant(deal).holds) == (GrantState.CLOSED, [])


def between(provider: Actor, buyer: Actor) -> Deal:
    """Return a trade in force between two organisations."""
    seller = people.colleague(provider, Role.PROVIDER)
    deal = deals.requested(seller, people.colleague(buyer, Role.BUYER))
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    return deal


def test_two_that_buy_from_each_other_are_suspended_at_once(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, chief = assets.provider(), assets.provider(), people.operator()
    both = [between(one, two), between(two, one)]
    real = locking._of

    def slow(session: Session, trade_id: uuid.UUID) -> AccessGrant:
        row = real(session, trade_id)
        time.sleep(0.3)  # until the other has taken what it can get
        return row

    monkeypatch.setattr(locking, "_of", slow)

    def suspend(actor: Actor) -> None:
        assert actor.organisation_id is not None
        with transaction() as session:
            suspension.decide_organisation(
                session, chief, actor.organisation_id, Decision.SUSPEND, "under examination"
            )

    assert trades.together(exchange, partial(suspend, one), partial(suspend, two)) == ["done", "done"]
    assert {tuple(trades.grant(deal).holds) for deal in both} == {("buyer", "provider")}


def test_cancelling_while_the_first_byte_leaves(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)

    def cancel() -> None:
        with transaction() as session:
            decisions.cancel(session, deal.buyer, deal.number, "no longer needed")

    results = trades.together(exchange, cancel, lambda: list(sending.stream(permit, Span(0, permit.size))))
    assert results in (["done", "delivery.agreement_ended"], ["cancellation.begun", "done"])
    jobs.drain()
    ended = trades.states(deal)
    assert (ended["settlement"], ended["transfer"]) in {("REFUNDED", "TERMINATED"), ("FUNDED", "COMPLETED")}


def test_a_stretch_that_is_written_and_a_cancellation_do_not_wait_for_each_other(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = trades.paid(trades.in_force())
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    begun, real = threading.Event(), sending._cover

    def slow(*args: Any) -> None:
        begun.set()
        time.sleep(0.5)  # until the cancellation has taken what it can get
        real(*args)

    monkeypatch.setattr(sending, "_cover", slow)

    def cancel() -> None:
        begun.wait(SECONDS)
        with transaction() as session:
            decisions.cancel(session, deal.buyer, deal.number, "no longer needed")

    def stream() -> None:
        list(sending.stream(permit, Span(0, permit.size)))

    assert trades.together(exchange, cancel, stream) == ["cancellation.begun", "done"]
