"""What somebody who has not shown who they are may do: apply and take up an invitation, countably often."""

import pytest
from flask.testing import FlaskClient

from market.actor import Role
from market.db import read, transaction
from market.participants import attempts, members, passwords
from market.participants.models import LoginAttempt, Organisation
from market.steps.models import Creation
from tests import people
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, is_in, post, send, signed_in

JOIN = "/join"


def application(number: int = 900, **changes: object) -> dict[str, object]:
    return {
        "name_zh": "泉城气象数据公司",
        "name_en": "Spring City Weather",
        "credit_code": people.credit_code(number),
        "established_on": "2025-03-01",
        "person": "李提供",
        "email": f"li{number}@example.org",
        "phone": "0531-5550101",
        "password": people.PASSWORD,
        "roles": ["provider"],
        **changes,
    }


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed: the work that the exchange does for strangers."""
    done: list[str] = []
    real = passwords.hashed

    def hashed(password: str) -> str:
        done.append(password)
        return real(password)

    monkeypatch.setattr(passwords, "hashed", hashed)
    return done


def test_the_key_of_an_application_signs_nobody_in(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "K"}
    assert client.post("/api/v1/organisations", json=application(), headers=key).status_code == 201
    thief = client.application.test_client()
    stolen = {**application(), "password": "another long password", "idempotency_key": "K"}
    answer = post(thief, JOIN, JOIN, **stolen)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert not is_in(thief)
    assert "notice-done" in thief.get("/sign-in", headers=HTML).text
    signed_in(client, "li900@example.org")


def test_a_form_sent_twice_makes_one_application_and_one_session(client: FlaskClient) -> None:
    values = application(idempotency_key="form-1")
    assert send(client, JOIN, JOIN, **values) == "/me"
    assert is_in(client)
    second = client.application.test_client()
    assert send(second, JOIN, JOIN, **values) == "/sign-in"
    assert not is_in(second)
    with read() as session:
        assert session.query(Organisation).count() == 1


def test_a_key_is_stored_as_its_digest_alone(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "a-key-in-the-clear"}
    assert client.post("/api/v1/organisations", json=application(), headers=key).status_code == 201
    with read() as session:
        (row,) = session.query(Creation)
        assert "a-key-in-the-clear" not in str(vars(row))


def test_what_is_refused_costs_no_hashing(client: FlaskClient, hashes: list[str]) -> None:
    people.verified(email="known@example.org")
    hashes.clear()
    for change in ({"email": "known@example.org"}, {"credit_code": "919999990000000010"}):
        assert client.post("/api/v1/organisations", json={**application(), **change}).status_code in {
            409,
            422,
        }
    join = {"name": "王同事", "password": people.PASSWORD}
    assert client.post("/api/v1/invitations/nope", json=join).status_code == 404
    assert hashes == []


def test_asking_who_is_registered_costs_a_whole_application_and_is_limited(
    client: FlaskClient, clock: Clock
) -> None:
    """A known address is told, after everything else was found right, and only as often as one may apply."""
    people.verified(email="known@example.org")
    for number in range(attempts.APPLICATIONS):
        wanted = application(number, email="known@example.org")
        assert client.post("/api/v1/organisations", json=wanted).json["code"] == "user.known"
    locked = client.post("/api/v1/organisations", json=application())
    assert (locked.status_code, locked.json["code"]) == (429, "application.locked")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    page = post(client, JOIN, JOIN, **application())
    assert page.status_code == 429
    assert page.headers["Retry-After"] == locked.headers["Retry-After"]
    assert "Wait a quarter of an hour" in page.text or "一刻钟" in page.text
    clock.advance(minutes=15)
    assert client.post("/api/v1/organisations", json=application()).status_code == 201


def test_applications_that_are_taken_count_too(client: FlaskClient) -> None:
    for number in range(attempts.APPLICATIONS):
        assert client.post("/api/v1/organisations", json=application(number)).status_code == 201
    assert client.post("/api/v1/organisations", json=application()).status_code == 429


def test_links_of_invitations_are_tried_countably_often(client: FlaskClient, clock: Clock) -> None:
    admin = people.verified(Role.BUYER)
    with transaction() as session:
        _row, secret, _step = members.invite(session, admin, "wang@example.org", frozenset({Role.BUYER}))
    join = {"name": "王同事", "password": people.PASSWORD}
    for place in range(attempts.ADDRESS_FAILURES):
        assert client.post(f"/api/v1/invitations/nope{place}", json=join).status_code == 404
    locked = client.post(f"/api/v1/invitations/{secret}", json=join)
    assert (locked.status_code, locked.json["code"]) == (429, "invitation.locked")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    page = f"/invitations/{secret}"
    told = post(client, page, page, **join)
    assert (told.status_code, told.headers["Retry-After"]) == (429, locked.headers["Retry-After"])
    clock.advance(minutes=15)
    assert client.post(f"/api/v1/invitations/{secret}", json=join).status_code == 201
    with read() as session:
        assert session.query(LoginAttempt).filter(LoginAttempt.at > clock() - attempts.LOCK).count() == 0


def test_pages_that_are_locked_say_for_how_long(client: FlaskClient) -> None:
    for _attempt in range(attempts.FAILURES):
        post(client, "/sign-in", "/sign-in", email="a@example.org", password="wrong wrong wrong")
    locked = post(client, "/sign-in", "/sign-in", email="a@example.org", password="wrong wrong wrong")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    for place in range(attempts.ADDRESS_LETTERS):
        assert post(client, "/forgotten", "/forgotten", email=f"a{place}@example.org").status_code == 200
    locked = post(client, "/forgotten", "/forgotten", email="a@example.org")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 900
