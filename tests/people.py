"""Organisations and people for tests, made by the product's own services."""

import itertools
from datetime import date
from functools import cache

from contracts.identifiers import credit_check
from market.actor import Actor, Role, Scope
from market.db import read, transaction
from market.participants import access, members, passwords, service
from market.participants.application import Application
from market.participants.models import Organisation
from market.participants.states import Decision

PASSWORD = "correct horse battery"
_count = itertools.count(1_000_000)
"""From where a name is long enough to need a second line in the narrow places of a page."""


@cache
def hashed() -> str:
    """Return the hash of :data:`PASSWORD`, made once."""
    return passwords.hashed(PASSWORD)


def credit_code(number: int) -> str:
    """Return a code that passes its check but belongs to no real place (district 999999)."""
    body = f"91999999MA{number:07d}"
    return body + credit_check(body)


def application(*roles: Role, email: str | None = None) -> Application:
    """Return an application nobody else makes."""
    number = next(_count)
    return Application(
        name_zh=f"泉城数据第{number}公司",
        name_en=f"Spring City Data No. {number}",
        credit_code=credit_code(number),
        established_on=date(2024, 3, 1),
        email=email or f"person{number}@example.org",
        person=f"张{number}",
        phone="0531-5550100",
        roles=frozenset(roles or {Role.PROVIDER, Role.BUYER}),
    )


def operator() -> Actor:
    """Found the exchange, or find it, and return its first person: administrator, operator, reviewer."""
    with read() as session:
        found = service.operator(session)
    if found is None:
        with transaction() as session:
            found, _step = service.create_operator(session, application(), hashed())
    return actor_of(found)


def applied(*roles: Role, email: str | None = None) -> Organisation:
    """Return an organisation that waits for the operator's decision."""
    with transaction() as session:
        organisation, _step = service.apply(session, application(*roles, email=email), hashed())
    return organisation


def verified(*roles: Role, email: str | None = None) -> Actor:
    """Return the first person of a verified organisation: administrator with these roles."""
    organisation, chief = applied(*roles, email=email), operator()
    with transaction() as session:
        service.decide(session, chief, organisation.id, Decision.VERIFY, "papers checked")
    return actor_of(organisation)


def colleague(actor: Actor, *roles: Role) -> Actor:
    """Return a further person in the actor's organisation."""
    email = f"person{next(_count)}@example.org"
    with transaction() as session:
        _invitation, secret, _step = members.invite(session, actor, email, frozenset(roles))
    with transaction() as session:
        user, _step = members.join(session, secret, "李同事", hashed())
        _row, token = access.issue_token(session, user.id, "tests", Scope, second_factor=True)
    with read() as session:
        return access.by_token(session, token)[0].actor


def actor_of(organisation: Organisation) -> Actor:
    """Return the first person of an organisation as they stand now."""
    token = token_of(organisation)
    with read() as session:
        return access.by_token(session, token)[0].actor


def token_of(organisation: Organisation) -> str:
    """Return a bearer token of the first person of an organisation."""
    with transaction() as session:
        return access.issue_token(session, organisation.contact_id, "tests", Scope, second_factor=True)[1]


def bearer(actor: Actor, *scopes: Scope) -> dict[str, str]:
    """Return the header by which a request is this person's; with all scopes when none is named."""
    assert actor.user_id is not None
    with transaction() as session:
        _row, token = access.issue_token(session, actor.user_id, "tests", scopes or Scope, second_factor=True)
    return {"Authorization": f"Bearer {token}"}


def session_of(actor: Actor) -> str:
    """Return the cookie's secret of a new browser session of this person, in which a second factor was given."""
    assert actor.user_id is not None
    with transaction() as session:
        return access.begin_session(session, actor.user_id, "nobody@example.org", "tests", second_factor=True)
