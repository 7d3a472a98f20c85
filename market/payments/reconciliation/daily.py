"""A report every day, on the whole days (UTC) that no daily report has covered yet."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.orm import Session

from market import clock, config, jobs
from market.actor import Actor
from market.db import transaction
from market.jobs import Job
from market.payments.models import Operation
from market.payments.reconciliation import service

JOB: Final = "reconciliation.daily"
HOUR: Final = timedelta(hours=1)
"""How long after midnight UTC the day before is looked at: what was in flight then has arrived."""


def seed() -> None:
    """Let the first report be planned after the end of this day, where nobody has planned one."""
    with transaction() as session:
        _alone(session)
        if not _is_queued(session):
            jobs.queue(session, JOB, due_at=_next(), since="")


def on_daily(since: str) -> None:
    """Job: plan the report of the days since the last one, and the next job.

    Args:
        since: the end of the last daily report; empty before the first.
    """
    with transaction() as session:
        _alone(session)
        if _is_queued(session, Job.due_at > clock.now()):
            return  # this is a repetition: the transaction that planned the next one has done it
        ends_at = datetime.combine(clock.now().date(), time(), UTC)
        begins_at = datetime.fromisoformat(since) if since else ends_at - timedelta(days=1)
        begins_at = max(begins_at, ends_at - timedelta(days=service.LONGEST))
        if begins_at < ends_at and _traded(session, ends_at):
            given = {
                "first": begins_at.date().isoformat(),
                "last": (ends_at.date() - timedelta(1)).isoformat(),
            }
            service.plan(session, Actor.system("payments"), begins_at, ends_at, given)
        jobs.queue(session, JOB, due_at=_next(), since=ends_at.isoformat())


def _next() -> datetime:
    return datetime.combine(clock.now().date(), time(), UTC) + timedelta(days=1) + HOUR


def _traded(session: Session, before: datetime) -> bool:
    """Tell whether there is anything to hold against the platform: the key to ask it, and money that was asked for."""
    asked = exists().where(Operation.planned_at < before)
    return bool(config.current().stripe_secret_key) and bool(session.scalar(select(asked)))


def _is_queued(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(Job.name == JOB, Job.done_at.is_(None), *conditions))))


def _alone(session: Session) -> None:
    """Let one process at a time plan the next report; SQLite has one writer in any case."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:job, 3))"), {"job": JOB})
