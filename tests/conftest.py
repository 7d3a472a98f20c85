"""The one harness: lanes, a fresh migrated database for every test, and an application on it.

Lanes are chosen by ``--lane`` (all of them by default) and printed. A test skipped inside a chosen lane
counts as failed: what is not run must not look green.
"""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from ledger import note
from market.config import Settings
from tests import machine, order
from tests.postgres import Server, Urls

LANES = (
    "sqlite",
    "postgresql",
    "kill",
    "strace",
    "browser",
    "openapi",
    "stripe_mock",
    "stripe_spec",
    "foreign",
)
PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
"""For random examples, too, a busy machine is no failure."""
CI = os.environ.get("CI") == "true"
"""Whether this is continuous integration, where sampling tests take the samples they promise, not a few."""
RUN = "QILU_TEST_RUN"
"""Names the folder that all workers of a run share; the first process makes and removes it."""
LACKING = "QILU_TEST_LACKING"
"""Holds the lanes that this machine cannot carry, found once: what a lane installs must not bring another one in."""
MEMORY = "/dev/shm"
"""Where that folder lies when it can: thousands of small commits need not reach a disk to be tested."""
ROOM = 6 * 1024**3
"""Bytes that must be free there: several times what a run needs at once."""


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time (aware UTC)."""
        return self._now

    def advance(self, **span: float) -> None:
        """Move forward, for example ``advance(days=7)``."""
        self._now += timedelta(**span)


class Client(FlaskClient):
    """A client whose requests each have a context of their own, as they have in a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request."""
        with self.application.app_context():
            return super().open(*args, **kwargs)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--lane",
        action="append",
        choices=LANES,
        help="run only this lane beside the pure tests; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])
    hypothesis.settings.register_profile("slow machine", hypothesis.settings.default, **PATIENT)
    hypothesis.settings.load_profile("slow machine")
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="qilu-", dir=MEMORY if _has_room(MEMORY) else None)
        Path(folder).chmod(0o755)  # the database server's own user must reach its folder in it
        os.environ[RUN] = os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        os.environ[LACKING] = json.dumps(machine.lacking())
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # what killed processes leave behind goes with it


def _has_room(folder: str) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(RUN))
        tempfile.tempdir = None
        for name in (LACKING, "PYTEST_DEBUG_TEMPROOT", "TMPDIR"):
            del os.environ[name]
        Server(folder / "pg").stop()
        shutil.rmtree(folder, ignore_errors=True)


def tell(lane: str, line: str) -> None:
    """Say something that is printed when the whole run has ended; any worker may.

    Args:
        lane: what it is about.
        line: one line.
    """
    with (Path(os.environ[RUN]) / "told").open("a") as told:
        told.write(f"{lane}: {line}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("lanes")
    terminalreporter.write_line(f"run: {', '.join(lanes(config))}")
    for lane, why in _lacking(config).items():
        terminalreporter.write_line(f"left out: {lane}: needs {why}")
    if not CI:
        terminalreporter.write_line("samples: small, as told below by each lane; with CI=true they are whole")
    bad = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    if bad:
        terminalreporter.section("what failed, a line each")
        for report in bad:
            terminalreporter.write_line(f"{report.nodeid}: {_reason(report)}")
    told = Path(os.environ[RUN]) / "told"
    if told.exists():
        terminalreporter.section("told by the lanes")
        for line in sorted(told.read_text().splitlines()):
            terminalreporter.write_line(line)


def _reason(report: pytest.TestReport) -> str:
    """Return what was wrong in few words: a log may be cut anywhere but at its end."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return " ".join((crash.message if crash else str(report.longrepr)).split())[:300]


@pytest.hookimpl(trylast=True)
def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their parameter: a packed file holds the time of day, and workers must name tests alike."""
    return argname if isinstance(val, bytes) and len(val) > 12 else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = set(LANES) - set(lanes(config))
    away = {item for item in items if left_out.intersection(mark.name for mark in item.iter_markers())}
    config.hook.pytest_deselected(items=list(away))
    kept = [item for item in items if item not in away]
    if left_out.isdisjoint(("sqlite", "postgresql")):
        kept = _on_either(config, kept)
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = order.ordered(kept, workers)


def _commit(config: pytest.Config) -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(
        command, cwd=config.rootpath, check=True, capture_output=True, text=True
    ).stdout.strip()


def _on_either(config: pytest.Config, items: list[pytest.Item]) -> list[pytest.Item]:
    """Leave tests that take long together on one database each."""
    commit = _commit(config) if CI else None
    other = {item for item in items if order.is_elsewhere(item, commit)}
    if other and getattr(config, "workerinput", {}).get("workerid", "gw0") == "gw0":
        when = "they change over with the commit" if CI else "with CI=true they change over with the commit"
        tell("databases", f"{len(other)} tests ran on one of the two; {when}")
    config.hook.pytest_deselected(items=list(other))
    return [item for item in items if item not in other]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped inside a chosen lane: {report.longrepr}"
    return report  # type: ignore[return-value]


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """Leave out what is slow on purpose and the same each time: hashing passwords, measuring equal bytes again.

    One test holds the real parameters of passwords; measuring has tests of its own.
    """
    from market.participants import passwords
    from market.registry import inspecting
    from tests import assets

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("a password that nobody has"))
        patch.setattr(inspecting, "inspect_file", assets.measure_once)
        yield


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ]
)
def lane(request: pytest.FixtureRequest) -> str:
    """The database of this test: a test that asks for it runs once on each."""
    name: str = request.param
    return name


@pytest.fixture
def urls(lane: str, tmp_path: Path) -> Iterator[Urls]:
    """A migrated database of this test's own."""
    if lane == "postgresql":
        with postgres_server().database() as found:
            yield found
    else:
        yield sqlite_urls(tmp_path)


