"""What surrounds every request: headers, who asks and under which name, readiness, metrics, limits."""

import threading
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from market import jobs, logs, migrations
from market.app import create_app
from market.config import Settings, SettingsError
from market.db import transaction
from market.edge import FIELD, PARTS, SMALL, content_policy, ready
from market.oversight import publishing
from market.participants import access
from market.storage import StoreError
from tests import people
from tests.conftest import Clock
from tests.waiting import SECONDS

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    exchange.extensions["readiness"] = ready.Readiness(
        exchange, patience=SECONDS
    )  # a busy machine is no failure
    return exchange.test_client()


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    for address in ("/", "/nowhere", "/api/v1/rules", "/static/qilu.css", "/healthz"):
        with client.get(address, headers=HTML) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert len(headers["X-Request-Id"]) == 32


def test_an_address_that_is_a_secret_stays_out_of_referers_and_logs(client: FlaskClient) -> None:
    named = {"secret", "token"}
    rules = [str(rule) for rule in client.application.url_map.iter_rules() if named & set(rule.arguments)]
    assert rules
    for rule in rules:
        address = rule.partition("<")[0] + "aZ3_-aZ3_-aZ3_-aZ3_"
        assert "aZ3" not in logs.text_without_secrets(f"GET {address} HTTP/1.1")
        if not address.startswith("/api/"):
            with client.get(address, headers=HTML) as answer:
                assert answer.headers["Referrer-Policy"] == "strict-origin"


def test_a_form_may_lead_to_the_pay_page_and_nowhere_else(settings: Settings) -> None:
    assert "form-action 'self' http://localhost:9;" in content_policy(settings)
    real = replace(settings, stripe_api_base="https://api.stripe.com")
    assert "form-action 'self' https://checkout.stripe.com https://connect.stripe.com;" in content_policy(
        real
    )


def test_test_money_is_said_on_every_page_and_refused_in_public(exchange: Flask, settings: Settings) -> None:
    client = exchange.test_client()
    for address in ("/", "/sign-in", "/rules", "/nowhere"):
        assert 'class="test-money"' in client.get(address, headers=HTML).text
    with pytest.raises(SettingsError):
        create_app(replace(settings, base_url="https://exchange.example"))


def test_real_money_has_no_banner(settings: Settings) -> None:
    app = create_app(replace(settings, stripe_api_base="https://api.stripe.com"))
    assert 'class="test-money"' not in app.test_client().get("/rules", headers=HTML).text
    app.extensions["engine"].dispose()


