"""Contracts for tests, made by the product's own services."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app

from contracts.models import Contract
from contracts.money import Money
from market.actor import Actor, Role
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.contracting import approving, bargaining, reading, service
from market.contracting.models import Request
from market.db import read, transaction
from market.keys import service as keys
from tests import assets, people


@dataclass(frozen=True)
class Deal:
    """A requested contract with a person of each side."""

    provider: Actor
    buyer: Actor
    number: str


def requested(provider: Actor | None = None, buyer: Actor | None = None, listing: str | None = None) -> Deal:
    """Return a contract that nobody has signed."""
    provider = provider or assets.provider()
    listing = listing or assets.listed(provider, assets.registered(provider, content()))
    buyer = buyer or people.verified(Role.BUYER)
    publish_key(buyer)
    return Deal(provider, buyer, service.request(buyer, listing).number)


def publish_key(actor: Actor) -> None:
    """Do at once what a job does after an organisation was verified."""
    keys.on_verified(str(actor.organisation_id))


def content() -> bytes:
    """Return a file that nobody has registered yet; they are counted anew in each exchange, and measured once."""
    counted: Iterator[int] = current_app.extensions.setdefault("deals", itertools.count(1))
    return assets.CONTENT + f"威海,{next(counted)},雾\n".encode()


def signed() -> Deal:
    """Return a contract that both have signed; the job that puts it in force waits."""
    deal = requested()
    sign(deal.provider, deal.number)
    sign(deal.buyer, deal.number)
    return deal


def free() -> dict[str, Any]:
    """Return what makes a proposal one for open data."""
    return {"model": "open-licence/1.0", "price": Money(0), "quality": ()}


def sign(actor: Actor, number: str, digest: str | None = None) -> str:
    """Sign what is on file and return the entry's id."""
    shown = digest or of(number).document_digest
    return str(service.sign(actor, number, shown).entry_id)


def offer(actor: Actor, number: str, changes: dict[str, Any]) -> Contract:
    """Answer the terms on the table with changed ones."""
    with read() as session:
        one = reading.by_number(session, number)
    bargaining.offer(actor, number, one.contract.terms_digest, bargaining.changed(one, changes))
    return of(number)


def accept(actor: Actor, number: str) -> Contract:
    """Accept the offer on the table."""
    shown = of(number).terms_digest
    with transaction() as session:
        bargaining.accept(session, actor, number, shown)
    return of(number)


def approved(deal: Deal) -> None:
    """Let the provider ask for a second person from now on, and one approve what it signs next."""
    second = people.colleague(deal.provider, Role.APPROVER)
    with transaction() as session:
        ruling.put(session, deal.provider, Rule(Asks.FROM, Money(1)))
    shown = of(deal.number).document_digest
    with transaction() as session:
        approving.approve(session, second, deal.number, shown)


def of(number: str) -> Contract:
    """Return a contract as it stands now."""
    with read() as session:
        return reading.by_number(session, number).contract


def row(number: str) -> Request:
    """Return a request as it stands now."""
    with read() as session:
        return reading.by_number(session, number).request
