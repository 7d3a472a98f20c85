"""Passwords changed, forgotten and reset, and what an attacker might try on the way."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market import jobs, mail
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Unavailable
from market.i18n import COOKIE
from market.participants import access, members
from market.participants.models import ApiToken, LoginAttempt, Member, PasswordReset, SignIn
from tests import people
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, is_in, post, send, signed_in

EMAIL = "buyer@example.org"
FRESH = "seven quiet rivers 2026"


class Letters:
    """What the mail room was asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.fail = False

    def send(self, to: str, message: str, **values: Any) -> None:
        if self.fail:
            raise Unavailable("mail.unavailable", "later")
        self.sent.append((to, message, values))

    def link(self) -> str:
        to, message, values = self.sent[-1]
        assert (to, message) == (EMAIL, "password_reset")
        return str(values["link"]).removeprefix("http://localhost:8080")


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    monkeypatch.setattr(mail, "send", letters.send)
    return letters


@pytest.fixture(autouse=True)
def _buyer(exchange: Flask) -> None:
    people.verified(Role.BUYER, email=EMAIL)
    jobs.drain()


def asked(client: FlaskClient, email: str = EMAIL) -> str:
    answer = post(client, "/forgotten", "/forgotten", email=email)
    assert answer.status_code == 200, answer.text
    return re.sub(r"[0-9a-f]{32}|[\w.-]{60,}", "", answer.text).replace(email, "")


def enter(client: FlaskClient, password: str) -> int:
    return post(
        client.application.test_client(), "/sign-in", "/sign-in", email=EMAIL, password=password
    ).status_code


def test_a_forgotten_password_is_set_by_a_link_and_everything_else_ends(
    client: FlaskClient, letters: Letters
) -> None:
    signed_in(client, EMAIL)
    buyer = _actor()
    bearer = people.bearer(buyer)
    stranger = client.application.test_client()
    asked(stranger)
    jobs.drain()
    link = letters.link()
    assert send(stranger, link, link, password=FRESH) == "/sign-in"
    jobs.drain()
    assert letters.sent[-1][1] == "password_changed"
    assert not is_in(client)
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert enter(client, people.PASSWORD) == 401
    assert enter(client, FRESH) == 303
    with read() as session:
        assert session.query(PasswordReset).count() == 0
        mine = session.query(ApiToken).filter(ApiToken.user_id == buyer.user_id).all()
        assert mine, "they stay in the list"
        assert all(token.revoked_at for token in mine)


def test_a_link_works_once_for_half_an_hour_and_a_later_letter_ends_it(
    client: FlaskClient, letters: Letters, clock: Clock
) -> None:
    links = []
    for _letter in range(2):
        asked(client)
        jobs.drain()
        links.append(letters.link())
    assert client.get(links[0], headers=HTML).status_code == 404
    assert send(client, links[1], links[1], password=FRESH) == "/sign-in"
    page = client.get("/sign-in", headers=HTML).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    again = client.post(links[1], data={"password": people.PASSWORD, "csrf_token": token[1]}, headers=HTML)
    assert again.status_code == 404
    asked(client)
    jobs.drain()
    clock.advance(minutes=30)
    assert client.get(letters.link(), headers=HTML).status_code == 404
    assert enter(client, FRESH) == 303


def test_the_answer_and_the_work_are_the_same_for_an_address_nobody_has(
    client: FlaskClient, letters: Letters
) -> None:
    known = asked(client)
    with read() as session:
        work = [(job.name, sorted(job.payload)) for job in session.query(jobs.Job) if job.done_at is None]
    jobs.drain()
    unknown = asked(client, "nobody@example.org")
    with read() as session:
        other = [(job.name, sorted(job.payload)) for job in session.query(jobs.Job) if job.done_at is None]
    assert (unknown, other) == (known, work)
    jobs.drain()
    assert [to for to, _message, _values in letters.sent] == [EMAIL]
    with read() as session:
        assert [row.email for row in session.query(PasswordReset)] == [EMAIL]
        assert "nobody@example.org" not in str([job.payload for job in session.query(jobs.Job)])


def test_the_secret_is_not_stored_and_a_letter_waits_for_its_server(
    client: FlaskClient, letters: Letters, clock: Clock
) -> None:
    letters.fail = True
    asked(client)
    jobs.drain()
    assert letters.sent == []
    letters.fail = False
    clock.advance(minutes=5)
    jobs.drain()
    secret = letters.link().rsplit("/", 1)[1]
    with read() as session:
        kept = [str(vars(row)) for row in [*session.query(PasswordReset), *session.query(jobs.Job)]]
    assert secret not in " ".join(kept)
    assert client.get(letters.link(), headers=HTML).status_code == 200


