"""Events that no webhook brought: every few minutes the platform's own list is read, and what is new kept.

The platform lists its events for thirty days, so any outage of webhooks shorter than that is repaired by itself. A
listed event goes the way of a webhook: kept once by its id, and a reason to look, never a fact. Where the last list
ended stands in the job that reads the next one, written in the transaction that ends this one.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.orm import Session

from market import clock, config, jobs
from market.db import transaction
from market.jobs import Job
from market.payments import inbox
from market.payments.platform import client

JOB: Final = "events.poll"
EVERY: Final = timedelta(minutes=5)
OVERLAP: Final = timedelta(hours=1)
"""How far each list reaches back behind the newest event of the one before: some are listed late."""
KEPT: Final = timedelta(days=30)
"""How long the platform lists an event (Stripe, "List all events")."""
TYPES: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "account.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
"""What is listed: the events that the inbox acts on."""
_CHUNK: Final = 200


def seed() -> None:
    """Let the list be read now where nobody has planned it; for a worker that begins."""
    with transaction() as session:
        _alone(session)
        if not _is_queued(session):
            jobs.queue(session, JOB, since=0)


def on_poll(since: int) -> None:
    """Job: keep the events that are listed and not here yet, and plan the next reading.

    Args:
        since: when the newest event of the last list was made, seconds since the epoch; 0 for none.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again from the same place.
    """
    newest = since
    if config.current().stripe_secret_key:
        newest = max(since, _keep_new(since))
    with transaction() as session:
        _alone(session)
        if not _is_queued(session, Job.due_at > clock.now()):
            jobs.queue(session, JOB, due_at=clock.now() + EVERY, since=newest)


def _keep_new(since: int) -> int:
    """Keep what is new; return when the newest listed event was made, 0 for none."""
    platform = client()
    oldest = int((clock.now() - KEPT).timestamp())
    begin = max(since - int(OVERLAP.total_seconds()), oldest)
    listed = [
        event
        for event in platform.events(since=begin, types=list(TYPES))
        if event.livemode is platform.live and event.id
    ]
    listed.reverse()
    for start in range(0, len(listed), _CHUNK):
        with transaction() as session:
            for event in listed[start : start + _CHUNK]:
                inbox.keep(session, event, b"")
    return max((event.created for event in listed), default=0)


def _is_queued(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(Job.name == JOB, Job.done_at.is_(None), *conditions))))


def _alone(session: Session) -> None:
    """Let one process at a time plan the next reading; SQLite has one writer in any case."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:job, 3))"), {"job": JOB})
