"""A small exchange with something of everything, for the fuzzer to meet: real numbers, real tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from market import jobs
from market.actor import Actor, Role, Scope
from market.db import read, transaction
from market.participants import members
from market.participants.models import User
from market.trades import decisions
from tests import assets, deals, evidence, people

Headers = Mapping[str, str]


@dataclass(frozen=True)
class World:
    """What is there.

    Attributes:
        values: real values by the part of an address, or the field of a body, that takes them.
        people: who may do what, each by the header of a token with every scope.
    """

    values: Mapping[str, list[str]]
    people: Mapping[Scope, list[Headers]]


def built() -> World:
    """Build it by the product's own services, inside :func:`tests.evidence.exchange`."""
    operator, provider, buyer = people.operator(), assets.provider(), people.verified(Role.BUYER)
    sold = assets.registered(provider, deals.content())
    listings = [assets.listed(provider, sold) for _each in range(3)]
    deal = [deals.requested(provider, buyer, listing) for listing in (*listings, *listings, *listings[:1])]
    asked, half, due, paid, fetched, rejected, kept = deal
    deals.sign(provider, half.number)
    for one in (due, paid, fetched, rejected, kept):
        evidence.in_force(one)
    for one in (paid, fetched, rejected, kept):
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
    applied = people.applied(Role.BUYER)
    other, auditor = people.verified(Role.BUYER), people.colleague(operator, Role.AUDITOR)
    trades = [one.number for one in (due, paid, fetched, rejected, asked)]
    return World(
        values={
            "/listings/{number}": [*listings, assets.listed(provider, fresh)],
            "/contracts/{number}": [one.number for one in deal],
            "/trades/{number}": trades,
            "GET /api/v1/trades/{number}/delivery#number": [kept.number],
            "/pages/{place}": ["1", "2"],
            "/assets/{asset_id}": [str(one) for one in (sold.id, waiting, measured, fresh.id)],
            "/organisations/{organisation_id}": [str(applied.id), str(other.organisation_id)],
            "/members/{user_id}": [str(people.colleague(buyer, Role.BUYER).user_id)],
            "/invitations/{token}": [_invitation(buyer)],
            "/entries/{entry_id}": [deals.sign(provider, asked.number)],
            "POST /api/v1/tokens#email": [_email(buyer)],
            "POST /api/v1/tokens#password": [people.PASSWORD],
            "listing": listings,
            "Range": ["bytes=0-9", "bytes=5-", "bytes=999999-"],
            "If-None-Match": ['"0"', '"0"', '"0"', "*"],
            "asset": [str(fresh.id)],
            "document_digest": [deals.of(one.number).document_digest for one in (asked, half)],
        },
        people={
            Scope.READ: [people.bearer(one) for one in (buyer, provider, operator, auditor)],
            Scope.MEMBERS: [people.bearer(buyer)],
            Scope.ASSETS: [people.bearer(provider)],
            Scope.LISTINGS: [people.bearer(provider)],
            Scope.CONTRACTS: [people.bearer(one) for one in (buyer, provider)],
            Scope.PAYMENTS: [people.bearer(buyer)],
            Scope.DELIVERY: [people.bearer(buyer)],
            Scope.TRADES: [people.bearer(buyer)],
            Scope.OPERATE: [people.bearer(operator)],
        },
    )


def _email(actor: Actor) -> str:
    with read() as session:
        return session.get_one(User, actor.user_id).email


def _invitation(actor: Actor) -> str:
    with transaction() as session:
        return members.invite(session, actor, "colleague@example.org", frozenset({Role.BUYER}))[1]
