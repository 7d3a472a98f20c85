"""Jobs are done at least once, never by two at a time, and a failing one waits longer each time."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from market import clock, jobs
from market.db import read, transaction
from market.demo.client import wait_for
from market.jobs import Job, Worker, drain, queue
from tests.conftest import Clock


@pytest.fixture
def done(bare: Flask) -> list[dict[str, Any]]:
    """What the handler of job "note" was called with."""
    calls: list[dict[str, Any]] = []
    _bind(bare, note=lambda **payload: calls.append(payload))
    return calls


def test_a_job_is_done_once_with_its_payload(bare: Flask, done: list[dict[str, Any]]) -> None:
    with transaction() as session:
        queue(session, "note", what="trade", count=3)
    assert (drain(), drain()) == (1, 0)
    assert done == [{"what": "trade", "count": 3}]


def test_a_job_of_a_failed_transaction_never_was(bare: Flask, done: list[dict[str, Any]]) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        queue(session, "note")
        raise ZeroDivisionError
    assert drain() == 0


def test_a_job_waits_for_its_time(bare: Flask, clock: Clock, done: list[dict[str, Any]]) -> None:
    with transaction() as session:
        queue(session, "note", due_at=_later(clock, days=7))
    clock.advance(days=6)
    assert drain() == 0
    clock.advance(days=1)
    assert drain() == 1


def test_a_failing_job_is_kept_and_tried_later(bare: Flask, clock: Clock) -> None:
    failures = [RuntimeError("first"), RuntimeError("second")]

    def handler() -> None:
        if failures:
            raise failures.pop(0)

    _bind(bare, shaky=handler)
    with transaction() as session:
        queue(session, "shaky")
    assert (drain(), drain()) == (1, 0)
    clock.advance(seconds=1)
    assert (drain(), drain()) == (1, 0)
    clock.advance(seconds=1)
    assert drain() == 0, "the second wait is longer"
    clock.advance(seconds=1)
    assert drain() == 1
    with read() as session:
        job = session.scalars(select(Job)).one()
    assert (job.attempt, job.error, job.done_at) == (3, None, clock())


def test_a_leased_job_is_taken_over_when_its_worker_died(bare: Flask, clock: Clock) -> None:
    finished: list[str] = []
    _bind(bare, note=lambda: finished.append("second"))
    with transaction() as session:
        queue(session, "note")
    dead = jobs._lease()
    assert dead is not None
    assert drain() == 0, "nobody else may work on it yet"
    clock.advance(seconds=11)
    assert drain() == 1
    jobs._close(dead, {"done_at": None})
    with read() as session:
        assert session.scalars(select(Job)).one().done_at is not None, (
            "the dead worker's word no longer counts"
        )
    assert finished == ["second"]


def test_a_killed_attempt_does_not_lengthen_the_wait(bare: Flask, clock: Clock) -> None:
    failures = [RuntimeError("first")]

    def handler() -> None:
        if failures:
            raise failures.pop()

    _bind(bare, shaky=handler)
    with transaction() as session:
        queue(session, "shaky")
    for _kill in range(5):
        assert jobs._lease() is not None
        clock.advance(seconds=11)
    assert (drain(), drain()) == (1, 0)
    clock.advance(seconds=1)
    assert drain() == 1
    with read() as session:
        assert session.scalars(select(Job)).one().done_at == clock()


def test_two_workers_share_the_jobs(bare: Flask) -> None:
    seen: list[int] = []
    enough = threading.Event()

    def handler(number: int) -> None:
        seen.append(number)
        if len(seen) == 30:
            enough.set()

    _bind(bare, count=handler)
    with transaction() as session:
        for number in range(30):
            queue(session, "count", number=number)
    workers = [Worker(bare), Worker(bare)]
    for worker in workers:
        worker.start()
    assert enough.wait(120)
    for worker in workers:
        worker.stop()
    assert sorted(seen) == list(range(30))


def test_a_long_job_keeps_its_lease_while_its_worker_lives(bare: Flask, clock: Clock) -> None:
    begun, end = threading.Event(), threading.Event()
    calls: list[str] = []

    def handler() -> None:
        calls.append("called")
        begun.set()
        assert end.wait(60)

    _bind(bare, long=handler)
    with transaction() as session:
        queue(session, "long")
    worker = Worker(bare, beat=0.01)
    worker.start()
    assert begun.wait(60)
    for _lease_over in range(3):
        clock.advance(seconds=9)
        wait_for(_leased_for(clock, seconds=9), "a renewed lease")
    assert drain() == 0, "nobody else may take it"
    clock.advance(days=1)
    end.set()
    wait_for(_all_done, "the end of the job")
    worker.stop()
    assert calls == ["called"], "a clock that jumped gives nobody's own work away"


def test_slow_jobs_leave_a_hand_for_quick_ones(bare: Flask) -> None:
    busy, end, quick = threading.Semaphore(0), threading.Event(), threading.Event()

    def handler() -> None:
        busy.release()
        assert end.wait(60)

    _bind(bare, slow=handler, quick=quick.set)
    bare.extensions["slow"] = {"slow"}
    with transaction() as session:
        for _ in range(jobs.HANDS + 1):
            queue(session, "slow")
    worker = Worker(bare)
    worker.start()
    for _ in range(jobs.SLOW_HANDS):
        assert busy.acquire(timeout=60)
    with transaction() as session:
        queue(session, "quick")
    assert quick.wait(60)
    assert not busy.acquire(blocking=False), "a third slow one would be one too many"
    end.set()
    wait_for(_all_done, "the slow jobs")
    worker.stop()


def test_a_worker_survives_a_database_that_fails(bare: Flask, clock: Clock) -> None:
    failing = [True]

    def fail(cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        if failing and "done_at=" in statement:
            failing.clear()
            raise context.dialect.loaded_dbapi.OperationalError("the disk is gone")

    calls: list[str] = []
    _bind(bare, note=lambda: calls.append("called"))
    event.listen(bare.extensions["engine"], "do_execute", fail)
    with transaction() as session:
        queue(session, "note")
    worker = Worker(bare)
    worker.start()
    wait_for(lambda: not failing or None, "the failure")

    def done_later() -> bool | None:
        clock.advance(seconds=11)  # the lease may have been taken again by what is still failing
        return _all_done()

    wait_for(done_later, "the job")
    worker.stop()
    assert calls == ["called", "called"], "at least once"


def _leased_for(moment: Clock, **span: float) -> Callable[[], bool | None]:
    def look() -> bool | None:
        with read() as session:
            until = session.scalars(select(Job.leased_until)).one()
        return (until is not None and until > moment() + timedelta(**span)) or None

    return look


def _all_done() -> bool | None:
    with read() as session:
        return session.scalars(select(Job).where(Job.done_at.is_(None))).first() is None or None


def _bind(app: Flask, **handlers: Callable[..., None]) -> None:
    app.extensions["handlers"] = handlers


def _later(moment: Clock, **span: float) -> Any:
    ahead = Clock()
    ahead.advance(**span)
    assert clock.now() == moment()
    return ahead()
