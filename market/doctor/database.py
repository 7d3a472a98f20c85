"""What the doctor asks of the database: does it answer, as whom, in which shape, and is its work being done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from market import clock, db, migrations
from market.config import Settings
from market.doctor.finding import Finding
from market.jobs import Job
from market.migrations import rights

WAL_FIXED: Final = (3, 51, 3)
"""The first SQLite without the WAL-reset race (announced March 2026), which can corrupt a busy database."""
LATE: Final = timedelta(minutes=5)
"""A job that has been due for so long is done by nobody."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found, and stop where nothing further can be looked at."""
    if settings.is_sqlite:
        settings.home.mkdir(parents=True, exist_ok=True)
    engine = db.engine_for(settings.database_url)
    try:
        refused = _answer(engine)
        if refused is not None:
            yield refused
            return
        yield library(engine) if settings.is_sqlite else role(engine)
        schema = _schema(settings)
        yield schema
        if schema.well:
            yield work(engine, settings)
    finally:
        engine.dispose()


def schema_faults(settings: Settings) -> list[str]:
    """Return what the database and the models disagree about, one line each."""
    engine = db.engine_for(settings.database_owner_url or settings.database_url)
    try:
        if migrations.current(engine) != migrations.head():
            return [f"the schema stands at {migrations.current(engine)}, the newest is {migrations.head()}"]
        with engine.connect() as connection:
            return [str(difference) for difference in migrations.differences(connection)]
    finally:
        engine.dispose()


def library(engine: Engine) -> Finding:
    """Say whether SQLite is one that may be trusted."""
    with engine.connect() as connection:
        version = str(connection.scalar(text("SELECT sqlite_version()")))
    if tuple(map(int, version.split("."))) >= WAL_FIXED:
        return Finding("sqlite", True, version)
    advice = "has the WAL-reset bug; install the pysqlite3 wheel, or use PostgreSQL"
    return Finding("sqlite", False, f"{version} {advice}")


def role(engine: Engine) -> Finding:
    """Say whether the application's role may do no more than it must."""
    with engine.connect() as connection:
        excess = list(rights.excess(connection))
    if excess:
        return Finding("database role", False, rights_text(excess))
    return Finding("database role", True, "owns nothing and cannot change what is written")


def rights_text(excess: list[str]) -> str:
    """Say what is wrong with the application's role and what to do."""
    more = f" and {len(excess) - 1} more" if len(excess) > 1 else ""
    return (
        f"the role of DATABASE_URL {excess[0]}{more}: what is written could be changed; "
        "use a role of its own there, the owner in DATABASE_OWNER_URL, both with the rights of "
        "market/deployment/roles.sql, and run `qilu db upgrade`"
    )


def work(engine: Engine, settings: Settings) -> Finding:
    """Say whether somebody does the jobs."""
    query = select(func.min(Job.due_at)).where(Job.done_at.is_(None), Job.due_at <= clock.now())
    with engine.connect() as connection:
        oldest = connection.scalar(query)
    waited = timedelta() if oldest is None else clock.now() - oldest
    if waited < LATE:
        return Finding("jobs", True, "none waits for long")
    program = "qilu serve" if settings.is_sqlite else "qilu worker"
    return Finding(
        "jobs", False, f"the oldest has waited {waited.total_seconds() / 60:.0f} min: is `{program}` running?"
    )


def _answer(engine: Engine) -> Finding | None:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        return Finding("database", False, f"does not answer: {_why(error, engine)}; set DATABASE_URL right")
    return None


def _why(error: BaseException, engine: Engine) -> str:
    """Return the driver's first line without the password, should it repeat the address."""
    said = str(getattr(error, "orig", error)).strip().splitlines()
    password = make_url(engine.url).password
    line = said[0] if said else type(error).__name__
    return line.replace(str(password), "***") if password else line


def _schema(settings: Settings) -> Finding:
    try:
        faults = schema_faults(settings)
    except SQLAlchemyError as error:
        return Finding("schema", False, f"cannot be read: {str(error).splitlines()[0]}")
    if faults:
        return Finding("schema", False, f"{faults[0]}; run `qilu db upgrade`")
    return Finding("schema", True, f"revision {migrations.head()}")
