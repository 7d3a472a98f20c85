"""Erasing a person: what goes, what stays, and who may not be erased now."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from market import jobs, migrations, steps
from market.actor import Actor, Role, Scope
from market.db import Base, read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.governance import erasing, labels
from market.governance.erasing import Ground
from market.participants import access, members, resetting, service
from market.participants.models import Invitation, Organisation, User
from market.participants.states import Decision
from market.steps import fsck
from market.steps.erasing import personal_columns
from market.steps.models import Creation
from tests import deals, people


def _email(actor: Actor) -> str:
    assert actor.user_id is not None
    with read() as session:
        return session.get_one(User, actor.user_id).email


def _erase(chief: Actor, person: Actor, ground: Ground = Ground.ASKED) -> steps.Step:
    assert person.user_id is not None
    email = _email(person)
    with transaction() as session:
        return erasing.erase(session, chief, person.user_id, email, ground)


def _departed(chief: Actor) -> Actor:
    """Return the first person of an organisation that the operator suspended."""
    person = people.verified(Role.BUYER)
    assert person.organisation_id is not None
    with transaction() as session:
        service.decide(session, chief, person.organisation_id, Decision.SUSPEND, "ended")
    return person


def test_nothing_about_the_person_is_left_in_any_row(exchange: Flask) -> None:
    chief = people.operator()
    person = _departed(chief)
    email = _email(person)
    with transaction() as session:
        resetting.ask(session, email, "zh", "nowhere")
        session.flush()
        row = session.get_one(User, person.user_id)
        phone = (
            session.scalars(select(Organisation).where(Organisation.contact_id == row.id)).one().contact_phone
        )
        name = row.name
    jobs.drain()
    assert {email, name, phone} <= _texts()
    _erase(chief, person)
    jobs.drain()
    assert not [text for text in _texts() if email in text or name == text]
    with read() as session:
        kept = session.scalars(select(Organisation).where(Organisation.contact_id == person.user_id)).one()
        assert (kept.contact_name, kept.contact_email, kept.contact_phone) == ("", "", "")
        assert list(fsck.check(session, migrations.metadata())) == []


def test_sessions_and_tokens_end_and_nobody_signs_in_again(exchange: Flask) -> None:
    chief = people.operator()
    person = _departed(chief)
    email = _email(person)
    with transaction() as session:
        secret = access.begin_session(session, person.user_id, email, "tests")  # type: ignore[arg-type]
        _row, token = access.issue_token(session, person.user_id, "tests", Scope)  # type: ignore[arg-type]
    _erase(chief, person)
    with read() as session:
        assert access.by_session(session, secret) is None
        with pytest.raises(MarketError) as refused:
            access.by_token(session, token)
        assert refused.value.code == "token.invalid"
        assert access.credential(session, email) == (None, None)


def test_who_was_only_invited_can_be_erased_and_the_link_is_dead(exchange: Flask) -> None:
    chief, admin = people.operator(), people.verified()
    with transaction() as session:
        _row, secret, _step = members.invite(
            session, admin, "guest@example.org", frozenset({Role.BUYER}), "key"
        )
        _row, other, _step = members.invite(session, admin, "guest@example.org", frozenset({Role.BUYER}))
    with read() as session:
        found = erasing.find(session, chief, "guest@example.org")
    assert (found.rows, found.openings, found.refusal) == ({"invitation": 2}, 2, None)
    with transaction() as session:
        erasing.erase(session, chief, found.person.id, "guest@example.org", Ground.PURPOSE_ENDED)
    with read() as session:
        assert {row.email for row in session.scalars(select(Invitation))} == {""}
        assert session.scalars(select(Creation)).all() == [], "the digest of what was given can be guessed"
        for link in (secret, other):
            with pytest.raises(NotFound):
                members.invitation_for(session, link)
        with pytest.raises(NotFound) as unknown:
            erasing.find(session, chief, "guest@example.org")
        assert unknown.value.code == "person.not_found"


def test_a_running_trade_stands_against_it(exchange: Flask) -> None:
    chief, deal = people.operator(), deals.signed()
    with pytest.raises(Conflict) as half:
        _erase(chief, deal.buyer)
    assert (half.value.code, half.value.extra["numbers"]) == ("person.obligations", [deal.number])
    jobs.drain()
    for person in (deal.buyer, deal.provider):
        with pytest.raises(Conflict) as running:
            _erase(chief, person)
        assert (running.value.code, running.value.extra["numbers"]) == ("person.obligations", [deal.number])


def test_an_organisation_that_may_act_keeps_an_administrator(exchange: Flask) -> None:
    chief, person = people.operator(), people.verified(Role.BUYER)
    people.colleague(person, Role.BUYER)
    with pytest.raises(Conflict) as refused:
        _erase(chief, person)
    assert refused.value.code == "person.last_administrator"
    people.colleague(person, Role.ADMIN)
    _erase(chief, person)


def test_a_member_who_is_erased_has_left(exchange: Flask) -> None:
    chief, admin = people.operator(), people.verified()
    colleague = people.colleague(admin, Role.BUYER)
    _erase(chief, colleague)
    with read() as session:
        assert [user.id for user, _member in members.people(session, admin)] == [admin.user_id]


def test_the_same_again_is_no_new_entry_and_another_ground_is_refused(exchange: Flask) -> None:
    chief = people.operator()
    person = _departed(chief)
    email, user_id = _email(person), person.user_id
    assert user_id is not None
    step = _erase(chief, person)
    with transaction() as session:
        assert erasing.erase(session, chief, user_id, email, Ground.ASKED).id == step.id
        with pytest.raises(Conflict):
            erasing.erase(session, chief, user_id, email, Ground.UNLAWFUL)


def test_it_needs_the_right_person_and_the_right_word(exchange: Flask) -> None:
    chief = people.operator()
    person, colleague = _departed(chief), people.colleague(chief, Role.AUDITOR)
    assert person.user_id is not None
    refusals: list[tuple[Actor, Any, str, type[MarketError]]] = [
        (colleague, person.user_id, _email(person), Forbidden),
        (people.verified(), person.user_id, _email(person), Forbidden),
        (chief, colleague.user_id, _email(colleague), Forbidden),
        (chief, chief.user_id, _email(chief), Forbidden),
        (chief, person.user_id, _email(colleague), Invalid),
    ]
    for actor, user_id, confirm, error in refusals:
        with pytest.raises(error), transaction() as session:
            erasing.erase(session, actor, user_id, confirm, Ground.ASKED)


def test_every_row_with_personal_columns_has_a_name(exchange: Flask) -> None:
    assert {table.name for table in Base.metadata.sorted_tables if personal_columns(table)} == set(
        labels.TABLES
    )


def _texts() -> set[str]:
    """Return every text of every row, those in JSON and in openings too."""
    found: set[str] = set()
    with read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    _collect(value, found.add)
    return found


def _collect(value: Any, add: Callable[[str], None]) -> None:
    if isinstance(value, str):
        add(value.strip('"'))
        add(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _collect(item, add)
