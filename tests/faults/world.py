"""One exchange that can be put back to a moment: its database, its folder, its payment platform, its clock."""

import hmac
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError

import ledger.fsck
import market.steps.fsck
from ledger.note import parse_signer
from market import jobs, migrations
from market.app import create_app
from market.contracting import requesting
from market.db import engine, read
from market.jobs import Job
from market.oversight import publishing
from market.payments import books
from market.payments.models import Posting
from market.sandbox import control, paypage
from market.sandbox.api import Api
from market.sandbox.store import Store
from market.steps.models import Step
from market.storage import StoreError
from tests import postgres, trades
from tests.conftest import Client, Clock, postgres_server, settings_for, sqlite_template
from tests.faults.boundaries import PLATFORM, Boundary, Commits, Files, Statements, Wire
from tests.postgres import Urls

SECRET = "whsec_tests"
KEY = "sk_test_tests"
Json = dict[str, Any]

CLEAR = {"server.unavailable", "server.failed", "payment.unavailable", "storage.full"}
"""What may be said to somebody whose request met a failure: repeat it."""


@dataclass
class Moment:
    """Everything there is at one time.

    Attributes:
        folder: copies of the files.
        database: name of the copy on PostgreSQL.
        time: of the clock.
        known: what the people know: tokens, numbers.
        after: what stands in the database, without any id.
    """

    folder: Path
    database: str
    time: Any
    known: dict[str, str]
    after: Json = field(default_factory=dict)


