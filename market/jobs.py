"""Work to do after a step: rows written in the step's own transaction, done at least once.

A job is leased for :data:`LEASE` with its attempt number as fencing token, so a worker that comes back
from the dead cannot mark another's work done. A living worker renews the lease as long as the work takes,
so the lease is short and what a killed worker had in hand goes on soon. Handlers are idempotent;
``app.py`` binds names to them and says which are slow. A failing job is tried again later, doubling from
one second to five minutes, and is never dropped, unless its object is frozen: then no try will ever do it.
"""

import threading
import time
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import Index, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from market import clock, logs
from market.db import Base, read, read_only, transaction
from market.errors import Frozen

Handler = Callable[..., None]
LEASE = timedelta(seconds=10)
"""How long after its last sign of life a worker counts as dead; also how far clocks may differ at no cost."""
BEAT_SECONDS = 3.0
"""Seconds between two renewals of what is in hand."""
HANDS = 4
"""Jobs that one worker does at a time."""
SLOW_HANDS = 2
"""How many of them may be slow ones, so that files and distant answers never hold up what is quick."""
LONGEST_WAIT = timedelta(minutes=5)
POLL_SECONDS = 0.1

log = structlog.get_logger()


class Job(Base):
    """One piece of work; not stateful: it is a way to a step, never a step."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_due", "done_at", "due_at"), Index("ix_job_cause_id", "cause_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]
    cause_id: Mapped[uuid.UUID | None]
    """The step whose transaction queued it, by which the log's journal names it; None for what no step caused."""


def queue(session: Session, name: str, *, due_at: datetime | None = None, **payload: object) -> None:
    """Write a job in the transaction of the step that causes it.

    Args:
        session: the step's session.
        name: the name that ``app.py`` binds to a handler.
        due_at: not before this time; at once when None.
        payload: keyword arguments of the handler; integers stay, all else becomes text.
    """
    session.add(
        Job(
            name=name,
            due_at=due_at or clock.now(),
            payload={key: value if isinstance(value, int) else str(value) for key, value in payload.items()},
        )
    )


def drain(limit: int = 1000) -> int:
    """Do every job that is due now, those it queues too, in this thread; return how many were tried.

    For tests, which must know when the work is done: it takes and does each job exactly as :class:`Worker` does, by the
    same two functions, and leaves out only its threads and the renewing of leases.

    Args:
        limit: stop after so many, so that two jobs that queue each other cannot run for ever.
    """
    count = 0
    while count < limit and (job := _lease()) is not None:
        _do(job)
        count += 1
    return count


def _free() -> None:
    """Give up every lease: for the one process of an SQLite exchange, which at its start knows that nobody works."""
    with transaction() as session:
        session.execute(update(Job).where(Job.done_at.is_(None)).values(leased_until=None))


def _seed() -> None:
    """Let each room queue what it wants done from time to time and nobody has queued yet."""
    for seed in current_app.extensions.get("seeds", ()):
        seed()


