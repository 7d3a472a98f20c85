from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask, current_app

from contracts import canonical
from contracts.checks import Outcome
from contracts.negotiation import State
from contracts.verify import Package, verify
from market import jobs, migrations, rules, steps, storage
from market.actor import Actor, Role
from market.catalog import service as catalog
from market.contracting import reading, requesting, service
from market.db import read, transaction
from market.errors import Conflict, Invalid, MarketError, NotFound
from market.participants import service as participants
from market.participants.states import Decision
from market.steps import Kind, Step, fsck
from tests import assets, deals, people
from tests.conftest import Clock
from tests.waiting import side_by_side


def kinds(number: str) -> list[str]:
    handle = deals.row(number).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def declined(actor: Actor, number: str, reason: str = "not now") -> Step:
    with transaction() as session:
        return service.decline(session, actor, number, reason)


def withdrawn(actor: Actor, number: str) -> Step:
    with transaction() as session:
        return service.withdraw(session, actor, number)


def suspended(actor: Actor) -> None:
    assert actor.organisation_id is not None
    chief = people.operator()
    with transaction() as session:
        participants.decide(session, chief, actor.organisation_id, Decision.SUSPEND, "under examination")


def test_a_contract_from_request_to_both_signatures(exchange: Flask) -> None:
    deal = deals.requested()
    contract = deals.of(deal.number)
    assert contract.state is State.REQUESTED
    deals.sign(deal.provider, deal.number)
    assert deals.of(deal.number).state is State.AGREED
    deals.sign(deal.buyer, deal.number)
    assert deals.of(deal.number).state is State.VERIFIED
    assert kinds(deal.number) == ["contract.requested", "contract.signed", "contract.signed"]
    with read() as session:
        waiting = [job for job in session.query(jobs.Job) if job.name == "contract.verified"]
        assert [job.payload for job in waiting] == [{"contract_id": str(contract.id)}]
        assert list(fsck.check(session, migrations.metadata())) == []


def test_the_terms_are_those_of_listing_inspection_and_rule_book(exchange: Flask) -> None:
    provider = assets.provider()
    listing = assets.listed(provider)
    deal = deals.requested(provider, listing=listing)
    with read() as session:
        terms = reading.by_number(session, deal.number).terms
        facts = catalog.facts_of(session, catalog.found(session, provider, listing))
    assert (terms.price, terms.quality, terms.use) == (facts.price, facts.quality, facts.use)
    assert terms.subject.content_digest == canonical.sha256(assets.CONTENT)
    assert terms.subject.inspection_digest == facts.asset.report_digest
    assert [(one.name, one.type) for one in terms.subject.fields] == [
        ("城市", "text"), ("气温", "decimal"), ("备注", "text"),
    ]  # fmt: skip
    assert terms.payment_days == rules.book(1).value("payment.days")
    assert terms.delivery.downloads == rules.book(1).value("download.max")
    assert terms.date.isoformat() == "2026-11-22"


def test_the_document_is_stored_before_anybody_signs_and_verifies_offline(exchange: Flask) -> None:
    deal = deals.requested()
    contract, store = deals.of(deal.number), storage.current()
    package = Package(
        terms=store.read(contract.terms_digest),
        policy=contract.policy.encode(),
        document=store.read(contract.document_digest),
        rendering=contract.rendering.encode(),
        template_digest=contract.template_digest,
        signatures=[],
        complete=False,
    )
    assert {one.outcome for one in verify(package)} == {Outcome.PASSED}
    assert len(package.document) == contract.document_size
    assert all(store.read(digest).startswith(b"<svg") for digest in reading.page_digests(contract))


def test_open_data_needs_no_payment_in_its_contract(exchange: Flask) -> None:
    provider = assets.provider()
    deal = deals.requested(provider, listing=assets.listed(provider, **deals.free()))
    with read() as session:
        terms = reading.by_number(session, deal.number).terms
    assert (terms.price.amount, terms.payment_days, terms.model) == (0, 0, "open-licence/1.0")


