import pytest
from flask import Flask

from market.actor import Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from market.participants import access, members
from market.steps import openings
from tests import people
from tests.conftest import Clock


def test_an_invited_person_joins_with_the_roles_they_were_given(exchange: Flask) -> None:
    chief = people.operator()
    auditor = people.colleague(chief, Role.AUDITOR)
    assert auditor.roles == {Role.AUDITOR}
    assert auditor.organisation_id == chief.organisation_id
    with read() as session:
        assert len(members.people(session, chief)) == 2
        assert members.invitations(session, chief) == []


def test_an_invitation_works_once_and_not_for_ever(exchange: Flask, clock: Clock) -> None:
    chief = people.operator()
    with transaction() as session:
        _row, used, _step = members.invite(session, chief, "a@example.org", frozenset({Role.AUDITOR}))
    with transaction() as session:
        _row, late, _step = members.invite(session, chief, "b@example.org", frozenset({Role.AUDITOR}))
    with transaction() as session:
        members.join(session, used, "赵审计", people.hashed())
    clock.advance(days=7)
    for secret in (used, late, "unknown"):
        with transaction() as session, pytest.raises(NotFound) as refused:
            members.join(session, secret, "赵审计", people.hashed())
        assert refused.value.code == "invitation.not_found"


def test_the_secret_of_an_invitation_is_not_stored(exchange: Flask) -> None:
    chief = people.operator()
    with transaction() as session:
        _row, secret, step = members.invite(session, chief, "a@example.org", frozenset({Role.AUDITOR}))
    with read() as session:
        kept = " ".join(str(opening.value) for opening in openings(session, step.entry_id))
    assert secret not in kept


def test_an_invitation_asked_for_twice_is_made_once(exchange: Flask) -> None:
    chief = people.operator()
    wanted: tuple[str, frozenset[Role], str] = ("a@example.org", frozenset({Role.AUDITOR}), "key")
    with transaction() as session:
        first, secret, _step = members.invite(session, chief, *wanted)
    with transaction() as session:
        again, none, step = members.invite(session, chief, *wanted)
        assert (again.id, none, step) == (first.id, "", None)
    with transaction() as session, pytest.raises(Conflict) as refused:
        members.invite(session, chief, "b@example.org", frozenset({Role.AUDITOR}), "key")
    assert refused.value.code == "idempotency.key_reused"
    with transaction() as session:
        members.join(session, secret, "赵审计", people.hashed())
    with transaction() as session:
        assert members.invite(session, chief, *wanted)[0].id == first.id, "though somebody signs in by it now"


@pytest.mark.parametrize("roles", [{Role.OPERATOR}, {Role.PROVIDER, Role.AUDITOR}, set()])
def test_a_trading_organisation_gives_no_staff_roles(exchange: Flask, roles: set[Role]) -> None:
    provider = people.verified(Role.PROVIDER)
    with transaction() as session, pytest.raises(Invalid):
        members.invite(session, provider, "a@example.org", frozenset(roles))


def test_the_operator_gives_no_trading_roles(exchange: Flask) -> None:
    chief = people.operator()
    with transaction() as session, pytest.raises(Invalid):
        members.invite(session, chief, "a@example.org", frozenset({Role.BUYER}))


def test_only_an_administrator_of_a_verified_organisation_invites(exchange: Flask) -> None:
    buyer = people.colleague(people.verified(Role.BUYER), Role.BUYER)
    unverified = people.actor_of(people.applied())
    for actor, rule in ((buyer, "R1.3"), (unverified, "R1.1")):
        with transaction() as session, pytest.raises(Forbidden) as refused:
            members.invite(session, actor, "a@example.org", frozenset({Role.BUYER}))
        assert refused.value.rule == rule


def test_a_removed_member_cannot_come_in_any_more(exchange: Flask) -> None:
    chief = people.verified(Role.BUYER)
    buyer = people.colleague(chief, Role.BUYER)
    token = people.bearer(buyer)["Authorization"].removeprefix("Bearer ")
    assert buyer.user_id is not None
    with transaction() as session:
        members.remove(session, chief, buyer.user_id)
    with read() as session, pytest.raises(Unauthenticated):
        access.by_token(session, token)
    with transaction() as session, pytest.raises(NotFound):
        members.remove(session, chief, buyer.user_id)


def test_nobody_removes_themselves_or_others_people(exchange: Flask) -> None:
    chief, other = people.verified(Role.BUYER), people.verified(Role.BUYER)
    assert chief.user_id is not None
    with transaction() as session, pytest.raises(Conflict):
        members.remove(session, chief, chief.user_id)
    with transaction() as session, pytest.raises(NotFound):
        members.remove(session, other, chief.user_id)
