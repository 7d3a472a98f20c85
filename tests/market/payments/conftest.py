"""An exchange that listens, a stand-in that pays and tells it, and a bill between two organisations."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from market import jobs, steps
from market.actor import Actor, Role
from market.config import Settings
from market.db import read, transaction
from market.payments import service
from market.payments.models import Operation, Posting
from market.payments.service import Bill
from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests import people
from tests.conftest import Clock
from tests.market.payments import stripe_spec
from tests.market.sandbox.conftest import client, control, inbox, raw, sandbox, watch
from tests.market.sandbox.driver import KEY, Control
from tests.waiting import until

REFUND, FEE = 6_650, 397
"""Of 199.00: 66.50 back to the buyer, and 3 % of the rest."""

__all__ = ["client", "control", "inbox", "raw", "sandbox", "watch"]

SECRET = "whsec_tests"
MOST = 1_000
"""Jobs that are done in one go."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.get_closest_marker(stripe_spec.LANE)]
    if mine and stripe_spec.lacking(config):
        config.hook.pytest_deselected(items=mine)
        items[:] = [item for item in items if item not in mine]


@dataclass
class Money:
    """An exchange and its payment platform, with what a test does to them.

    Attributes:
        followed: (job name, trade number) of everything queued for the rooms above.
    """

    app: Flask
    clock: Clock
    platform: Sandbox
    url: str
    followed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def control(self) -> Control:
        return Control(self.platform.base)

    @property
    def stripe(self) -> Stripe:
        return Stripe(self.platform.base, KEY)

    def work(self, **later: float) -> None:
        """Move the clock and do what is due; troubles of single jobs are theirs to repeat."""
        self.clock.advance(**later)
        while jobs.drain(MOST) == MOST:
            pass

    def pay(self, bill: Bill, actor: Actor, outcome: str = "pay") -> Operation:
        """Plan, open the page and click; the webhook is still to come."""
        operation = self.plan(bill, actor)
        page = service.open_page(operation.id)
        requests.post(page.url, data={"outcome": outcome}, allow_redirects=False, timeout=60)
        return self.get(operation)

    def funded(self, bill: Bill, actor: Actor) -> Operation:
        """Pay, and wait until the exchange knows it."""
        before = self.told("checkout.session.completed")
        operation = self.pay(bill, actor)
        until(lambda: self.told("checkout.session.completed") > before)
        self.work()
        return self.get(operation)

    def told(self, type: str) -> int:
        """Count the webhooks of a type that the exchange has taken."""
        sent = self.control.get("deliveries")
        return sum(one["type"] == type and one["state"] == "done" for one in sent)

    def plan(self, bill: Bill, actor: Actor) -> Operation:
        with transaction() as session:
            return service.plan_payment(session, actor, bill)

    def out(self, bill: Bill, way: Callable[..., Operation]) -> Operation:
        with transaction() as session:
            return way(session, Actor.system("test"), bill)

    def get(self, operation: Operation) -> Operation:
        with read() as session:
            return service.operation(session, operation.id)

    def all(self, bill: Bill) -> list[Operation]:
        with read() as session:
            return service.operations_of(session, bill.number)

    def postings(self, bill: Bill) -> list[Posting]:
        with read() as session:
            return service.postings_of(session, bill.number)

    def balances(self, bill: Bill) -> dict[str, int]:
        return {account: amount for (account, _), amount in service.balances(self.postings(bill)).items()}

    def kinds(self, bill: Bill) -> list[str]:
        with read() as session:
            return [step.kind for step in steps.steps_of(session, bill.handle)]

    def open_pages(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.platform.base}/v1/checkout/sessions", auth=(KEY, ""), timeout=60)
        return list(answer.json()["data"])


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.payments.stripe.wire._pause", lambda *_: 0)


@pytest.fixture
def money(
    exchange: Flask,
    settings: Settings,
    tmp_path: Path,
    clock: Clock,
    no_pauses: None,
    pytestconfig: pytest.Config,
) -> Iterator[Money]:
    """The whole application on a fresh database, listening on loopback for the stand-in's webhooks."""
    with listening(exchange, settings, tmp_path, clock) as found:
        yield found
    stripe_spec.hold(pytestconfig, found.platform, ours=False)


@contextmanager
def listening(exchange: Flask, settings: Settings, folder: Path, clock: Clock) -> Iterator[Money]:
    """Let an application listen on loopback for the webhooks of a stand-in of its own."""
    server = make_server("127.0.0.1", 0, exchange, threaded=True)
    url = f"http://localhost:{server.port}"
    platform = Sandbox(
        0, folder / "platform", f"{url}/webhooks/stripe", SECRET, clock=lambda: clock().timestamp()
    ).start()
    exchange.extensions["settings"] = replace(
        settings, stripe_api_base=platform.base, base_url=url, stripe_secret_key=KEY
    )
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    found = Money(exchange, clock, platform, url)
    for name in ("payment.settled", "transfer.made", "refund.made", "reversal.over"):
        exchange.extensions["handlers"][name] = _following(found, name)
    for name in ("chargeback.opened", "chargeback.over"):
        exchange.extensions["handlers"][name] = _questioned(found, name)
    yield found
    platform.stop()
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(money: Money) -> Actor:
    """A provider with its connected account open."""
    actor = people.verified(Role.PROVIDER)
    money.work()
    return actor


@pytest.fixture
def buyer(money: Money) -> Actor:
    return people.verified(Role.BUYER)


@pytest.fixture
def bill(provider: Actor, buyer: Actor) -> Bill:
    return a_bill(provider, buyer)


@pytest.fixture
def parted(bill: Bill) -> Bill:
    """A bill that a ruling has divided."""
    return replace(bill, refund=REFUND, fee=FEE)


def a_bill(provider: Actor, buyer: Actor, *, amount: int = 19_900, fee: int = 597) -> Bill:
    assert provider.organisation_id is not None
    assert buyer.organisation_id is not None
    handle = steps.new_handle()
    return Bill(
        handle=handle,
        number=handle[:11].upper(),
        settlement_id=uuid.uuid4(),
        provider_id=provider.organisation_id,
        buyer_id=buyer.organisation_id,
        amount=amount,
        fee=fee,
        currency="CNY",
        title="每日气象",
        rules=1,
    )


def _questioned(money: Money, name: str) -> Callable[..., None]:
    def follow(number: str, chargeback_id: str) -> None:
        assert uuid.UUID(chargeback_id)
        money.followed.append((name, number))

    return follow


def _following(money: Money, name: str) -> Callable[..., None]:
    def follow(number: str, operation_id: str) -> None:
        assert uuid.UUID(operation_id)
        money.followed.append((name, number))

    return follow
