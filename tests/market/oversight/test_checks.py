"""fsck runs every day: a worker plans the first run, each run plans the next, and who asks for one more gets one."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from market import config, jobs
from market.actor import Role
from market.db import read, transaction
from market.doctor import checkups
from market.jobs import Job, Worker
from market.oversight import checks, publishing
from market.oversight.models import FsckRun
from tests import people
from tests.conftest import Clock

PATIENCE = 120
on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)


def planned() -> list[Job]:
    with read() as session:
        waiting = select(Job).where(Job.name == checks.JOB, Job.done_at.is_(None))
        return list(session.scalars(waiting))


def ran() -> int:
    with read() as session:
        return len(session.scalars(select(FsckRun)).all())


def test_each_run_plans_the_next(exchange: Flask, clock: Clock) -> None:
    for _worker in range(2):
        checks.seed()
    [first] = planned()
    assert first.due_at == clock()
    for day in range(1, 4):
        jobs.drain()
        assert ran() == day
        [following] = planned()
        assert following.due_at == clock() + checks.EVERY
        checks.seed()
        clock.advance(days=1)


def test_a_run_that_was_asked_for_does_not_plan_a_second_one(exchange: Flask, clock: Clock) -> None:
    auditor = people.colleague(people.operator(), Role.AUDITOR)
    checks.seed()
    jobs.drain()
    [following] = planned()
    with transaction() as session:
        assert not checks.waits(session), "what is planned for tomorrow keeps nobody from asking today"
        for _click in range(2):
            checks.ask(session, auditor)
            session.flush()
        assert checks.waits(session)
    jobs.drain()
    assert ran() == 2
    assert [job.id for job in planned()] == [following.id]


@on_sqlite
def test_a_worker_plans_the_first_run(exchange: Flask) -> None:
    worker = Worker(exchange, alone=True)
    worker.start()
    exchange.extensions["clock"].advance(seconds=1)
    end = time.monotonic() + PATIENCE
    while not ran() and time.monotonic() < end:
        time.sleep(0.02)
    worker.stop(PATIENCE)
    assert ran() == 1
    assert len(planned()) == 1


@on_sqlite
def test_doctor_and_metrics_tell_of_a_run_that_is_missing_or_found_something(
    exchange: Flask, clock: Clock
) -> None:
    people.applied()
    publishing.publish()
    with read() as session:
        assert checks.state(session).age == timedelta()
    clock.advance(days=3)
    with read() as session:
        late = checks.state(session)
    assert (late.last, late.is_late) == (None, True)
    assert not checkups._finding(late, "qilu serve").well
    checks.on_fsck("")
    (found,) = checkups.examine(config.current())
    assert found.subject == "fsck"
    with transaction() as session:
        run = session.scalars(select(FsckRun)).one()
        run.faults, run.findings = 1, ["trade 7: price differs"]
    with read() as session:
        bad = checkups._finding(checks.state(session), "qilu serve")
    assert not bad.well
    assert "trade 7: price differs" in bad.text
    clock.advance(hours=5)
    with exchange.test_client() as client:
        figures = client.get("/metrics").text
    assert "qilu_fsck_age_seconds 18000.0" in figures
    assert "qilu_fsck_faults 1.0" in figures
