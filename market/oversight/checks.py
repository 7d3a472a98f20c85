"""fsck every day and on demand: asked for on a page or by a program, done by a job, kept with what it found.

Each run queues the next in the transaction that keeps it, so that there is always one planned; a worker that begins
queues the first.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select, text
from sqlalchemy.orm import Session

from ledger.models import LedgerCheckpoint
from market import clock, config, jobs, paging
from market.actor import Actor
from market.db import read, transaction
from market.jobs import Job
from market.keys import ring
from market.oversight import checking, publishing
from market.oversight.models import FsckRun
from market.paging import Page
from market.permissions import Relation, require

JOB = "ledger.fsck"
LOOK, CHECK = "ledger.look", "ledger.check"
EVERY: Final = timedelta(days=1)
"""Between two runs that nobody asked for."""
LATE: Final = timedelta(days=2)
"""Without a run for so long somebody should look."""
KEPT = 200
"""Findings kept of one run; the command line shows all of them."""


def ask(session: Session, actor: Actor) -> None:
    """Let fsck run as soon as a worker is free; asked again before it ran, it runs once.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    require(actor, CHECK, Relation.OTHER)
    if not waits(session):
        jobs.queue(session, JOB, user=actor.user_id or "")


def waits(session: Session) -> bool:
    """Tell whether a run is due or under way; the one that is planned for later is not."""
    return _is_queued(session, Job.due_at <= clock.now())


@dataclass(frozen=True)
class State:
    """What is known of the log's soundness.

    Attributes:
        last: the newest run; None before the first.
        age: since its end; before the first run since there has been anything to check.
    """

    last: FsckRun | None
    age: timedelta

    @property
    def is_late(self) -> bool:
        """Whether it has not run for long."""
        return self.age > LATE


def state(session: Session) -> State:
    """Return when fsck ran last, and what it found."""
    last = session.scalar(select(FsckRun).order_by(FsckRun.ended_at.desc()).limit(1))
    since = last.ended_at if last else session.scalar(select(func.min(LedgerCheckpoint.time)))
    return State(last, timedelta() if since is None else max(clock.now() - since, timedelta()))


def seed() -> None:
    """Let fsck run now where no run is queued at all; for a worker that begins."""
    with transaction() as session:
        _alone(session)
        if not _is_queued(session):
            jobs.queue(session, JOB, user="")


def runs(session: Session, actor: Actor, cursor: str | None = None) -> Page[FsckRun]:
    """Return the runs, newest first.

    Raises:
        Forbidden: neither an operator nor an auditor.
        Invalid: the cursor is not one of ours.
    """
    require(actor, LOOK, Relation.OTHER)
    return paging.page(session, select(FsckRun), FsckRun.began_at, FsckRun.id, cursor)


def on_fsck(user: str) -> None:
    """Job: hold the log against itself and the rows against the log, and keep what was found.

    Args:
        user: id of who asked; empty for nobody.
    """
    began = clock.now()
    with read() as session:
        keys = ring.verifiers(session, config.current())
        found = checking.examine(session, publishing.folder(), keys)
    with transaction() as session:
        _alone(session)
        if not _is_queued(session, Job.due_at > clock.now()):
            jobs.queue(session, JOB, due_at=began + EVERY, user="")
        session.add(
            FsckRun(
                user_id=uuid.UUID(user) if user else None,
                began_at=began,
                ended_at=clock.now(),
                entries=found.entries,
                faults=len(found.faults),
                findings=found.faults[:KEPT],
            )
        )


def _is_queued(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(Job.name == JOB, Job.done_at.is_(None), *conditions))))


def _alone(session: Session) -> None:
    """Let one process at a time look whether a run is planned, and plan it; SQLite has one writer in any case."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:job, 3))"), {"job": JOB})
