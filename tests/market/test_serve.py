"""The real server in processes of its own: what it logs, how it stops, what slow clients may do."""

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from ledger import reader
from market import jobs
from market.config import Settings
from market.db import read, transaction
from market.demo.processes import command, die_with
from market.participants import tokens
from tests import assets, deals, people, ports, trades
from tests.waiting import SECONDS

HURRIED = (
    "from market import logs, serve; from market.config import Settings; from market.serve.master import Server;"
    "logs.as_json(); Server(Settings.load(), '127.0.0.1', {port}, 1, serve.background, slow=1).run()"
)
"""A server whose clients may stand still for one second only."""
PATIENT = (
    "from market import serve; from market.config import Settings; from market.serve import master;"
    "master.GRACE_SECONDS = master.ANSWER_SECONDS = 3600;"
    "serve.serve(Settings.load(), host='127.0.0.1', port={port}, processes=1)"
)
"""A server that waits an hour for answers in flight."""
WORKER = "from market import serve; from market.config import Settings; serve.work(Settings.load())"
on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


class Running:
    """A server process; everything it writes is kept.

    Args:
        settings: of the exchange it serves.
        arguments: what to run instead of ``qilu serve``, or further options of it.
    """

    def __init__(self, settings: Settings, *arguments: str, script: str = "") -> None:
        self.port = ports.one()
        self.url = f"http://localhost:{self.port}"
        self.output = settings.home / "output"
        self.errors = settings.home / "errors"
        names = ("database_url", "secret_key", "stripe_api_base", "stripe_secret_key", "stripe_webhook_secret",
                 "ledger_origin", "ledger_signing_key")  # fmt: skip
        environment = {name.upper(): getattr(settings, name) for name in names}
        serve = command("serve", "--port", str(self.port), *arguments)
        with self.output.open("ab") as output, self.errors.open("ab") as errors:
            self.child = subprocess.Popen(
                [sys.executable, "-c", script.format(port=self.port)] if script else serve,
                env={**os.environ, "QILU_HOME": str(settings.home), "BASE_URL": self.url, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True,
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - one prctl call, no lock is taken
            )  # fmt: skip

    def __enter__(self) -> Self:
        self.until(self._ready)
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def _ready(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=30).ok
        return False

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal, and wait until no new connection is taken any more."""
        self.child.send_signal(number)
        self.until(self._refuses)

    def _refuses(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=30).close()
        except ConnectionError:
            return True
        return False

    def ended(self) -> int:
        """Return the exit status once it has ended."""
        return self.child.wait(SECONDS)

    def said(self) -> str:
        return self.output.read_text("utf-8") + self.errors.read_text("utf-8")


class Slow:
    """Somebody who asks for a file and does not take it.

    Args:
        server: whom to ask.
        number: of the trade.
        headers: with the bearer token.
    """

    def __init__(self, server: Running, number: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._connection.request("GET", f"/api/v1/trades/{number}/delivery", headers=headers)
        self.answer = self._connection.getresponse()
        self.first = self.answer.read(1000)

    def rest(self) -> bytes:
        return self.first + self.answer.read()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def file() -> bytes:
    """More than the buffers between two processes hold."""
    row = f"济南,{'晴' * 5000}\n".encode()
    return "城市,天气\n".encode() + row * (24 * 1024 * 1024 // len(row))


@pytest.fixture
def bought(exchange: Flask, file: bytes) -> tuple[str, dict[str, str]]:
    """A trade whose file waits to be fetched, and its buyer's token."""
    trades.platform(exchange)
    provider = assets.provider()
    listing = assets.listed(provider, assets.registered(provider, file), **deals.free())
    deal = deals.requested(provider, people.verified(), listing)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    return deal.number, people.bearer(deal.buyer)


@on_sqlite
def test_no_secret_reaches_the_output_and_every_line_of_the_log_is_json(
    exchange: Flask, settings: Settings
) -> None:
    actor = people.verified()
    bearer = people.bearer(actor)
    secrets = {
        "token": bearer["Authorization"].removeprefix("Bearer "),
        "wrong token": tokens.new_token(),
        "cookie": tokens.new_secret(),
        "link": tokens.new_secret(),
        "password": "hunter22-hunter22",
        "payment key": settings.stripe_secret_key,
        "webhook secret": settings.stripe_webhook_secret,
        "signing key": settings.ledger_signing_key,
        "secret key": settings.secret_key,
        "address": "lisi@secret.example",
    }
    with Running(settings) as server:
        url = server.url
        found = requests.get(f"{url}/api/v1/me", headers=bearer, timeout=SECONDS)
        requests.get(
            f"{url}/api/v1/me",
            headers={"Authorization": f"Bearer {secrets['wrong token']}"},
            timeout=SECONDS,
        )
        requests.get(f"{url}/me", cookies={"qilu_session": secrets["cookie"]}, timeout=SECONDS)
        for path in (
            f"/invitations/{secrets['link']}",
            f"/reset/{secrets['link']}",
            f"/?token={secrets['link']}",
        ):
            requests.get(url + path, timeout=SECONDS)
        body = {"email": secrets["address"], "password": secrets["password"], "label": "x"}
        requests.post(f"{url}/api/v1/tokens", json=body, timeout=SECONDS)
        requests.post(f"{url}/api/v1/organisations", json={**body, "roles": 7}, timeout=SECONDS)
        requests.post(f"{url}/sign-in", data=body, timeout=SECONDS)
        signed = {"Stripe-Signature": f"t=1,v1={secrets['link']}"}
        requests.post(f"{url}/webhooks/stripe", data=secrets["payment key"], headers=signed, timeout=SECONDS)
        for broken in (
            f"GET /{secrets['link']} HTTP/9.9",
            f"NONSENSE {secrets['token']}",
            f"GET / HTTP/1.1\r\nCookie {secrets['cookie']}",
        ):
            with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as raw:
                raw.sendall(f"{broken}\r\nHost: localhost\r\n\r\n".encode())
                raw.recv(1000)
        server.stop()
        assert server.ended() == 0
        said = server.said()
    assert [name for name, secret in secrets.items() if secret in said] == []
    lines = [json.loads(line) for line in server.errors.read_text("utf-8").splitlines()]
    (mine,) = [line for line in lines if line.get("request_id") == found.headers["X-Request-Id"]]
    assert mine["event"] == "request"
    assert mine["route"] == "/api/v1/me"
    assert mine["status"] == found.status_code
    assert mine["via"] == "api"
    assert mine["organisation"] == str(actor.organisation_id)
    assert mine["ms"] > 0


@on_sqlite
def test_a_stop_lets_answers_in_flight_finish_and_publishes_the_rest(
    exchange: Flask, settings: Settings, bought: tuple[str, dict[str, str]], file: bytes
) -> None:
    with Running(settings, script=PATIENT) as server:
        slow = Slow(server, *bought)
        assert slow.answer.status == 200
        server.stop()
        content = slow.rest()
        slow.close()
        assert hashlib.sha256(content).digest() == hashlib.sha256(file).digest()
        assert server.ended() == 0, server.said()
    with read() as session:
        head = reader.latest_checkpoint(session)
        assert head is not None
        assert head.size == reader.size(session)


@on_sqlite
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(
    settings: Settings, bought: tuple[str, dict[str, str]], number: signal.Signals
) -> None:
    with Running(settings, script=PATIENT) as server:
        slow = Slow(server, *bought)
        server.stop(number)
        server.child.send_signal(number)
        server.ended()
        slow.close()


@on_sqlite
def test_a_client_that_stops_in_the_middle_is_dropped(settings: Settings) -> None:
    with Running(settings, script=HURRIED) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) for _one in range(20)]
        for one in idle:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        for one in idle:
            with one, suppress(ConnectionResetError):
                assert one.recv(1000) == b""
        assert requests.get(f"{server.url}/healthz", timeout=SECONDS).status_code == 200
        errors = [line for line in server.said().splitlines() if '"level": "error"' in line]
        assert [
            line for line in errors if '"job": "events.poll"' not in line
        ] == []  # there is no platform to ask


