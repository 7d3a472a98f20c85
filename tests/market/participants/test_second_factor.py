"""The second factor: codes of an app, recovery codes, who must have one, and what an attacker might try."""

import html
import re
from urllib.parse import unquote

import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from market import jobs, steps
from market.actor import Actor, Role, Scope
from market.db import read, transaction
from market.errors import Conflict, Forbidden, NotFound
from market.participants import access, enrolling, erasing, factors, members
from market.participants.models import ApiToken, RecoveryCode, SignIn, Totp, User
from market.steps import Kind, Step
from tests import people
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, code, enrolled, is_in, post, send, signed_in

EMAIL = "buyer@example.org"
ASK = "/sign-in/second-factor"
OVERVIEW = "/me/second-factor"
_CODE = re.compile(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</code>")


@pytest.fixture
def auditor(exchange: Flask) -> str:
    """Return the address of somebody of the staff who has no second factor yet."""
    found = email_of(people.colleague(people.operator(), Role.AUDITOR))
    jobs.drain()
    return found


@pytest.fixture
def buyer(exchange: Flask) -> Actor:
    return people.verified(Role.BUYER, email=EMAIL)


def email_of(actor: Actor) -> str:
    with read() as session:
        return session.get_one(User, actor.user_id).email


def password(client: FlaskClient, email: str) -> str:
    """Give the right password; return where that leads."""
    return send(client, "/sign-in", "/sign-in", email=email, password=people.PASSWORD)


def second(client: FlaskClient, given: str) -> str | int:
    answer = post(client, ASK, ASK, code=given)
    return answer.headers.get("Location") or answer.status_code


def secret_on(client: FlaskClient) -> str:
    """Begin to set up an app on the pages and return the secret that is shown."""
    assert send(client, OVERVIEW, f"{OVERVIEW}/app") == f"{OVERVIEW}/app"
    page = client.get(f"{OVERVIEW}/app", headers=HTML).text
    found = re.search(r'class="secret" value="([A-Z2-7]{32})"', page)
    assert found, page
    return found[1]


def test_the_picture_holds_the_address_of_the_same_secret(client: FlaskClient, auditor: str) -> None:
    password(client, auditor)
    secret_on(client)
    page = html.unescape(client.get(f"{OVERVIEW}/app", headers=HTML).text)
    [shown] = re.findall(r'<img class="scanned" src="(data:image/svg\+xml[^"]+)"', page)
    [address] = re.findall(r'href="(otpauth://[^"]+)"', page)
    assert shown == factors.picture(address)
    assert "data:" in client.get(f"{OVERVIEW}/app", headers=HTML).headers["Content-Security-Policy"]
    picture = unquote(shown.partition(",")[2])
    size = segno.make_qr(address, error="m").symbol_size(scale=4, border=4)[0]
    assert f"viewBox='0 0 {size} {size}'" in picture


def test_the_staff_are_led_to_set_one_up_before_anything_else(client: FlaskClient, auditor: str) -> None:
    assert password(client, auditor) == OVERVIEW
    for place in ("/me", "/audit", "/members", "/me/password", ASK):
        assert client.get(place, headers=HTML).headers["Location"].startswith(("/sign-in", OVERVIEW)), place
    assert client.get("/sign-in", headers=HTML).headers["Location"] == OVERVIEW
    secret = secret_on(client)
    wrong = post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code="000000")
    assert wrong.status_code == 422
    before = client.get_cookie("qilu_session")
    done = post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code=code(secret))
    assert len(set(_CODE.findall(done.text))) == 10
    assert client.get("/audit", headers=HTML).status_code == 200
    after = client.get_cookie("qilu_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    stranger = client.application.test_client()
    assert password(stranger, auditor) == ASK
    assert not is_in(stranger)
    assert second(stranger, code(secret, 1)) == "/"
    assert is_in(stranger)


def test_a_code_is_taken_once_and_only_about_its_time(
    client: FlaskClient, buyer: Actor, clock: Clock
) -> None:
    secret = enrolled(client, EMAIL)
    assert password(client, EMAIL) == ASK
    assert second(client, code(secret)) == 401, "it was used to set the app up"
    assert second(client, code(secret, 2)) == 401, "an app whose clock is a minute off"
    assert second(client, code(secret, 1)) == "/"
    other = client.application.test_client()
    password(other, EMAIL)
    assert second(other, code(secret, 1)) == 401
    clock.advance(seconds=90)
    assert second(other, code(secret, -2)) == 401
    assert second(other, code(secret, -1)) == "/"


def test_guessing_locks_the_account_for_a_while_even_for_the_right_code(
    client: FlaskClient, buyer: Actor, clock: Clock
) -> None:
    secret = enrolled(client, EMAIL)
    clock.advance(minutes=2)
    password(client, EMAIL)
    for _guess in range(5):
        assert second(client, "000000") == 401
    assert second(client, code(secret)) == 429
    wanted = {"email": EMAIL, "password": people.PASSWORD, "code": code(secret)}
    locked = client.post("/api/v1/tokens", json=wanted)
    assert (locked.status_code, locked.json["code"]) == (429, "second_factor.locked")
    clock.advance(minutes=15)
    password(client, EMAIL)
    assert second(client, code(secret)) == "/"


def test_a_session_without_its_second_factor_is_nobodys_and_ends_soon(
    client: FlaskClient, buyer: Actor, clock: Clock
) -> None:
    enrolled(client, EMAIL)
    clock.advance(minutes=2)
    password(client, EMAIL)
    assert client.get("/me", headers=HTML).headers["Location"].startswith("/sign-in")
    assert client.get("/sign-in?next=/trades", headers=HTML).headers["Location"] == f"{ASK}?next=/trades"
    for place in (f"{OVERVIEW}/app", f"{OVERVIEW}/recovery-codes", "/me/tokens"):
        assert post(client, ASK, place).headers["Location"].startswith("/sign-in"), place
    clock.advance(minutes=15)
    assert client.get(ASK, headers=HTML).headers["Location"].startswith("/sign-in")
    with read() as session:
        assert session.scalars(select(SignIn.second_at)).one() is None


def test_a_recovery_code_works_once_and_only_its_digest_is_kept(
    client: FlaskClient, buyer: Actor, clock: Clock
) -> None:
    signed_in(client, EMAIL)
    secret = secret_on(client)
    page = post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code=code(secret)).text
    codes = _CODE.findall(page)
    other = client.application.test_client()
    password(other, EMAIL)
    assert second(other, codes[0].lower().replace("-", " ")) == "/"
    third = client.application.test_client()
    password(third, EMAIL)
    assert second(third, codes[0]) == 401
    assert second(third, codes[1]) == "/"
    with read() as session:
        kept = [row.digest for row in session.scalars(select(RecoveryCode))]
        assert len(kept) == 8
        assert not [one for one in codes if one in str(kept) or one.replace("-", "") in str(kept)]
    fresh = _CODE.findall(post(third, OVERVIEW, f"{OVERVIEW}/recovery-codes").text)
    assert len(fresh) == 10
    password(other, EMAIL)
    assert second(other, codes[2]) == 401, "new codes void the old ones"
    assert second(other, fresh[0]) == "/"


