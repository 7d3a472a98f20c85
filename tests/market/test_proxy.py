"""Who asks, by which name, and under which request id: what is believed of a proxy, and what of anybody."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import text
from werkzeug.test import TestResponse

from market.app import create_app
from market.config import Settings
from market.db import open_database, transaction
from tests.conftest import settings_for
from tests.postgres import Urls

HTML = {"Accept": "text/html"}


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
