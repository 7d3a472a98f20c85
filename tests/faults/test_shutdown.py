"""PostgreSQL is shut down at once while many write and one sequences: what was answered is there, once, in order."""

import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

import ledger.fsck
import market.steps.fsck
from ledger import reader
from ledger.models import LedgerLeaf
from market import db, migrations
from market.db import read, transaction
from market.oversight import publishing, sequencing
from tests.conftest import migrate, settings_for
from tests.market.steps.rows import add_trade
from tests.postgres import TEMPLATE, Server, create
from tests.waiting import SECONDS

pytestmark = pytest.mark.postgresql
WRITERS = 4
ENOUGH = 40
"""Trades that must have been answered before the server goes."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="qilu-pg-"))
    folder.chmod(0o755)
    made = Server(folder, synchronous_commit="on")
    try:
        made.start(migrate)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture
def app(server: Server, tmp_path: Path) -> Iterator[Flask]:
    """An exchange on a database that answers a commit when it is durable."""
    with psycopg.connect(server._address("postgres", "postgres"), autocommit=True) as owner:
        create(owner, "shut", TEMPLATE)
    urls = server.urls("shut")
    made = Flask("shut down")
    made.extensions["settings"] = settings_for(urls, tmp_path)
    Babel(made)
    engine = db.open_database(made, urls.app)
    yield made
    engine.dispose()


def test_a_server_that_is_shut_down_at_once_loses_nothing_it_answered(server: Server, app: Flask) -> None:
    answered: list[uuid.UUID] = []
    goal = [ENOUGH]
    enough, over = threading.Event(), threading.Event()

    def write(_number: int) -> None:
        with app.app_context():
            while not over.is_set():
                try:
                    with transaction() as session:
                        _trade, _settlement, step = add_trade(session)
                except OperationalError:
                    return
                answered.append(step.id)
                if len(answered) >= goal[0]:
                    enough.set()

    def sequence() -> None:
        with app.app_context():
            while not over.is_set():
                try:
                    sequencing.integrate()
                    publishing.publish()
                except OperationalError:
                    return

    for _turn in range(2):
        over.clear()
        goal[0] = len(answered) + ENOUGH
        enough.clear()
        with ThreadPoolExecutor(WRITERS + 1) as threads:
            acts = [threads.submit(write, number) for number in range(WRITERS)] + [threads.submit(sequence)]
            try:
                assert enough.wait(SECONDS)
                server.stop()
                for act in acts:
                    act.result(SECONDS)
            finally:
                over.set()  # the end of the block waits for all of them
        server.resume()
        with app.app_context():
            assert_sound(answered)


def assert_sound(answered: list[uuid.UUID]) -> None:
    sequencing.integrate(everything=True)
    publishing.publish()
    keys = publishing.keys()
    with read() as session:
        placed = dict(session.execute(select(LedgerLeaf.entry_id, LedgerLeaf.idx)).all())
        assert set(answered) <= set(placed)
        assert sorted(placed.values()) == list(range(len(placed)))
        head = reader.latest_checkpoint(session)
        assert head is not None
        assert head.size == len(placed)
        assert [str(one) for one in ledger.fsck.check(session, publishing.folder(), *keys)] == []
        assert list(market.steps.fsck.check(session, migrations.metadata())) == []
