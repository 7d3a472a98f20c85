"""Holds the log in a database against itself: leaves, order, tree, checkpoints, cosignatures and published files.

Everything is recomputed from the leaves; each finding names the place. What the leaves say about business rows is
not this room's knowledge; files without a database are `ledger.audit`'s.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, exists, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from ledger import reader
from ledger.audit import Finding, Order, compare, differing
from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.cosign import signed_at
from ledger.errors import FormError, LedgerError
from ledger.merkle import HASH_SIZE, Tree, leaf_hash, root
from ledger.models import (
    LedgerCheckpoint,
    LedgerContradiction,
    LedgerCosignature,
    LedgerEntry,
    LedgerLeaf,
    LedgerTile,
    LedgerWitnessed,
)
from ledger.note import VerifierKey, open_note, parse_note, parse_verifier
from ledger.scan import Row, scan
from ledger.tiles import WIDTH, Tile, encode_bundle, entry_bundles, hash_tiles, hashes_in, hashes_of

__all__ = ["Finding", "check"]

_HEAD = ("origin", "size", "root")


def check(session: Session, folder: Path | None, *keys: VerifierKey) -> Iterator[Finding]:
    """Yield every contradiction found in the log; nothing when it is whole.

    Args:
        session: A reading session.
        folder: Where the log is published; may not exist yet. None looks at the database alone, as for a backup.
        keys: The log's public keys, those in use and those that were.
    """
    # Read before the database: a checkpoint is stored there first, so on a living log the rows are never behind it.
    path = None if folder is None else folder / CHECKPOINT
    published = path.read_bytes() if path is not None and path.exists() else None
    hashes: list[bytes] = []
    yield from _check_entries(session, hashes)
    tree = Tree(hashes)
    if tree.root() != root(hashes):
        yield Finding("tree", "two ways of computing the root disagree: memory or program fault")
    yield from _check_unplaced(session)
    yield from _check_tiles(session, tree)
    yield from _check_checkpoints(session, tree, keys)
    yield from _check_witnessed(session)
    yield from _check_contradictions(session)
    if folder is not None and published is not None:
        yield from _check_files(session, folder, published, tree, keys)
    elif path is not None and not path.exists() and session.scalar(select(exists(LedgerCheckpoint.size))):
        yield Finding(str(path), "missing, though a checkpoint was signed")


def _check_entries(session: Session, hashes: list[bytes]) -> Iterator[Finding]:
    """Check leaf after leaf; the recomputed leaf hashes are appended to `hashes`."""
    leaf_row, entry_row = _table(LedgerLeaf).c, _table(LedgerEntry).c
    # As stored: a raw client can leave what no type reads, and that is to be named, not to end the check.
    columns = [leaf_row.idx, leaf_row.hash, entry_row.id, entry_row.hash, entry_row.leaf, entry_row.seq]
    found = session.execute(
        select(*(type_coerce(column, NullType()).label(f"c{at}") for at, column in enumerate(columns)))
        .select_from(LedgerLeaf)
        .outerjoin(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=1000)
    )
    rows = cast("Iterator[tuple[Any, Any, Any, Any, Any, Any]]", found)
    inline = session.get_bind().dialect.name == "sqlite"
    order, before = Order(), 0
    for index, placed, entry_id, written, leaf, seq in rows:
        where = f"index {index}"
        if index != len(hashes):
            yield Finding(where, f"gap: the index after {len(hashes) - 1} is missing")
        if not isinstance(leaf, bytes):
            gone = "column entry_id: the entry is gone"
            yield Finding(where, gone if leaf is None else "column leaf: is no longer bytes")
            hashes.append(
                placed if isinstance(placed, bytes) and len(placed) == HASH_SIZE else bytes(HASH_SIZE)
            )
            continue
        digest = leaf_hash(leaf)
        hashes.append(digest)
        if digest != written or digest != placed:
            yield Finding(where, _unlike(digest, written, placed))
        named, wrong = order.read(leaf)
        if wrong is not None:
            yield Finding(where, wrong)
        if named not in (None, _uuid(entry_id)):
            yield Finding(where, "column id: the leaf names another entry id")
        if inline and seq <= before:
            yield Finding(where, "column seq: was written before the entry that stands before it")
        before = seq


def _unlike(digest: bytes, written: object, placed: object) -> str:
    """Return which of a leaf and its two stored hashes is unlike the others."""
    if digest == placed:
        return "column hash of ledger_entry: is not that of its leaf"
    if digest == written:
        return "column hash of ledger_leaf: is not that of its leaf"
    return "column leaf: does not have the hash it was logged under"


def _uuid(stored: object) -> str | None:
    try:
        return str(uuid.UUID(str(stored)))
    except ValueError:
        return None


def _check_unplaced(session: Session) -> Iterator[Finding]:
    """On SQLite an entry and its place are one transaction; on PostgreSQL a place comes a moment later."""
    if session.get_bind().dialect.name != "sqlite":
        return
    placed = select(LedgerLeaf.idx).where(LedgerLeaf.entry_id == LedgerEntry.id).exists()
    for row in scan(session, _table(LedgerEntry), where=~placed):
        yield Finding(f"entry {row.values['id']}", "column id: has no index")


def _check_checkpoints(session: Session, tree: Tree, keys: tuple[VerifierKey, ...]) -> Iterator[Finding]:
    texts: dict[object, str] = {}
    for row in scan(session, _table(LedgerCheckpoint), order="size"):
        size, where = row.values["size"], f"checkpoint {row.values['size']}"
        yield from _unreadable(where, row)
        try:
            text, signed = open_note(str(row.values["note"]), keys)
            checkpoint = parse_checkpoint(text)
        except LedgerError as error:
            yield Finding(where, f"column note: {error}")
            continue
        texts[size] = text
        said = checkpoint.origin, checkpoint.size, checkpoint.root
        if said not in {(key.name, size, row.values["root"]) for key in signed}:
            yield Finding(where, "column size, root or note: the note says something else than its row")
        if checkpoint.size > tree.size:
            yield Finding(where, f"signed beyond the log, which holds {tree.size}")
        elif tree.root(checkpoint.size) != checkpoint.root:
            yield Finding(where, "the log leads to another root than was signed")
    yield from _check_cosignatures(session, texts)


def _check_cosignatures(session: Session, texts: Mapping[object, str]) -> Iterator[Finding]:
    """Hold what witnesses said against the heads they said it of."""
    for row in scan(session, _table(LedgerCosignature), order="size"):
        where = f"cosignature of checkpoint {row.values['size']}"
        yield from _unreadable(where, row)
        text = texts.get(row.values["size"])
        if text is None:
            yield Finding(where, "column size: there is no such checkpoint")
            continue
        try:
            key = parse_verifier(str(row.values["key"]))
            open_note(f"{text}\n{row.values['line']}", [key])
        except LedgerError as error:
            yield Finding(f"{where} by {str(row.values['key'])[:80]}", f"column key or line: {error}")


def _check_witnessed(session: Session) -> Iterator[Finding]:
    """Hold what was cosigned of other logs against its own notes; whose keys they had is not known here."""
    last: dict[object, object] = {}
    for row in scan(session, _table(LedgerWitnessed), order="since"):
        values, where = row.values, f"witnessed head {row.values['size']} of {row.values['origin']}"
        yield from _unreadable(where, row)
        if values["since"] != last.get(values["origin"], 0):
            yield Finding(where, "column since: is not the size of the head that was cosigned before")
        last[values["origin"]] = values["size"]
        try:
            text, lines = parse_note(str(values["note"]))
            checkpoint, cosigned_at = parse_checkpoint(text), signed_at(lines[-1])
        except LedgerError as error:
            yield Finding(where, f"column note: {error}")
            continue
        if (checkpoint.origin, checkpoint.size, checkpoint.root) != tuple(map(values.get, _HEAD)):
            yield Finding(
                where, "column origin, size, root or note: the note says something else than its row"
            )
        if "time" not in row.wrong and int(values["time"].timestamp()) != cosigned_at:
            yield Finding(where, "column time or note: is not the time that was cosigned")


def _check_contradictions(session: Session) -> Iterator[Finding]:
    """Hold the evidence against other logs against itself."""
    for row in scan(session, _table(LedgerContradiction), order="origin"):
        where = f"contradiction of {row.values['origin']}"
        yield from _unreadable(where, row)
        for name in ("held", "shown"):
            try:
                text = parse_note(str(row.values[name]))[0]
                if parse_checkpoint(text).origin != row.values["origin"]:
                    yield Finding(where, f"column {name}: is a head of another log")
            except LedgerError as error:
                yield Finding(where, f"column {name}: {error}")
                continue
            if name == "shown" and hashlib.sha256(text.encode()).digest() != row.values["digest"]:
                yield Finding(where, "column digest or shown: the one is not of the other")


def _unreadable(where: str, row: Row) -> Iterator[Finding]:
    for name, what in row.wrong.items():
        yield Finding(where, f"column {name}: {what}")


def _check_tiles(session: Session, tree: Tree) -> Iterator[Finding]:
    """Hold the full tiles that the database keeps against the tree."""
    for row in scan(session, _table(LedgerTile), order="level"):
        level, number = row.values["level"], row.values["number"]
        where = f"stored tile {level}/{number}"
        try:
            if not (isinstance(level, int) and isinstance(number, int) and min(level, number) >= 0):
                raise FormError("is no place of a tile")
            expected = hashes_of(tree, Tile(level, number, WIDTH))
        except LedgerError as error:
            yield Finding(where, f"column level or number: {error}")
            continue
        found = row.values["hashes"]
        if found != expected:
            span = differing(found, expected) if isinstance(found, bytes) else "0"
            yield Finding(f"{where} bytes {span}", "column hashes: differs from what the leaves give")
        if row.values["root"] != root(hashes_in(expected)):
            yield Finding(where, "column root: is not the root of its hashes")


def _check_files(
    session: Session, folder: Path, published: bytes, tree: Tree, keys: tuple[VerifierKey, ...]
) -> Iterator[Finding]:
    path = folder / CHECKPOINT
    try:
        note = published.decode()
        text, _ = open_note(note, keys)
        size = parse_checkpoint(text).size
    except (LedgerError, UnicodeDecodeError) as error:
        yield Finding(str(path), str(error))
        return
    if not _is_of(note, session.scalar(select(LedgerCheckpoint.note).where(LedgerCheckpoint.size == size))):
        yield Finding(str(path), "is not a checkpoint the database knows")
    if size > tree.size:
        yield Finding(str(path), f"published beyond the log, which holds {tree.size}")
        return
    under = Tree(tree.levels[0][:size])
    for tile in hash_tiles(size):
        yield from compare(folder, tile, hashes_of(under, tile))
    for tile in entry_bundles(size):
        try:
            expected = encode_bundle(reader.leaves(session, tile.first, tile.first + tile.width))
        except (LedgerError, TypeError) as error:  # what a raw client left is no leaf: named above
            yield Finding(str(folder / tile.path), f"cannot be compared: {error}")
        else:
            yield from compare(folder, tile, expected)


def _is_of(published: str, stored: str | None) -> bool:
    """Tell whether a published note is the stored one, with nothing added but signature lines of witnesses."""
    text, lines = parse_note(published)
    try:
        same, signed = parse_note(str(stored))
    except LedgerError:
        return False
    return text == same and lines[: len(signed)] == signed


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
