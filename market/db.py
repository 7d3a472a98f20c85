"""The database and its two doors: :func:`transaction` and :func:`read`. Nothing else commits.

But for ``market/migrations``, where the owner of the tables works on connections of its own.

``transaction()`` commits when its block ends well, before a byte of the answer leaves, and rolls back
on any exception. ``read()`` cannot write, on either database. SQLite takes ``BEGIN IMMEDIATE`` for a
write (one writer, no upgrade deadlock), and several that wait share one flush (:mod:`market.turn`); PostgreSQL runs
read committed with row locks.
"""

import enum
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from flask import Flask, current_app
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.session import JoinTransactionMode

from market import turn
from market.errors import NotFound, Unavailable
from market.i18n import gettext as _

try:  # the bundled library has the WAL-reset fix of SQLite 3.51.3; ``qilu doctor`` says which one is in use
    import pysqlite3.dbapi2 as _library
except ImportError:  # no wheel for this machine
    import sqlite3 as _library
sqlite: Final[Any] = _library
"""For every connection of a process to one file: a second library that closes it drops the locks of the first."""

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_SECONDS = 30
"""How long a writer waits for another one before SQLite gives up."""

SQLITE_CONNECTIONS = 24
"""Kept open in one process: its threads for requests, jobs and the log, so that none is opened for a request."""

READ_ONLY_SECONDS = 60
"""When to ask again, as an exchange says that writes nothing: an operator must act first."""

_inside = threading.local()

Row = TypeVar("Row")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time with milliseconds; SQLite would hand it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a naive time and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of every table of the market room (contracts and ledger have their own)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UTCDateTime(),
        uuid.UUID: Uuid(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


Amount = BigInteger
"""Column type of money: integer minor units of the currency beside it."""


def open_database(app: Flask, url: str) -> Engine:
    """Make the engine of an application and keep it in its extensions.

    Args:
        app: the application that will use the doors.
        url: SQLAlchemy URL of an SQLite file or of PostgreSQL (psycopg 3).
    """
    engine = engine_for(url)
    app.extensions["engine"] = engine
    app.extensions["turn"] = turn.Turn(BUSY_SECONDS)
    return engine


def engine_for(url: str) -> Engine:
    """Return an engine whose connections keep the rules of the house."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            module=sqlite,
            connect_args={"timeout": BUSY_SECONDS},
            pool_size=SQLITE_CONNECTIONS,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "reset", _leave_sqlite)
        event.listen(engine, "handle_error", turn.notice)
        return engine
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(
        url, pool_pre_ping=True, hide_parameters=True
    )  # errors are logged; values are people's
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def engine() -> Engine:
    """Return the engine of the running application."""
    found: Engine = current_app.extensions["engine"]
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the door for writing: one step, one transaction, one ledger entry.

    Yields:
        A session; it is committed when the block ends well and rolled back otherwise. Rows stay
        readable after the block.

    Raises:
        RuntimeError: a door is open already in this thread; a service must not open a second one.
        Unavailable: nothing may be written, see :func:`stop_writing`; nothing was changed.
        DBAPIError: it could not be made durable; nothing was changed.
    """
    _require_open()
    bind = _bind("write")
    if bind.dialect.name == "sqlite":
        outside()
        with current_app.extensions["turn"].writing(bind) as member:
            _require_open()  # it may have been shut while this writer waited
            with _door("write", member.connection, member.joining) as session:
                yield session
                session.commit()
    else:
        with _door("write", bind) as session:
            yield session
            session.commit()


@contextmanager
def filling(engine: Engine) -> Iterator[Session]:
    """Open the door for writing of a database that no application has, such as one that is being restored.

    Args:
        engine: of the database.

    Yields:
        A session as :func:`transaction` does.

    Raises:
        RuntimeError: a door is open already in this thread.
    """
    with _door("write", engine.execution_options(door="write")) as session:
        yield session
        session.commit()


@contextmanager
def read() -> Iterator[Session]:
    """Open the door for reading; any attempt to write fails in the database.

    Raises:
        RuntimeError: a door is open already in this thread.
    """
    with _door("read", _bind("read")) as session:
        yield session


def stop_writing(because: str) -> None:
    """Shut the door for writing in this process; reading, proofs and published files go on.

    Args:
        because: what is wrong and what to do, for the operator.
    """
    current_app.extensions["read_only"] = because


def write_again() -> None:
    """Open the door for writing again: what it was shut for has been looked at and is well."""
    current_app.extensions["read_only"] = None


def read_only() -> str | None:
    """Return why this process writes nothing now, or None."""
    because: str | None = current_app.extensions.get("read_only")
    return because


def _require_open() -> None:
    if read_only() is not None:
        raise Unavailable(
            "ledger.read_only",
            _(
                "Nothing can be changed now: the operator must first compare the ledger with what was signed. "
                "Reading goes on."
            ),
            retry_after=READ_ONLY_SECONDS,
        )


def outside() -> None:
    """Refuse an outside call while a door is open: no network inside a transaction.

    Raises:
        RuntimeError: a transaction or a read is open in this thread.
    """
    if getattr(_inside, "door", None):
        raise RuntimeError("an outside call inside a transaction")


def locked(session: Session, model: type[Row], key: uuid.UUID) -> Row:
    """Return a row, locked until the end of the transaction, as it stands in the database now.

    Raises:
        NotFound: there is no such row.
    """
    row = session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("object.not_found", _("There is no such object."))
    return row


def _bind(kind: str) -> Engine:
    """Return the engine, whose connections know by which door they are used."""
    return engine().execution_options(door=kind)


@contextmanager
def _door(
    kind: str, bind: Engine | Connection, joining: JoinTransactionMode = "conditional_savepoint"
) -> Iterator[Session]:
    outside()
    _inside.door = kind
    try:
        with Session(bind, expire_on_commit=False, join_transaction_mode=joining) as session:
            yield session
    finally:
        _inside.door = None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the begin event below decides how a transaction starts
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA recursive_triggers = ON")  # else INSERT OR REPLACE slips past delete triggers
    cursor.execute("PRAGMA temp_store = MEMORY")  # else a savepoint writes what is erased to a file elsewhere
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("door") == "read"
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
    turn.begun(connection)


def _leave_sqlite(connection: Any, *_state: object) -> None:
    """Roll back what a failed commit left open: SQLAlchemy takes the end of its own transaction for SQLite's.

    Else the connection would go back to the pool and hold the one write lock for ever.
    """
    connection.rollback()


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("door") == "read":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
