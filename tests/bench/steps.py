"""What a ledger entry costs: a step against the same step without the ledger, each its own durable commit.

*Without* is the same service on a database of its own, with the same rows, but without Step, image, opening, entry,
foreign key or trigger. The two take turns, so that other work on the machine falls on both; the ratio is of medians.
A step here is an organisation that applies; over HTTP it is an invitation, with everything an answer needs.
SQLite commits with ``synchronous=FULL``, on the disk that holds ``TMPDIR``. Many clients share its flushes (group
commit); *singly* is the same exchange with groups of one.
"""

import io
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from market import migrations, steps
from market.app import create_app
from market.db import BUSY_SECONDS, engine, transaction
from market.migrations import binding
from market.participants import service
from market.turn import Turn
from tests import people
from tests.bench.table import Row
from tests.conftest import settings_for
from tests.postgres import Urls

Act = Callable[[], object]

ROUNDS = 10
SECONDS = 0.5
"""Of each turn."""
CLIENTS = 32
TIME = ROUNDS * SECONDS


def rates(folder: Path) -> list[Row]:
    """Return what the ledger costs on SQLite: alone, in an answer, and with many clients."""
    with_ledger, without = exchange(folder / "with"), exchange(folder / "without", bound=False)
    asks = _asking(with_ledger)
    with unrecorded():
        asks_without = _asking(without)
    one = _compare(with_ledger, without, step, step)
    many = _compare(with_ledger, without, step, step, clients=CLIENTS)
    grouped, singly = _in_groups_and_singly(with_ledger)
    with redirect_stdout(io.StringIO()):  # where mail goes when there is nobody to carry it
        answers = _compare(with_ledger, without, asks, asks_without)
    for app in (with_ledger, without):
        app.extensions["engine"].dispose()
    return [
        _row("durable step, one client", one, ">= 0.85"),
        _row("JSON answer with a step, one client", answers, ">= 0.95"),
        _row(f"durable step, {CLIENTS} clients", many, ""),
        Row(
            f"{CLIENTS} clients with the ledger beside one client without",
            f"{many[0]:.0f} /s beside {one[1]:.0f} /s",
            f"{many[0] / one[1]:.2f}",
            ">= 10",
        ),
        Row(
            f"{CLIENTS} clients in groups beside singly",
            f"{len(grouped) / TIME:.0f} /s beside {len(singly) / TIME:.0f} /s",
            f"{len(grouped) / len(singly):.2f}",
            "> 1",
        ),
        *(
            Row(
                f"wait of one step among {CLIENTS} clients, {name}",
                f"{_part(grouped, part) * 1000:.0f} ms, {_part(singly, part) * 1000:.0f} ms singly",
                f"{_part(grouped, part) / _part(singly, part):.2f}",
                "< 1",
            )
            for name, part in (("median", 0.5), ("99 of 100", 0.99))
        ),
    ]


def exchange(folder: Path, *, bound: bool = True) -> Flask:
    """Return an exchange on a fresh SQLite file, whose rows no step binds if it is not to be `bound`."""
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'bench.db'}"
    settings = settings_for(Urls(app=url, owner=url), folder)
    migrations.upgrade(settings)
    app = create_app(settings)
    if not bound:
        with app.app_context():
            with engine().begin() as connection:
                binding.drop(connection)
            engine().dispose()
            event.listen(engine(), "connect", lambda raw, _record: raw.execute("PRAGMA foreign_keys = OFF"))
    return app


def step() -> steps.Step:
    """Take one step."""
    application = people.application()
    with transaction() as session:
        made = service.apply(session, application, "a hash that fits nothing")[1]
    if made is None:
        raise RuntimeError("the bench's organisation has applied before")
    return made


@contextmanager
def unrecorded() -> Iterator[None]:
    """Let a step be its rows alone."""
    real = steps.record

    def record(session: Session, pending: steps.Pending, **_about: Any) -> steps.Step:
        session.flush()
        return steps.Step(id=pending.id)

    steps.record = record  # type: ignore[assignment]
    try:
        yield
    finally:
        steps.record = real


def _asking(app: Flask) -> Callable[[], None]:
    """Return what asks an exchange for an invitation, as its operator's program does."""
    with app.app_context():
        headers = people.bearer(people.operator())
    client = app.test_client()

    def ask() -> None:
        body = {"email": f"{uuid.uuid4().hex}@example.org", "roles": ["operator"]}
        answer = client.post("/api/v1/members/invitations", json=body, headers=headers)
        if answer.status_code != 201:
            raise RuntimeError(f"the bench was refused: {answer.json}")

    return ask


def _compare(
    with_ledger: Flask, without: Flask, act: Act, plain: Act, clients: int = 1
) -> tuple[float, float]:
    """Return how often an act is done each second, with the ledger and without."""
    found: list[tuple[float, float]] = []
    for _turn in range(ROUNDS):
        recorded = rate(with_ledger, act, clients)
        with unrecorded():
            found.append((recorded, rate(without, plain, clients)))
    return statistics.median(one for one, _ in found), statistics.median(other for _, other in found)


def _in_groups_and_singly(app: Flask) -> tuple[list[float], list[float]]:
    """Return how long each of many steps took (seconds), which share flushes, and which do not."""
    turn, alone = app.extensions["turn"], Turn(BUSY_SECONDS, most=1)
    grouped: list[float] = []
    singly: list[float] = []
    for _turn in range(ROUNDS):
        rate(app, step, CLIENTS, waits=grouped)
        app.extensions["turn"] = alone
        rate(app, step, CLIENTS, waits=singly)
        app.extensions["turn"] = turn
    return grouped, singly


def _part(waits: list[float], part: float) -> float:
    return sorted(waits)[int(len(waits) * part)]


def rate(
    app: Flask, act: Act, clients: int = 1, seconds: float = SECONDS, waits: list[float] | None = None
) -> float:
    """Return how often an act can be done each second by some clients at once; `waits` takes how long each took."""
    counts = [0] * clients
    took: list[float] = [] if waits is None else waits
    end = time.perf_counter() + seconds

    def go(number: int) -> None:
        with app.app_context():
            while (before := time.perf_counter()) < end:
                act()
                took.append(time.perf_counter() - before)
                counts[number] += 1

    began = time.perf_counter()
    threads = [threading.Thread(target=go, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _row(name: str, found: tuple[float, float], target: str) -> Row:
    ledgered, plain = found
    return Row(name, f"{ledgered:.0f} /s, {plain:.0f} /s without", f"{ledgered / plain:.2f}", target)
