"""Writers that wait for one another share one commit on SQLite: all of it is durable, or none."""

import itertools
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from ledger.models import LedgerLeaf
from market import migrations, steps
from market.db import engine, read, sqlite, stop_writing, transaction
from market.errors import Conflict, Unavailable
from market.steps import fsck
from market.steps.models import Step
from market.trades.models import Trade
from market.turn import Turn
from tests.faults.boundaries import Commits, Statements
from tests.market.steps.rows import a_trade, add_trade
from tests.waiting import SECONDS, joined, until

Act = Callable[[Session], object]

pytestmark = pytest.mark.parametrize(
    "lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True
)


@pytest.fixture
def patient(bare: Flask) -> Flask:
    """An application whose groups are never too old to grow, however busy the machine is."""
    bare.extensions["turn"] = Turn(SECONDS, longest=SECONDS)
    return bare


@pytest.fixture
def commits(bare: Flask) -> list[int]:
    """How many steps another connection saw before each commit."""
    found: list[int] = []
    event.listen(engine(), "commit", lambda _connection: found.append(seen()))
    return found


def seen() -> int:
    """Return how many steps somebody else sees now."""
    other = sqlite.connect(engine().url.database or "")
    count: int = other.execute("SELECT count(*) FROM step").fetchone()[0]
    other.close()
    return count


def together(
    app: Flask, *acts: Act, told: list[Any] | None = None, ready: Callable[[], object] = bool
) -> list[Any]:
    """Let acts write one after the other in this order, all of them waiting while the first is at work.

    Args:
        app: whose door.
        acts: what is done in each transaction.
        told: takes what each is told, as soon as it is.
        ready: called when all are there.

    Returns:
        What each was told: the result of its act, or its error.
    """
    answers: list[Any] = [None] * len(acts) if told is None else told
    at_work, go = threading.Event(), threading.Event()

    def write(number: int) -> None:
        with app.app_context():
            try:
                with transaction() as session:
                    at_work.set()
                    assert go.wait(SECONDS)
                    done = acts[number](session)
                answers[number] = done
            except BaseException as error:
                answers[number] = error

    threads = [threading.Thread(target=write, args=[number], daemon=True) for number in range(len(acts))]
    threads[0].start()
    assert at_work.wait(SECONDS)
    for waiting, thread in enumerate(threads[1:], 1):
        thread.start()
        queued(app, waiting)
    ready()
    go.set()
    joined(threads)
    return answers


def queued(app: Flask, count: int) -> None:
    """Wait until so many writers stand in the queue."""
    until(lambda: app.extensions["turn"].waiting == count, f"{count} in the queue")


def trade(session: Session) -> uuid.UUID:
    """Take a step and return its id."""
    return add_trade(session)[2].id


def stray(session: Session) -> None:
    """Write a row that no step lists; the database looks at that on commit."""
    session.add(a_trade(uuid.uuid4(), steps.new_handle()))


def refused(session: Session) -> None:
    """Take a step and be refused after it."""
    trade(session)
    raise Conflict("a.code", "a sentence")


def clash(session: Session) -> None:
    """Take a step and write its row twice, which fails in a flush."""
    made = add_trade(session)[0]
    session.add(a_trade(uuid.uuid4(), made.handle))
    session.flush()


def written() -> list[uuid.UUID]:
    """Return the ids of all entries in their order, having held every row against them."""
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []
        found = session.execute(select(LedgerLeaf.idx, LedgerLeaf.entry_id).order_by(LedgerLeaf.idx)).all()
        assert session.scalar(select(func.count()).select_from(Step)) == len(found)
        assert session.scalar(select(func.count()).select_from(Trade)) == len(found)
    assert [index for index, _entry in found] == list(range(len(found)))
    return [entry for _index, entry in found]


def test_writers_that_wait_share_one_commit(patient: Flask, commits: list[int]) -> None:
    told = together(patient, trade, trade, trade, trade)
    assert written() == told
    assert commits == [0]  # nobody else saw anything before