def test_without_a_secret_key_nothing_starts(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        create_app(replace(settings, secret_key=""))


def test_health_readiness_and_metrics(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    assert "qilu_requests_total" in client.get("/metrics").text


def test_not_ready_without_a_database(settings: Settings) -> None:
    app = create_app(replace(settings, database_url=f"sqlite:///{settings.home / 'empty.db'}"))
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["engine"].dispose()


def test_the_api_describes_itself(client: FlaskClient) -> None:
    description = client.get("/api/openapi.json").json
    assert description["openapi"] == "3.1.0"
    assert description["security"] == [{"bearer": []}]
    for path, methods in description["paths"].items():
        assert path.startswith(("/api/v1/", "/webhooks/")), path
        for method, operation in methods.items():
            if method != "parameters":
                assert any(status >= "400" for status in operation["responses"]), (path, method)


def test_pages_have_nothing_inline(client: FlaskClient) -> None:
    for address in ("/", "/join", "/sign-in", "/rules", "/nowhere"):
        text = client.get(address, headers=HTML).text
        assert "<script>" not in text
        assert " style=" not in text
        assert " onclick=" not in text


# Names of this machine


@pytest.mark.parametrize("host", ["localhost:8080", "localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_on_loopback_any_name_of_this_machine_will_do(client: FlaskClient, host: str) -> None:
    assert client.get("/rules", headers={"Host": host}).status_code == 200


def test_on_loopback_a_foreign_name_is_refused(client: FlaskClient) -> None:
    """A page elsewhere whose name was made to mean this machine must not read the exchange."""
    assert client.get("/rules", headers={"Host": "evil.example"}).status_code == 400


# Readiness


def why(client: FlaskClient) -> list[str]:
    answer = client.get("/readyz")
    return [reason["code"] for reason in (answer.json or {}).get("reasons", [])]


def test_not_ready_while_stopping(exchange: Flask, client: FlaskClient) -> None:
    exchange.extensions["stopping"] = True
    assert client.get("/readyz").status_code == 503
    assert why(client) == ["server.stopping"]
    assert client.get("/healthz").status_code == 200


def test_not_ready_on_an_older_schema(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "newest_revision", lambda: "9999")
    assert why(client) == ["database.outdated"]


def test_the_newest_revision_is_the_migrations_own(exchange: Flask) -> None:
    assert ready.newest_revision() == migrations.head()


def test_not_ready_without_storage(exchange: Flask, client: FlaskClient, settings: Settings) -> None:
    class Broken:
        def probe(self) -> None:
            raise StoreError("the disk is read-only")

    exchange.extensions["storage"] = Broken()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "status": "not ready",
        "reasons": [
            {"part": "storage", "code": "storage.failed", "detail": ready.DETAILS["storage", "failed"]}
        ],
    }
    assert "read-only" not in answer.text


def test_not_ready_while_the_ledger_is_behind(exchange: Flask, client: FlaskClient, clock: Clock) -> None:
    people.applied()
    clock.advance(seconds=ready.LAG.seconds)
    assert why(client) == []
    clock.advance(seconds=1)
    assert why(client) == ["ledger.behind"]
    publishing.publish()
    assert why(client) == []
    clock.advance(days=1)
    people.applied()
    assert why(client) == []


def test_a_part_that_hangs_holds_nothing_up(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    freed, begun, asked = threading.Event(), threading.Event(), []

    def hang() -> str:
        asked.append(1)
        begun.set()
        freed.wait(SECONDS)
        return ""

    monkeypatch.setattr(ready, "PARTS", {"database": hang})
    readiness = ready.Readiness(exchange, patience=0.05)
    assert [reason["code"] for reason in readiness.reasons()] == ["database.silent"]
    assert [reason["code"] for reason in readiness.reasons()] == ["database.silent"]
    assert begun.wait(SECONDS)
    assert asked == [1]
    freed.set()


# Metrics


def metric(client: FlaskClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[-1])


def test_metrics_of_what_all_processes_share(exchange: Flask, client: FlaskClient, clock: Clock) -> None:
    people.applied()
    with transaction() as session:
        session.execute(delete(jobs.Job))
        jobs.queue(session, "nobody.cares")
    clock.advance(seconds=90)
    entries = metric(client, "qilu_ledger_entries")
    assert metric(client, "qilu_jobs_waiting") == 1
    assert metric(client, "qilu_jobs_oldest_seconds") == 90
    assert metric(client, "qilu_jobs_failing") == 0
    assert metric(client, "qilu_ledger_published_entries") == 0
    assert metric(client, "qilu_ledger_lag_seconds") == 90
    jobs.drain()
    assert metric(client, "qilu_jobs_failing") == 1
    publishing.publish()
    assert (
        metric(client, "qilu_ledger_published_entries")
        == metric(client, "qilu_ledger_entries")
        >= max(entries, 1)
    )
    assert metric(client, "qilu_ledger_lag_seconds") == 0


def test_sessions_are_counted_until_they_expire(exchange: Flask, client: FlaskClient, clock: Clock) -> None:
    actor = people.verified()
    assert actor.user_id is not None
    with transaction() as session:
        access.begin_session(session, actor.user_id, "person@example.org", "tests", second_factor=True)
    assert metric(client, "qilu_sessions") == 1
    clock.advance(hours=13)
    assert metric(client, "qilu_sessions") == 0


# Limits


def test_what_is_no_upload_is_small(client: FlaskClient) -> None:
    large = "x" * (SMALL + 1)
    assert client.post("/api/v1/tokens", data=large, content_type="application/json").status_code == 413
    assert client.post("/sign-in", data={"email": large}).status_code == 413


@pytest.fixture
def signed_in(client: FlaskClient) -> FlaskClient:
    """A person's browser; a stranger's files are refused before they are read."""
    actor = people.verified()
    assert actor.user_id is not None
    with transaction() as session:
        secret = access.begin_session(
            session, actor.user_id, "person@example.org", "tests", second_factor=True
        )
    client.set_cookie("qilu_session", secret)
    return client


def test_a_field_beside_a_file_is_small(signed_in: FlaskClient) -> None:
    part = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1\r\n--B--\r\n'
    kind = "multipart/form-data; boundary=B"
    large = signed_in.post("/assets", data=part % (b"title", b"x" * (FIELD + 1)) + file, content_type=kind)
    assert large.status_code == 413
    small = signed_in.post("/assets", data=part % (b"title", b"x" * 100) + file, content_type=kind)
    assert small.status_code != 413


def test_a_form_has_few_fields(signed_in: FlaskClient) -> None:
    form = {f"field{number}": "1" for number in range(PARTS + 1)}
    assert signed_in.post("/assets", data=form, content_type="multipart/form-data").status_code == 413
