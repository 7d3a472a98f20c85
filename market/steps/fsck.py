"""The business half of fsck: what the ledger committed to, held against the rows as they are now.

For every stateful row the image in its last entry must be the row; every opening must match its
commitment; every Step must say what its leaf says; every handle must be gapless. A change made behind
the product's back (a raw client) is named by table, row and column. Rows are read value by value
(:mod:`ledger.scan`), so that one which no longer has the form of its type is named like any other.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import MetaData, Table, select
from sqlalchemy.orm import Session

from ledger.canonical import Json
from ledger.entry import ERASURE, parse
from ledger.errors import LedgerError
from ledger.models import LedgerEntry, LedgerLeaf
from ledger.scan import Row, scan
from market.steps import commitments, images, recovering
from market.steps.models import Step, StepImage

BATCH = 500
"""Rows held against their images at a time."""

Erased: TypeAlias = dict[tuple[uuid.UUID, str], uuid.UUID]
"""(entry, field) -> the entry whose step destroyed the opening."""

_MISSING = object()


@dataclass(frozen=True)
class Finding:
    """Something that does not hold.

    Attributes:
        where: table and row, or entry.
        what: what was expected and what is there.
    """

    where: str
    what: str

    def __str__(self) -> str:
        """One line for the operator."""
        return f"{self.where}: {self.what}"


def check(session: Session, metadata: list[MetaData]) -> Iterator[Finding]:
    """Yield everything that the ledger and the rows disagree about.

    Args:
        session: a reading session.
        metadata: the tables of all rooms.
    """
    tables = {table.name: table for source in metadata for table in source.sorted_tables}
    erased = _erased(session)
    excused = commitments.Excused(erased, recovering.claimed(session))
    for where, what in commitments.check(session, tables, excused):
        yield Finding(where, what)
    last = _last_images(session)
    for name, table in tables.items():
        if "step_id" in table.c and name != StepImage.__tablename__:
            yield from _check_rows(session, table, last.pop(name, {}), erased)
    for name, rows in last.items():
        for row_id in rows:
            yield Finding(
                f"{name} {row_id}", "is in the ledger; there is no such table of rows that are steps"
            )


def _check_rows(
    session: Session, table: Table, last: dict[uuid.UUID, tuple[uuid.UUID, str]], erased: Erased
) -> Iterator[Finding]:
    """Hold each row of a stateful table against the last image committed to."""
    batch: list[Row] = []
    for row in scan(session, table):
        batch.append(row)
        if len(batch) == BATCH:
            yield from _check_batch(session, table, batch, last, erased)
            batch = []
    yield from _check_batch(session, table, batch, last, erased)
    for row_id in last:
        yield Finding(f"{table.name} {row_id}", "is in the ledger and no longer in the database")


def _check_batch(
    session: Session,
    table: Table,
    batch: list[Row],
    last: dict[uuid.UUID, tuple[uuid.UUID, str]],
    erased: Erased,
) -> Iterator[Finding]:
    entries = [last[row.values["id"]][0] for row in batch if row.values["id"] in last]
    held = commitments.values(session, entries)
    for row in batch:
        where = f"{table.name} {row.values['id']}"
        for name, what in row.wrong.items():
            yield Finding(where, f"column {name}: {what}")
        image = last.pop(row.values["id"], None)
        if image is None:
            yield Finding(where, "column id: stands in no ledger entry")
            continue
        step_id, field = image
        if step_id != row.values["step_id"]:
            yield Finding(where, f"column step_id: the last step that wrote it is {step_id}")
        for what in _differences(table, row, field, held.get(step_id, {}), step_id, erased):
            yield Finding(where, what)


def _differences(
    table: Table, row: Row, field: str, held: dict[str, Json], step_id: uuid.UUID, erased: Erased
) -> Iterator[str]:
    """Yield each column whose value is another than was committed to."""
    values = {}
    for column in table.c:
        value = row.values[column.key]
        if isinstance(value, datetime) and value.microsecond % 1000:
            yield f"column {column.name}: holds more than milliseconds"
        values[column.key] = _plain(value)
    for part in images.parts_of(table, list(values.values())):
        name = f"{field}.{part.suffix}" if part.suffix else field
        committed = held.get(name, _MISSING)
        if (step_id, name) in erased or committed == part.value:
            continue
        if isinstance(committed, dict) and isinstance(part.value, dict) and not part.suffix:
            for key in sorted({*committed, *part.value}):
                if key not in row.wrong and committed.get(key) != part.value.get(key):
                    yield f"column {key}: the ledger has {committed.get(key)!r}, the row {part.value.get(key)!r}"
        elif part.suffix not in row.wrong:
            yield f"column {part.suffix or 'id'}: the row differs from the ledger"


def _plain(value: Any) -> Json:
    """Return a value in the canonical profile; one that is none shows as what it is, and differs."""
    try:
        return images.plain(value)
    except TypeError:
        return repr(value)


def _last_images(session: Session) -> dict[str, dict[uuid.UUID, tuple[uuid.UUID, str]]]:
    """Return by table and row the (step, field) of its last image, in the order of the log."""
    place = {entry: (index is None, index, seq) for entry, index, seq in _places(session)}
    found: dict[str, dict[uuid.UUID, tuple[uuid.UUID, str]]] = {}
    latest: dict[uuid.UUID, Any] = {}
    for row in scan(session, StepImage.__table__):  # type: ignore[arg-type]
        value = row.values
        order = place.get(value["step_id"])
        if order is None or row.wrong:
            continue  # named with the openings
        if value["row_id"] not in latest or order > latest[value["row_id"]]:
            latest[value["row_id"]] = order
            found.setdefault(value["table"], {})[value["row_id"]] = value["step_id"], value["field"]
    return found


def _places(session: Session) -> Iterator[tuple[Any, int | None, int]]:
    """Yield (entry, index, order of writing) of every entry; the index is None until it is integrated."""
    indexes = {
        row.values["entry_id"]: row.values["idx"]
        for row in scan(session, LedgerLeaf.__table__)  # type: ignore[arg-type]
    }
    for row in scan(session, LedgerEntry.__table__):  # type: ignore[arg-type]
        yield row.values["id"], indexes.get(row.values["id"]), row.values["seq"]


def _erased(session: Session) -> Erased:
    """Return (entry, field) -> erasing entry of every opening that was destroyed as a step."""
    found: Erased = {}
    erasing = select(Step.id).where(Step.kind == ERASURE)
    for row in scan(session, LedgerEntry.__table__, where=LedgerEntry.id.in_(erasing)):  # type: ignore[arg-type]
        try:
            entry = parse(row.values["leaf"])
        except (LedgerError, TypeError):
            continue  # named with the openings
        found.update(dict.fromkeys(entry.erased, entry.id))
    return found