@pytest.fixture
def empty_urls(lane: str, tmp_path: Path) -> Iterator[Urls]:
    """A database of this test's own without any table."""
    if lane == "postgresql":
        with postgres_server().database(migrated=False) as found:
            yield found
    else:
        url = f"sqlite:///{tmp_path / 'empty.db'}"
        yield Urls(app=url, owner=url)


@pytest.fixture
def settings(urls: Urls, tmp_path: Path) -> Settings:
    """Complete settings; the payment base answers nothing (a test that pays starts a sandbox)."""
    return settings_for(urls, tmp_path)


@pytest.fixture
def clock() -> Clock:
    """The clock of the application under test."""
    return Clock()


@pytest.fixture(scope="session")
def assembled() -> Flask:
    """The application, put together once a process: its routes and compiled pages are the same for every test."""
    from market.app import create_app

    app = create_app(settings_for(Urls(app="sqlite://", owner=""), Path("nowhere")))
    app.test_client_class = Client
    return app


@pytest.fixture
def exchange(assembled: Flask, settings: Settings, clock: Clock) -> Iterator[Flask]:
    """The whole application on a fresh database, inside its context."""
    from market.db import open_database

    app, extensions, configured = assembled, dict(assembled.extensions), dict(assembled.config)
    handlers, acts = dict(extensions["handlers"]), dict(extensions["acts"])
    app.extensions.update(settings=settings, clock=clock, handlers=handlers, acts=acts)
    engine = open_database(app, settings.database_url)
    with app.app_context():
        yield app
    engine.dispose()
    app.extensions.clear()
    app.extensions.update(extensions)
    app.config.clear()
    app.config.update(configured)


def settings_for(urls: Urls, home: Path, **changes: str) -> Settings:
    """Return complete settings for a database and a home folder."""
    return Settings.load(environment_for(urls, home, **changes))


def environment_for(urls: Urls, home: Path, **changes: str) -> dict[str, str]:
    """Return the same settings as a process of its own gets them."""
    return {
        "QILU_HOME": str(home),
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner,
        "BASE_URL": "http://localhost:8080",
        "SECRET_KEY": "a secret of the tests",
        "STRIPE_API_BASE": "http://localhost:9",
        "STRIPE_SECRET_KEY": "sk_test_tests",
        "STRIPE_WEBHOOK_SECRET": "whsec_tests",
        "LEDGER_ORIGIN": "exchange.example/log",
        "LEDGER_SIGNING_KEY": LEDGER_KEY,
        "EXCHANGE_HELD_KEYS": "true",
        **changes,
    }


LEDGER_KEY = note.generate("exchange.example/log").secret_text()


def migrate(urls: Urls) -> None:
    """Bring a database to the newest schema, as ``qilu db upgrade`` does."""
    from market import migrations

    with tempfile.TemporaryDirectory() as home:
        migrations.upgrade(settings_for(urls, Path(home)))


def lanes(config: pytest.Config) -> list[str]:
    """Return the chosen lanes: those asked for, else every one that this machine can carry."""
    lacking = _lacking(config)
    return config.getoption("lane") or [lane for lane in LANES if lane not in lacking]


def _lacking(config: pytest.Config) -> dict[str, str]:
    """Return what is missing for the lanes that nobody asked for by name."""
    found: dict[str, str] = json.loads(os.environ[LACKING])
    return {} if config.getoption("lane") else found


def postgres_server() -> Server:
    """Return the running server of this test run."""
    folder = Path(os.environ[RUN]) / "pg"
    folder.mkdir(exist_ok=True)
    server = Server(folder)
    server.start(migrate)
    return server


def sqlite_urls(folder: Path) -> Urls:
    """Return a fresh migrated SQLite database in a folder."""
    shutil.copy(sqlite_template(), folder / "qilu.db")
    url = f"sqlite:///{folder / 'qilu.db'}"
    return Urls(app=url, owner=url)


def sqlite_template() -> Path:
    """Return the migrated file every SQLite test copies; the first one makes it."""
    folder = Path(os.environ[RUN])
    path = folder / "template.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            fresh = folder / "fresh.db"
            url = f"sqlite:///{fresh}"
            migrate(Urls(app=url, owner=url))
            fresh.rename(path)
    return path
