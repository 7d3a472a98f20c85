"""What surrounds every request: headers, who asks and under which name, readiness, metrics, limits."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import delete, text
from werkzeug.test import TestResponse

from market import jobs, logs, migrations
from market.app import create_app
from market.config import Settings, SettingsError
from market.db import open_database, transaction
from market.edge import FIELD, PARTS, SMALL, content_policy, ready
from market.oversight import publishing
from market.participants import access
from market.storage import StoreError
from tests import people
from tests.conftest import Clock, settings_for
from tests.postgres import Urls
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
    assert "form-action 'self' https://checkout.stripe.com;" in content_policy(real)


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


# Who asks: the proxy, the host, the request id

PUBLIC = {
    "base_url": "https://exchange.example",
    "stripe_api_base": "https://api.stripe.com",
    "secret_key": "0123456789abcdef" * 2,
    "mail_url": "smtp://mail.example",
}


@pytest.fixture(scope="module")
def outside() -> Flask:
    """The application behind a proxy of its own machine, put together once; an address tells what it sees."""
    settings = settings_for(Urls(app="sqlite://", owner=""), Path("nowhere"))
    app = create_app(replace(settings, **PUBLIC))  # type: ignore[arg-type]
    app.add_url_rule("/seen", view_func=lambda: {"address": request.remote_addr, "scheme": request.scheme})
    return app


@pytest.fixture
def public(outside: Flask, settings: Settings) -> Iterator[Flask]:
    """It on a fresh database."""
    kept = dict(outside.extensions)
    outside.extensions["settings"] = replace(settings, **PUBLIC)  # type: ignore[arg-type]
    engine = open_database(outside, settings.database_url)
    yield outside
    engine.dispose()
    outside.extensions.clear()
    outside.extensions.update(kept)


def seen(app: Flask, peer: str, **headers: str) -> TestResponse:
    named = {"Host": "exchange.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return app.test_client().get("/seen", headers=named, environ_overrides={"REMOTE_ADDR": peer})


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", ""])
def test_the_proxy_of_this_machine_says_who_asks(public: Flask, peer: str) -> None:
    answer = seen(public, peer, X_Forwarded_For="198.51.100.7", X_Forwarded_Proto="https")
    assert answer.json == {"address": "198.51.100.7", "scheme": "https"}


def test_only_the_last_hop_counts_since_the_person_may_write_the_others(public: Flask) -> None:
    answer = seen(public, "127.0.0.1", X_Forwarded_For="127.0.0.1, 10.0.0.1, 198.51.100.7")
    assert answer.json is not None
    assert answer.json["address"] == "198.51.100.7"


def test_nobody_else_is_believed(public: Flask) -> None:
    answer = seen(
        public,
        "198.51.100.66",
        X_Forwarded_For="198.51.100.7",
        X_Forwarded_Proto="https",
        X_Request_Id="a" * 32,
    )
    assert answer.json == {"address": "198.51.100.66", "scheme": "http"}
    assert answer.headers["X-Request-Id"] != "a" * 32


def test_on_loopback_there_is_no_proxy(exchange: Flask) -> None:
    found: list[str | None] = []
    exchange.before_request_funcs.setdefault(None, []).append(lambda: found.append(request.remote_addr))
    try:
        exchange.test_client().get("/healthz", headers={"X-Forwarded-For": "198.51.100.7"})
    finally:
        exchange.before_request_funcs[None].pop()
    assert found == ["127.0.0.1"]


def test_attempts_are_counted_by_the_persons_address_behind_the_proxy(public: Flask) -> None:
    body = {"email": "nobody@example.org", "password": "wrong wrong wrong", "label": "x"}

    def attempt(hops: str) -> int:
        headers = {"Host": "exchange.example", "X-Forwarded-For": hops}
        return public.test_client().post("/api/v1/tokens", json=body, headers=headers).status_code

    assert attempt("198.51.100.7") == 401
    with public.app_context(), transaction() as session:
        (failure,) = session.execute(text("SELECT address FROM login_attempt")).scalars()
        assert failure == "198.51.100.7"
    assert attempt("198.51.100.7, 198.51.100.8") == 401
    with public.app_context(), transaction() as session:
        counted = session.execute(text("SELECT address FROM login_attempt ORDER BY address")).scalars()
        assert list(counted) == ["198.51.100.7", "198.51.100.8"]


@pytest.mark.parametrize(
    "given",
    ["short", "a" * 65, "with blank in it", "<script>alert(1)</script>", "-leading-dash", "line\tbreak0"],
)
def test_the_proxys_request_id_is_taken_if_well_formed(public: Flask, given: str) -> None:
    forwarded = {"X_Forwarded_For": "198.51.100.7"}
    assert (
        seen(public, "127.0.0.1", X_Request_Id="b7f3" * 8, **forwarded).headers["X-Request-Id"] == "b7f3" * 8
    )
    assert len(seen(public, "127.0.0.1", X_Request_Id=given, **forwarded).headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    "host",
    ["evil.example", "exchange.example.", "exchange.example:8443", "localhost", "127.0.0.1", "", "a b"],
)
def test_a_foreign_host_is_refused(public: Flask, host: str) -> None:
    answer = public.test_client().get("/seen", headers={"Host": host, "X-Forwarded-For": "198.51.100.7"})
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "host.unknown"


@pytest.mark.parametrize("host", ["exchange.example", "EXCHANGE.example", "exchange.example:443"])
def test_the_own_host_is_answered(public: Flask, host: str) -> None:
    assert public.test_client().get("/seen", headers={"Host": host}).status_code == 200


def test_probes_of_this_machine_need_no_name(public: Flask) -> None:
    for address in ("/healthz", "/metrics"):
        assert public.test_client().get(address, headers={"Host": "localhost:8080"}).status_code == 200
    outside = {"Host": "localhost:8080", "X-Forwarded-For": "198.51.100.7"}
    assert public.test_client().get("/healthz", headers=outside).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8080", "localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_on_loopback_any_name_of_this_machine_will_do(client: FlaskClient, host: str) -> None:
    assert client.get("/rules", headers={"Host": host}).status_code == 200


def test_on_loopback_a_foreign_name_is_refused(client: FlaskClient) -> None:
    """A page elsewhere whose name was made to mean this machine must not read the exchange."""
    assert client.get("/rules", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("198.51.100.66", {"Host": "exchange.example"}),
        ("198.51.100.66", {"Host": "localhost"}),
        ("127.0.0.1", {"Host": "exchange.example", "X-Forwarded-For": "198.51.100.7"}),
        ("127.0.0.1", {"Host": "exchange.example", "X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Host": "exchange.example"}),
    ],
)
def test_metrics_are_for_this_machine(public: Flask, peer: str, headers: dict[str, str]) -> None:
    answer = public.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    assert answer.status_code in {400, 404}
    assert "qilu_" not in answer.text


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
        access.begin_session(session, actor.user_id, "person@example.org", "tests")
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
        secret = access.begin_session(session, actor.user_id, "person@example.org", "tests")
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
