"""A small exchange with something of everything, for the fuzzer to meet: real numbers, real tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from market import jobs
from market.actor import Actor, Role, Scope
from market.db import read, transaction
from market.oversight import publishing
from market.participants.models import User
from market.trades import decisions
from tests import assets, deals, evidence, people
from tests.openapi.reserved import Cast, reserved

Headers = Mapping[str, str]

RUINOUS = {"POST /api/v1/organisations/{organisation_id}/decision", "POST /api/v1/assets/{asset_id}/{act}"}
"""Would end everything else for the people and the data that it is about: done to what is there for it alone."""


SIGNS_IN = {
    "POST /api/v1/tokens",
    "POST /api/v1/second-factor",
    "POST /api/v1/second-factor/confirmation",
}
"""Take a password, which may be wrong; no other operation may refuse the token that it was given."""


@dataclass(frozen=True)
class World:
    """What is there.

    Attributes:
        values: real values by the part of an address, or the field of a body, that takes them.
        people: who may do what, each by the header of a token with every scope; for one operation alone where
            one of them has made what the others cannot see.
    """

    values: Mapping[str, list[str]]
    people: Mapping[Scope | str, list[Headers]]

    def real(self, label: str, name: str, turn: int) -> str | None:
        """Return what is there for a part of an operation: in turn its own and what it shares with others."""
        own = self.values.get(f"{label}#{name}", [])
        if label in RUINOUS:
            return own[turn % len(own)] if own else None
        shared = next((found for place, found in self.values.items() if _fits(place, label, name)), [])
        if own and shared:
            own, turn = (own, shared)[turn % 2], turn // 2
        found = own or shared
        return found[turn % len(found)] if found else None


def _fits(place: str, label: str, name: str) -> bool:
    return place == name or (place.endswith(f"{{{name}}}") and place in label)


def built() -> World:
    """Build it by the product's own services, inside :func:`tests.evidence.exchange`."""
    operator, provider, buyer = people.operator(), assets.provider(), people.verified(Role.BUYER)
    sold = assets.registered(provider, deals.content())
    listings = [assets.listed(provider, sold) for _each in range(3)]
    deal = [deals.requested(provider, buyer, listing) for listing in (*listings, *listings)]
    asked, half, due, paid, fetched, rejected = deal
    deals.sign(provider, half.number)
    for one in (due, paid, fetched, rejected):
        evidence.in_force(one)
    for one in (paid, fetched, rejected):
        evidence.pay(one)
    for one in (fetched, rejected):
        evidence.fetch(current_app, one)
    with transaction() as session:
        decisions.reject(session, buyer, rejected.number, "Half of the rows are empty.")
    jobs.drain()
    waiting = assets.submitted(provider, deals.content())
    measured = assets.drafted(provider, deals.content()).id
    fresh = assets.registered(provider, deals.content())
    jobs.drain()
    clerk, auditor = people.verified(Role.BUYER), people.colleague(operator, Role.AUDITOR)
    trades = [one.number for one in (due, paid, fetched, rejected, asked)]
    kept_apart = reserved(Cast(operator, provider, buyer, clerk))
    small, large = _heads()
    return World(
        values={
            "/texts/{name}": ["data-provision"],
            "/texts/{name}/{version}": ["1.0"],
            "/listings/{number}": [*listings, assets.listed(provider, fresh)],
            "/contracts/{number}": [one.number for one in deal],
            "/trades/{number}": trades,
            "/pages/{place}": ["1", "2"],
            "month": ["2026-01", "2026-11"],
            "moment": ["2026-01-02", "2026-01-03T08:00:00+08:00"],
            "/assets/{asset_id}": [str(one) for one in (sold.id, waiting, measured, fresh.id)],
            "/members/{user_id}": [str(people.colleague(clerk, Role.BUYER).user_id)],
            "/entries/{entry_id}": [deals.sign(provider, asked.number)],
            **{
                f"{label}#{name}": [value]
                for label in SIGNS_IN
                for name, value in (("email", _email(clerk)), ("password", people.PASSWORD))
            },
            "listing": listings,
            "Range": ["bytes=0-9", "bytes=5-", "bytes=999999-"],
            "If-None-Match": ['"0"', '"0"', '"0"', "*"],
            "asset": [str(fresh.id)],
            "document_digest": [deals.of(one.number).document_digest for one in (asked, half)],
            "/checkpoints/{size}": [small, large],
            "GET /api/v1/checkpoints/{size}/consistency/{old}#size": [large],
            "/consistency/{old}": [small],
            "GET /api/v1/people#email": [_email(buyer)],
            **kept_apart,
        },
        people={
            Scope.READ: [people.bearer(one) for one in (buyer, provider, operator, auditor)],
            Scope.MEMBERS: [people.bearer(clerk)],
            Scope.ASSETS: [people.bearer(provider)],
            Scope.LISTINGS: [people.bearer(provider)],
            Scope.CONTRACTS: [people.bearer(one) for one in (buyer, provider)],
            Scope.PAYMENTS: [people.bearer(buyer)],
            "POST /api/v1/invoices/{invoice_id}/refusal": [people.bearer(provider)],
            "GET /api/v1/invoices/export": [people.bearer(provider)],
            "POST /api/v1/bank-accounts": [people.bearer(clerk)],
            "POST /api/v1/bank-accounts/{account_id}/closure": [people.bearer(operator)],
            Scope.DELIVERY: [people.bearer(buyer)],
            Scope.TRADES: [people.bearer(buyer)],
            Scope.OPERATE: [people.bearer(operator)],
            "GET /api/v1/assets/{asset_id}": [people.bearer(provider)],
            "GET /api/v1/assets/{asset_id}/inspection": [people.bearer(provider)],
        },
    )


def _email(actor: Actor) -> str:
    with read() as session:
        return session.get_one(User, actor.user_id).email


def _heads() -> tuple[str, str]:
    """Publish the log twice, with something new between, and return the sizes."""
    sizes = []
    for _time in range(2):
        people.applied(Role.BUYER)
        head = publishing.publish()
        assert head is not None
        sizes.append(str(head.size))
    return sizes[0], sizes[1]
