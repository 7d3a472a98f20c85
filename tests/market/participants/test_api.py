import pytest
from flask.testing import FlaskClient

from market.actor import Role
from tests import people
from tests.conftest import Clock
from tests.market.participants.visitor import code, enrolled


def application(**changes: object) -> dict[str, object]:
    return {
        "name_zh": "泉城气象数据公司",
        "name_en": "Spring City Weather",
        "credit_code": people.credit_code(900),
        "established_on": "2025-03-01",
        "person": "李提供",
        "email": "Li@Example.org",
        "phone": "0531-5550101",
        "password": people.PASSWORD,
        "roles": ["provider"],
        **changes,
    }


def token(client: FlaskClient, email: str, password: str = people.PASSWORD, **more: object) -> dict[str, str]:
    answer = client.post("/api/v1/tokens", json={"email": email, "password": password, **more})
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_from_application_to_verification(client: FlaskClient) -> None:
    applied = client.post("/api/v1/organisations", json=application(), headers={"Idempotency-Key": "one"})
    assert applied.status_code == 201
    assert applied.json["state"] == "APPLIED"
    assert applied.json["entry_id"]
    assert "password" not in applied.json
    again = client.post("/api/v1/organisations", json=application(), headers={"Idempotency-Key": "one"})
    assert again.json["entry_id"] == applied.json["entry_id"]

    chief = people.bearer(people.operator())
    queue = client.get("/api/v1/organisations?state=APPLIED", headers=chief)
    assert [row["id"] for row in queue.json["items"]] == [applied.json["id"]]
    address = f"/api/v1/organisations/{applied.json['id']}/decision"
    decision = {"decision": "verify", "reason": "papers checked"}
    decided = client.post(address, json=decision, headers=chief)
    assert decided.json["state"] == "VERIFIED"
    assert client.post(address, json=decision, headers=chief).json["entry_id"] == decided.json["entry_id"]

    me = client.get("/api/v1/me", headers=token(client, "li@example.org"))
    assert me.json["roles"] == ["admin", "provider"]
    assert me.json["organisation"]["state"] == "VERIFIED"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"credit_code": "919999990000000010"}, "credit_code"),
        ({"established_on": "2999-01-01"}, "established_on"),
        ({"established_on": "yesterday"}, "established_on"),
        ({"name_zh": "坏\x00字"}, "name_zh"),
        ({"name_en": "\ud800"}, "name_en"),
        ({"name_en": "x" * 5000}, "name_en"),
        ({"email": "not an address"}, "email"),
        ({"password": "too short"}, "password"),
        ({"roles": ["operator"]}, "roles"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_refused_by_field(client: FlaskClient, change: dict[str, object], field: str) -> None:
    answer = client.post("/api/v1/organisations", json=application(**change))
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert field in answer.json["fields"]


def test_an_auditor_is_invited_and_joins(client: FlaskClient) -> None:
    chief = people.bearer(people.operator())
    invited = client.post(
        "/api/v1/members/invitations", json={"email": "zhao@example.org", "roles": ["auditor"]}, headers=chief
    )
    assert invited.status_code == 201
    assert invited.json["link"] == f"http://localhost:8080/invitations/{invited.json['token']}"
    joined = client.post(
        f"/api/v1/invitations/{invited.json['token']}", json={"name": "赵审计", "password": people.PASSWORD}
    )
    assert joined.status_code == 201
    who = {"email": "zhao@example.org", "password": people.PASSWORD}
    refused = client.post("/api/v1/tokens", json=who)
    assert (refused.status_code, refused.json["code"]) == (409, "second_factor.not_enrolled")
    secret = enrolled(client, who["email"])
    me = client.get("/api/v1/me", headers=token(client, **who, code=code(secret, 1)))
    assert me.json["roles"] == ["auditor"]


def test_an_invitation_sent_twice_is_one_invitation_and_one_letter(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {**people.bearer(people.operator()), "Idempotency-Key": "one"}
    wanted = {"email": "zhao@example.org", "roles": ["auditor"]}
    first, again = (
        client.post("/api/v1/members/invitations", json=wanted, headers=headers) for _time in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    shown = {name: first.json[name] for name in ("token", "link", "mailed")}
    assert all(shown.values())
    assert again.json == {**(first.json or {}), **dict.fromkeys(shown)}
    assert capsys.readouterr().out.count("To: zhao@example.org") == 1


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(
    client: FlaskClient, clock: Clock
) -> None:
    people.verified(email="buyer@example.org")
    wrong = {"email": "buyer@example.org", "password": "wrong wrong wrong"}
    for _attempt in range(5):
        assert client.post("/api/v1/tokens", json=wrong).status_code == 401
    locked = client.post("/api/v1/tokens", json={**wrong, "password": people.PASSWORD})
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    clock.advance(minutes=15)
    assert token(client, "buyer@example.org")


def test_nobody_learns_whether_an_address_is_known(client: FlaskClient) -> None:
    people.verified(email="buyer@example.org")
    answers = [
        client.post("/api/v1/tokens", json={"email": email, "password": "wrong wrong wrong"}).json
        for email in ("buyer@example.org", "nobody@example.org")
    ]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]


def test_a_token_ends_by_time_by_revocation_and_may_be_for_looking_only(
    client: FlaskClient, clock: Clock
) -> None:
    people.verified(Role.BUYER, email="buyer@example.org")
    made = client.post(
        "/api/v1/tokens", json={"email": "buyer@example.org", "password": people.PASSWORD, "days": 1}
    ).json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    reading = token(client, "buyer@example.org")
    assert client.get("/api/v1/me", headers=reading).status_code == 200
    refused = client.post(
        "/api/v1/members/invitations", json={"email": "a@b.cn", "roles": ["buyer"]}, headers=reading
    )
    assert (refused.status_code, refused.json["code"]) == (403, "token.scope_missing")
    assert refused.json["scope"] == "members:write"
    lasting = token(client, "buyer@example.org", scopes=["read", "members:write"])
    clock.advance(days=1)
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert client.delete(f"/api/v1/tokens/{made['id']}", headers=lasting).status_code == 204
    assert client.delete(f"/api/v1/tokens/{made['id']}", headers=lasting).status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic abc", "Bearer qilu_" + "a" * 49])
def test_without_a_valid_token_there_is_no_answer(client: FlaskClient, header: str | None) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_session_is_nothing_to_the_api(client: FlaskClient) -> None:
    people.verified(email="buyer@example.org")
    token(client, "buyer@example.org")
    client.set_cookie("qilu_session", "anything")
    assert client.get("/api/v1/me").status_code == 401
