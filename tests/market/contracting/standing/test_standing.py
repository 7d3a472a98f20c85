"""Standing offers: signed once, accepted by signature, counted where they are accepted."""

import base64
from collections.abc import Callable
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, current_app
from sqlalchemy import select

from contracts.money import Money
from contracts.negotiation import State
from contracts.terms import Origin, Terms, parse
from market import jobs, migrations, steps, storage
from market.actor import Actor, Role
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.catalog import service as catalog
from market.contracting import service, signing, stamping
from market.contracting.models import OfferDraft, Preparation
from market.contracting.standing import accepting, drafting, ending, opening, reading
from market.contracting.standing.states import OfferEvent, OfferState, advance
from market.db import read, transaction
from market.errors import MarketError
from market.governance import mending
from market.keys import contract_stamps
from market.steps import fsck
from market.timestamping import StampError
from tests import assets, deals, offers, people, signers, trades
from tests.conftest import Clock
from tests.offers import Offered


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def shown(offer: Offered) -> str | None:
    """Return which offer the catalogue says that the listing can be accepted by."""
    with read() as session:
        listing = catalog.found(session, offer.provider, offer.listing)
        return catalog.offers_of(session, [listing]).get(listing.id)


def kinds(handle: str) -> list[str]:
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def sound() -> None:
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def buyer() -> Actor:
    made = people.verified(Role.BUYER)
    deals.publish_key(made)
    return made


def test_an_offer_from_draft_to_its_last_acceptance(exchange: Flask) -> None:
    offer = offers.drafted()
    draft = offers.draft_of(offer)
    assert shown(offer) is None
    offers.sign(offer.provider, offer.number)
    row = offers.of(offer)
    assert (row.id, row.state, row.taken, row.terms) == (draft.id, OfferState.OPEN, 0, draft.terms)
    assert shown(offer) == offer.number
    with read() as session:
        assert session.scalars(select(OfferDraft)).all() == []
    first = offers.begun(offer)
    contract = deals.of(first.number)
    terms = parse(contract.terms.encode())
    assert contract.state is State.AGREED
    assert isinstance(terms, Terms)
    assert terms.origin == Origin(offer.number, row.terms_digest, row.file_digest)
    assert (offers.of(offer).taken, kinds(deals.row(first.number).handle)) == (0, ["contract.requested"])
    deals.sign(first.buyer, first.number)
    assert (offers.of(offer).taken, offers.of(offer).state) == (1, OfferState.OPEN)
    late = offers.begun(offer)
    second = offers.accepted(offer)
    assert (offers.of(offer).taken, offers.of(offer).state) == (2, OfferState.EXHAUSTED)
    assert shown(offer) is None
    refused("offer.exhausted", lambda: deals.sign(late.buyer, late.number))
    refused("offer.exhausted", lambda: offers.begun(offer))
    assert deals.of(second.number).state is State.VERIFIED
    assert kinds(row.handle) == ["offer.opened"]
    assert kinds(deals.row(second.number).handle) == ["contract.requested", "contract.signed"]
    with transaction() as session:
        service.withdraw(session, late.buyer, late.number)
    sound()


def test_an_acceptance_comes_into_force_as_any_contract(exchange: Flask) -> None:
    deal = offers.accepted(offers.opened())
    contract = deals.of(deal.number)
    assert [signature.role.value for signature in contract.signatures] == ["buyer"]
    refused("contract.wrong_state", lambda: deals.sign(deal.provider, deal.number))
    with read() as session:
        names = {job.name for job in session.query(jobs.Job) if job.done_at is None}
    assert {"contract.verified", "offer.deadline"} <= names


@pytest.mark.parametrize("left", [1, 2])
def test_of_two_buyers_who_race_for_the_last_acceptance_one_gets_it(exchange: Flask, left: int) -> None:
    offer = offers.opened(most=left)
    racing = [offers.begun(offer) for _ in range(2)]
    acts = [partial(deals.sign, deal.buyer, deal.number) for deal in racing]
    results = trades.together(exchange, *acts)
    assert sorted(results) == ["done", "done" if left == 2 else "offer.exhausted"]
    assert (offers.of(offer).taken, offers.of(offer).state) == (left, OfferState.EXHAUSTED)
    sound()