class Worker:
    """Does due jobs until it is stopped: one thread looks for them and renews leases, each job has its own.

    Args:
        app: the application whose handlers and database are used.
        beat: seconds between two renewals.
        alone: nobody else works on this database, so that a lease found at the start is a dead one's.
    """

    def __init__(self, app: Flask, beat: float = BEAT_SECONDS, *, alone: bool = False) -> None:
        self._app = app
        self._alone = alone
        self._beat = beat
        self._seeded = False
        self._stopped = False
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._in_hand: dict[uuid.UUID, Job] = {}
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin; call it after a fork, never before."""
        self._thread.start()

    def stop(self, seconds: float = 10) -> None:
        """Take no further job and wait for those in hand.

        Args:
            seconds: how long at most; what is not done by then is done again after the next start.
        """
        end = time.monotonic() + seconds
        self._stopped = True
        self._wake.set()
        self._thread.join(seconds)
        while self._held() and time.monotonic() < end:
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _run(self) -> None:
        renewed = time.monotonic()
        with self._app.app_context():
            while not self._stopped:
                if time.monotonic() - renewed >= self._beat:
                    self._renew()
                    renewed = time.monotonic()
                job = self._next()
                if job is None:
                    self._wake.wait(POLL_SECONDS)
                    self._wake.clear()
                else:
                    threading.Thread(target=self._work, args=(job,), name=job.name, daemon=True).start()

    def _next(self) -> Job | None:
        """Take a job that a free hand may do; none while nothing may be written."""
        held = self._held()
        if len(held) >= HANDS or read_only():
            return None
        slow: Collection[str] = current_app.extensions.get("slow", ())
        full = sum(job.name in slow for job in held.values()) >= SLOW_HANDS
        try:
            if self._alone:
                _free()
                self._alone = False
            if not self._seeded:
                _seed()
                self._seeded = True
            job = _lease(refused=slow if full else (), held=held)
        except Exception:
            log.exception("worker.lease_failed")
            return None
        if job is not None:
            with self._lock:
                self._in_hand[job.id] = job
        return job

    def _work(self, job: Job) -> None:
        try:
            with self._app.app_context():
                _do(job)
        except Exception:  # its outcome could not be written: the lease ends and it is done again
            log.exception("worker.close_failed", job=job.name, attempt=job.attempt)
        finally:
            with self._lock:
                del self._in_hand[job.id]
            self._wake.set()

    def _renew(self) -> None:
        for job in self._held().values():
            try:
                _write(job, {"leased_until": clock.now() + LEASE})
            except Exception:
                log.exception("worker.renewal_failed", job=job.name, attempt=job.attempt)

    def _held(self) -> dict[uuid.UUID, Job]:
        with self._lock:
            return dict(self._in_hand)


def _lease(refused: Collection[str] = (), held: Collection[uuid.UUID] = ()) -> Job | None:
    """Take the job that has waited longest, or None; an empty queue costs one read, no write.

    Args:
        refused: names that are not taken now.
        held: jobs that this process is at, whatever a clock that jumped says of their leases.
    """
    moment = clock.now()
    due = (
        select(Job.id)
        .where(
            Job.done_at.is_(None),
            Job.due_at <= moment,
            or_(Job.leased_until.is_(None), Job.leased_until < moment),
            Job.name.not_in(refused),
            Job.id.not_in(held),
        )
        .order_by(Job.due_at)
        .limit(1)
    )
    with read() as session:
        if session.scalar(due) is None:
            return None
    with transaction() as session:
        found = session.scalar(due.with_for_update(skip_locked=True))
        job = session.get(Job, found) if found else None
        if job is not None:
            job.attempt += 1
            job.leased_until = moment + LEASE
        return job


def _do(job: Job) -> None:
    """Do a job; whatever is logged meanwhile carries its id."""
    handlers: dict[str, Handler] = current_app.extensions["handlers"]
    with structlog.contextvars.bound_contextvars(job_id=str(job.id)):
        try:
            handlers[job.name](**job.payload)
        except Frozen as error:
            log.warning("job.frozen", job=job.name, attempt=job.attempt)
            _close(job, {"done_at": clock.now(), "leased_until": None, "error": error.code})
        except Exception as error:
            log.exception("job.failed", job=job.name, attempt=job.attempt)
            # An attempt that left no error was killed, and says nothing of the work.
            before = job.attempt - 1 if job.error else 0
            wait = min(timedelta(seconds=2 ** min(before, 10)), LONGEST_WAIT)
            said = logs.text_without_secrets(repr(error))[:500]
            _close(job, {"due_at": clock.now() + wait, "leased_until": None, "error": said})
        else:
            log.info("job.done", job=job.name, attempt=job.attempt)
            _close(job, {"done_at": clock.now(), "leased_until": None, "error": None})


def _close(job: Job, values: dict[str, object]) -> None:
    """Write the outcome, unless another worker took the job over meanwhile."""
    if not _write(job, values):
        log.warning("job.taken_over", job=job.name, attempt=job.attempt)


def _write(job: Job, values: dict[str, object]) -> bool:
    """Change a leased job; False when it is done, or leased to another attempt."""
    mine = (Job.id == job.id, Job.attempt == job.attempt, Job.done_at.is_(None))
    with transaction() as session:
        done: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            update(Job).where(*mine).values(**values)
        )
        return done.rowcount > 0