def test_letters_are_limited_for_an_address_quietly_and_for_a_network_openly(
    client: FlaskClient, letters: Letters, clock: Clock
) -> None:
    first = asked(client)
    for _letter in range(4):
        assert asked(client) == first
    jobs.drain()
    assert len(letters.sent) <= 3
    for place in range(15):
        asked(client, f"nobody{place}@example.org")
    assert post(client, "/forgotten", "/forgotten", email="nobody@example.org").status_code == 429
    assert enter(client, people.PASSWORD) == 303, "asking for letters locks nobody out"
    clock.advance(minutes=15)
    asked(client)


def test_whoever_has_left_gets_no_letter_and_uses_no_link(client: FlaskClient, letters: Letters) -> None:
    chief = people.verified(Role.BUYER)
    leaver = people.colleague(chief, Role.BUYER)
    with read() as session:
        email = next(user.email for user, _m in members.people(session, chief) if user.id == leaver.user_id)
    asked(client, email)
    jobs.drain()
    link = str(letters.sent[-1][2]["link"]).removeprefix("http://localhost:8080")
    assert leaver.user_id is not None
    with transaction() as session:
        members.remove(session, chief, leaver.user_id)
    assert client.get(link, headers=HTML).status_code == 404
    count = len(letters.sent)
    asked(client, email)
    jobs.drain()
    assert len(letters.sent) == count


def test_a_weak_password_is_refused_and_the_link_still_works(client: FlaskClient, letters: Letters) -> None:
    asked(client)
    jobs.drain()
    link = letters.link()
    for weak in ("short", "password-12345678"):
        assert post(client, link, link, password=weak).status_code == 422
    assert send(client, link, link, password=FRESH) == "/sign-in"


def test_a_changed_password_ends_the_other_sessions_and_renews_this_one(
    client: FlaskClient, letters: Letters
) -> None:
    elsewhere = client.application.test_client()
    signed_in(elsewhere, EMAIL)
    signed_in(client, EMAIL)
    before = client.get_cookie("qilu_session")
    wrong = post(client, "/me/password", "/me/password", present="not this one at all", password=FRESH)
    assert wrong.status_code == 422
    weak = post(client, "/me/password", "/me/password", present=people.PASSWORD, password="abc123abc123")
    assert weak.status_code == 422
    assert is_in(elsewhere)
    assert send(client, "/me/password", "/me/password", present=people.PASSWORD, password=FRESH) == "/me"
    after = client.get_cookie("qilu_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert is_in(client)
    assert not is_in(elsewhere)
    thief = client.application.test_client()
    thief.set_cookie("qilu_session", before.value)
    assert not is_in(thief)
    assert (enter(client, people.PASSWORD), enter(client, FRESH)) == (401, 303)
    jobs.drain()
    assert letters.sent[-1][:2] == (EMAIL, "password_changed")
    with read() as session:
        assert session.query(SignIn).count() == 2


def test_guessing_the_present_password_locks_too(client: FlaskClient) -> None:
    signed_in(client, EMAIL)
    for _guess in range(5):
        assert (
            post(client, "/me/password", "/me/password", present="a wrong guess", password=FRESH).status_code
            == 422
        )
    assert (
        post(client, "/me/password", "/me/password", present=people.PASSWORD, password=FRESH).status_code
        == 429
    )
    assert enter(client, people.PASSWORD) == 429


def test_one_network_address_is_locked_whatever_accounts_it_tries(client: FlaskClient, clock: Clock) -> None:
    for place in range(50):
        wrong = {"email": f"nobody{place}@example.org", "password": "wrong wrong wrong"}
        assert client.post("/api/v1/tokens", json=wrong).status_code == 401
    right = {"email": EMAIL, "password": people.PASSWORD}
    locked = client.post("/api/v1/tokens", json=right)
    assert (locked.status_code, locked.json["code"]) == (429, "sign_in.locked")
    assert enter(client, people.PASSWORD) == 429
    clock.advance(minutes=15)
    assert client.post("/api/v1/tokens", json=right).status_code == 201
    with read() as session:
        assert EMAIL not in str([vars(row) for row in session.query(LoginAttempt)])


def _actor() -> Actor:
    with read() as session:
        user_id, _hash = access.credential(session, EMAIL)
        assert user_id is not None
        organisation_id = session.query(Member).filter(Member.user_id == user_id).one().organisation_id
    return Actor(user_id, organisation_id)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "At least 12 characters."), ("zh", "至少 12 个字符。")]
)
def test_a_short_password_is_told_the_one_rule_on_pages_and_in_the_api(
    client: FlaskClient, letters: Letters, language: str, sentence: str
) -> None:
    asked(client)
    jobs.drain()
    link = letters.link()
    client.set_cookie(COOKIE, language)
    assert sentence in post(client, link, link, password="eleven char").text
    assert sentence in post(client, "/join", "/join", password="eleven char").text
    applied = client.post(
        "/api/v1/organisations", json={"password": "eleven char"}, headers={"Accept-Language": language}
    )
    assert applied.json["fields"]["password"] == [sentence]
    signed_in(client, EMAIL)
    changed = post(client, "/me/password", "/me/password", present="", password="eleven char").text
    assert sentence in changed
    assert {"en": "This is needed.", "zh": "此项必填。"}[language] in changed
