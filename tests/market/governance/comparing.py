"""Two databases of one exchange: what is brought back into the second, held against the first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import current_app
from sqlalchemy import select

import ledger.fsck
from ledger import canonical, reader
from ledger.models import LedgerEntry, LedgerLeaf
from market import db, migrations
from market.db import read, transaction
from market.governance import replaying
from market.oversight import sequencing
from market.steps import Step, StepImage, Vault, fsck, journal, recovering
from market.steps.journal import Record
from tests.postgres import Urls


@contextmanager
def working_on(urls: Urls) -> Iterator[None]:
    """Let the application work on another database meanwhile."""
    before = db.engine()
    engine = db.open_database(current_app, urls.app)
    try:
        yield
    finally:
        engine.dispose()
        current_app.extensions["engine"] = before


def records(first: int = 0, until: int | None = None) -> list[Record]:
    """Return the journal from an entry on, as it is read now: written and read again."""
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate()
    with read() as session:
        size = reader.size(session) if until is None else until
        found = journal.pages(session, first, size - first)
    assert len(found) == size - first
    return [journal.decode(one.encode()) for one in found]


def bring_back(found: list[Record]) -> None:
    tables = journal.stateful(migrations.metadata())
    for one in found:
        with transaction() as session:
            journal.replay(session, one, tables)


def put_back(ask: replaying.Ask, log: list[bytes], first: int | None = None) -> tuple[str, list[int]]:
    """Bring back what a database lacks of a log; return why the journal ended early, and what came without values."""
    first = len(records()) if first is None else first
    kept = replaying.kept(ask, first, len(log) - first)
    with transaction() as session:
        gone = recovering.put_back(session, first, log[first:], kept.bring)
    return kept.why, [one.index for one in gone]


def recovered() -> list[Step]:
    with read() as session:
        return recovering.recovered(session)


def faults() -> list[str]:
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate(everything=True)
    with read() as session:
        business = [str(one) for one in fsck.check(session, migrations.metadata())]
        return business + [str(one) for one in ledger.fsck.check(session, None)]


def contents() -> dict[str, list[Any]]:
    """Return every row that steps write, and the log."""
    models: tuple[Any, ...] = (Step, StepImage, Vault)
    tables = [*journal.stateful(migrations.metadata()).values(), *(model.__table__ for model in models)]
    with read() as session:
        found = {table.name: sorted(map(_shown, session.execute(select(table)).all())) for table in tables}
        log = (
            select(LedgerLeaf.idx, LedgerEntry.id, LedgerEntry.leaf, LedgerEntry.hash, LedgerLeaf.hash)
            .join(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
            .order_by(LedgerLeaf.idx)
        )
        return found | {"log": list(map(repr, session.execute(log).all()))}


def _shown(row: Sequence[Any]) -> str:
    """Return a row as text; the order of keys inside of JSON means nothing."""
    return repr([canonical.encode(value) if isinstance(value, dict | list) else value for value in row])


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> list[str]:
    """Return each row that only one of two exchanges has."""
    found = [row for name in one for row in sorted({*one[name]} ^ {*other[name]})]
    return found or [name for name in one if one[name] != other[name]]