def test_changing_factors_needs_one_given_just_now(client: FlaskClient, buyer: Actor, clock: Clock) -> None:
    signed_in(client, EMAIL)
    secret = secret_on(client)
    post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code=code(secret))
    clock.advance(minutes=10)
    for act in ("app/removal", "recovery-codes"):
        assert send(client, OVERVIEW, f"{OVERVIEW}/{act}").startswith(ASK)
    options = client.post(f"{OVERVIEW}/passkeys/options", data={"csrf_token": hidden(client)})
    assert options.json["code"] == "second_factor.not_fresh"
    assert second(client, code(secret)) == "/"
    assert send(client, OVERVIEW, f"{OVERVIEW}/app/removal") == OVERVIEW
    with read() as session:
        assert session.query(Totp).count() + session.query(RecoveryCode).count() == 0
    assert password(client.application.test_client(), EMAIL) == "/"


def hidden(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(OVERVIEW, headers=HTML).text)
    assert found
    return found[1]


def test_the_staff_keep_one(client: FlaskClient, auditor: str) -> None:
    password(client, auditor)
    secret = secret_on(client)
    post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code=code(secret))
    refused = post(client, OVERVIEW, f"{OVERVIEW}/app/removal")
    assert refused.status_code == 409
    assert "Add another one" in refused.text or "请先添加" in refused.text


