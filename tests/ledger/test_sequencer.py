"""The sequencer on PostgreSQL: whatever was committed gets one place, whatever was not gets none, nobody waits."""

import itertools
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger import entry as entries
from ledger import reader, sequencer, store
from ledger.entry import Entry
from ledger.models import LedgerLeaf, LedgerMark
from tests.ledger.conftest import Log, entry

pytestmark = pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)])


def write(log: Log, *made: Entry) -> None:
    with log.transaction() as session:
        for item in made:
            store.append(session, item)


def integrate(log: Log, **how: bool) -> int | None:
    with log.transaction() as session:
        return sequencer.integrate(session, **how)


def indexes(log: Log, *made: Entry) -> list[int | None]:
    with log.read() as session:
        return [reader.by_id(session, item.id).index for item in made]


@contextmanager
def left_open(log: Log, *made: Entry) -> Iterator[Session]:
    """Write entries in a transaction that is still open inside the block, and rolled back after it."""
    with Session(log.engine) as session:
        for item in made:
            store.append(session, item)
        yield session


def crowd(log: Log, count: int = sequencer.MARK_EVERY) -> None:
    """Write and place so many entries that the mark moves on."""
    write(log, *(entry(0, f"{uuid.uuid4().hex[:26]}".translate(DIGITS)) for _ in range(count)))
    assert integrate(log) == count


DIGITS = str.maketrans("0189", "klmn")


