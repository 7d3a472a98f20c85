"""PostgreSQL: what the ledger costs many writers at once, and how soon an entry has its place.

The server commits durably: ``fsync`` and ``synchronous_commit`` are on.
"""

import statistics
import threading
import time
import uuid
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from market.app import create_app
from market.db import engine_for, read
from market.migrations import binding
from market.oversight.sequencing import Sequencer
from market.steps import index_of
from tests.bench.steps import rate, step, unrecorded
from tests.bench.table import Row
from tests.conftest import settings_for
from tests.postgres import Server, Urls

CLIENTS = 16
ROUNDS = 6
SECONDS = 2.0
LOOKED_AT = 300
"""Entries whose way from the commit to their place is timed."""


def rates(server: Server, folder: Path) -> list[Row]:
    """Return what the ledger costs, and how long an entry waits for its place while all write."""
    with server.database() as bound, server.database() as bare:
        with_ledger, without = _exchange(bound, folder), _exchange(bare, folder)
        _unbind(bare)
        sequencer = Sequencer(with_ledger)
        sequencer.start()
        ledgered, plain = [], []
        for _turn in range(ROUNDS):
            ledgered.append(rate(with_ledger, step, CLIENTS, SECONDS))
            with unrecorded():
                plain.append(rate(without, step, CLIENTS, SECONDS))
        waits = _waits(with_ledger)
        sequencer.stop(60)
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
    app.extensions["engine"].pool._max_overflow = CLIENTS  # one each, and one for the sequencer
    return app


def _unbind(urls: Urls) -> None:
    """Take from a database what binds rows to steps."""
    owner = engine_for(urls.owner)
    with owner.begin() as connection:
        binding.drop(connection)
        for table in binding.STATEFUL:
            connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS bond_{table}'))
    owner.dispose()


def _waits(app: Flask) -> list[float]:
    """Return seconds from an answered commit until its entry has an index, with all but one connection busy."""
    ended = threading.Event()

    def write() -> None:
        with app.app_context():
            while not ended.is_set():
                step()

    writers = [threading.Thread(target=write) for _ in range(CLIENTS - 1)]
    for writer in writers:
        writer.start()
    try:
        with app.app_context():
            return [_wait() for _ in range(LOOKED_AT)]
    finally:
        ended.set()
        for writer in writers:
            writer.join()


def _wait() -> float:
    made = step()
    began = time.perf_counter()
    while True:
        with read() as session:
            if index_of(session, made.id) is not None:
                return time.perf_counter() - began
        time.sleep(0.002)
