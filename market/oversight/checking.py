"""fsck, both halves: the log against itself, and the rows against the log; on this exchange or on a copy of it.

The log half alone needs no database (:mod:`ledger.audit`): a folder of tiles, another exchange's mirror. Where there
are rows, the business half holds each of them against its last image.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import ledger.fsck
import market.steps.fsck
from ledger import reader
from ledger.audit import audit, told
from ledger.note import VerifierKey
from ledger.policy import Policy
from market import migrations
from market.keys import ring
from market.steps import recovering


@dataclass(frozen=True)
class Checkup:
    """What fsck came to.

    Attributes:
        entries: in the log.
        faults: one line each, naming the place; empty when all is well.
        gone: which entries stand without their values, as the log itself says; no fault.
    """

    entries: int
    faults: list[str]
    gone: list[str]


def examine(session: Session, folder: Path | None, keys: Sequence[VerifierKey]) -> Checkup:
    """Hold a database's log against itself and its rows against the log.

    Args:
        session: a session that reads.
        folder: where the log is published; None looks at the database alone.
        keys: the log's public keys.
    """
    faults = [str(found) for found in ledger.fsck.check(session, folder, *keys)]
    faults += [f"{where}: {what}" for where, what in ring.faults(session)]
    faults += [str(found) for found in market.steps.fsck.check(session, migrations.metadata())]
    return Checkup(reader.size(session), faults, list(recovering.told(session)))


def examine_file(path: Path, folder: Path | None, keys: Sequence[VerifierKey]) -> Checkup:
    """Examine an SQLite database as a file, such as a backup's; it is not changed.

    Args:
        path: the file.
        folder: a published log to compare with; None for none.
        keys: the log's public keys.

    Raises:
        DBAPIError: it is no database of an exchange, or one of another revision.
    """
    with _opened(path) as session:
        return examine(session, folder, keys)


def examine_folder(folder: Path, policy: Policy) -> tuple[bool, list[str]]:
    """Examine a published log from its files alone; return whether it is whole, and the lines that say so."""
    made = audit(folder, policy)
    return not made.findings, list(told(made))


@contextmanager
def _opened(path: Path) -> Iterator[Session]:
    """Open a file for reading only; without a log beside it nothing is ever written beside it either."""
    beside = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if beside.exists() and beside.stat().st_size else "mode=ro&immutable=1"
    address = f"file:{path.absolute().as_uri().removeprefix('file://')}?{how}"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), hide_parameters=True
    )
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
