"""Roles given and taken by an administrator, and what nobody may give."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.actor import Actor, Role, Scope
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.participants import members
from market.steps import Kind, Step
from tests import people
from tests.market.participants.visitor import HTML, is_in, post, send, signed_in


def change(actor: Actor, whom: Actor, *roles: Role) -> Step:
    assert whom.user_id is not None
    with transaction() as session:
        return members.change(session, actor, whom.user_id, frozenset(roles))


def test_a_token_follows_the_new_roles_at_once(client: FlaskClient) -> None:
    chief = people.verified(Role.BUYER, Role.PROVIDER)
    clerk = people.colleague(chief, Role.BUYER)
    bearer, chiefs = people.bearer(clerk), people.bearer(chief)
    address = f"/api/v1/members/{clerk.user_id}/roles"
    changed = client.put(address, json={"roles": ["provider"]}, headers=chiefs)
    assert (changed.status_code, changed.json["roles"]) == (200, ["provider"])
    assert client.get("/api/v1/me", headers=bearer).json["roles"] == ["provider"]
    again = client.put(address, json={"roles": ["provider"]}, headers=chiefs)
    assert again.json["entry_id"] == changed.json["entry_id"]
    listed = client.get("/api/v1/members", headers=chiefs).json["items"]
    assert sorted(member["roles"] for member in listed) == [["admin", "buyer", "provider"], ["provider"]]
    with read() as session:
        assert session.query(Step).filter(Step.kind == Kind.MEMBER_CHANGED).count() == 1


def test_only_an_administrator_changes_roles_and_of_their_own_people_alone(client: FlaskClient) -> None:
    chief, stranger = people.verified(Role.BUYER), people.verified(Role.BUYER)
    clerk = people.colleague(chief, Role.BUYER)
    for actor, whom, error in ((clerk, clerk, Forbidden), (stranger, clerk, NotFound)):
        with pytest.raises(error):
            change(actor, whom, Role.ADMIN, Role.BUYER)
    address = f"/api/v1/members/{clerk.user_id}/roles"
    narrow = people.bearer(chief, *(set(Scope) - {Scope.MEMBERS}))
    refused = client.put(address, json={"roles": ["admin"]}, headers=narrow)
    assert (refused.status_code, refused.json["code"]) == (403, "token.scope_missing")


@pytest.mark.parametrize("roles", [{Role.OPERATOR}, {Role.BUYER, Role.AUDITOR}, set()])
def test_a_trading_organisation_has_no_staff(exchange: Flask, roles: set[Role]) -> None:
    chief = people.verified(Role.BUYER)
    clerk = people.colleague(chief, Role.BUYER)
    with pytest.raises(Invalid):
        change(chief, clerk, *roles)


def test_the_operator_s_people_do_not_trade_and_give_themselves_nothing(exchange: Flask) -> None:
    chief = people.operator()
    auditor = people.colleague(chief, Role.AUDITOR, Role.ADMIN)
    with pytest.raises(Invalid):
        change(chief, auditor, Role.BUYER)
    with pytest.raises(Forbidden) as refused:
        change(auditor, auditor, Role.ADMIN, Role.AUDITOR, Role.OPERATOR)
    assert (refused.value.code, refused.value.rule) == ("role.own", "R1.5")
    change(auditor, auditor, Role.ADMIN)
    with pytest.raises(Forbidden):
        change(auditor, auditor, Role.ADMIN, Role.AUDITOR)
    change(chief, auditor, Role.AUDITOR)


def test_an_organisation_is_never_without_an_administrator(exchange: Flask) -> None:
    chief = people.verified(Role.BUYER)
    with pytest.raises(Conflict) as refused:
        change(chief, chief, Role.BUYER)
    assert refused.value.code == "member.last_administrator"
    second = people.colleague(chief, Role.ADMIN)
    change(chief, chief, Role.BUYER)
    with pytest.raises(Conflict):
        change(
            chief, second, Role.BUYER
        )  # both changed each other at the same time: the later one is refused
    with pytest.raises(Conflict):
        change(second, second, Role.BUYER)


def test_roles_are_changed_on_a_page_and_the_person_signs_in_again(client: FlaskClient) -> None:
    chief = people.verified(Role.BUYER, email="chief@example.org")
    clerk = people.colleague(chief, Role.BUYER)
    with read() as session:
        email = next(user.email for user, _m in members.people(session, chief) if user.id == clerk.user_id)
    theirs = client.application.test_client()
    signed_in(theirs, email)
    signed_in(client, "chief@example.org")
    assert theirs.get(f"/members/{chief.user_id}", headers=HTML).status_code == 403
    page = f"/members/{clerk.user_id}"
    assert post(client, page, f"{page}/roles").status_code == 422
    assert send(client, page, f"{page}/roles", roles=["admin", "buyer"]) == "/members"
    assert not is_in(theirs)
    signed_in(theirs, email)
    assert theirs.get(f"/members/{chief.user_id}", headers=HTML).status_code == 200


def test_an_administrator_s_own_session_is_renewed(client: FlaskClient) -> None:
    chief = people.verified(Role.BUYER, email="chief@example.org")
    signed_in(client, "chief@example.org")
    before = client.get_cookie("qilu_session")
    page = f"/members/{chief.user_id}"
    assert send(client, page, f"{page}/roles", roles=["admin", "buyer", "provider"]) == "/members"
    after = client.get_cookie("qilu_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert is_in(client)
    thief = client.application.test_client()
    thief.set_cookie("qilu_session", before.value)
    assert not is_in(thief)
