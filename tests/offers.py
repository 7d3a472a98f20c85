"""Standing offers for tests, made by the product's own services."""

from dataclasses import dataclass

from market.actor import Actor, Role
from market.contracting import signing
from market.contracting.models import OfferDraft, StandingOffer
from market.contracting.standing import accepting, drafting, ending, opening, reading
from market.db import read, transaction
from market.steps import Step
from tests import assets, deals, people
from tests.deals import Deal


@dataclass(frozen=True)
class Offered:
    """A standing offer with a person of its provider."""

    provider: Actor
    listing: str
    number: str


def drafted(
    provider: Actor | None = None, listing: str | None = None, *, days: int = 30, most: int = 2
) -> Offered:
    """Return an offer that nobody has signed."""
    provider = provider or assets.provider()
    listing = listing or assets.listed(provider, assets.registered(provider, deals.content()))
    deals.publish_key(provider)
    return Offered(provider, listing, drafting.draft(provider, listing, days, most).number)


def opened(
    provider: Actor | None = None, listing: str | None = None, *, days: int = 30, most: int = 2
) -> Offered:
    """Return an offer that can be accepted."""
    offer = drafted(provider, listing, days=days, most=most)
    sign(offer.provider, offer.number)
    return offer


def sign(actor: Actor, number: str, digest: str | None = None) -> Step:
    """Sign a draft."""
    with read() as session:
        shown = digest or reading.found(session, actor, number).document_digest
    return signing.sign(actor, number, shown, opening.paper)


def begun(offer: Offered, buyer: Actor | None = None) -> Deal:
    """Return a contract that accepts an offer; its buyer has not signed."""
    buyer = buyer or people.verified(Role.BUYER)
    deals.publish_key(buyer)
    return Deal(offer.provider, buyer, accepting.accept(buyer, offer.number).number)


def accepted(offer: Offered, buyer: Actor | None = None) -> Deal:
    """Return a contract by which an offer was accepted."""
    deal = begun(offer, buyer)
    deals.sign(deal.buyer, deal.number)
    return deal


def withdraw(offer: Offered) -> Step:
    """Take an offer back."""
    with transaction() as session:
        return ending.withdraw(session, offer.provider, offer.number)


def of(offer: Offered) -> StandingOffer:
    """Return a signed offer as it stands now."""
    with read() as session:
        return reading.signed(session, offer.provider, offer.number)


def draft_of(offer: Offered) -> OfferDraft:
    """Return a draft as it stands now."""
    with read() as session:
        row = reading.found(session, offer.provider, offer.number)
    assert isinstance(row, OfferDraft)
    return row
