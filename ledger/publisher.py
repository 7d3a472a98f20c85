"""Signs what was committed and publishes it as static files.

The order is the protection: the size is read back after the writers' durable commits; the new head must extend the
last one that was signed; the note is stored by compare-and-swap before anyone sees it, so that two copies of the
service cannot sign two histories; tiles and bundles are complete on disk before the file ``checkpoint`` names them. A
crash anywhere leaves a state from which the next call goes on.

A call reads what is new and the right edge of the tree, which must lead to the last signed root both in the database
and in the published files; so its cost does not grow with the log. What lies deeper can hurt no new head: it hangs
below full tiles whose roots are part of the edge, and fsck finds it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import reader, stored
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.durable import replace
from ledger.entry import parse
from ledger.errors import ClockError, DamagedError, LedgerError, PublishError
from ledger.folder import alone, require_edge, sweep, without_partials
from ledger.merkle import Subtrees, leaf_hash
from ledger.models import LedgerCheckpoint
from ledger.note import Signer, open_note, parse_note
from ledger.tiles import WIDTH, Tile, encode_bundle, entry_bundles, hash_tiles, hashes_in

Door = Callable[[], AbstractContextManager[Session]]
Cosign = Callable[[str, int], Sequence[str]]
"""Asks the witnesses: the signed note and the size published before (0 for none) give signature lines, each with its
newline. It keeps a time limit of its own, returns what it has, stores what must be kept, and is asked outside of any
transaction. It is asked again at every later beat for the head that stands (then both sizes are equal), so that a
witness who was late still counts; lines that the note already has are not added twice."""


@dataclass(frozen=True)
class _Head:
    """A signed head: its checkpoint and the note around it."""

    checkpoint: Checkpoint
    note: str


@dataclass(frozen=True)
class _Found:
    """What the database holds.

    Attributes:
        signed: The last head that was signed.
        time: When, by the clock of then.
        next: The head that could be signed now; its root is computed only if the log has grown.
        full: Full tiles that it adds.
    """

    signed: _Head | None
    time: datetime | None
    next: Checkpoint
    full: list[tuple[Tile, bytes]]


def publish(
    read: Door,
    transaction: Door,
    folder: Path,
    signers: Sequence[Signer],
    clock: Callable[[], datetime],
    cosign: Cosign | None = None,
) -> Checkpoint | None:
    """Sign and publish the log if it has grown, or finish what a crash left half published.

    Args:
        read: Opens a session that sees durable commits only.
        transaction: Opens a session that commits when its block ends well.
        folder: The log's prefix on disk; served as it is.
        signers: The log's active keys, at least one, all under the origin's name; every head carries a line of each,
            and a head that any of them signed is known as ours.
        clock: The present, aware UTC.
        cosign: Asks the witnesses once the tiles lie ready; nobody is asked when None.

    Returns:
        The head now published, or None when there was nothing to do or another process is publishing here.

    Raises:
        PublishError: The database or the published files are behind or beside a head that was signed before (a
            restored backup, a second history, a damaged tile): nothing was signed. Serve read-only and investigate.
        ClockError: The clock stands before the last head: nothing was signed.
        ProofError: No active key signed the last head.
    """
    with alone(folder) as ours:
        return _publish(read, transaction, folder, signers, clock, cosign) if ours else None


def adopt(session: Session, head: Checkpoint, note: str) -> None:
    """Store a head that this log signed and the database does not know, so that signing goes on from there.

    Args:
        session: the caller's writing session, with every entry below the head in it.
        head: what the note says.
        note: the checkpoint as the log signed it, without lines of others.

    Raises:
        DamagedError: The entries do not lead to the root that was signed.
    """
    tree = stored.tree(session, head.size)
    if tree.root() != head.root:
        raise DamagedError(f"the entries do not lead to the signed root of size {head.size}")
    full = stored.lacking(session, head.size)
    latest = reader.latest_checkpoint(session)
    # When it was signed nobody wrote down. It was not before its last entry, nor before the head before it.
    times = [parse(leaf).time for leaf in reader.leaves(session, head.size - 1, head.size)]
    time = max([*times, *([latest.time] if latest else [])])
    session.execute(insert(LedgerCheckpoint).values(size=head.size, root=head.root, note=note, time=time))
    stored.keep(session, full)


def _publish(
    read: Door,
    transaction: Door,
    folder: Path,
    signers: Sequence[Signer],
    clock: Callable[[], datetime],
    cosign: Cosign | None,
) -> Checkpoint | None:
    published = _published(folder, signers)
    before = published.checkpoint.size if published else 0
    try:
        with read() as session:
            found = _look(session, published, signers)
        signed = found.signed
        if found.next.size > before and published is not None:
            require_edge(folder, published.checkpoint)
        if found.next.size > (signed.checkpoint.size if signed else 0):
            signed = _sign(transaction, found, signers, clock())
        if signed is None:
            return None
        if published is not None and signed.checkpoint == published.checkpoint:
            _announce(folder, published, before, cosign)
            return None
        _write_files(read, folder, signed.checkpoint.size, before, resumed=signed == found.signed)
    except DamagedError as error:
        raise PublishError(f"{error}; run fsck, nothing is published over it") from error
    _announce(folder, signed, before, cosign)
    return signed.checkpoint


def _look(session: Session, published: _Head | None, signers: Sequence[Signer]) -> _Found:
    """Read what has grown, and hold what was signed and published before against the tree as it is now."""
    size = reader.size(session)
    latest = reader.latest_checkpoint(session)
    signed = None if latest is None else _opened(latest.note, signers)
    tree = stored.tree(session, size)
    for head in (signed, published):
        if head is not None:
            _require_extends(head.checkpoint, tree)
    if published is not None and (signed is None or published.checkpoint.size > signed.checkpoint.size):
        raise PublishError(
            f"the database does not know the published head of size {published.checkpoint.size}"
        )
    if signed is not None and size == signed.checkpoint.size:
        return _Found(signed, None, signed.checkpoint, [])
    _require_leaves(session, signed.checkpoint.size if signed else 0, size)
    checkpoint = Checkpoint(signers[0].name, size, tree.root())
    return _Found(signed, latest.time if latest else None, checkpoint, stored.lacking(session, size))


def _require_leaves(session: Session, first: int, size: int) -> None:
    """Hold each new leaf against the hash it was logged under, before that hash is signed."""
    for start in range(first // WIDTH * WIDTH, size, WIDTH):
        _leaves(session, Tile(None, start // WIDTH, min(WIDTH, size - start)))


def _leaves(session: Session, bundle: Tile) -> list[bytes]:
    """Return the leaves of an entry bundle, each with the hash it was logged under.

    Raises:
        DamagedError: One has another hash, or is not there.
    """
    logged = hashes_in(stored.hashes(session, Tile(0, bundle.number, bundle.width)))
    leaves = reader.leaves(session, bundle.first, bundle.first + bundle.width)
    if len(leaves) != bundle.width:
        raise DamagedError(f"entries {bundle.first} to {bundle.first + bundle.width - 1}: not all are there")
    for index, (leaf, digest) in enumerate(zip(leaves, logged, strict=True), bundle.first):
        if leaf_hash(leaf) != digest:
            raise DamagedError(f"index {index}: the leaf does not have the hash it was logged under")
    return leaves


def _announce(folder: Path, head: _Head, before: int, cosign: Cosign | None) -> None:
    """Name the head in ``checkpoint``, with what the witnesses said of it; without, should asking them fail."""
    lines: Sequence[str] = ()
    try:
        lines = cosign(head.note, before) if cosign else ()
    finally:
        note = _with_lines(head.note, lines)
        path = folder / CHECKPOINT
        if not path.exists() or path.read_text("utf-8") != note:
            replace(path, note.encode())


def _with_lines(note: str, lines: Sequence[str]) -> str:
    """Append the signature lines that the note does not have; one that would spoil the note is left out."""
    for line in lines:
        try:
            parse_note(longer := note + line)
        except LedgerError:
            continue
        if f"\n{line}" not in note:
            note = longer
    return note


def _opened(note: str, signers: Sequence[Signer]) -> _Head:
    text, _ = open_note(note, [signer.verifier for signer in signers])
    return _Head(parse_checkpoint(text), note)


def _published(folder: Path, signers: Sequence[Signer]) -> _Head | None:
    path = folder / CHECKPOINT
    return _opened(path.read_text("utf-8"), signers) if path.exists() else None


def _require_extends(old: Checkpoint, grown: Subtrees) -> None:
    if old.size > grown.size:
        raise PublishError(f"a head of size {old.size} was signed, the database holds {grown.size}")
    if grown.root(old.size) != old.root:
        raise PublishError(f"the database holds another history below the signed head of size {old.size}")


def _sign(transaction: Door, found: _Found, signers: Sequence[Signer], now: datetime) -> _Head | None:
    """Store a new head if no other of this size or above is stored; None when another copy was first."""
    if found.time is not None and now < found.time:
        raise ClockError(f"the last head was signed at {found.time}, the clock says {now}")
    text = found.next.text()
    lines = [signer.sign(text).removeprefix(f"{text}\n") for signer in signers]
    head = _Head(found.next, "".join([text, "\n", *lines]))
    larger = select(LedgerCheckpoint.size).where(LedgerCheckpoint.size >= found.next.size).exists()
    values = {"size": found.next.size, "root": found.next.root, "note": head.note, "time": now}
    columns = [literal(value, LedgerCheckpoint.__table__.c[name].type) for name, value in values.items()]
    swap = insert(LedgerCheckpoint).from_select(list(values), select(*columns).where(~larger))
    try:
        with transaction() as session:
            if not session.execute(swap.returning(LedgerCheckpoint.size)).all():
                return None
            stored.keep(session, found.full)
    except IntegrityError:
        return None
    return head


def _write_files(read: Door, folder: Path, size: int, since: int, *, resumed: bool) -> None:
    """Write the files that no published head names yet, those of a broken attempt once more, to be sure of them."""
    if resumed:
        sweep(folder)
    for tile in (*hash_tiles(size, since), *entry_bundles(size, since)):
        with read() as session:
            # Leaves are hashed once more: since they were signed a row may have changed, and a file stays as it is.
            is_bundle = tile.level is None
            data = encode_bundle(_leaves(session, tile)) if is_bundle else stored.hashes(session, tile)
        replace(folder / tile.path, data)
        if tile.width == WIDTH:
            without_partials(folder, tile)
