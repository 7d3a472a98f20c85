"""Many at once: every step that was acknowledged has its place, and one object moves once."""

import threading
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from ledger import sequencer
from ledger.models import LedgerLeaf
from market import db, migrations, steps
from market.db import read, transaction
from market.steps import Kind, Step, fsck
from market.trades.models import Settlement, Trade
from market.trades.settlement import SettlementState
from tests.market.steps.rows import ACTOR, add_trade
from tests.waiting import SECONDS, side_by_side

THREADS = 6
EACH = 5


def test_concurrent_steps_are_gapless(bare: Flask) -> None:
    made: list[uuid.UUID] = []

    def work() -> None:
        for _ in range(EACH):
            with transaction() as session:
                made.append(add_trade(session)[2].id)

    _together(bare, [work] * THREADS)
    _integrate()
    with read() as session:
        places = {row.entry_id: row.idx for row in session.scalars(select(LedgerLeaf))}
        assert set(places) == set(made)
        assert sorted(places.values()) == list(range(THREADS * EACH))
        assert list(fsck.check(session, migrations.metadata())) == []


def test_of_racers_on_one_object_one_wins(bare: Flask) -> None:
    with transaction() as session:
        _, settlement, made = add_trade(session)
    results: list[str] = []

    def fund() -> None:
        with transaction() as session:
            row = db.locked(session, Settlement, settlement.id)
            if row.state is SettlementState.DUE:
                step = steps.begin(ACTOR, Kind.SETTLEMENT_FUNDED, made.handle)
                row.state, row.step_id = SettlementState.FUNDED, step.id
                steps.record(session, step)
                results.append("won")
            else:
                results.append("lost")

    _together(bare, [fund] * THREADS)
    assert sorted(results) == ["lost"] * (THREADS - 1) + ["won"]
    with read() as session:
        assert [step.seq for step in steps.steps_of(session, made.handle)] == [0, 1]


def test_one_object_is_counted_without_gap_by_many(bare: Flask) -> None:
    with transaction() as session:
        _, _, made = add_trade(session)

    def note() -> None:
        with transaction() as session:
            steps.record(session, steps.begin(ACTOR, Kind.CONTRACT_SIGNED, made.handle))

    _together(bare, [note] * THREADS)
    with read() as session:
        assert [step.seq for step in steps.steps_of(session, made.handle)] == list(range(THREADS + 1))


def test_a_step_cut_anywhere_leaves_nothing(bare: Flask) -> None:
    """Every n-th statement of a step fails once, for every n: the state is before or after."""
    total = _statements(bare, fail_at=None)
    assert total > 8
    with read() as session:
        before = session.scalar(select(func.count()).select_from(Trade))
    for number in range(1, total + 1):
        with pytest.raises(_Cut):
            _statements(bare, fail_at=number)
        with read() as session:
            assert session.scalar(select(func.count()).select_from(Trade)) == before
            assert session.scalar(select(func.count()).select_from(Step)) == before
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


class _Cut(Exception):
    """The failure that is put in."""


def _statements(_app: Flask, fail_at: int | None) -> int:
    count = 0

    def before(*_arguments: object) -> None:
        nonlocal count
        count += 1
        if count == fail_at:
            raise _Cut

    event.listen(db.engine(), "before_cursor_execute", before)
    try:
        with transaction() as session:
            add_trade(session)
    finally:
        event.remove(db.engine(), "before_cursor_execute", before)
    return count


def _together(app: Flask, acts: list[Callable[[], None]]) -> None:
    """Run all acts at once, each in a thread with the application's context."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(acts), timeout=SECONDS)

    def run(act: Callable[[], None]) -> None:
        with app.app_context():
            try:
                barrier.wait()
                act()
            except BaseException as error:
                failures.append(error)

    side_by_side(partial(run, act) for act in acts)
    assert failures == []


def _integrate() -> None:
    def integrate(session: Session) -> None:
        if session.get_bind().dialect.name == "postgresql":
            sequencer.integrate(session)

    with transaction() as session:
        integrate(session)