def test_only_a_verified_buyer_of_another_organisation_asks(exchange: Flask) -> None:
    provider = people.verified(Role.PROVIDER, Role.BUYER)
    listing = assets.listed(provider)
    assert refused("relation.wrong", lambda: service.request(provider, listing)).extra["rule"] == "R4.5"
    waiting = people.actor_of(people.applied(Role.BUYER))
    assert (
        refused("organisation.not_verified", lambda: service.request(waiting, listing)).extra["rule"]
        == "R1.1"
    )
    other = assets.provider()
    refused("role.missing", lambda: service.request(other, listing))


def test_a_listing_that_is_not_on_offer_gives_no_contract(exchange: Flask) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    listing = assets.listed(provider)
    with transaction() as session:
        catalog.withdraw(session, provider, listing)
    refused("listing.not_found", lambda: service.request(buyer, listing))
    refused("listing.not_found", lambda: service.request(buyer, "7KQ2M9XW4CA"))
    refused("role.missing", lambda: service.request(provider, listing))


def test_a_listing_that_changes_meanwhile_gives_no_contract(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    listing, chief = assets.listed(provider), people.operator()
    kept = requesting.kept

    def slowly(draft: Any) -> Any:
        for act in (catalog.suspend, catalog.restore):
            with transaction() as session:
                act(session, chief, listing, "a look at it")
        return kept(draft)

    monkeypatch.setattr(requesting, "kept", slowly)
    refused("listing.changed", lambda: service.request(buyer, listing))


def test_a_suspended_provider_makes_no_contract(exchange: Flask) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    listing = assets.listed(provider)
    suspended(provider)
    assert (
        refused("organisation.not_verified", lambda: service.request(buyer, listing)).extra["rule"] == "R1.2"
    )


def test_a_request_is_made_once_for_its_key(exchange: Flask) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    asset = assets.registered(provider)
    first, second = assets.listed(provider, asset), assets.listed(provider, asset, **deals.free())
    made = service.request(buyer, first, "key-1")
    assert service.request(buyer, first, "key-1").id == made.id
    refused("idempotency.key_reused", lambda: service.request(buyer, second, "key-1"))
    assert service.request(buyer, first, "key-2").id != made.id


def test_a_character_that_cannot_be_printed_is_named(exchange: Flask) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    listing = assets.listed(provider, title="天气 🛰")
    with pytest.raises(Invalid) as error:
        service.request(buyer, listing)
    assert error.value.code == "document.uncovered_character"
    assert "U+1F6F0" in error.value.message


def test_signing_again_gives_the_same_answer(exchange: Flask) -> None:
    deal = deals.requested()
    first = deals.sign(deal.provider, deal.number)
    assert deals.sign(deal.provider, deal.number) == first
    deals.sign(deal.buyer, deal.number)
    assert deals.sign(deal.provider, deal.number) == first
    assert kinds(deal.number).count("contract.signed") == 2


def test_another_document_is_refused_before_and_after_signing(exchange: Flask) -> None:
    deal = deals.requested()
    error = refused("contract.other_document", lambda: deals.sign(deal.provider, deal.number, "0" * 64))
    assert error.extra["document_digest"] == deals.of(deal.number).document_digest
    deals.sign(deal.provider, deal.number)
    refused("step.already_taken", lambda: deals.sign(deal.provider, deal.number, "0" * 64))


def test_the_provider_signs_first(exchange: Flask) -> None:
    deal = deals.requested()
    refused("contract.wrong_state", lambda: deals.sign(deal.buyer, deal.number))


def test_two_people_of_one_buyer_at_once_make_one_signature(exchange: Flask) -> None:
    deal = deals.requested()
    deals.sign(deal.provider, deal.number)
    colleague = people.colleague(deal.buyer, Role.BUYER)
    app, outcomes = current_app._get_current_object(), []  # type: ignore[attr-defined]

    def race(actor: Actor) -> None:
        with app.app_context():
            try:
                outcomes.append(deals.sign(actor, deal.number))
            except Conflict as error:
                outcomes.append(error.code)

    side_by_side(partial(race, actor) for actor in (deal.buyer, colleague) * 2)
    entries = {outcome for outcome in outcomes if outcome != "step.already_taken"}
    assert len(outcomes) == 4
    assert len(entries) == 1
    assert len(deals.of(deal.number).signatures) == 2
    assert kinds(deal.number).count("contract.signed") == 2


def test_strangers_see_nothing(exchange: Flask) -> None:
    deal, stranger = deals.requested(), people.verified(Role.BUYER, Role.PROVIDER)
    chief = people.operator()
    for act in (
        lambda: deals.sign(stranger, deal.number),
        lambda: declined(stranger, deal.number),
        lambda: withdrawn(stranger, deal.number),
    ):
        with pytest.raises(NotFound):
            act()
    with read() as session:
        assert reading.listed(session, stranger).items == []
        assert [row.number for row in reading.listed(session, deal.buyer).items] == [deal.number]
        assert reading.found(session, chief, deal.number).contract.number == deal.number


def test_each_side_has_its_own_exit(exchange: Flask) -> None:
    deal = deals.requested()
    refused("contract.wrong_state", lambda: declined(deal.buyer, deal.number))
    refused("contract.wrong_state", lambda: withdrawn(deal.provider, deal.number))
    first = declined(deal.provider, deal.number)
    assert declined(deal.provider, deal.number).entry_id == first.entry_id
    refused("step.already_taken", lambda: declined(deal.provider, deal.number, "another reason"))
    refused("step.already_taken", lambda: withdrawn(deal.buyer, deal.number))
    refused("contract.wrong_state", lambda: deals.sign(deal.provider, deal.number))
    contract = deals.of(deal.number)
    assert (contract.state, contract.reason) == (State.TERMINATED, "not now")


def test_who_has_signed_is_bound(exchange: Flask) -> None:
    deal = deals.requested()
    deals.sign(deal.provider, deal.number)
    refused("contract.wrong_state", lambda: declined(deal.provider, deal.number))
    other = deals.signed()
    refused("contract.wrong_state", lambda: withdrawn(other.buyer, other.number))
    first = withdrawn(deal.buyer, deal.number)
    assert withdrawn(deal.buyer, deal.number).entry_id == first.entry_id
    assert deals.of(deal.number).state is State.TERMINATED


def test_an_unsigned_request_expires(exchange: Flask, clock: Clock) -> None:
    open_one, half, whole = deals.requested(), deals.requested(), deals.signed()
    deals.sign(half.provider, half.number)
    clock.advance(days=rules.book(1).value("request.days"))
    refused("contract.expired", lambda: deals.sign(half.buyer, half.number))
    with read() as session:
        assert reading.waiting(session, half.buyer).items == []
    for deal in (open_one, half, whole):
        service.on_deadline(deal.number)
        service.on_deadline(deal.number)
    assert kinds(open_one.number) == ["contract.requested", "contract.expired"]
    assert kinds(half.number) == ["contract.requested", "contract.signed", "contract.expired"]
    assert deals.of(whole.number).state is State.VERIFIED


def test_a_deadline_that_has_not_come_ends_nothing(exchange: Flask) -> None:
    deal = deals.requested()
    service.on_deadline(deal.number)
    assert deals.of(deal.number).state is State.REQUESTED


def test_nobody_signs_while_a_party_is_suspended(exchange: Flask) -> None:
    deal = deals.requested()
    suspended(deal.buyer)
    assert (
        refused("organisation.not_verified", lambda: deals.sign(deal.provider, deal.number)).extra["rule"]
        == "R1.2"
    )


def test_a_contract_comes_into_force_within_another_rooms_step(exchange: Flask) -> None:
    early, deal = deals.requested(), deals.signed()
    for number, in_force in ((early.number, False), (deal.number, True)):
        contract_id = deals.of(number).id
        with transaction() as session:
            one = reading.agreed(session, contract_id, lock=True)
            step = steps.begin(Actor.system("trade"), Kind.CONTRACT_FINALIZED, one.request.handle)
            if in_force:
                service.finalize(session, step, one.contract)
                steps.record(session, step)
            else:
                with pytest.raises(Conflict):
                    service.finalize(session, step, one.contract)
    contract = deals.of(deal.number)
    assert (contract.state, contract.final_digest) == (State.FINALIZED, contract.signatures[-1].file_digest)
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def test_the_waiting_list_names_whose_turn_it_is(exchange: Flask) -> None:
    deal = deals.requested()
    for actor, signer in ((deal.provider, deal.provider), (deal.buyer, deal.buyer)):
        with read() as session:
            assert [row.number for row, *_ in reading.waiting(session, actor).items] == [deal.number]
        deals.sign(signer, deal.number)
        with read() as session:
            assert reading.waiting(session, actor).items == []
