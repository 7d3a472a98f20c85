"""A thousand duplicated and shuffled events: the ledger they leave is the one that each event leaves, told once.

Two exchanges are copies of one state: payments that were made at the platform, and no event told yet. What an exchange
draws by chance (ids, salts) would differ all the same, so the operating system's source is replaced, in the thread
that works, by one that depends on nothing but the object a job is about. Then the leaves can be compared byte by byte:

* with each event first told in its order, repeats in between leave the very same root;
* in any order, the same leaves: nothing stands differently but which of two trades was looked at first;
* and once all outcomes are booked, a thousand more events in any order leave size and root as they are.
"""

import hashlib
import json
import os
import random
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy.engine import make_url

from ledger import merkle, reader
from ledger.models import LedgerEntry
from market import jobs
from market.actor import Actor
from market.db import open_database, read
from market.migrations import metadata
from market.oversight import sequencing
from market.payments.models import WebhookEvent
from market.steps import fsck
from tests.conftest import postgres_server, tell
from tests.market.payments.conftest import Money, a_bill
from tests.market.payments.test_webhooks import post
from tests.market.sandbox.driver import KEY
from tests.postgres import Urls

TOLD = 1_000
PAYMENTS = 6


class Chance:
    """A source of bytes that depends on what the working thread is about; other threads have the real one."""

    def __init__(self, real: Callable[[int], bytes]) -> None:
        self._real = real
        self._about = threading.local()

    def __call__(self, size: int) -> bytes:
        seed = getattr(self._about, "seed", None)
        if seed is None:
            return self._real(size)
        self._about.drawn += 1
        return hashlib.shake_256(f"{seed} {self._about.drawn}".encode()).digest(size)

    @contextmanager
    def of(self, seed: str) -> Iterator[None]:
        self._about.seed, self._about.drawn = seed, 0
        try:
            yield
        finally:
            self._about.seed = None


@dataclass(frozen=True)
class Told:
    """What a ledger is after the events: its leaves in their order."""

    leaves: list[bytes]

    @property
    def root(self) -> bytes:
        return merkle.root(merkle.leaf_hash(leaf) for leaf in self.leaves)


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> Chance:
    source = Chance(os.urandom)
    monkeypatch.setattr(os, "urandom", source)
    monkeypatch.setattr(random, "_urandom", source)
    return source


@pytest.fixture
def paid(money: Money, provider: Actor, buyer: Actor, chance: Chance) -> Iterator[Money]:
    """An exchange whose buyers have paid, and which was told nothing."""
    money.control("settings", webhooks="hold")
    for _each in range(PAYMENTS):
        money.pay(a_bill(provider, buyer), buyer)
    money.work()
    work = money.app.extensions["handlers"]["webhook.received"]

    def about_its_object(event_id: str, turn: int = 0) -> None:
        with read() as session:
            about = session.get_one(WebhookEvent, event_id).object_id
        with chance.of(about):
            work(event_id, turn)

    money.app.extensions["handlers"]["webhook.received"] = about_its_object
    yield money
    money.app.extensions["engine"].dispose()


def events(money: Money) -> list[bytes]:
    """Return what the platform would tell, oldest first."""
    answer = requests.get(
        f"{money.platform.base}/v1/events", params={"limit": 100}, auth=(KEY, ""), timeout=60
    )
    listed: list[dict[str, Any]] = answer.json()["data"]
    return [json.dumps(one).encode() for one in reversed(listed)]


def tells(money: Money, bodies: list[bytes]) -> Told:
    """Tell events one after another, do what each asks for, and return the ledger."""
    for body in bodies:
        answer = post(money, body)
        assert answer.status_code == 200
        if answer.json == {"received": True}:
            jobs.drain()
    if money.app.extensions["engine"].dialect.name == "postgresql":
        sequencing.integrate()
    with read() as session:
        assert list(fsck.check(session, metadata())) == []
        size = reader.size(session)
        leaves = [reader.by_index(session, index).leaf for index in range(size)]
        assert size == session.query(LedgerEntry).count()
    return Told(leaves)


@contextmanager
def copied(money: Money, urls: Urls, folder: Path) -> Iterator[None]:
    """Let the exchange go on with a copy of its database, and come back to its own."""
    app = money.app
    app.extensions["engine"].dispose()
    with ExitStack() as stack:
        if urls.app.startswith("sqlite"):
            path = folder / f"{uuid.uuid4().hex}.db"
            shutil.copy(str(make_url(urls.app).database), path)
            address = f"sqlite:///{path}"
        else:
            address = stack.enter_context(postgres_server().database(like=urls)).app
        engine = open_database(app, address)
        yield
        engine.dispose()
    open_database(app, urls.app)


def shuffled(bodies: list[bytes], seed: int) -> list[bytes]:
    """Return every event at least once among a thousand, in an order of chance."""
    found = [*bodies, *random.Random(seed).choices(bodies, k=TOLD - len(bodies))]
    random.Random(seed + 1).shuffle(found)
    return found


def among_repeats(bodies: list[bytes], seed: int) -> list[bytes]:
    """Return a thousand events: each first in its order, and what was told before again and again in between."""
    order, found = random.Random(seed), []
    for place, body in enumerate(bodies):
        found.append(body)
        found += order.choices(bodies[: place + 1], k=(TOLD - len(bodies)) // len(bodies))
    return found


def test_a_thousand_events_leave_the_ledger_that_each_leaves_once(
    paid: Money, urls: Urls, tmp_path: Path, chance: Chance
) -> None:
    bodies = events(paid)
    with copied(paid, urls, tmp_path):
        once = tells(paid, bodies)
        again = tells(paid, shuffled(bodies, 1))
        assert (len(again.leaves), again.root) == (len(once.leaves), once.root)
    with copied(paid, urls, tmp_path):
        assert tells(paid, among_repeats(bodies, 2)).root == once.root
    mixed = tells(paid, shuffled(bodies, 3))
    assert sorted(mixed.leaves) == sorted(once.leaves)
    kinds = [json.loads(leaf)["kind"] for leaf in mixed.leaves]
    assert kinds.count("payment.settled") == PAYMENTS
    tell(
        "shuffled", f"{PAYMENTS} payments, {len(bodies)} events, 3 x {TOLD} told: root {once.root.hex()[:16]}"
    )
