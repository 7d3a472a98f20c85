"""PostgreSQL: what the ledger costs many writers at once, and how soon an entry has its place.

The sequencer works where it does in life, in the process of ``qilu worker``: beside the writers' threads it would wait
for Python's lock as long as they do. The server commits durably: ``fsync`` and ``synchronous_commit`` are on.
"""

import os
import statistics
import uuid
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from market.app import create_app
from market.db import engine_for, read
from market.demo.client import wait_for
from market.demo.processes import Processes
from market.migrations import binding
from market.steps import Step, index_of
from tests.bench.steps import rate, step, unrecorded
from tests.bench.table import Row
from tests.conftest import environment_for, settings_for
from tests.postgres import DURABLE, Server, Urls

CLIENTS = 16
ROUNDS = 6
SECONDS = 2.0
DATED = {**DURABLE, "track_commit_timestamp": "on"}
"""Settings of a server on which this can be measured."""
_WAITED = text(
    """
    SELECT CAST(extract(epoch FROM pg_xact_commit_timestamp(leaf.xmin) - pg_xact_commit_timestamp(entry.xmin)) AS float)
    FROM ledger_entry AS entry JOIN ledger_leaf AS leaf ON leaf.entry_id = entry.id
    WHERE leaf.idx > 0
    """
)


def rates(server: Server, folder: Path) -> list[Row]:
    """Return what the ledger costs, and how long an entry waits for its place while all write."""
    with server.database() as bound, server.database() as bare:
        with_ledger, without = _exchange(bound, folder), _exchange(bare, folder)
        _unbind(bare)
        ledgered, plain = [], []
        with Processes(_environment(with_ledger, bound), folder / "logs") as processes:
            processes.start("worker", "worker")
            _require_elected(with_ledger)
            for _turn in range(ROUNDS):
                ledgered.append(rate(with_ledger, step, CLIENTS, SECONDS))
                with unrecorded():
                    plain.append(rate(without, step, CLIENTS, SECONDS))
        waits = _waits(bound)
        for app in (with_ledger, without):
            app.extensions["engine"].dispose()
    one, other = statistics.median(ledgered), statistics.median(plain)
    p50, p99 = (statistics.quantiles(waits, n=100)[at] * 1000 for at in (49, 98))
    return [
        Row(
            f"durable step, PostgreSQL, {CLIENTS} connections",
            f"{one:.0f} /s, {other:.0f} /s without",
            f"{one / other:.2f}",
            ">= 0.75",
        ),
        Row("from commit to index, meanwhile", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms", "", "p99 <= 100 ms"),
    ]


def _exchange(urls: Urls, folder: Path) -> Flask:
    home = folder / uuid.uuid4().hex
    home.mkdir()
    app = create_app(settings_for(urls, home))
    app.extensions["engine"].pool._max_overflow = CLIENTS  # one each
    return app


def _environment(app: Flask, urls: Urls) -> dict[str, str]:
    """Return what another process of an exchange gets."""
    return {**os.environ, **environment_for(urls, app.extensions["settings"].home)}


def _unbind(urls: Urls) -> None:
    """Take from a database what binds rows to steps."""
    owner = engine_for(urls.owner)
    with owner.begin() as connection:
        binding.drop(connection)
        for table in binding.STATEFUL:
            connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS bond_{table}'))
    owner.dispose()


def _require_elected(app: Flask) -> None:
    """Return when the worker's sequencer is at work: it has placed the log's first entry."""
    with app.app_context():
        first = step()
    wait_for(lambda: _is_placed(app, first), "the sequencer")


def _is_placed(app: Flask, first: Step) -> bool | None:
    with app.app_context(), read() as session:
        return index_of(session, first.id) is not None or None


def _waits(urls: Urls) -> list[float]:
    """Return of every entry but the first the seconds from its commit to that of its place, as the server dates them.

    A commit is dated before it is flushed, so the writer's flush is counted and the sequencer's is not.
    """
    owner = engine_for(urls.owner)
    with owner.connect() as connection:
        found = list(connection.scalars(_WAITED))
    owner.dispose()
    return found
