"""The database of one moment as files, taken while others write, and put back into an empty one.

SQLite: its online backup, in one step: a reader of the write-ahead log, which no writer waits for.
PostgreSQL: one REPEATABLE READ transaction that COPYs table after table as text. Not ``pg_dump``, although it is well
proven: it must be on the machine and not older than the server, and what it writes brings tables, triggers and rights
of its own along, where here these come from the migrations alone. So there is one way, it needs the driver we have,
works with the application's own rights, and what is restored has exactly the triggers and grants of this version.

Left out on PostgreSQL, since it is true of that server only: which transaction wrote an entry, and how far the
sequencer had looked; a sequencer that finds none of it looks at everything once.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.orm import Session

from market import db, migrations
from market.config import Settings
from market.governance.archive import BackupError
from market.migrations import owner

FILE: Final = "database.sqlite"
FOLDER: Final = "database"
VERSION: Final = "alembic_version"
OF_ONE_SERVER: Final = {("ledger_entry", "writer"), ("ledger_mark", "")}
"""(table, column) that mean nothing on another server; no column stands for the whole table."""

_COLUMNS: Final = text(
    "SELECT column_name, is_identity FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND table_name = :name AND is_generated = 'NEVER'"
    " ORDER BY ordinal_position"
)


@contextmanager
def taken(settings: Settings, folder: Path) -> Iterator[tuple[Session, dict[str, Path]]]:
    """Take a snapshot into a folder.

    Args:
        settings: name the database.
        folder: an empty folder for what may be large.

    Yields:
        A session that reads the same moment, and the snapshot's files by their names in a backup.
    """
    if settings.is_sqlite:
        path = folder / FILE
        _copy_sqlite(settings, path)
        engine, files = db.engine_for(f"sqlite:///{path}"), {FILE: path}
    else:
        engine, files = db.engine_for(settings.database_url), {}
    try:
        with Session(engine.execution_options(door="read")) as session:
            if not settings.is_sqlite:
                files = dict(_copied_out(session.connection(), folder))
            yield session, files
    finally:
        engine.dispose()
    for rest in ("-wal", "-shm"):
        (folder / f"{FILE}{rest}").unlink(missing_ok=True)


def put(settings: Settings, folder: Path, revision: str) -> None:
    """Put a snapshot into an empty database and bring it to the newest schema.

    Args:
        settings: name the database; on PostgreSQL the owner's URL too.
        folder: where :func:`taken`'s files lie under their names.
        revision: the schema's revision when it was taken.
    """
    if settings.is_sqlite:
        file = database_file(settings)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(folder / FILE, file)
    else:
        migrations.upgrade(settings, revision)
        with owner.filling(settings) as connection:
            _copied_in(connection, folder / FOLDER)
    if revision != migrations.head():
        migrations.upgrade(settings)


def require_empty(settings: Settings) -> None:
    """Refuse a database that holds anything.

    Raises:
        BackupError: it has tables, or, on PostgreSQL, the owner's URL is missing.
    """
    if settings.is_sqlite:
        full = database_file(settings).exists()
    else:
        settings.demand("database_owner_url")
        engine = db.engine_for(settings.database_owner_url)
        try:
            full = bool(
                set(inspect(engine).get_table_names()) - {VERSION}
            )  # that one an emptied schema keeps
        finally:
            engine.dispose()
    if full:
        raise BackupError("the database that DATABASE_URL names holds something already")


def database_file(settings: Settings) -> Path:
    """Return the file of an SQLite database."""
    return Path(str(make_url(settings.database_url).database))


def _copy_sqlite(settings: Settings, path: Path) -> None:
    file = database_file(settings)
    if not file.exists():
        raise BackupError(f"there is no database at {file}")
    engine = db.engine_for(settings.database_url)
    driver: Any = engine.dialect.loaded_dbapi
    try:
        with closing(engine.raw_connection()) as source, closing(driver.connect(str(path))) as target:
            source.driver_connection.backup(target)  # type: ignore[union-attr]
    finally:
        engine.dispose()


def _copied_out(connection: Connection, folder: Path) -> Iterator[tuple[str, Path]]:
    for place, table in enumerate(_tables(connection)):
        columns = [name for name, _identity in _columns(connection, table)]
        if (table, "") in OF_ONE_SERVER or table == VERSION:
            continue
        name = f"{FOLDER}/{place:03d}-{table}"
        path = folder / f"{place:03d}-{table}"
        copy = f"COPY {_named(table, columns)} TO STDOUT"
        with path.open("wb") as file, _cursor(connection) as cursor, cursor.copy(copy) as data:
            for part in data:
                file.write(part)
        yield name, path


def _copied_in(connection: Connection, folder: Path) -> None:
    """Load every table."""
    for path in sorted(folder.iterdir()):
        table = path.name.split("-", 1)[1]
        columns = _columns(connection, table)
        copy = f"COPY {_named(table, [name for name, _identity in columns])} FROM STDIN"
        with path.open("rb") as file, _cursor(connection) as cursor, cursor.copy(copy) as data:
            while part := file.read(256 * 1024):
                data.write(part)
        for name in (name for name, identity in columns if identity):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence(:table, :name), max({name}))"  # noqa: S608 - our own names
                    f' FROM "{table}" HAVING max({name}) IS NOT NULL'
                ),
                {"table": table, "name": name},
            )


def _tables(connection: Connection) -> list[str]:
    """Return every table, those that others refer to first."""
    ordered = inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _keys in ordered if name is not None]


def _columns(connection: Connection, table: str) -> list[tuple[str, bool]]:
    """Return (column, whether the server counts it up) of what a snapshot holds of a table."""
    rows = connection.execute(_COLUMNS, {"name": table})
    return [(name, identity == "YES") for name, identity in rows if (table, name) not in OF_ONE_SERVER]


def _named(table: str, columns: list[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'"{table}" ({names})'


def _cursor(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


def integrity(engine: Engine) -> list[str]:
    """Return what SQLite finds wrong with its own file; nothing on PostgreSQL, whose rows were written anew."""
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        said = [str(line) for line in connection.scalars(text("PRAGMA integrity_check"))]
    return [] if said == ["ok"] else said