def test_a_withdrawal_that_races_an_acceptance_comes_before_or_after_it(exchange: Flask) -> None:
    offer = offers.opened()
    deal = offers.begun(offer)
    results = trades.together(
        exchange, partial(deals.sign, deal.buyer, deal.number), partial(offers.withdraw, offer)
    )
    assert results[1] == "done"
    assert results[0] in {"done", "offer.withdrawn"}
    assert offers.of(offer).taken == (results[0] == "done")
    assert offers.of(offer).state is OfferState.WITHDRAWN
    sound()


def test_a_withdrawn_offer_is_over(exchange: Flask) -> None:
    offer = offers.opened()
    kept, begun = offers.accepted(offer), offers.begun(offer)
    done = offers.withdraw(offer)
    assert offers.withdraw(offer).id == done.id
    assert shown(offer) is None
    refused("offer.withdrawn", lambda: deals.sign(begun.buyer, begun.number))
    refused("offer.withdrawn", lambda: offers.begun(offer))
    assert deals.of(kept.number).state is State.VERIFIED
    other = offers.opened(offer.provider, offer.listing)
    assert (shown(offer), other.number != offer.number) == (other.number, True)
    refused("role.missing", lambda: offers.withdraw(Offered(begun.buyer, offer.listing, other.number)))


def test_an_offer_ends_with_its_last_day(exchange: Flask, clock: Clock) -> None:
    offer = offers.opened(days=1)
    begun = offers.begun(offer)
    assert deals.row(begun.number).expires_at == offers.of(offer).expires_at
    ending.on_deadline(offer.number)
    assert offers.of(offer).state is OfferState.OPEN
    clock.advance(days=1, hours=5)
    refused("offer.expired", lambda: offers.begun(offer))
    refused("contract.expired", lambda: deals.sign(begun.buyer, begun.number))
    jobs.drain()
    assert (offers.of(offer).state, shown(offer)) == (OfferState.EXPIRED, None)
    assert deals.of(begun.number).state is State.TERMINATED
    ending.on_deadline(offer.number)
    assert kinds(offers.of(offer).handle) == ["offer.opened", "offer.expired"]
    refused("offer.wrong_state", lambda: offers.withdraw(offer))
    sound()


def test_only_the_provider_of_a_listing_on_offer_makes_one(exchange: Flask) -> None:
    provider = assets.provider()
    listing = assets.listed(provider)
    refused("relation.wrong", lambda: drafting.draft(assets.provider(), listing, 1, 1))
    refused("role.missing", lambda: drafting.draft(buyer(), listing, 1, 1))
    offer = offers.opened(provider, listing)
    refused("offer.already_open", lambda: drafting.draft(provider, listing, 1, 1))
    refused("relation.wrong", lambda: accepting.accept(people.colleague(provider, Role.BUYER), offer.number))
    assert refused("organisation.not_verified",
        lambda: accepting.accept(people.actor_of(people.applied(Role.BUYER)), offer.number))  # fmt: skip


def test_a_draft_is_signed_as_it_was_shown_or_not_at_all(exchange: Flask, clock: Clock) -> None:
    offer = offers.drafted()
    refused("contract.other_document", lambda: offers.sign(offer.provider, offer.number, "0" * 64))
    for stranger in (buyer(), assets.provider(), people.operator()):
        with read() as session:
            refused("offer.not_found", partial(reading.found, session, stranger, offer.number))
    newer = offers.drafted(offer.provider, offer.listing)
    refused("offer.not_found", lambda: offers.sign(offer.provider, offer.number, "0" * 64))
    chief = people.operator()
    for act in (catalog.suspend, catalog.restore):
        with transaction() as session:
            act(session, chief, offer.listing, "looked at")
    refused("listing.changed", lambda: offers.sign(newer.provider, newer.number))
    last = offers.drafted(offer.provider, offer.listing)
    clock.advance(days=1)
    refused("offer.not_found", lambda: offers.sign(last.provider, last.number, "0" * 64))


def test_signing_again_is_the_same_step_and_another_person_is_refused(exchange: Flask) -> None:
    offer = offers.drafted()
    digest = offers.draft_of(offer).document_digest
    first = offers.sign(offer.provider, offer.number, digest)
    assert offers.sign(offer.provider, offer.number, digest).id == first.id
    other = people.colleague(offer.provider, Role.PROVIDER)
    refused("step.already_taken", lambda: offers.sign(other, offer.number, digest))


