"""What ``/metrics`` says, in the Prometheus text format.

Two sources. What a process counts (requests, seconds, connections in use) lies, while a server runs, in one memory
map a process in a folder of that server, so that whichever process is scraped answers for all of them, and a process
that was replaced stays counted. What everybody shares (jobs, log, sessions) is read from the database at the scrape.

``prometheus_client`` decides at its import where values live, so it is imported here only when an application is
put together: after gunicorn has given the worker process its folder (:mod:`market.serve`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from sqlalchemy import Engine, event, func, select

from ledger import reader
from market import clock, config, jobs, trust
from market.actor import Actor
from market.db import read
from market.edge import ready
from market.oversight import checks
from market.participants import access
from market.payments.reconciliation import desk
from market.witnessing import standing

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram
    from prometheus_client.core import Metric

FOLDER: Final = "metrics_folder"
"""In the extensions of a served application: where the memory maps of its processes lie."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; upper bounds of the classes of latency."""


@dataclass(frozen=True)
class Meters:
    """What a process counts.

    Attributes:
        registry: where they are read when this process is the only one.
        requests: requests by method, endpoint and status.
        seconds: seconds to answer by endpoint.
        connections: database connections in use.
    """

    registry: Any
    requests: "Counter"
    seconds: "Histogram"
    connections: "Gauge"

    def answered(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(method, endpoint, str(status)).inc()
        self.seconds.labels(endpoint).observe(seconds)


def meters(engine: Engine) -> Meters:
    """Return fresh meters of this process, those of connections tied to its engine."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()
    made = Meters(
        registry=registry,
        requests=Counter("qilu_requests", "Requests", ["method", "endpoint", "status"], registry=registry),
        seconds=Histogram(
            "qilu_request_seconds", "Seconds to answer", ["endpoint"], buckets=BUCKETS, registry=registry
        ),
        connections=Gauge(
            "qilu_database_connections",
            "Database connections in use",
            registry=registry,
            multiprocess_mode="livesum",
        ),
    )
    event.listen(engine, "checkout", lambda *_arguments: made.connections.inc())
    event.listen(engine, "checkin", lambda *_arguments: made.connections.dec())
    return made


def text(app: Flask, made: Meters) -> bytes:
    """Return everything in the text format.

    Args:
        app: the exchange, inside its context.
        made: the meters of this process.
    """
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    folder = app.extensions.get(FOLDER)
    counted = made.registry
    if folder is not None:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=str(folder))  # type: ignore[no-untyped-call]
    shared = CollectorRegistry()
    shared.register(_Shared())
    return generate_latest(counted) + generate_latest(shared)


def content_type() -> str:
    """Return the content type of the text format."""
    from prometheus_client import CONTENT_TYPE_LATEST

    return CONTENT_TYPE_LATEST


class _Shared:
    """Gauges of what all processes share, read from the database when asked."""

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        for name, meaning, value in _values():
            yield GaugeMetricFamily(name, meaning, value=value)
        for name, meaning, label, values in _labelled():
            family = GaugeMetricFamily(name, meaning, labels=[label])
            for of, value in values.items():
                family.add_metric([of], value)
            yield family


def _labelled() -> list[tuple[str, str, str, dict[str, float]]]:
    """Return the gauges that stand for several things: name, meaning, label, and label to value."""
    with read() as session:
        alarms = {one.kind.value: float(one.count) for one in desk.alarms(session, Actor.system("metrics"))}
    meaning = "What of the money must be looked at, as the money desk shows it"
    return [("qilu_money_alarms", meaning, "kind", alarms), *_logs()]


def _logs() -> list[tuple[str, str, str, dict[str, float]]]:
    """Return the gauges of witnesses and watched logs."""
    settings = config.current()
    if not settings.ledger_policy and not settings.ledger_witnessed:
        return []
    with read() as session:
        heard = list(standing.heard(session, trust.evidence(settings), clock.now()))
        watched = list(standing.watched(session, trust.witnessed(settings)))
        kept = list(standing.kept(session, trust.evidence(settings), settings.home, clock.now()))
    found = [
        (
            "qilu_journal_behind_entries",
            "Signed entries whose sealed records this mirror does not hold",
            "mirror",
            {one.name: float(max(one.size - one.next, 0)) for one in kept},
        ),
    ]
    return (found if settings.ledger_journal_key else []) + [
        (
            "qilu_witness_waiting_seconds",
            "How long the oldest head without this witness's cosignature has stood",
            "witness",
            {one.name: one.waiting.total_seconds() for one in heard},
        ),
        (
            "qilu_witness_behind_entries",
            "Signed entries that this witness has not cosigned",
            "witness",
            {one.name: one.behind for one in heard},
        ),
        (
            "qilu_watched_entries",
            "Entries of this other log that are cosigned here",
            "log",
            {one.origin: one.size for one in watched},
        ),
        (
            "qilu_watched_contradictions",
            "Signed heads of this other log that contradict what was cosigned",
            "log",
            {one.origin: one.contradictions for one in watched},
        ),
    ]


def _values() -> list[tuple[str, str, float]]:
    now = clock.now()
    with read() as session:
        due = (jobs.Job.done_at.is_(None), jobs.Job.due_at <= now)
        waiting, oldest = session.execute(select(func.count(), func.min(jobs.Job.due_at)).where(*due)).one()
        failing = session.scalar(
            select(func.count()).where(jobs.Job.done_at.is_(None), jobs.Job.error.is_not(None))
        )
        head = reader.latest_checkpoint(session)
        size = reader.size(session)
        signed_in = access.count_sessions(session)
        checked = checks.state(session)
    age = 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)
    return [
        ("qilu_jobs_waiting", "Jobs that are due and not done", waiting),
        ("qilu_jobs_oldest_seconds", "How long the oldest due job has waited", age),
        ("qilu_jobs_failing", "Jobs whose last attempt failed and that will be tried again", failing or 0),
        ("qilu_ledger_entries", "Entries that have their place in the log", size),
        (
            "qilu_ledger_published_entries",
            "Entries under the newest signed checkpoint",
            head.size if head else 0,
        ),
        (
            "qilu_ledger_lag_seconds",
            "Age of the oldest entry under no checkpoint",
            ready.lag().total_seconds(),
        ),
        ("qilu_fsck_age_seconds", "How long ago fsck ran last", checked.age.total_seconds()),
        ("qilu_fsck_faults", "Faults that its last run found", checked.last.faults if checked.last else 0),
        ("qilu_sessions", "Browser sessions that have not expired", signed_in),
    ]
