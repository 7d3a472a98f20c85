"""Whole trades for tests, made by the product's own services against a running stand-in for payments."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import requests
from flask import Flask, current_app

from market import jobs
from market.actor import Actor
from market.app import create_app
from market.clock import utcnow
from market.config import Settings
from market.db import read, transaction
from market.oversight import publishing, writer
from market.sandbox import Sandbox
from market.trades import decisions, opening
from tests import deals, people
from tests.conftest import Client, settings_for
from tests.deals import Deal
from tests.postgres import Urls

NOWHERE = "http://127.0.0.1:9/webhooks/stripe"
"""Webhooks of the stand-in go nowhere: the poller finds every payment."""


class Ahead:
    """The real time, moved ahead by a test: the stand-in for payments keeps the real time too."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the time (aware UTC)."""
        return utcnow() + self._ahead

    def advance(self, **span: float) -> None:
        """Move ahead, for example ``advance(days=7)``."""
        self._ahead += timedelta(**span)


@contextmanager
def exchange(urls: Urls, home: Path) -> Iterator[Flask]:
    """Run the application with a stand-in for payments, inside its context."""
    sandbox = Sandbox(0, home / "sandbox", NOWHERE, "whsec_tests").start()
    app = create_app(_settings(urls, home, sandbox), clock=Ahead())
    app.test_client_class = Client
    try:
        with app.app_context():
            people.operator()
            jobs.drain()
            yield app
    finally:
        app.extensions["engine"].dispose()
        sandbox.stop()


def _settings(urls: Urls, home: Path, sandbox: Sandbox) -> Settings:
    return settings_for(urls, home, STRIPE_API_BASE=sandbox.base)


def in_force(deal: Deal) -> None:
    """Let both sign and the contract come into force."""
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()


def pay(deal: Deal) -> None:
    """Let the buyer pay on the stand-in's page, and the poller see it."""
    page = opening.pay(deal.buyer, deal.number)
    requests.post(page.url, data={"outcome": "pay"}, allow_redirects=False, timeout=60).raise_for_status()
    look()


def look() -> None:
    """Do every job that is due, two minutes later."""
    clock: Ahead = current_app.extensions["clock"]
    clock.advance(minutes=2)
    jobs.drain()


def fetch(app: Flask, deal: Deal) -> bytes:
    """Let the buyer fetch the whole file."""
    answer = app.test_client().get(
        f"/api/v1/trades/{deal.number}/delivery", headers=people.bearer(deal.buyer)
    )
    assert answer.status_code == 200, answer.text
    data: bytes = answer.data
    jobs.drain()
    return data


def accept(deal: Deal) -> None:
    """Let the buyer accept, and the money follow."""
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    jobs.drain()


def bundle(actor: Actor, number: str) -> dict[str, bytes]:
    """Publish what has grown and return the evidence bundle that the actor gets."""
    publishing.publish()
    with read() as session:
        evidence = writer.gather(session, actor, number)
    return writer.write(evidence)
