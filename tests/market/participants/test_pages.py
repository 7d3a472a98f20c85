import re

import pytest
from flask.testing import FlaskClient

from market.actor import Role
from market.db import read
from market.participants.models import LoginAttempt, SignIn
from market.participants.web import COOKIE
from tests import people
from tests.browsing import forms
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, post, send, signed_in


def test_a_person_applies_and_sees_where_the_organisation_stands(client: FlaskClient) -> None:
    values = {
        "name_zh": "泉城气象数据公司",
        "name_en": "Spring City Weather",
        "credit_code": people.credit_code(901),
        "established_on": "2025-03-01",
        "person": "李提供",
        "email": "li@example.org",
        "phone": "0531-5550101",
        "password": people.PASSWORD,
        "roles": ["provider", "buyer"],
        "idempotency_key": "form-1",
    }
    wrong = send(client, "/join", "/join", **{**values, "credit_code": "919999990000000010"})
    assert 'aria-invalid="true"' in wrong
    assert people.PASSWORD not in wrong
    assert send(client, "/join", "/join", **values) == "/me"
    page = client.get("/me", headers=HTML).text
    assert "status-wait" in page
    assert "notice-done" in page


def test_the_operator_decides_in_the_queue(client: FlaskClient) -> None:
    organisation = people.applied()
    people.operator()
    chief = people.operator()
    client.set_cookie(COOKIE, people.session_of(chief))
    assert "/organisations?state=APPLIED" in client.get("/", headers=HTML).text
    page = f"/organisations/{organisation.id}"
    assert page in client.get("/organisations", headers=HTML).text
    assert send(client, page, f"{page}/decision", decision="verify", reason="papers checked") == page
    assert "papers checked" in client.get(page, headers=HTML).text


def test_signing_out_ends_the_session_everywhere(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    cookie = client.get_cookie("qilu_session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert send(client, "/me", "/sign-out") == "/"
    client.set_cookie("qilu_session", cookie.value)
    assert client.get("/me", headers=HTML).headers["Location"].startswith("/sign-in")


def test_sessions_end_when_idle_and_at_the_latest_after_twelve_hours(
    client: FlaskClient, clock: Clock
) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    for _hour in range(3):
        clock.advance(hours=3)
        assert client.get("/me", headers=HTML).status_code == 200
    clock.advance(hours=3)
    assert client.get("/me", headers=HTML).status_code == 303
    signed_in(client, "buyer@example.org")
    clock.advance(hours=4)
    assert client.get("/me", headers=HTML).status_code == 303


def test_each_sign_in_has_a_new_session_and_the_one_before_ends(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    first = client.get_cookie("qilu_session")
    signed_in(client, "buyer@example.org")
    second = client.get_cookie("qilu_session")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    with read() as session:
        assert session.query(SignIn).count() == 1
        assert session.query(LoginAttempt).count() == 0


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "me"])
def test_signing_in_never_leads_off_the_site(client: FlaskClient, elsewhere: str) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    values = {"email": "buyer@example.org", "password": people.PASSWORD, "next": elsewhere}
    assert send(client, "/sign-in", "/sign-in", **values) == "/"


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "a@b.cn", "password": "x"}, headers=HTML)
    assert answer.status_code == 400
    assert "form.expired" in answer.text


def test_a_token_is_shown_once_and_can_be_revoked(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    fresh = re.search(
        r'class="secret" value="(qilu_\w+)"',
        send(client, "/me", "/me/tokens", label="script", scopes=["read"], days="30"),
    )
    assert fresh is not None
    page = client.get("/me", headers=HTML).text
    assert fresh[1] not in page
    address = re.search(r'>script<.*?action="(/me/tokens/[^"]+/revocation)"', page, re.DOTALL)
    assert address is not None
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {fresh[1]}"}).status_code == 200
    assert send(client, "/me", address[1]) == "/me"
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {fresh[1]}"}).status_code == 401


def test_an_invited_person_joins_by_the_link(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    shown = send(client, "/members", "/members/invitations", email="wang@example.org", roles=["buyer"])
    link = re.search(r'class="secret" value="http://localhost:8080(/invitations/[^"]+)"', shown)
    assert link is not None
    other = client.application.test_client()
    assert send(other, link[1], link[1], name="王同事", password=people.PASSWORD) == "/"
    assert "王同事" in client.get("/members", headers=HTML).text


def test_an_address_that_is_taken_is_told_beside_what_was_typed(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    people.verified(Role.BUYER, email="taken@example.org")
    signed_in(client, "buyer@example.org")
    refused = post(client, "/members", "/members/invitations", email="taken@example.org", roles=["buyer"])
    assert refused.status_code == 409
    assert 'value="taken@example.org"' in refused.text
    assert 'value="buyer" checked' in refused.text
    assert "notice-error" in refused.text


def test_the_form_of_an_invitation_sent_twice_makes_one(client: FlaskClient) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    form = next(form for form in forms(client.get("/members").text) if form[0] == "/members/invitations")
    values = {**form[1], "email": "wang@example.org", "roles": ["buyer"]}
    first, again = (client.post(form[0], data=values, headers=HTML) for _time in range(2))
    assert (first.status_code, again.status_code) == (200, 303)
    assert 'class="secret"' in first.text
    page = client.get("/members", headers=HTML).text
    assert page.count("wang@example.org") == 1


def test_an_organisation_is_hidden_from_others(client: FlaskClient) -> None:
    organisation = people.applied()
    people.verified(Role.BUYER, email="buyer@example.org")
    signed_in(client, "buyer@example.org")
    assert client.get(f"/organisations/{organisation.id}", headers=HTML).status_code == 404
    assert client.get("/organisations", headers=HTML).status_code == 403
