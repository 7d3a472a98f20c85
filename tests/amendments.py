"""Amendments for tests, made by the product's own services."""

from typing import Any

from market import jobs
from market.actor import Actor
from market.contracting import bargaining, reading
from market.contracting.reading import Agreed
from market.db import read
from market.trades import amending, service
from tests import deals
from tests.deals import Deal


def in_force(deal: Deal) -> Agreed:
    """Return the contract whose terms apply to a trade now."""
    with read() as session:
        return reading.agreed(session, service.life(session, deal.number).agreement.contract_id)


def propose(actor: Actor, deal: Deal, changes: dict[str, Any], base: str = "", key: str | None = None) -> str:
    """Propose an amendment and return its number."""
    parent = in_force(deal)
    values = bargaining.changed(parent, changes)
    shown = base or parent.contract.terms_digest
    return amending.propose(actor, deal.number, shown, values, "", key).number


def sign(deal: Deal, number: str) -> None:
    """Let both sign a proposal of the buyer's, or one that the buyer accepted; the job that follows waits."""
    deals.sign(deal.provider, number)
    deals.sign(deal.buyer, number)


def amend(deal: Deal, changes: dict[str, Any]) -> str:
    """Amend the contract of a trade by a proposal of the buyer's; return the amendment's number."""
    number = propose(deal.buyer, deal, changes)
    sign(deal, number)
    jobs.drain()
    return number
