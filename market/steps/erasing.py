"""Erasing a subject: what personal columns hold and what their commitments open to, destroyed as a step.

A leaf is for ever, so what it says about a person is a salted commitment and nothing else; salt and value stand in the
vault. To erase is to empty the live columns, to write an entry that lists every opening (entry, field) and to remove
those openings, all in one transaction: the proofs hold as before and the values are gone. The database lets no other
removal through: one that no ``opening.erased`` leaf lists is refused (:mod:`market.migrations.binding`).
"""

import uuid
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import Column, Table, delete, inspect, or_, select, text
from sqlalchemy.orm import Session

from ledger.entry import parse
from ledger.models import LedgerEntry
from market.db import Base, engine, outside
from market.steps.kinds import Kind
from market.steps.models import Stateful, Step, Vault
from market.steps.record import Pending, begin, record

PAIRS: Final = 400
"""Openings that one leaf lists at most: each takes up to 143 of its 65,535 bytes."""

Pair = tuple[uuid.UUID, str]
"""An opening: (entry, field)."""


def openings_about(session: Session, subjects: Collection[uuid.UUID]) -> list[Pair]:
    """Return every opening that the vault still holds about some subjects."""
    query = select(Vault.entry_id, Vault.field).where(Vault.subject.in_(subjects))
    return [(entry, field) for entry, field in session.execute(query.order_by(Vault.entry_id, Vault.field))]


def rows_about(session: Session, subjects: Collection[uuid.UUID], *, lock: bool = False) -> list[Any]:
    """Return every live row with a personal column about one of some subjects."""
    found: list[Any] = []
    for model, about in _personal_tables():
        query = select(model).where(or_(*(column.in_(subjects) for column in about)))
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        found += session.scalars(query.order_by(model.id))
    return found


def erase(
    session: Session,
    step: Pending,
    subjects: Collection[uuid.UUID],
    *,
    given: dict[str, Any] | None = None,
    note: dict[str, Any] | None = None,
) -> tuple[Step, int]:
    """Empty a subject's personal columns and destroy its openings; the last statement of a service.

    Args:
        session: the session of the one transaction, with every other change of the step in it.
        step: what :func:`begin` returned, of kind ``opening.erased``.
        subjects: whom it is about; ids under which the vault keeps openings.
        given: the actor's input.
        note: further facts to commit to, never personal ones.

    Returns:
        The step, and how many openings are gone. Where one leaf cannot list them all, further steps of the same
        handle follow.

    Raises:
        ValueError: the vault holds nothing about the subjects.
    """
    pairs = openings_about(session, subjects)
    if not pairs:
        raise ValueError("the vault holds nothing about the subjects")
    empty(session, step, subjects)
    chunks = [pairs[first : first + PAIRS] for first in range(0, len(pairs), PAIRS)]
    written = record(session, step, given=given, note=note, erased=chunks[0])
    for chunk in chunks[1:]:
        record(session, begin(step.actor, step.kind, step.handle), given=given, erased=chunk)
    _destroy(session, pairs)
    return written, len(pairs)


def empty(session: Session, step: Pending, subjects: Collection[uuid.UUID]) -> None:
    """Empty every personal column about some subjects, within a step that the caller records."""
    overwrite(session)
    for row in rows_about(session, subjects, lock=True):
        _empty(row, subjects)
        row.step_id = step.id


def subjects_of(session: Session, pairs: Collection[Pair]) -> set[uuid.UUID]:
    """Return whom those openings of a list concern that the vault still holds."""
    wanted = Vault.entry_id.in_({entry for entry, _field in pairs})
    held = session.execute(select(Vault.entry_id, Vault.field, Vault.subject).where(wanted))
    return {subject for entry, field, subject in held if (entry, field) in pairs and subject is not None}


def erase_again(session: Session) -> int:
    """Destroy what an entry says is erased and the vault holds nevertheless, as after a restored backup.

    Returns:
        How many openings it held.
    """
    count = 0
    overwrite(session)
    for _erasing, pairs in erasures(session):
        wanted = Vault.entry_id.in_({entry for entry, _field in pairs})
        held = session.execute(select(Vault.entry_id, Vault.field).where(wanted)).all()
        again = [(entry, field) for entry, field in held if (entry, field) in pairs]
        _destroy(session, again)
        count += len(again)
    return count


def erase_listed(session: Session, pairs: Collection[Pair]) -> None:
    """Destroy what the leaf of a step lists that was brought back in this transaction, after :func:`overwrite`.

    Args:
        session: the session of the transaction, with the step's entry in it.
        pairs: the leaf's list.
    """
    _destroy(session, pairs)


def erasures(session: Session) -> Iterator[tuple[uuid.UUID, tuple[Pair, ...]]]:
    """Yield every entry that destroyed openings, with what it lists."""
    query = select(LedgerEntry.leaf).join(Step, Step.id == LedgerEntry.id)
    for leaf in session.scalars(query.where(Step.kind == Kind.OPENING_ERASED).order_by(LedgerEntry.seq)):
        entry = parse(leaf)
        yield entry.id, entry.erased


def truncate_journal() -> bool:
    """Empty SQLite's journal file, where what was just erased may stand until it is written over.

    Call it after the transaction, with no door open. On PostgreSQL there is nothing to do here: its pages are cleaned
    by vacuum and its journal by the server.

    Returns:
        Whether it is empty; False while somebody still reads from it: call it again.
    """
    outside()
    if engine().dialect.name != "sqlite":
        return True
    with engine().connect() as connection:
        cursor = connection.connection.cursor()
        busy, _pages, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
    return not busy


def overwrite(session: Session) -> None:
    """Have SQLite put zeros over what this transaction removes; else the bytes stay in free pages of the file."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))


def personal_columns(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that concern a person or another subject."""
    return [column for column in table.c if "personal" in column.info]


def blank(column: Column[Any], row_id: uuid.UUID) -> str | None:
    """Return what an emptied column holds: nothing, or in a unique column a word that says nothing."""
    if column.nullable:
        return None
    return f"erased-{row_id.hex}" if column.unique else ""


def _personal_tables() -> Iterator[tuple[Any, list[Column[Any]]]]:
    """Yield each model with personal columns, and its columns that say whom they are about."""
    for mapper in sorted(Base.registry.mappers, key=lambda found: found.class_.__name__):
        table = mapper.local_table
        if isinstance(table, Table) and issubclass(mapper.class_, Stateful):
            about = {column.info["personal"] for column in personal_columns(table)}
            if about:
                yield mapper.class_, [table.c[name] for name in sorted(about)]


def _empty(row: Any, subjects: Collection[uuid.UUID]) -> None:
    for column in personal_columns(inspect(row).mapper.local_table):
        if getattr(row, column.info["personal"]) in subjects:
            setattr(row, column.key, blank(column, row.id))


def _destroy(session: Session, pairs: Collection[Pair]) -> None:
    """Remove openings, in the transaction whose leaves list them (or after it); the database checks each."""
    session.flush()
    for entry, field in pairs:
        session.execute(delete(Vault).where(Vault.entry_id == entry, Vault.field == field))