def test_the_first_factor_ends_other_sessions_and_the_person_is_told(
    client: FlaskClient, buyer: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = client.application.test_client()
    signed_in(elsewhere, EMAIL)
    signed_in(client, EMAIL)
    secret = secret_on(client)
    assert is_in(elsewhere)
    post(client, f"{OVERVIEW}/app", f"{OVERVIEW}/app/confirmation", code=code(secret))
    assert not is_in(elsewhere)
    assert is_in(client)
    capsys.readouterr()
    jobs.drain()
    letters = capsys.readouterr().out
    assert EMAIL in letters
    assert secret not in letters


def test_a_program_gives_a_code_too_and_the_staff_have_no_token_without(
    client: FlaskClient, auditor: str, clock: Clock
) -> None:
    who = {"email": auditor, "password": people.PASSWORD}
    assert client.post("/api/v1/tokens", json=who).json["code"] == "second_factor.not_enrolled"
    secret = enrolled(client, auditor)
    again = client.post("/api/v1/second-factor", json=who)
    assert (again.status_code, again.json["code"]) == (409, "second_factor.enrolled")
    clock.advance(minutes=1)
    assert client.post("/api/v1/tokens", json=who).json["code"] == "second_factor.required"
    wrong = client.post("/api/v1/tokens", json={**who, "code": "000000"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "second_factor.wrong")
    made = client.post("/api/v1/tokens", json={**who, "code": code(secret)})
    assert made.status_code == 201
    headers = {"Authorization": f"Bearer {made.json['token']}"}
    assert client.get("/api/v1/me", headers=headers).json["roles"] == ["auditor"]


def test_a_token_made_by_the_password_alone_never_acts_for_the_staff(
    exchange: Flask, client: FlaskClient
) -> None:
    chief = people.operator()
    clerk = people.colleague(chief, Role.ADMIN)
    assert clerk.user_id is not None
    with transaction() as session:
        _row, token = access.issue_token(session, clerk.user_id, "early", Scope)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    with transaction() as session:
        members.change(session, chief, clerk.user_id, frozenset({Role.AUDITOR}))
    refused = client.get("/api/v1/me", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "token.second_factor_missing")
    with read() as session, pytest.raises(Forbidden):
        access.by_token(session, token)


def test_the_operators_reset_is_an_entry_and_takes_every_way_in(client: FlaskClient, auditor: str) -> None:
    enrolled(client, auditor)
    with transaction() as session:
        actor = session.scalars(select(User).where(User.email == auditor)).one()
        access.begin_session(session, actor.id, auditor, "tests", second_factor=True)
        step = enrolling.reset(session, auditor)
        assert step.kind == Kind.FACTOR_RESET
    with read() as session:
        actor = session.scalars(select(User).where(User.email == auditor)).one()
        assert factors.of(session, actor.id) == factors.Factors((), None, 0)
        assert session.scalars(select(SignIn).where(SignIn.user_id == actor.id)).all() == []
        kept = session.scalars(select(ApiToken).where(ApiToken.user_id == actor.id))
        assert all(row.revoked_at is not None for row in kept)
        (leaf,) = steps.steps_of(session, step.object)
        assert (leaf.kind, leaf.via) == ("factor.reset", "cli")
    assert password(client, auditor) == OVERVIEW
    with transaction() as session, pytest.raises(NotFound):
        enrolling.reset(session, "nobody@example.org")


def test_erasing_somebody_takes_their_factors(client: FlaskClient, buyer: Actor) -> None:
    secret = enrolled(client, EMAIL)
    assert buyer.user_id is not None
    with transaction() as session:
        step = steps.begin(Actor.system("tests"), Kind.OPENING_ERASED, steps.new_handle())
        person = erasing.subject(session, buyer.user_id, lock=True)
        erasing.leave(session, step, person)
        steps.erase(session, step, person.ids, given={}, note={})
    with read() as session:
        assert factors.of(session, buyer.user_id) == factors.Factors((), None, 0)
        assert secret not in str([vars(row) for row in session.query(Totp)])


def test_no_secret_stands_in_the_ledger_or_the_log(
    client: FlaskClient, auditor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = enrolled(client, auditor)
    with transaction() as session:
        enrolling.reset(session, auditor)
    jobs.drain()
    with read() as session:
        written = str([vars(row) for row in session.query(Step)])
        written += str([vars(row) for row in session.query(steps.Vault)])
        written += str([vars(job) for job in session.query(jobs.Job)])
    captured = capsys.readouterr()
    assert secret not in written + captured.out + captured.err


def test_an_app_is_set_up_once(client: FlaskClient, buyer: Actor) -> None:
    enrolled(client, EMAIL)
    assert buyer.user_id is not None
    with transaction() as session, pytest.raises(Conflict):
        factors.begin_app(session, buyer.user_id, EMAIL)
    with transaction() as session, pytest.raises(NotFound):
        factors.confirm_app(session, buyer.user_id, "000000")
