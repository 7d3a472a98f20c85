"""The only writer of entries."""

import uuid
from typing import cast

from sqlalchemy import Table, bindparam, func, insert, literal_column, select, text
from sqlalchemy.orm import Session

from ledger.entry import Entry
from ledger.errors import DamagedError
from ledger.merkle import leaf_hash
from ledger.models import LedgerEntry, LedgerLeaf
from ledger.prepared import Prepared

_ENTRIES = cast("Table", LedgerEntry.__table__)
_LEAVES = cast("Table", LedgerLeaf.__table__)
_WRITER = text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
"""The transaction that writes on PostgreSQL, savepoints included, as the sequencer's snapshots know it."""
_INSERT = Prepared(insert(_ENTRIES), ["id", "leaf", "hash"])
_INSERT_WITH_WRITER = Prepared(insert(_ENTRIES).values(writer=_WRITER), ["id", "leaf", "hash", "writer"])
_NEXT = select(
    func.coalesce(func.max(_LEAVES.c.idx) + literal_column("1"), literal_column("0")),
    bindparam("id", type_=_LEAVES.c.entry_id.type),
    bindparam("hash", type_=_LEAVES.c.hash.type),
)
_PLACE = Prepared(insert(_LEAVES).from_select(["idx", "entry_id", "hash"], _NEXT).returning(_LEAVES.c.idx))


def append(session: Session, entry: Entry) -> int | None:
    """Write an entry in the caller's transaction; it happened when the caller's commit did.

    Args:
        session: The caller's session; nothing is committed here. On SQLite the transaction must have begun
            as the only writer (``BEGIN IMMEDIATE``).
        entry: What happened.

    Returns:
        The index on SQLite; None on PostgreSQL, where the sequencer gives it after the commit.

    Raises:
        TooLargeError: The leaf exceeds 65,535 bytes; nothing was written.
    """
    leaf = entry.leaf()
    digest = leaf_hash(leaf)
    connection = session.connection()
    row = {"id": entry.id, "leaf": leaf, "hash": digest}
    if connection.dialect.name != "sqlite":
        _INSERT_WITH_WRITER.execute(connection, row)
        return None
    _INSERT.execute(connection, row)
    index: int = _PLACE.execute(connection, row).scalar_one()
    return index


def put_back(session: Session, index: int, entry_id: uuid.UUID, leaf: bytes) -> None:
    """Write an entry that this log held before, at the place it had; for whoever restores a log.

    An entry that the database still has, but without a place (PostgreSQL, a backup taken before the sequencer came by),
    gets the place alone.

    Args:
        session: The caller's session, in which nobody else writes.
        index: Its place, the one after the last.
        entry_id: What the leaf says of itself.
        leaf: The bytes that were hashed, as they are.

    Raises:
        DamagedError: The database holds another leaf of this id.
        IntegrityError: The place is not the next one, or the entry has another place already.
    """
    digest = leaf_hash(leaf)
    connection = session.connection()
    row = {"id": entry_id, "leaf": leaf, "hash": digest}
    held = connection.scalar(select(_ENTRIES.c.leaf).where(_ENTRIES.c.id == entry_id))
    if held is None:
        sqlite = connection.dialect.name == "sqlite"
        (_INSERT if sqlite else _INSERT_WITH_WRITER).execute(connection, row)
    elif held != leaf:
        raise DamagedError(f"entry {entry_id} is another one in the database than at index {index}")
    connection.execute(insert(_LEAVES), {"idx": index, "entry_id": entry_id, "hash": digest})