@on_sqlite
def test_long_lines_and_headers_are_refused(settings: Settings) -> None:
    with Running(settings) as server:
        long = "x" * 9000
        assert requests.get(f"{server.url}/?q={long}", timeout=SECONDS).status_code == 414
        assert requests.get(f"{server.url}/", headers={"X-Long": long}, timeout=SECONDS).status_code in {
            400,
            431,
        }
        many = {f"X-{number}": "1" for number in range(120)}
        assert requests.get(f"{server.url}/", headers=many, timeout=SECONDS).status_code in {400, 431}


@on_postgresql
def test_several_processes_answer_for_all_of_them(settings: Settings) -> None:
    asked = 40
    with Running(settings, "--processes", "2") as server:
        for _request in range(asked):
            requests.get(f"{server.url}/healthz", timeout=SECONDS)
        for _scrape in range(5):
            text = requests.get(f"{server.url}/metrics", timeout=SECONDS).text
            assert (
                f'qilu_requests_total{{endpoint="edge.health",method="GET",status="200"}} {asked}.0' in text
            )


@on_postgresql
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_when_asked(exchange: Flask, settings: Settings, number: signal.Signals) -> None:
    with transaction() as session:
        jobs.queue(session, "nobody.cares")

    def at_work() -> bool:
        with read() as session:
            return session.scalar(select(jobs.Job.attempt).where(jobs.Job.name == "nobody.cares")) > 0

    worker = Running(settings, script=WORKER)
    try:
        worker.until(at_work)
        worker.child.send_signal(number)
        assert worker.ended() == 0, worker.said()
    finally:
        worker.__exit__()
    lines = [json.loads(line) for line in worker.errors.read_text("utf-8").splitlines()]
    failed = {line["job"] for line in lines if line["event"] == "job.failed"}
    assert failed - {"events.poll"} == {"nobody.cares"}  # there is no platform to ask