def test_nobody_is_answered_before_the_commit(patient: Flask) -> None:
    told: list[Any] = [None] * 3
    before: list[Any] = []
    event.listen(engine(), "commit", lambda _connection: before.extend(told))
    together(patient, trade, refused, trade, told=told)
    assert before == [None, None, None]
    assert written() == [told[0], told[2]]


def test_a_writer_alone_pays_for_no_savepoint(patient: Flask, commits: list[int]) -> None:
    said: list[str] = []
    event.listen(engine(), "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement))
    for _again in range(2):
        with transaction() as session:
            trade(session)
    assert "BEGIN IMMEDIATE" in said
    assert [statement for statement in said if "SAVEPOINT" in statement] == []
    assert commits == [0, 1]


def test_a_member_reads_what_those_before_it_wrote(patient: Flask, commits: list[int]) -> None:
    def count(session: Session) -> int | None:
        return session.scalar(select(func.count()).select_from(Trade))

    told = together(patient, count, trade, count, refused, count)
    assert (told[0], told[2], told[4]) == (0, 1, 1)
    assert len(commits) == 1


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize(("act", "error"), [(refused, Conflict), (clash, IntegrityError)])
def test_a_member_that_fails_hurts_nobody(patient: Flask, act: Act, error: type[Exception], at: int) -> None:
    acts = [trade] * 3
    told = together(patient, *acts[:at], act, *acts[at:])
    assert isinstance(told.pop(at), error)
    assert written() == told


def test_a_thread_that_dies_at_work_hurts_nobody(patient: Flask) -> None:
    def die(session: Session) -> None:
        trade(session)
        raise SystemExit

    told = together(patient, trade, die, trade)
    assert isinstance(told[1], SystemExit)
    assert written() == [told[0], told[2]]
    assert isinstance(together(patient, die, trade)[0], SystemExit)
    assert len(written()) == 3


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_row_without_a_step_is_its_writers_fault(patient: Flask, at: int) -> None:
    """Those before it are served, those after it, who may have read the row, may repeat."""
    acts: list[Act] = [trade, trade, trade]
    acts[at] = stray
    told = together(patient, *acts)
    assert isinstance(told[at], IntegrityError)
    assert [type(error) for error in told[at + 1 :]] == [OperationalError] * (2 - at)
    assert written() == told[:at]
    with transaction() as session:
        again = trade(session)
    assert written() == [*told[:at], again]


@pytest.mark.parametrize("acts", [[trade], [trade, trade, trade], [trade, refused]])
def test_a_commit_that_fails_is_told_to_all(
    patient: Flask, monkeypatch: pytest.MonkeyPatch, acts: list[Act]
) -> None:
    boundary = Commits(engine())
    boundary.install(monkeypatch)
    boundary.watch(1, "fails")
    dropped: list[object] = []
    event.listen(engine(), "invalidate", lambda raw, *_why: dropped.append(raw))
    told = together(patient, *acts)
    boundary.rest()
    assert [type(error) for error in told] == [OperationalError] * len(acts)
    assert len(dropped) == 1  # nobody works on with a handle whose flush failed
    assert all("disk I/O error" in str(error) for error in told)
    assert len({id(error) for error in told}) == len(acts)  # each thread raises one of its own
    assert written() == []
    again = together(patient, trade, trade)
    assert written() == again


def test_any_statement_of_a_group_may_fail(patient: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told of a success has its entry, whoever is told of a failure has none."""
    boundary = Statements(engine())
    boundary.install(monkeypatch)
    done: list[uuid.UUID] = []
    for at in itertools.count(1):
        told = together(patient, trade, refused, trade, ready=partial(boundary.watch, at, "fails"))
        boundary.rest()
        assert {type(one) for one in told} <= {uuid.UUID, Conflict, OperationalError}
        done += [one for one in told if isinstance(one, uuid.UUID)]
        assert written() == done
        if not boundary.failed:
            break
        assert [type(one) for one in told].count(OperationalError) == 1
    assert at > 3 * 8
    assert isinstance(told[1], Conflict)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_transaction_that_sqlite_rolls_back_is_nobodys(patient: Flask, at: int, hidden: bool) -> None:
    """As on some failures of the disk; here a conflict asks for it. The member may not even have noticed."""

    def roll_back(session: Session) -> None:
        trade(session)
        with suppress(IntegrityError if hidden else ValueError):
            session.execute(
                text("INSERT OR ROLLBACK INTO alembic_version SELECT version_num FROM alembic_version")
            )

    acts: list[Act] = [trade, trade, trade]
    acts[at] = roll_back
    told = together(patient, *acts)
    assert isinstance(told[at], OperationalError if hidden or at else IntegrityError)
    assert [type(error) for error in told[:at]] == [OperationalError] * at
    assert all("UNIQUE constraint failed" in str(error) for error in told[: at + 1])
    assert written() == told[at + 1 :]  # they began anew


def test_a_member_whose_work_cannot_be_undone_takes_all_along(patient: Flask) -> None:
    kept: list[Any] = []

    def lend(session: Session) -> uuid.UUID:
        kept.append(session.connection().connection.dbapi_connection)
        return trade(session)

    def tear(_session: Session) -> None:
        kept[0].execute("ROLLBACK")
        raise Conflict("a.code", "a sentence")

    told = together(patient, lend, trade, tear, trade)
    assert [type(error) for error in told[:3]] == [OperationalError] * 3
    assert written() == told[3:]


def test_a_group_is_bounded(bare: Flask, commits: list[int]) -> None:
    bare.extensions["turn"] = Turn(SECONDS, most=2, longest=SECONDS)
    told = together(bare, *[trade] * 5)
    assert written() == told
    assert commits == [0, 2, 4]


def test_an_old_group_takes_nobody_in(bare: Flask, commits: list[int]) -> None:
    bare.extensions["turn"] = Turn(SECONDS, longest=0)
    told = together(bare, trade, trade, trade)
    assert written() == told
    assert commits == [0, 1, 2]


def test_a_writer_that_waited_while_the_door_was_shut_writes_nothing(patient: Flask) -> None:
    def shut(session: Session) -> uuid.UUID:
        stop_writing("a reason")
        return trade(session)

    told = together(patient, shut, trade, trade)
    assert [error.code for error in told[1:]] == ["ledger.read_only"] * 2
    assert {type(error) for error in told[1:]} == {Unavailable}
    assert written() == told[:1]


def test_another_process_is_waited_for_by_who_begins(patient: Flask) -> None:
    other = sqlite.connect(engine().url.database or "", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    told: list[uuid.UUID] = []

    def write() -> None:
        with patient.app_context():
            with transaction() as session:
                step = trade(session)
            told.append(step)

    threads = [threading.Thread(target=write, daemon=True) for _writer in range(3)]
    for thread in threads:
        thread.start()
    queued(patient, 2)  # the third stands at SQLite's door
    other.execute("ROLLBACK")
    other.close()
    joined(threads)
    assert sorted(written()) == sorted(told)


def test_who_loses_patience_is_told_who_is_in_the_way(bare: Flask) -> None:
    queue = bare.extensions["turn"] = Turn(patience=0)
    event.listen(engine(), "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout = 0"))
    told: list[Exception] = []

    def write() -> None:
        with bare.app_context():
            try:
                with transaction() as session:
                    trade(session)
            except OperationalError as error:
                told.append(error)

    with transaction() as session:
        first = trade(session)
        impatient, other = (threading.Thread(target=write, daemon=True) for _writer in range(2))
        impatient.start()
        joined([impatient])
        assert queue.waiting == 0
        queue.patience = SECONDS
        other.start()
        queued(bare, 1)  # the turn is still the first's
    joined([other])
    assert ["database is locked" in str(error) for error in told] == [True]
    assert written()[0] == first
    assert len(written()) == 2
