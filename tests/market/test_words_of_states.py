"""A refusal names a state by the word that pages show it by, in the reader's language."""

import html
import re
from typing import Any

import pytest
from flask import Flask

from contracts.negotiation import State
from market import words
from market.actor import Actor
from market.catalog import service as catalog
from market.catalog import states as listing
from market.contracting import service as contracting
from market.contracting.standing import states as standing
from market.db import transaction
from market.delivery import grant
from market.errors import Conflict, Invalid
from market.guide.machines import TABLES
from market.payments import states as payment
from market.registry import states as registration
from market.trades import acceptance, agreement, dispute, settlement
from tests import assets, deals
from tests.browsing import forms, signed_in
from tests.reading import latin

MACHINES: dict[str, tuple[Any, Any]] = {
    "registration": (registration.advance, registration.RegistrationEvent),
    "listing": (listing.advance, listing.ListingEvent),
    "offer": (standing.advance, standing.OfferEvent),
    "agreement": (agreement.advance, agreement.AgreementEvent),
    "settlement": (settlement.advance, settlement.SettlementEvent),
    "payment": (payment.advance, payment.OperationEvent),
    "account": (payment.advance_account, payment.AccountEvent),
    "grant": (grant.advance, grant.GrantEvent),
    "transfer": (grant.advance_transfer, grant.TransferEvent),
    "acceptance": (acceptance.advance, acceptance.AcceptanceEvent),
    "dispute": (dispute.advance, dispute.DisputeEvent),
}
"""Machines whose refusals name the state; those of organisation and negotiation are told by their services."""
CHINESE = {"Accept": "text/html", "Accept-Language": "zh"}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_refused_transition_names_the_state_in_chinese(exchange: Flask, machine: str) -> None:
    advance, events = MACHINES[machine]
    states, table = TABLES[machine]
    refused = 0
    with exchange.test_request_context("/", headers=CHINESE):
        for state in states:
            for event in events:
                if (state, event) in table:
                    continue
                with pytest.raises(Conflict) as told:
                    advance(state, event)
                refused += 1
                assert f"“{words.state_label(state, machine)}”" in told.value.message
                assert latin(told.value.message) == set()
                assert told.value.extra["state"] == state.value
    assert refused


def test_a_contract_that_has_ended_is_refused_in_chinese(exchange: Flask) -> None:
    deal = deals.requested()
    with transaction() as session:
        contracting.decline(session, deal.provider, deal.number, "price too low")
    shown = signed_in(exchange, deal.buyer).get(f"/contracts/{deal.number}", headers=CHINESE).text
    with exchange.test_request_context("/", headers=CHINESE), pytest.raises(Conflict) as told:
        deals.sign(deal.buyer, deal.number)
    assert latin(told.value.message) == set()
    assert "“已终止”" in told.value.message
    assert "已终止" in shown


def test_words_of_one_machine_are_of_a_state_that_it_has() -> None:
    assert {(machine, state) for machine, state in words.OWN} <= {
        (machine, state.value) for machine, (states, _table) in TABLES.items() for state in states
    }
    assert str(words.state_label(State.VERIFIED, "negotiation")) != str(words.state_label("VERIFIED"))


def broken_promise() -> tuple[Actor, str]:
    """Return a provider and the number of a draft that promises what does not hold."""
    provider = assets.provider()
    asset = assets.registered(provider)
    promised = assets.proposal(
        quality=(assets.promise("rows", "400"), assets.promise("completeness", "1", field="气温"))
    )
    with transaction() as session:
        number = catalog.draft(session, provider, asset_id=asset.id, proposal=promised).number
    return provider, number


def test_a_broken_promise_is_told_in_chinese(exchange: Flask) -> None:
    provider, number = broken_promise()
    with (
        exchange.test_request_context("/", headers=CHINESE),
        transaction() as session,
        pytest.raises(Invalid) as told,
    ):
        catalog.publish(session, provider, number)
    assert told.value.fields["quality"] == [
        "数据行数：承诺不低于 400，实测 4。",
        "完整率 · 气温：承诺不低于 1，实测 0.500000。",
    ]


def test_a_refused_publication_says_each_fault_once_and_leads_to_the_promises(exchange: Flask) -> None:
    provider, number = broken_promise()
    client = signed_in(exchange, provider)
    shown = client.get(f"/listings/{number}", headers=CHINESE).text
    address = f"/listings/{number}/publication"
    hidden = next(hidden for action, hidden, _named in forms(shown) if action == address)
    refused = client.post(address, data=hidden, headers=CHINESE)
    assert refused.status_code == 422
    text = html.unescape(refused.text)
    assert text.count("数据行数：承诺不低于 400，实测 4。") == 1
    assert "所承诺的质量" in text
    links = set(re.findall(r'href="#(f-[^"]+)"', text))
    assert links == {"f-quality"}
    assert 'id="f-quality"' in text


def test_a_refused_draft_leads_to_the_promises(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    client = signed_in(exchange, provider)
    shown = client.get(f"/listings/new?asset={asset.id}", headers=CHINESE).text
    hidden = next(hidden for action, hidden, _named in forms(shown) if action == "/listings")
    typed = {
        "title": "山东天气", "summary": "Daily weather of cities.", "sector": "meteorology", "price": "5",
        "benefit": "commercial", "model": "data-provision/1.0", "purposes": "research", "term_days": "30",
    }  # fmt: skip
    refused = client.post("/listings", data={**hidden, **typed}, headers=CHINESE)
    assert refused.status_code == 422
    assert set(re.findall(r'href="#(f-[^"]+)"', refused.text)) == {"f-quality"}
    assert 'id="f-quality"' in refused.text
