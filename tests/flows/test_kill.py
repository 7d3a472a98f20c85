"""SIGKILLs at random moments of whole trades that run side by side: nothing lost, nothing doubled.

``QILU_KILLS`` is how many on each database, ``QILU_KILL_SEED`` repeats the moments and the ways of a run (what the
machine makes of them is its own affair).
"""

import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, select

from market.config import Settings
from market.db import engine_for
from market.demo.goods import weather
from market.demo.home import Home, prepare
from market.demo.joining import Door
from market.demo.people import PEOPLE
from market.demo.processes import Processes
from market.doctor import ledger_faults
from market.jobs import Job
from market.payments.books import CLEARING, balances
from market.payments.models import Posting
from market.payments.stripe import Stripe
from market.steps.models import Step
from tests import ports
from tests.conftest import CI, tell
from tests.flows.hall import Silent
from tests.flows.killing import PATIENCE, Customers, Exchange, Story
from tests.postgres import Urls

KILLS = {"sqlite": 25, "postgresql": 25} if CI else {"sqlite": 8, "postgresql": 4}
SEED = os.environ.get("QILU_KILL_SEED") or str(random.SystemRandom().randrange(10**9))
TRADERS = 3
LIFE = 1.0
"""Longest time from readiness to the next kill, as a share of the last start's time; the shortest is none."""
PROMISED_SECONDS = 3.0
"""From the start of the process to /readyz on a quiet machine; what it was here is told, not judged."""

REGISTERED = [
    "asset.drafted", "asset.inspected", "asset.submitted", "asset.reviewed", "asset.noticed", "asset.registered",
]  # fmt: skip
TRADED = [
    "contract.requested", "contract.signed", "contract.signed", "contract.finalized",
    "payment.planned", "payment.opened", "payment.settled", "settlement.funded", "delivery.completed",
    "acceptance.accepted", "transfer.planned", "transfer.made", "settlement.released",
]  # fmt: skip

pytestmark = pytest.mark.kill


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return prepare(tmp_path / "home", ports.several(2))


@pytest.fixture
def environment(home: Home, urls: Urls) -> dict[str, str]:
    return {**home.environment(), "DATABASE_URL": urls.app, "DATABASE_OWNER_URL": urls.owner}


@pytest.fixture
def exchange(home: Home, environment: dict[str, str], urls: Urls) -> Iterator[Exchange]:
    with Processes(environment, home.folder / "logs") as processes:
        processes.start("sandbox", "sandbox", "--port", str(home.sandbox_port))
        made = Exchange(home, environment, urls)
        try:
            yield made
        finally:
            made.end()


def test_kills_lose_nothing_and_double_nothing(
    home: Home,
    environment: dict[str, str],
    exchange: Exchange,
    lane: str,
) -> None:
    tell("kill", f"{lane}: QILU_KILL_SEED={SEED}")
    cast = Door(
        home.url, Silent(), Processes(environment, home.folder / "logs"),  # type: ignore[arg-type]
        home.passwords([person.email for person in PEOPLE]), home.apps,
    ).let_in()  # fmt: skip
    over = threading.Event()
    traders = [
        Customers(home, cast, weather(), random.Random(f"{SEED} trader {number}"), over)
        for number in range(TRADERS)
    ]
    settings = Settings.load(environment)
    try:
        kills = int(os.environ.get("QILU_KILLS", KILLS[lane]))
        ways = _carry_on(exchange, traders, over, kills)
    except BaseException:
        open_jobs = select(Job.name, Job.attempt, Job.due_at, Job.leased_until, Job.error)
        tell("kill", f"{lane}: not done: {_rows(settings, open_jobs.where(Job.done_at.is_(None)))}")
        raise
    stories = [story for trader in traders for story in trader.stories]
    assert [trader.kinds(story) for trader in traders for story in trader.stories] == [TRADED] * len(stories)
    exchange.end()
    faults, entries = ledger_faults(settings)
    assert faults == []
    _nothing_lost_nothing_doubled(settings, stories)
    _books_are_the_platforms(settings, stories)
    tell("kill", _summary(lane, ways, stories, entries, exchange.ready_after))


def _carry_on(
    exchange: Exchange, traders: list[Customers], over: threading.Event, kills: int
) -> Counter[str]:
    """Let everybody trade while we kill, and come to an end afterwards."""
    troubles: list[BaseException] = []

    def trade(trader: Customers) -> None:
        try:
            while not over.is_set():
                trader.trade()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=trade, args=(trader,), daemon=True) for trader in traders]
    for thread in threads:
        thread.start()
    chance = random.Random(f"{SEED} kills")
    ways: Counter[str] = Counter()
    while ways.total() - ways["connections"] < kills:  # a connection that ends is no SIGKILL
        time.sleep(chance.uniform(0, LIFE) * exchange.ready_after[-1])
        possible = exchange.ways()
        (way,) = chance.choices([*possible], [*possible.values()])
        exchange.kill(way)
        ways[way] += 1
    over.set()
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive(), "a trade does not end"
    if troubles:
        raise troubles[0]
    return ways


def _nothing_lost_nothing_doubled(settings: Settings, stories: list[Story]) -> None:
    steps = _rows(settings, select(Step.id, Step.kind, Step.object).order_by(Step.object, Step.seq))
    known = {step.id for step in steps}
    for story in stories:
        assert [what for entry, what in story.told if uuid.UUID(entry) not in known] == []
    objects: dict[str, list[str]] = {}
    for step in steps:
        objects.setdefault(step.object, []).append(step.kind)
    lives = Counter(tuple(kinds) for kinds in objects.values())
    begun = Counter(kinds[0] for kinds in objects.values())
    files = sum(bool(story.asset) for story in stories)
    assert lives[tuple(REGISTERED)] == begun["asset.drafted"] == begun["listing.drafted"] == files
    assert lives[tuple(TRADED)] == begun["contract.requested"] == len(stories)


def _books_are_the_platforms(settings: Settings, stories: list[Story]) -> None:
    totals = balances(_rows(settings, select(Posting.__table__)))
    assert sum(totals.values()) == 0
    assert [
        name for (name, _), held in totals.items() if held and name.startswith(("order_", "provider_"))
    ] == []
    platform = Stripe(settings.stripe_api_base, settings.stripe_secret_key)
    assert platform.balance().amounts == {"cny": totals[CLEARING, "CNY"]}
    for story in stories:
        assert len(list(platform.transfers(f"trade-{story.number}"))) == 1


def _rows(settings: Settings, query: Executable) -> Sequence[Any]:
    engine = engine_for(settings.database_url)
    with engine.connect() as connection:
        found = connection.execute(query).all()
    engine.dispose()
    return found


def _summary(lane: str, ways: Counter[str], stories: list[Story], entries: int, ready: list[float]) -> str:
    ordered = sorted(ready)
    late = sum(seconds > PROMISED_SECONDS for seconds in ordered)
    said = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
    return (
        f"{lane}: {ways.total() - ways['connections']} SIGKILLs ({said}),"
        f" {len(stories)} whole trades, {entries} entries;"
        f" ready after {ordered[len(ordered) // 2]:.1f} s (median), {ordered[-1]:.1f} s (longest),"
        f" {late} of {len(ordered)} above {PROMISED_SECONDS:.0f} s"
    )
