"""Questions to the log, in a session the caller gives."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from ledger import stored
from ledger.errors import DamagedError, NotLoggedError, ProofError
from ledger.merkle import verify_inclusion
from ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerEntry, LedgerLeaf
from ledger.prepared import Prepared
from ledger.proof import Proof
from ledger.tiles import WIDTH, TiledTree

_HEAD = select(LedgerCheckpoint.size, LedgerCheckpoint.root, LedgerCheckpoint.note, LedgerCheckpoint.time)
_LATEST = Prepared(
    _HEAD.where(LedgerCheckpoint.size == select(func.max(LedgerCheckpoint.size)).scalar_subquery())
)
_OF_SIZE = Prepared(_HEAD.where(LedgerCheckpoint.size == bindparam("size")))
_LINES = Prepared(
    select(LedgerCosignature.line)
    .where(LedgerCosignature.size == bindparam("size"))
    .order_by(LedgerCosignature.time, LedgerCosignature.key)
)


@dataclass(frozen=True)
class Logged:
    """An entry as the log holds it.

    Attributes:
        id: The entry's own id.
        index: Its place, or None while the sequencer has not come by.
        leaf: The published bytes.
    """

    id: uuid.UUID
    index: int | None
    leaf: bytes


@dataclass(frozen=True)
class Head:
    """A head of the log that was signed.

    Attributes:
        size: Entries that it covers.
        root: Root of the tree over them.
        note: The checkpoint as the log signed it.
        time: When, by the clock of then.
    """

    size: int
    root: bytes
    note: str
    time: datetime


def by_id(session: Session, entry_id: uuid.UUID) -> Logged:
    """Return an entry by its id.

    Raises:
        NotLoggedError: There is none.
    """
    found = by_ids(session, [entry_id])
    if not found:
        raise NotLoggedError(f"no entry {entry_id}")
    return found[0]


def by_ids(session: Session, entry_ids: Sequence[uuid.UUID]) -> list[Logged]:
    """Return those entries of `entry_ids` that exist, in the log's order, entries without a place last."""
    rows = session.execute(
        select(LedgerEntry.id, LedgerLeaf.idx, LedgerEntry.leaf)
        .outerjoin(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
        .where(LedgerEntry.id.in_(entry_ids))
        .order_by(LedgerLeaf.idx.is_(None), LedgerLeaf.idx, LedgerEntry.seq)
    )
    return [Logged(*row) for row in rows]


def by_index(session: Session, index: int) -> Logged:
    """Return the entry at a place of the log.

    Raises:
        NotLoggedError: The log is not that long.
    """
    entry_id = session.scalar(select(LedgerLeaf.entry_id).where(LedgerLeaf.idx == index))
    if entry_id is None:
        raise NotLoggedError(f"no entry at index {index}")
    return by_id(session, entry_id)


def size(session: Session) -> int:
    """Return the number of entries that have a place."""
    last = session.scalar(select(func.max(LedgerLeaf.idx)))
    return 0 if last is None else last + 1


def latest_checkpoint(session: Session) -> Head | None:
    """Return the largest signed head, or None before the first one."""
    row = _LATEST.row(session.connection(), {})
    return None if row is None else Head(*row)


def checkpoint(session: Session, size: int) -> Head:
    """Return the signed head of a size.

    Raises:
        NotLoggedError: No head of this size was signed.
    """
    row = _OF_SIZE.row(session.connection(), {"size": size})
    if row is None:
        raise NotLoggedError(f"no checkpoint of size {size}")
    return Head(*row)


def cosigned(session: Session, size: int) -> str:
    """Return a signed head with every cosignature of it that was collected so far.

    Raises:
        NotLoggedError: No head of this size was signed.
    """
    return _with_cosignatures(session, checkpoint(session, size))


def oldest_beyond(session: Session, head: Head | None) -> bytes | None:
    """Return the leaf written next after those that a signed head covers, or None when it covers everything."""
    covered = -1 if head is None else head.size - 1
    last = (
        select(LedgerEntry.seq)
        .join(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
        .where(LedgerLeaf.idx == covered)
        .scalar_subquery()
    )
    later = (
        select(LedgerEntry.leaf).where(LedgerEntry.seq > func.coalesce(last, -1)).order_by(LedgerEntry.seq)
    )
    return session.scalar(later.limit(1))


def newest(session: Session) -> bytes | None:
    """Return the leaf that was written last, or None before the first one."""
    return session.scalar(select(LedgerEntry.leaf).order_by(LedgerEntry.seq.desc()).limit(1))


def leaf_hashes(session: Session, count: int) -> list[bytes]:
    """Return the first `count` leaf hashes in order."""
    return list(
        session.scalars(select(LedgerLeaf.hash).where(LedgerLeaf.idx < count).order_by(LedgerLeaf.idx))
    )


def leaves(session: Session, first: int, end: int) -> list[bytes]:
    """Return the leaves at indexes `first` up to, not including, `end`."""
    return list(
        session.scalars(
            select(LedgerEntry.leaf)
            .join(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
            .where(LedgerLeaf.idx >= first, LedgerLeaf.idx < end)
            .order_by(LedgerLeaf.idx)
        )
    )


def prove(session: Session, indexes: Sequence[int], head: Head | None = None) -> list[Proof]:
    """Return the proofs of entries against a checkpoint, in the order asked.

    They are held against the signed root before they are returned, so damage in the database gives no false proof.

    Args:
        session: The caller's session.
        indexes: Places of the entries.
        head: The checkpoint; the latest when None.

    Raises:
        NotLoggedError: The checkpoint does not cover one of them yet: wait for the next.
        DamagedError: What the database holds does not lead to the root that was signed.
    """
    head = head or latest_checkpoint(session)
    if head is None or any(index >= head.size for index in indexes):
        raise NotLoggedError("no checkpoint covers the entry yet")
    try:
        return _proofs(session, stored.tree(session, head.size, anew=False), indexes, head)
    except ProofError:  # perhaps the memory is of another database at the same place, such as a restored one
        stored.forget(session)
    try:
        return _proofs(session, stored.tree(session, head.size), indexes, head)
    except ProofError as error:
        raise DamagedError(
            f"the tree does not lead to the signed root of size {head.size}: {error}"
        ) from error


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """Return the proof that the log of size `new` begins with the log of size `old`.

    Raises:
        ProofError: `old` is 0 or above `new`, or the log is shorter than `new`.
    """
    if new > size(session):
        raise ProofError(f"no consistency proof to {new}: the log is shorter")
    return stored.tree(session, new).consistency(old)


def _proofs(session: Session, tree: TiledTree, indexes: Sequence[int], head: Head) -> list[Proof]:
    """Make the proofs, and check one of each lowest tile: its path holds every other hash of the tile."""
    note = _with_cosignatures(session, head)
    made, checked = [], set()
    for index in indexes:
        path = tree.inclusion(index)
        if index // WIDTH not in checked:
            verify_inclusion(tree.node(0, index), index, head.size, path, head.root)
            checked.add(index // WIDTH)
        made.append(Proof(index, tuple(path), note))
    return made


def _with_cosignatures(session: Session, head: Head) -> str:
    lines = _LINES.execute(session.connection(), {"size": head.size}).scalars()
    return "".join([head.note, *lines])
