"""A running stand-in on a free loopback port, our client of it, and an endpoint that collects webhooks."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests.market.payments import stripe_spec
from tests.market.sandbox.driver import KEY, Control, Watch
from tests.waiting import SECONDS

SECRET = "whsec_of_this_test"


@dataclass
class Inbox:
    """What came in, and what is answered."""

    url: str = ""
    status: int = 200
    received: list[tuple[bytes, str]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[tuple[bytes, str]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, timeout=SECONDS), self.received
        return self.received


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = box.status  # before anybody who waits may change it
            with box.arrived:
                box.received.append((body, self.headers["Stripe-Signature"]))
                box.arrived.notify_all()
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    box.url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sandbox(tmp_path: Path, inbox: Inbox, watch: Watch, pytestconfig: pytest.Config) -> Iterator[Sandbox]:
    running = Sandbox(0, tmp_path, inbox.url, SECRET, clock=watch).start()
    yield running
    running.stop()
    stripe_spec.hold(pytestconfig, running, ours=False)


@pytest.fixture
def control(sandbox: Sandbox) -> Control:
    return Control(sandbox.base)


@pytest.fixture
def client(sandbox: Sandbox) -> Stripe:
    return Stripe(sandbox.base, KEY, sleep=lambda _: None)


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (KEY, "")
        yield session
