"""fsck names what a raw client changed in any column of the log's tables, and never ends in an error itself."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Table, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import cosign, fsck, note
from ledger.mirror import Mirrors
from ledger.models import Base, LedgerCosignature, LedgerMark
from ledger.witness import Witness
from tests.ledger.conftest import Log
from tests.ledger.histories import History, leaves

OTHER = note.generate("other.example/log")
WITNESS = cosign.generate("witness.example/w")
GARBAGE = ("'x'", "X'00ff'", "1.5", "-1", "NULL")
UNBOUND = {
    ("ledger_entry", "writer"),
    ("ledger_checkpoint", "time"),
    ("ledger_cosignature", "time"),
    ("ledger_witnessed", "note"),
    ("ledger_contradiction", "held"),
    ("ledger_contradiction", "shown"),
    ("ledger_contradiction", "why"),
    ("ledger_contradiction", "time"),
}
"""Columns that nothing else vouches for, or that only the keys of another log could; garbage in them is named."""


FREE = {("ledger_entry", "writer"), ("ledger_contradiction", "why")}
"""Columns of which nothing is read back but what a person reads."""


@pytest.fixture
def raw(log: Log) -> Iterator[Connection]:
    """A log with something in every table, open to a client whom nothing holds back."""
    log.append(300)
    head = log.publish()
    assert head is not None
    line = WITNESS.cosign(head.text(), 1_800_000_000)
    with log.transaction() as session:
        session.execute(
            insert(LedgerCosignature).values(
                size=head.size, key=str(WITNESS.verifier), line=line, time=datetime.now(UTC)
            )
        )
    _witness_two_histories(log)
    with log.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            for (_schema, table), keys in inspect(connection).get_multi_foreign_keys().items():
                for key in keys:
                    connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {key['name']}"))
        yield connection


def _witness_two_histories(log: Log) -> None:
    honest, other = History(OTHER, leaves(9)), History(OTHER, [*leaves(8), b"another"])
    logs = {OTHER.name: [OTHER.verifier]}
    mirrors = Mirrors(log.folder.parent / "mirrors", {})
    witness = Witness(log.read, log.transaction, WITNESS, logs, lambda: datetime.now(UTC), mirrors)
    assert witness.add_checkpoint(honest.request(0, 3)).status == 200
    assert witness.add_checkpoint(honest.request(3)).status == 200
    assert witness.add_checkpoint(other.request(9)).status == 422


def findings(log: Log, connection: Connection) -> list[str]:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        return [str(found) for found in fsck.check(session, log.folder, log.signer.verifier)]


def columns() -> Iterator[tuple[Table, Column[Any]]]:
    for table in Base.metadata.sorted_tables:
        if table.name != LedgerMark.__tablename__:  # tells the sequencer where to look, and is never evidence
            yield from ((table, column) for column in table.c)


def another(value: Any) -> Any:
    """Return another value of the same type."""
    match value:
        case int():
            return value + 1000
        case str():
            return f"{value[:-9]}{'y' if value[-9] == 'x' else 'x'}{value[-8:]}"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case datetime():
            return value + timedelta(seconds=2)
        case uuid.UUID():
            return uuid.uuid4()
    return 7


def is_row(table: Table, row: Any) -> Any:
    first, *others = [column == row[column.key] for column in table.primary_key.columns]
    for other in others:
        first = first & other
    return first


def names(told: list[str], column: Column[Any]) -> bool:
    """Tell whether a finding names the column, or that a row stands where none should or the other way round."""
    return any(f" {column.name}" in line.partition(": column")[2].partition(":")[0] for line in told) or (
        (column.primary_key or bool(column.unique)) and bool(told)
    )


def test_an_honest_log_is_clean(log: Log, raw: Connection) -> None:
    assert findings(log, raw) == []
    for table, _column in columns():
        assert raw.execute(select(table)).first(), table.name


def test_another_value_is_named(log: Log, raw: Connection) -> None:
    missed = []
    for table, column in columns():
        if (table.name, column.name) in UNBOUND or (column.identity and raw.dialect.name == "postgresql"):
            continue
        row = raw.execute(select(table)).mappings().first()
        assert row is not None
        savepoint = raw.begin_nested()
        raw.execute(update(table).where(is_row(table, row)).values({column.name: another(row[column.key])}))
        told = findings(log, raw)
        savepoint.rollback()
        if not names(told, column):
            missed.append((table.name, column.name, told[:3]))
    assert not missed, "\n".join(map(str, missed))


def test_what_no_type_reads_is_named(log: Log, raw: Connection) -> None:
    if raw.dialect.name == "postgresql":
        return  # keeps nothing that its types do not hold
    missed = []
    for table, column in columns():
        for garbage in GARBAGE:
            savepoint = raw.begin_nested()
            changed = _spoil(raw, table, column, garbage)
            told = findings(log, raw)
            savepoint.rollback()
            if changed and not names(told, column) and (table.name, column.name) not in FREE:
                missed.append((table.name, column.name, garbage, told[:3]))
    assert not missed, "\n".join(map(str, missed))


def _spoil(raw: Connection, table: Table, column: Column[Any], garbage: str) -> bool:
    """Put what does not belong there into a column of one row; return whether the database let it."""
    try:
        raw.execute(
            text(
                f"UPDATE {table.name} SET {column.name} = {garbage} WHERE rowid = (SELECT min(rowid) FROM {table.name})"
            )
        )
    except IntegrityError:  # it may not be empty, or must be a number
        return False
    return True
