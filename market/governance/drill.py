"""A drill: a backup is made, restored elsewhere, proved and removed; that it was done, and how fast, is an entry.

What was never restored is no backup. The restored copy is never served and never signs, so it can contradict nobody.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, make_url, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from market import steps
from market.actor import Actor
from market.config import Settings, SettingsError
from market.governance import setting_files
from market.governance.archive import BackupError
from market.governance.backup import backup
from market.governance.restore import restore
from market.migrations import owner
from market.steps import Kind

FOLDER: Final = "qilu-drill-"
"""Begins the names of the folders that drills make in the exchange's own."""
PREFIX: Final = "qilu_drill_"
"""Begins the names of the databases that drills make on PostgreSQL."""
LOCK: Final = 0x71696C75_6472696C
"""Advisory lock of the one drill of a database; any constant of 63 bits that nothing else there uses."""


@dataclass(frozen=True)
class Figures:
    """What a drill came to.

    Attributes:
        entries: entries of the log that were restored and proved.
        files: stored files that were restored.
        bytes: size of the backup.
        backup_ms: milliseconds that making the backup took.
        restore_ms: milliseconds that restoring and proving took.
    """

    entries: int
    files: int
    bytes: int
    backup_ms: int
    restore_ms: int


def practise(settings: Settings) -> Figures:
    """Make a backup, restore it apart, prove it and remove both.

    Args:
        settings: of the exchange, which may be running.

    Raises:
        BackupError: the backup lacks stored files, or what was restored does not prove itself.
        SettingsError: on PostgreSQL the owner may not make a database.
    """
    sweep(settings.home)
    with _folder(settings.home) as place, _database(settings) as url:
        began = time.perf_counter()
        made = backup(settings, place / "drill.tar", keys=True)
        saved = time.perf_counter()
        if made.manifest.missing:
            raise BackupError(f"stored files are missing: {', '.join(made.manifest.missing)}")
        found = restore(place / "drill.tar", place / "home", lambda home: _apart(settings, home, url))
        return Figures(
            entries=found.proof.entries,
            files=sum(name.startswith("files/") for name in made.manifest.files),
            bytes=made.bytes,
            backup_ms=round((saved - began) * 1000),
            restore_ms=round((time.perf_counter() - saved) * 1000),
        )


def sweep(home: Path) -> None:
    """Remove what drills left that were killed: a backup with the private keys lies in it.

    Args:
        home: folder of the exchange.
    """
    for left in home.glob(f"{FOLDER}*"):
        with suppress(FileNotFoundError), _locked(left) as ours:  # one that ends just now removes its own
            if ours:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _folder(home: Path) -> Iterator[Path]:
    """Lend a folder that nobody sweeps away as long as this process lives."""
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=home) as folder, _locked(Path(folder)):
        yield Path(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold a folder, as long as the block runs at most; False when somebody else does. A dead process holds nothing."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def log_drill(session: Session, figures: Figures) -> steps.Step:
    """Write that a drill was completed, and commit to its figures."""
    step = steps.begin(Actor.system("drill"), Kind.DRILL_COMPLETED, steps.new_handle())
    return steps.record(session, step, note=asdict(figures))


def _apart(settings: Settings, home: Path, url: str) -> Settings:
    """Return the settings of the copy: its own folder, database and store, and the same log key."""
    return replace(
        setting_files.moved(settings, settings.home, home),
        home=home,
        database_url=_renamed(settings.database_url, url) if url else f"sqlite:///{home / 'qilu.db'}",
        database_owner_url=url,
        storage_url=(home / "storage").as_uri(),
    )


def _renamed(application: str, owner: str) -> str:
    """Return the application's address of the owner's database."""
    found = make_url(application).set(database=make_url(owner).database)
    return found.render_as_string(hide_password=False)


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """Lend an empty database on the same PostgreSQL server by its owner's address; nothing on SQLite."""
    if settings.is_sqlite:
        yield ""
        return
    settings.demand("database_owner_url")
    url = make_url(settings.database_owner_url)
    own = prefix(settings)
    name = f"{own}{secrets.token_hex(8)}"
    with owner.outside_transactions(settings) as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
            raise BackupError("another drill is running")
        _drop_left(connection, own)
        _create(connection, name, url.username or "")
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}"'))  # waits for connections that are closing


def prefix(settings: Settings) -> str:
    """Return how the names of this database's drills begin: another one of the server has its own, as it has locks."""
    database = str(make_url(settings.database_url).database)
    return f"{PREFIX}{hashlib.sha256(database.encode()).hexdigest()[:12]}_"


def _drop_left(connection: Connection, own: str) -> None:
    """Drop what drills of this database left that were killed; the lock says that none is running."""
    left = connection.scalars(
        text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"), {"prefix": own}
    )
    for name in left.all():
        with suppress(OperationalError):  # somebody is connected: it goes with the next drill
            connection.execute(text(f'DROP DATABASE "{name}"'))


def _create(connection: Connection, name: str, role: str) -> None:
    """Make an empty database that sorts as this one does."""
    here = text("SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()")
    collate, ctype = connection.execute(here).one()
    like = f"ENCODING 'UTF8' LC_COLLATE '{collate}' LC_CTYPE '{ctype}'"
    try:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0 {like}'))
    except ProgrammingError as error:
        raise SettingsError(
            f"the role of DATABASE_OWNER_URL may not make a database for the drill; run: ALTER ROLE {role} CREATEDB"
        ) from error