def test_two_people_sign_one_draft_at_once(exchange: Flask) -> None:
    offer = offers.drafted()
    digest = offers.draft_of(offer).document_digest
    other = people.colleague(offer.provider, Role.PROVIDER)
    acts = [partial(offers.sign, actor, offer.number, digest) for actor in (offer.provider, other)]
    results = trades.together(exchange, *acts)
    assert results.count("done") == 1
    assert set(results) <= {"done", "step.already_taken", "object.not_found", "offer.not_found"}
    assert kinds(offers.of(offer).handle) == ["offer.opened"]


def test_a_key_of_the_providers_own_signs_an_offer(exchange: Flask) -> None:
    offer = offers.drafted()
    private = signers.key()
    signers.certified(offer.provider, private)
    digest = offers.draft_of(offer).document_digest
    begun = signing.prepare(
        offer.provider, offer.number, digest, signers.fingerprint(private), find=opening.paper
    )
    raw = private.sign(begun.to_sign, ec.ECDSA(hashes.SHA256()))
    data = {"preparation": begun.id, "signature": base64.b64encode(raw).decode()}
    refused("contract.not_found", lambda: signing.signed(offer.provider, offer.number, data))
    signing.signed(offer.provider, offer.number, data, opening.paper)
    assert (offers.of(offer).state, offers.of(offer).algorithm) == (OfferState.OPEN, "ES256")
    with read() as session:
        assert session.scalars(select(Preparation)).all() == []


def test_a_listing_that_is_not_on_offer_lets_nobody_accept(exchange: Flask) -> None:
    offer = offers.opened()
    begun = offers.begun(offer)
    chief = people.operator()
    with transaction() as session:
        catalog.suspend(session, chief, offer.listing, "looked at")
    refused("listing.not_listed", lambda: deals.sign(begun.buyer, begun.number))
    refused("offer.not_found", lambda: offers.begun(offer))
    with transaction() as session:
        catalog.restore(session, chief, offer.listing, "nothing found")
    deals.sign(begun.buyer, begun.number)  # the offer stands as it was signed
    assert offers.of(offer).taken == 1


def test_the_same_key_accepts_once(exchange: Flask) -> None:
    offer, actor = offers.opened(), buyer()
    first = accepting.accept(actor, offer.number, "key 1")
    assert accepting.accept(actor, offer.number, "key 1").number == first.number
    other = offers.opened(offer.provider, assets.listed(offer.provider))
    refused("idempotency.key_reused", lambda: accepting.accept(actor, other.number, "key 1"))


def test_an_offer_without_a_time_stamp_is_stamped_later(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_digest: bytes) -> bytes:
        raise StampError("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(contract_stamps, "stamp", silent)
        offer = offers.opened()
    row = offers.of(offer)
    assert row.stamped is False
    jobs.drain()
    with read() as session:
        assert stamping.token_of(session, row.id)
    stamping.on_unstamped_offer(str(row.id))


def test_mending_says_again_which_listings_can_be_accepted_at_once(exchange: Flask) -> None:
    offer = offers.opened()
    with transaction() as session:
        catalog.show_no_offers(session)
    assert shown(offer) is None
    with transaction() as session:
        mending.mend(session)
    assert shown(offer) == offer.number


def test_every_file_of_an_offer_is_stored(exchange: Flask) -> None:
    row = offers.of(offers.opened())
    store = storage.current()
    assert store.read(row.file_digest).startswith(store.read(row.document_digest))
    assert store.read(row.terms_digest) == row.terms.encode()
    assert current_app.extensions["clock"]() < row.expires_at


@pytest.mark.parametrize("state", [state for state in OfferState if state is not OfferState.OPEN])
def test_what_has_ended_stays_so(exchange: Flask, state: OfferState) -> None:
    for event in OfferEvent:
        assert refused("offer.wrong_state", partial(advance, state, event)).extra["state"] == state


def test_what_is_approved_one_by_one_is_not_offered_to_anybody(exchange: Flask) -> None:
    offer = offers.drafted()
    people.colleague(offer.provider, Role.APPROVER)
    with transaction() as session:
        ruling.put(session, offer.provider, Rule(Asks.FROM, Money(1)))
    refused("offer.approval_asked", partial(offers.sign, offer.provider, offer.number))
    refused("offer.approval_asked", partial(offers.drafted, offer.provider, offer.listing))
    with transaction() as session:
        ruling.put(session, offer.provider, Rule(Asks.FROM, Money(10_000_000)))
    offers.sign(offer.provider, offer.number)
    with transaction() as session:
        ruling.put(session, offer.provider, Rule(Asks.ALWAYS))
    assert deals.of(offers.accepted(offer).number).state is State.VERIFIED
