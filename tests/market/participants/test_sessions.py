"""Browser sessions under attack: fixed, stolen, shared, forged from another site."""

import io
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.actor import Role
from market.db import read
from market.participants import tokens
from market.participants.models import SignIn
from tests import people
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, is_in, post, send, signed_in

EMAIL = "buyer@example.org"


@pytest.fixture(autouse=True)
def _buyer(exchange: Flask) -> None:
    people.verified(Role.BUYER, email=EMAIL)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("qilu_session")
    assert found is not None
    return found.value


def another(client: FlaskClient) -> FlaskClient:
    return client.application.test_client()


def test_a_session_planted_before_signing_in_is_worth_nothing_after(client: FlaskClient) -> None:
    client.set_cookie("qilu_session", planted := tokens.new_secret())
    signed_in(client, EMAIL)
    assert cookie(client) != planted
    thief = another(client)
    thief.set_cookie("qilu_session", planted)
    assert not is_in(thief)


def test_an_attacker_s_own_session_planted_on_a_victim_ends_when_the_victim_signs_in(
    client: FlaskClient,
) -> None:
    people.verified(Role.BUYER, email="attacker@example.org")
    attacker = another(client)
    signed_in(attacker, "attacker@example.org")
    client.set_cookie("qilu_session", cookie(attacker))
    signed_in(client, EMAIL)
    assert cookie(client) != cookie(attacker)
    assert not is_in(attacker)


def test_a_person_sees_when_each_session_ends_and_ends_all_others(client: FlaskClient, clock: Clock) -> None:
    elsewhere, forgotten = another(client), another(client)
    signed_in(forgotten, EMAIL)
    clock.advance(hours=3)
    signed_in(elsewhere, EMAIL)
    clock.advance(hours=2)
    signed_in(client, EMAIL)
    page = client.get("/me", headers=HTML).text
    assert page.count('/end"') == 1, "this one cannot be ended here, and the forgotten one was idle too long"
    assert "2026-11-23 00:00:00 UTC+8" in page
    assert "2026-11-23 12:00:00 UTC+8" in page
    assert send(client, "/me", "/me/sessions/end-others") == "/me"
    assert is_in(client)
    assert not is_in(elsewhere)


def test_nobody_ends_the_session_of_somebody_else(client: FlaskClient) -> None:
    signed_in(client, EMAIL)
    with read() as session:
        theirs = session.query(SignIn).one().id
    people.verified(Role.BUYER, email="other@example.org")
    other = another(client)
    signed_in(other, "other@example.org")
    assert post(other, "/me", f"/me/sessions/{theirs}/end").status_code == 404
    assert post(other, "/me", "/me/sessions/end-others").status_code == 303
    assert is_in(client)


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8081"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://attacker.example"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_its_token(
    client: FlaskClient, said: dict[str, str]
) -> None:
    signed_in(client, EMAIL)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/me", headers=HTML).text)
    assert token is not None
    answer = client.post("/sign-out", data={"csrf_token": token[1]}, headers={**HTML, **said})
    assert answer.status_code == 400
    assert "form.foreign" in answer.text
    assert is_in(client)


@pytest.mark.parametrize(
    "said", [{"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_a_form_of_this_site_is_taken(client: FlaskClient, said: dict[str, str]) -> None:
    signed_in(client, EMAIL)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/me", headers=HTML).text)
    assert token is not None
    assert (
        client.post("/sign-out", data={"csrf_token": token[1]}, headers={**HTML, **said}).status_code == 303
    )
    assert not is_in(client)


class Untouched(io.BytesIO):
    """A request's body that tells whether anybody read it."""

    touched = False

    def read(self, size: int | None = -1) -> bytes:
        self.touched = True
        return super().read(size)

    def readline(self, size: int | None = -1) -> bytes:
        self.touched = True
        return super().readline(size)


@pytest.mark.parametrize("path", ["/assets", "/sign-in", "/api/v1/assets"])
def test_a_stranger_s_file_is_refused_before_it_is_read(client: FlaskClient, path: str) -> None:
    body = Untouched(b"--x\r\n" + b"a" * 100_000)
    answer = client.post(
        path,
        input_stream=body,
        content_length=100_006,
        content_type="multipart/form-data; boundary=x",
        headers=HTML if not path.startswith("/api") else {},
    )
    assert answer.status_code in {303, 401}
    assert not body.touched


def test_over_tls_cookies_are_bound_to_the_host(exchange: Flask, client: FlaskClient) -> None:
    exchange.extensions["settings"] = replace(
        exchange.extensions["settings"],
        base_url="https://exchange.example",
        stripe_api_base="https://api.stripe.com",
    )
    answer = post(client, "/sign-in", "/sign-in", email=EMAIL, password=people.PASSWORD)
    (made,) = [line for line in answer.headers.getlist("Set-Cookie") if "qilu_session" in line]
    assert made.startswith("__Host-qilu_session=")
    assert "; Secure" in made
    assert "; HttpOnly" in made
    assert "; Path=/" in made
    assert "Domain" not in made
    neighbour = another(client)
    neighbour.set_cookie("qilu_session", made.split("=")[1].split(";")[0])
    assert not is_in(neighbour), "a neighbour's cookie without the prefix is not looked at"