@contextmanager
def before_statement(log: Log, number: int, act: Callable[[], None]) -> Iterator[None]:
    """Act once, before one of the statements that the block executes."""
    seen = itertools.count()
    acting = False

    def look(*_statement: object) -> None:
        nonlocal acting
        if not acting and next(seen) == number:
            acting = True
            act()
            acting = False

    event.listen(log.engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(log.engine, "before_cursor_execute", look)


def kill(log: Log, doomed: Session) -> None:
    """End the server process of a session, in the middle of its transaction."""
    process = doomed.scalar(select(func.pg_backend_pid()))
    with log.transaction() as session:
        assert session.scalar(select(func.pg_terminate_backend(process, 60_000)))
    with pytest.raises(DBAPIError):
        doomed.execute(text("SELECT 1"))


def marks(log: Log) -> int:
    with log.read() as session:
        return session.scalar(select(func.count(LedgerMark.id))) or 0


def test_a_late_commit_is_not_lost(lane: str, log: Log) -> None:
    early, late = entry(0), entry(0, "b" * 26)
    with left_open(log, late) as slow:  # has the lower identity number and transaction id, commits last
        write(log, early)
        assert integrate(log) == 1
        slow.commit()
    assert integrate(log) == 1
    assert indexes(log, early, late) == [0, 1]


@pytest.mark.parametrize("place", range(5))
def test_an_effect_never_goes_before_its_cause(lane: str, log: Log, place: int) -> None:
    """Whatever the moment at which, while the sequencer works, a younger transaction's cause and then its effect land.

    Args:
        place: before which of the sequencer's statements.
    """
    crowd(log)
    cause, effect = entry(0), entry(1)
    with left_open(log, entry(0, "b" * 26)) as older:
        write(log, entry(0, "c" * 26))  # so that snapshots look beyond the older one

        def land() -> None:
            write(log, cause)
            store.append(older, effect)
            older.commit()

        with before_statement(log, place, land):
            integrate(log)
        if older.in_transaction():  # the sequencer has fewer statements
            land()
    integrate(log)
    first, second = indexes(log, cause, effect)
    assert first is not None
    assert second is not None
    assert first < second


def test_one_sequencer_works_and_the_others_return(lane: str, log: Log) -> None:
    write(log, entry(0))
    with ExitStack() as stack:
        first = stack.enter_context(log.transaction())
        second = stack.enter_context(log.transaction())
        assert sequencer.integrate(first) == 1
        assert sequencer.integrate(second) is None


def test_a_transaction_open_for_long_holds_up_nobody_and_is_not_passed(lane: str, log: Log) -> None:
    crowd(log)
    slow, other = entry(0), entry(0, "b" * 26)
    with left_open(log, slow) as first, left_open(log, other) as second:
        for _round in range(3):
            crowd(log)
        assert marks(log) == 4
        second.rollback()
        crowd(log)
        assert integrate(log) == 0
        first.commit()
    assert integrate(log) == 1
    assert indexes(log, slow) == [5 * sequencer.MARK_EVERY]
    with log.read() as session:
        assert reader.size(session) == 5 * sequencer.MARK_EVERY + 1


def test_what_was_rolled_back_leaves_neither_entry_nor_gap(lane: str, log: Log) -> None:
    with left_open(log, entry(0), entry(1)):
        crowd(log)
    kept, undone = entry(0), entry(1)
    with log.transaction() as session:
        store.append(session, kept)
        with session.begin_nested() as inner:
            store.append(session, undone)
            inner.rollback()
        with session.begin_nested():
            store.append(session, after := entry(1))
    assert integrate(log) == 2
    assert indexes(log, kept, after) == [100, 101]


def test_a_writer_whose_server_process_is_killed_leaves_nothing(lane: str, log: Log) -> None:
    crowd(log)
    with left_open(log, entry(0)) as doomed:
        crowd(log)
        kill(log, doomed)
    write(log, after := entry(0))
    assert integrate(log) == 1
    assert indexes(log, after) == [200]


def test_a_sequencer_that_is_killed_is_followed_by_the_next(lane: str, log: Log) -> None:
    made = [entry(seq) for seq in range(3)]
    write(log, *made)
    with Session(log.engine) as doomed:
        assert sequencer.integrate(doomed) == 3
        kill(log, doomed)
    assert integrate(log) == 3
    assert indexes(log, *made) == [0, 1, 2]


def test_nothing_is_placed_twice_when_a_batch_was_not_enough(lane: str, log: Log) -> None:
    made = [entry(seq) for seq in range(25)]
    write(log, *made)
    for expected in (10, 10, 5, 0):
        with log.transaction() as session:
            assert sequencer.integrate(session, limit=10) == expected
    assert indexes(log, *made) == list(range(25))


def test_what_came_by_another_way_is_placed_by_a_first_look(lane: str, log: Log) -> None:
    crowd(log)
    write(log, nameless := entry(0), younger := entry(0, "b" * 26))
    with log.transaction() as session:  # as from before there were writers, and from a server of higher ids
        session.execute(text("UPDATE ledger_entry SET writer = NULL WHERE id = :id"), {"id": nameless.id})
        session.execute(text("UPDATE ledger_entry SET writer = 1 << 40 WHERE id = :id"), {"id": younger.id})
    assert integrate(log) == 0
    assert integrate(log, everything=True) == 2
    assert indexes(log, nameless, younger) == [100, 101]


def test_a_mark_of_another_server_is_not_believed(lane: str, log: Log) -> None:
    with log.transaction() as session:
        session.add(LedgerMark(size=0, snapshot="9000000000:9000000000:"))
    crowd(log)
    crowd(log)
    assert marks(log) == 3


def test_many_writers_and_sequencers_leave_no_gap(lane: str, log: Log) -> None:
    def work(number: int) -> None:
        handle = "abcdefgh"[number] * 26
        for seq, turn in zip(range(30), itertools.cycle(range(5)), strict=False):
            if turn == 3:
                with left_open(log, entry(seq, handle)):
                    pass
            write(log, entry(seq, handle))
            with log.transaction() as session:
                sequencer.integrate(session, limit=7)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    while integrate(log):
        pass
    with log.read() as session:
        places = list(session.scalars(select(LedgerLeaf.idx).order_by(LedgerLeaf.idx)))
        assert places == list(range(240))
        order: dict[str, int] = {}
        for leaf in reader.leaves(session, 0, 240):
            found = entries.parse(leaf)
            assert found.seq == order.get(found.handle, 0)
            order[found.handle] = found.seq + 1
