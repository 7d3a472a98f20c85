"""fsck on demand: asked for on a page or by a program, done by a job, kept with what it found."""

import uuid

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

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
    """Tell whether a run was asked for that has not ended."""
    return bool(session.scalar(select(exists().where(Job.name == JOB, Job.done_at.is_(None)))))


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