class World:
    """The exchange, its people, and the boundaries where it can fail.

    Args:
        lane: sqlite or postgresql.
        folder: where everything lies.
        patch: puts the boundaries in place.
    """

    def __init__(self, lane: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._home = folder / "home"
        self._home.mkdir()
        self._copies = 0
        self._kept: list[str] = []
        self._patch = patch
        self.clock = Clock()
        self.known: dict[str, str] = {}
        self.moments: list[Moment] = []
        self._database = ""
        if lane == "postgresql":
            self._database = _database_from("qilu_template")
            urls = postgres_server().urls(self._database)
        else:
            shutil.copy(sqlite_template(), self._home / "qilu.db")
            urls = Urls(app=f"sqlite:///{self._home / 'qilu.db'}", owner="")
        self.app = self._open(urls)
        self._platform()
        self.troubles: list[str] = []

    def _open(self, urls: Urls) -> Flask:
        settings = settings_for(urls, self._home, STRIPE_API_BASE=PLATFORM, STRIPE_SECRET_KEY=KEY)
        app = create_app(settings, clock=self.clock)
        app.test_client_class = Client
        # Setting in type is a child of its own with tests of its own.
        self._patch.setattr(requesting, "render", trades.set_in_type)
        self._patch.setattr("market.payments.stripe.wire._pause", lambda *_: 0)
        database: Any = app.extensions["engine"]
        if self._database:
            event.listen(
                database, "do_connect", lambda _d, _r, _a, named: named.update(dbname=self._database)
            )
        files = Files(self._home)
        wire = Wire()
        self.boundaries: dict[str, Boundary] = {
            "statements": Statements(database), "commits": Commits(database), "files": files, "wire": wire,
        }  # fmt: skip
        for boundary in self.boundaries.values():
            boundary.install(self._patch)
        self._wire = wire
        return app

    # moments

    def keep(self) -> Moment:
        """Copy everything as it is now."""
        self._copies += 1
        folder = self._folder / f"moment-{self._copies}"
        database = ""
        with self.app.app_context():
            engine().dispose()
        self._store.close()
        if self._database:
            database = _database_from(self._database)
            self._kept.append(database)
        shutil.copytree(self._home, folder / "home")
        shutil.copy(self._folder / "platform.db", folder / "platform.db")
        self._platform()
        return Moment(folder, database, self.clock(), dict(self.known), self.state())

    def back(self, moment: Moment) -> None:
        """Put everything back to a moment."""
        with self.app.app_context():
            engine().dispose()
        self._store.close()
        shutil.rmtree(self._home)
        shutil.copytree(moment.folder / "home", self._home)
        shutil.copy(moment.folder / "platform.db", self._folder / "platform.db")
        if moment.database:
            _drop(self._database)
            self._database = _database_from(moment.database)
        self.clock._now = moment.time
        self.known = dict(moment.known)
        self.troubles = []
        for boundary in self.boundaries.values():
            boundary.watch()
            boundary.rest()
        self.app.extensions.pop("storage", None)  # it made its folders when it was opened
        self._platform()

    def end(self) -> None:
        with self.app.app_context():
            engine().dispose()
        self._store.close()
        if self._database:
            for database in (self._database, *self._kept):
                _drop(database)

    def _platform(self) -> None:
        """Open the payment platform on its file."""
        self._store = Store(self._folder / "platform.db")
        self._store.set("webhooks", "hold")
        api = Api(self._store, PLATFORM, lambda: self.clock().timestamp())
        app = Flask("market.sandbox")
        app.extensions["wake"] = lambda: None
        for blueprint in (api.blueprint(), paypage.blueprint(api), control.blueprint(api)):
            app.register_blueprint(blueprint)
        self._wire.platform = app.test_client()

    # what people do

    def ask(self, who: str, method: str, path: str, **request: Any) -> Json:
        """Ask as a careful program does: again after a failure, which must be clearly said.

        Args:
            who: whose token is sent; nobody's when empty.
            method: of HTTP.
            path: where.
            request: as the test client takes it; what is used up by sending comes as a function.
        """
        headers = {"Authorization": f"Bearer {self.known[who]}"} if who else {}
        headers |= request.pop("headers", {})
        for _attempt in range(3):
            with self._breaking_off():
                fresh = {name: make() if callable(make) else make for name, make in request.items()}
                answer = self.app.test_client().open(path, method=method, headers=headers, **fresh)
                if answer.status_code < 400:
                    return answer.get_json() if answer.is_json else {"content": answer.data}
                self._trouble(f"{answer.status_code} {answer.json}")
                assert answer.json["code"] in CLEAR, answer.json
        raise AssertionError(f"{method} {path}: {self.troubles}")

    def post(self, who: str, path: str, body: Json | None = None, *, key: str = "") -> Json:
        return self.ask(who, "POST", path, json=body or {}, headers={"Idempotency-Key": key} if key else {})

    def trade(self, who: str, act: str, body: Json | None = None) -> Json:
        return self.post(who, f"/api/v1/trades/{self.known['number']}/{act}", body)

    def fetch(self, who: str, path: str) -> bytes:
        found: bytes = self.ask(who, "GET", path)["content"]
        return found

    def pay(self, page: str) -> None:
        """Press the button on the platform's page."""
        answer = self._wire.platform.post("/pay/" + page.rsplit("/", 1)[1], data={"outcome": "pay"})
        assert answer.status_code == 303

    def tell(self) -> None:
        """Send every webhook that the platform holds back, again until it is taken."""
        for body, place in self._store._all(
            "select body, place from delivery where state = 'held' order by place"
        ):
            stamp = int(self.clock().timestamp())
            signed = hmac.new(SECRET.encode(), f"{stamp}.{body}".encode(), "sha256").hexdigest()
            headers = {"Stripe-Signature": f"t={stamp},v1={signed}", "Content-Type": "application/json"}
            self.ask("", "POST", "/webhooks/stripe", data=body.encode(), headers=headers)
            self._store.delivered(place, "done", 0)

    def work(self) -> None:
        """Do what is due, and what failed again after its pause, as a worker does."""
        with self.app.app_context():
            for _round in range(12):
                with self._breaking_off():
                    while jobs.drain():
                        pass
                    if (pause := self._waiting()) is None:
                        return
                    self.clock.advance(seconds=pause)
        raise AssertionError(f"jobs do not end: {self.troubles}")

    def publish(self) -> None:
        """Publish the log, again after a failure."""
        with self.app.app_context():
            for _attempt in range(3):
                with self._breaking_off():
                    publishing.publish()
                    return
        raise AssertionError(f"not published: {self.troubles}")

    def _waiting(self) -> float | None:
        """Return seconds until the last failed or leased job is due again, None when there is none."""
        now = self.clock()
        with read() as session:
            open_jobs = session.scalars(select(Job).where(Job.done_at.is_(None))).all()
        times = [
            max(job.due_at, job.leased_until or job.due_at)
            for job in open_jobs
            if job.error or job.leased_until
        ]
        for job in open_jobs:
            if job.error:
                self._trouble(job.error)
        return max(((at - now).total_seconds() for at in times), default=-1) + 1 if times else None

    @contextmanager
    def _breaking_off(self) -> Iterator[None]:
        """Let what a server thread or a worker would log and survive be trouble, and look at what it left."""
        try:
            yield
        except (SQLAlchemyError, OSError, StoreError) as error:
            self._trouble(repr(error))
            self.clock.advance(seconds=jobs.LEASE.total_seconds() + 1)

    def _trouble(self, what: str) -> None:
        if what not in self.troubles:
            self.troubles.append(what)
            if not self.boundaries[
                "statements"
            ].failed:  # a statement that failed is rolled back; fsck is slow
                self.whole()

    # what must always hold

    def whole(self) -> None:
        """Hold the rows against the ledger, and the books against themselves."""
        watching = [boundary for boundary in self.boundaries.values() if boundary._watching]
        for boundary in watching:
            boundary.rest()
        with self.app.app_context(), read() as session:
            found = [
                f"{one.where}: {one.what}" for one in market.steps.fsck.check(session, migrations.metadata())
            ]
            totals = books.balances(session.scalars(select(Posting)))
        assert found == []
        assert sum(totals.values()) == 0
        for boundary in watching:
            boundary._watching = True

    def sound(self) -> None:
        """Hold the published log against the database, too."""
        key = parse_signer(self.app.extensions["settings"].ledger_signing_key).verifier
        with self.app.app_context():
            publishing.publish()
            with read() as session:
                assert [str(one) for one in ledger.fsck.check(session, publishing.folder(), key)] == []

    def state(self) -> Json:
        """Return what stands in the database and at the platform, without anything random."""
        with self.app.app_context(), read() as session:
            steps = session.scalars(select(Step).order_by(Step.object, Step.seq)).all()
            postings = session.scalars(select(Posting)).all()
            waiting = session.scalars(select(Job.name).where(Job.done_at.is_(None))).all()
        lives: dict[str, list[str]] = {}
        for step in steps:
            lives.setdefault(step.object, []).append(step.kind)
        stripped = [(_account(one.debit), _account(one.credit), one.amount, one.currency) for one in postings]
        kinds = ("account", "checkout.session", "payment_intent", "charge", "transfer", "refund")
        return {
            "lives": Counter(tuple(kinds) for kinds in lives.values()),
            "postings": sorted(stripped),
            "jobs": Counter(waiting),
            "platform": {kind: len(self._store.every(kind)) for kind in kinds},
        }


def _account(name: str) -> str:
    return name.split(":", 1)[0]


def _database_from(source: str) -> str:
    name = f"faults_{uuid.uuid4().hex}"  # several workers of a run have a world each
    server = postgres_server()
    with psycopg.connect(server._address("postgres", "postgres"), autocommit=True) as connection:
        postgres.create(connection, name, source)
    return name


def _drop(name: str) -> None:
    with psycopg.connect(postgres_server()._address("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
