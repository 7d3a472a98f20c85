"""Suspending reaches the bytes in the same step, on every ground, and lifts only its own hold."""

import pytest
from flask import Flask

from market import jobs
from market.actor import Actor
from market.db import read, transaction
from market.delivery import sending
from market.delivery.ranges import Span
from market.errors import Conflict, Forbidden, NotFound
from market.participants.states import Decision
from market.registry.states import RegistrationEvent
from market.steps import Step
from market.trades import suspension
from tests import assets, deals, people, trades
from tests.deals import Deal


def decide_asset(deal: Deal, event: RegistrationEvent, reason: str = "an objection was raised") -> Step:
    chief, asset_id = people.operator(), trades.rows(deal).trade.asset_id
    with transaction() as session:
        return suspension.decide_asset(session, chief, asset_id, event, reason)


def decide(actor: Actor, decision: Decision, reason: str = "under examination") -> Step:
    chief = people.operator()
    assert actor.organisation_id is not None
    with transaction() as session:
        _row, step = suspension.decide_organisation(session, chief, actor.organisation_id, decision, reason)
        return step


def why_not(deal: Deal) -> tuple[str, str]:
    with pytest.raises(Forbidden) as refused:
        trades.fetch(deal)
    return refused.value.code, refused.value.rule


def test_a_suspended_asset_gives_no_bytes_until_it_is_restored(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    step = decide_asset(deal, RegistrationEvent.SUSPEND)
    assert trades.grant(deal).step_id == step.id
    assert why_not(deal) == ("delivery.asset_suspended", "R2.6")
    assert trades.states(deal)["transfer"] == "SUSPENDED"
    assert decide_asset(deal, RegistrationEvent.SUSPEND).id == step.id
    with pytest.raises(Conflict):
        decide_asset(deal, RegistrationEvent.SUSPEND, "for another reason")
    restored = decide_asset(deal, RegistrationEvent.RESTORE)
    assert decide_asset(deal, RegistrationEvent.RESTORE).id == restored.id
    with pytest.raises(Conflict):
        decide_asset(deal, RegistrationEvent.RESTORE, "for another reason")
    assert trades.fetch(deal) == assets.CONTENT


def test_what_was_never_suspended_is_not_restored(exchange: Flask) -> None:
    with pytest.raises(Conflict) as refused:
        decide_asset(trades.in_force(), RegistrationEvent.RESTORE)
    assert refused.value.code == "asset.wrong_state"


def test_a_stream_under_way_stops_before_its_next_part(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MIB", 16)
    deal = trades.paid(trades.in_force())
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    stream = sending.stream(permit, Span(0, permit.size))
    assert next(stream) == assets.CONTENT[:16]
    decide_asset(deal, RegistrationEvent.SUSPEND)
    with pytest.raises(Forbidden):
        next(stream)
    decide_asset(deal, RegistrationEvent.RESTORE)
    assert trades.fetch(deal, Span(16, permit.size)) == assets.CONTENT[16:]
    jobs.drain()
    assert trades.states(deal)["transfer"] == "COMPLETED"


@pytest.mark.parametrize("side", ["provider", "buyer"])
def test_a_suspended_party_gives_and_gets_no_bytes(exchange: Flask, side: str) -> None:
    deal = trades.paid(trades.in_force())
    party: Actor = getattr(deal, side)
    step = decide(party, Decision.SUSPEND)
    assert decide(party, Decision.SUSPEND).id == step.id
    assert why_not(deal) == (f"delivery.{side}_suspended", "R1.2")
    decide_asset(deal, RegistrationEvent.SUSPEND)
    decide(party, Decision.RESTORE)
    assert why_not(deal)[0] == "delivery.asset_suspended"
    decide_asset(deal, RegistrationEvent.RESTORE)
    assert trades.fetch(deal)


def test_a_suspension_between_signature_and_force_holds_too(exchange: Flask) -> None:
    deal = trades.signed()
    chief = people.operator()
    asset_id = deals.of(deal.number).asset_id
    with transaction() as session:
        suspension.decide_asset(
            session, chief, asset_id, RegistrationEvent.SUSPEND, "an objection was raised"
        )
    decide(deal.buyer, Decision.SUSPEND)
    trades.paid(_after_jobs(deal))
    assert trades.grant(deal).holds == ["asset", "buyer"]
    assert (trades.states(deal)["grant"], trades.states(deal)["transfer"]) == ("SUSPENDED", "SUSPENDED")


def test_cancelling_an_asset_refunds_what_nobody_fetched(exchange: Flask) -> None:
    unpaid = trades.in_force()
    paid = trades.paid(trades.in_force(beside=unpaid))
    begun = trades.fetched(trades.paid(trades.in_force(beside=unpaid)), Span(0, 5))
    done = trades.fetched(trades.paid(trades.in_force(beside=unpaid)))
    decide_asset(paid, RegistrationEvent.CANCEL)
    assert {trades.states(deal)["grant"] for deal in (unpaid, paid, begun, done)} == {"CLOSED"}
    jobs.drain()
    assert [trades.states(deal)["settlement"] for deal in (unpaid, paid, begun, done)] == [
        "CANCELLED", "REFUNDED", "FUNDED", "FUNDED",
    ]  # fmt: skip
    assert trades.states(begun)["dispute"] == "OPEN"
    assert trades.states(done)["acceptance"] == "PENDING"


def test_a_payment_that_meets_a_cancelled_asset_goes_back(exchange: Flask) -> None:
    deal = trades.in_force()
    trades.pay(deal)
    decide_asset(deal, RegistrationEvent.CANCEL)
    jobs.drain()
    exchange.extensions["clock"].advance(minutes=5)
    jobs.drain()
    assert trades.states(deal)["settlement"] == "CANCELLED"
    assert trades.kinds(deal)[-1] == "refund.made"


def test_only_the_operator_decides(exchange: Flask) -> None:
    deal = trades.in_force()
    asset_id = trades.rows(deal).trade.asset_id
    with transaction() as session, pytest.raises(Forbidden):
        suspension.decide_asset(session, deal.provider, asset_id, RegistrationEvent.SUSPEND, "no reason")
    with transaction() as session, pytest.raises(NotFound):
        suspension.decide_asset(session, deal.buyer, asset_id, RegistrationEvent.SUSPEND, "no reason")


def _after_jobs(deal: Deal) -> Deal:
    jobs.drain()
    return deal
