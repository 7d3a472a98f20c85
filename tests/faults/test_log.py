"""Append and publish, disturbed at every write, sync and rename: step and entry stand or fall together.

A trade is written as a step, or several in one group, and the log is published, in a process that is killed at one of
its calls, or to which the disk gives an error there. The trades of a group are there all or none. Whatever was left,
rows, log and files agree, at most one head was signed for what there is, and the next process goes on from it. Some
calls are taken by chance (``QILU_FAULT_SEED``); CI takes every one.
"""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import ledger.fsck
import market.steps.fsck
from ledger import reader
from market import migrations
from market.db import read, transaction
from market.oversight import publishing
from tests.conftest import CI, LEDGER_KEY, sqlite_urls, tell
from tests.faults.acting import opened
from tests.faults.syscalls import CALLS, FULL, KILLED, REFUSED, Actor
from tests.market.steps.rows import add_trade

pytestmark = [pytest.mark.strace, pytest.mark.sqlite]

SEED = os.environ.get("QILU_FAULT_SEED") or str(random.SystemRandom().randrange(10**9))
BEFORE = 3
"""Entries that lie published already; crashes at the edge of a full tile are the ledger's own tests."""
FEW = 40 if CI else 8
"""Disturbances that are tried where not every one is: of a full disk, and outside of CI of each way."""


@pytest.fixture(scope="module", params=[1, 3], ids=["alone", "group"])
def writers(request: pytest.FixtureRequest) -> int:
    """How many write at once."""
    count: int = request.param
    return count


@pytest.fixture(scope="module")
def actor(writers: int) -> Iterator[Actor]:
    with Actor(LEDGER_KEY, writers) as made:
        yield made


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a published log."""
    home = tmp_path_factory.mktemp("before")
    sqlite_urls(home)
    with opened(home, LEDGER_KEY):
        with transaction() as session:
            for _turn in range(BEFORE):
                add_trade(session)
        publishing.publish()
    return home


@pytest.mark.parametrize("way", [KILLED, REFUSED, FULL])
def test_any_call_may_fail(actor: Actor, writers: int, before: Path, tmp_path: Path, way: str) -> None:
    shutil.copytree(before, tmp_path / "first")
    calls = actor.count(tmp_path / "first")
    assert {"pwrite64", "write", "fsync", "rename"} <= set(calls)
    every = [(call, at) for call in CALLS for at in range(1, calls[call] + 1)]
    most = len(every) if CI and way != FULL else FEW
    chosen = random.Random(f"{SEED} {way}").sample(every, most)
    reached = 0
    for number, (call, at) in enumerate(chosen):
        home = tmp_path / str(number)
        shutil.copytree(before, home)
        status = actor.disturbed(home, call, at, way)
        told = f"{call} {at} {way} ended {status}, QILU_FAULT_SEED={SEED}"
        assert status in ((-9, 0) if way == KILLED else (0, 1)), told
        reached += status != 0
        told_so = (home / "said").exists() and "recorded\n" in (home / "said").read_text()
        assert_sound(home, {writers} if told_so else {0, writers}, told)
        shutil.rmtree(home)
    # Ids are random, so calls differ a little from run to run; and SQLite bears some errors, as when it tidies up.
    assert reached >= (len(chosen) // 2 if way == KILLED else len(chosen) // 4 if CI else 0)
    tell(
        "strace",
        f"{len(chosen)} of {len(every)} calls of append by {writers} and publish, {way}; QILU_FAULT_SEED={SEED}",
    )


def assert_sound(home: Path, grown: set[int], told: str) -> None:
    """Hold everything against everything, before and after the next process has gone on."""
    with opened(home, LEDGER_KEY):
        assert found(home) == [], told
        publishing.publish()
        with read() as session:
            size, head = reader.size(session), reader.latest_checkpoint(session)
        assert size - BEFORE in grown, told
        assert head is not None, told
        assert head.size == size, told
        assert (home / "ledger" / "checkpoint").read_text().startswith(head.note), told
        with transaction() as session:
            add_trade(session)
        assert publishing.publish() is not None, told
        assert found(home) == [], told
        assert list((home / "ledger").rglob(".new-*")) == [], told


def found(home: Path) -> list[str]:
    """Return what either half of fsck finds: heads that contradict the tree, steps without entries, and so on."""
    keys = publishing.keys()
    with read() as session:
        log = [str(one) for one in ledger.fsck.check(session, home / "ledger", *keys)]
        rows = [str(one) for one in market.steps.fsck.check(session, migrations.metadata())]
    return log + rows
