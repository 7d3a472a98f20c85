"""An exchange in two halves: what happened before a backup was made, and all that steps write after it."""

from market import jobs
from market.actor import Actor, Role
from market.contracting import bargaining
from market.db import read, transaction
from market.governance import erasing
from market.governance.erasing import Ground
from market.participants import members, service
from market.participants.models import User
from market.participants.states import Decision
from market.trades import decisions, ending, grounds, redressing
from market.trades.dispute import Ruling
from tests import (
    assets,
    attestations,
    banking,
    chargebacks,
    deals,
    invoices,
    offers,
    people,
    reports,
    signers,
    trades,
    waivers,
)
from tests.deals import Deal


def email_of(actor: Actor) -> str:
    with read() as session:
        return session.get_one(User, actor.user_id).email


def departed() -> Actor:
    """Return the first person of an organisation that the operator suspended."""
    chief, person = people.operator(), people.verified(Role.BUYER)
    assert person.organisation_id is not None
    with transaction() as session:
        service.decide(session, chief, person.organisation_id, Decision.SUSPEND, "ended")
    return person


def erase(person: Actor) -> None:
    assert person.user_id is not None
    chief, email = people.operator(), email_of(person)
    with transaction() as session:
        erasing.erase(session, chief, person.user_id, email, Ground.ASKED)


def first_half() -> Deal:
    """What happened before the backup: people, and a contract that both have signed."""
    deal = trades.signed()
    people.colleague(deal.provider, Role.PROVIDER)
    jobs.drain()
    return deal


def second_half(deal: Deal) -> None:
    """What happened after it: every table that steps write is written."""
    trades.fetched(trades.paid(deal))
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    jobs.drain()
    invoices.profile(deal.buyer)
    invoices.issued(invoices.asked(deal), deal.provider, file=invoices.stored())
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 1_000, "a column was empty")
    jobs.drain()
    chargebacks.questioned(deal.number, amount=2_000)
    jobs.drain()
    other = trades.fetched(trades.paid(trades.in_force(beside=deal)))
    with transaction() as session:
        decisions.reject(session, other.buyer, other.number, "not what was sold")
    with transaction() as session:
        decisions.rule(session, chief, other.number, Ruling.REFUND, "half of it is missing")
    jobs.drain()
    trades.planned(trades.in_force(beside=deal))
    waivers.asked(deal.provider)
    banking.story(trades.in_force(beside=deal))
    jobs.drain()
    asked = deals.requested(deal.provider)
    bargaining.say(asked.buyer, asked.number, deals.of(asked.number).terms_digest, "term", "why so long?")
    offers.accepted(offers.opened(deal.provider), deal.buyer)
    deals.approved(asked)
    reports.signed(chief, people.colleague(chief, Role.OPERATOR))
    assets.corrected(assets.appealed(deal.provider))
    assets.declared(deal.provider, assets.stopped(deal.provider))
    with transaction() as session:
        ending.end(session, deal.provider, deal.number, grounds.Ground.GRAVE, "it was passed on")
    content = deals.content()
    measured, body = assets.registered(deal.provider, content), attestations.body()
    attestations.attach(body, str(measured.number), body.file(attestations.measured(content)))
    assets.revised(deal.provider, measured.id)
    assets.cleaned(deal.provider, deals.content())
    newcomer = people.colleague(deal.buyer, Role.BUYER)
    signers.certified(newcomer)
    with transaction() as session:
        members.remove(session, deal.buyer, newcomer.user_id)  # type: ignore[arg-type]
    with transaction() as session:
        members.invite(session, deal.buyer, "invited@example.org", frozenset({Role.BUYER}))
