"""Recovering: what a backup lacks, brought back from a mirror of the log.

A copy of the log has no more than the leaves; what only the database knew comes back where the mirror kept the log's
sealed journal and the operator has its key (:mod:`market.governance.replaying`), else it is gone.

Nothing of it is believed. The mirror's checkpoint must be signed by a key of this log, the backup's own entries must be
its beginning, and every further leaf must stand under its root before the first is written; then all of them are put
back in one transaction, with what follows from their loss. A mirror that lies can only make this fail.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from ledger import mirror, publisher, reader, stored
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.cosign import signed_at
from ledger.durable import replace
from ledger.entry import ERASURE
from ledger.errors import LedgerError, ProofError
from ledger.merkle import EMPTY_ROOT
from ledger.mirror import AbsentError, Fetch
from ledger.models import LedgerCosignature
from ledger.note import MAX_NOTE, Signature, VerifierKey, open_note, parse_note, signature_line
from ledger.tiles import TiledTree, decode_bundle, entry_bundles, read_tile
from market import clock, db, migrations, steps, trust
from market.actor import Actor
from market.config import Settings
from market.errors import NotFound
from market.governance import mending, replaying
from market.governance.archive import BackupError
from market.governance.backup import named
from market.governance.replaying import Ask, Kept
from market.participants import erasing as people
from market.steps import Kind, recovering
from market.steps.recovering import Gone
from market.storage import StoreError, open_store
from market.trades import suspension
from market.witnessing.source import Source

LONGEST: Final = 3600.0
"""Seconds that fetching everything may take."""
MOST_NAMED: Final = 200
"""Stretches of entries that one leaf names, about 100 of its 65,535 bytes each."""
MOST_FROZEN: Final = 100
"""Objects that one step freezes; each is a few rows at most, and as many commitments."""

SYSTEM: Final = Actor.system("restore")


@dataclass(frozen=True)
class Recovered:
    """What came back.

    Attributes:
        place: where from.
        first: index of the first entry that the backup lacked.
        size: entries of the log now, of those that others can have seen.
        gone: how many of them are without their values.
        frozen: handles of what takes no further step.
        why: why the journal did not give the rest; empty when it was not asked, or gave all.
        files: digests of files that rows name which came back, and that are not in the storage.
    """

    place: str
    first: int
    size: int
    gone: int = 0
    frozen: Sequence[str] = ()
    why: str = ""
    files: Sequence[str] = ()


@dataclass(frozen=True)
class _Signed:
    """A head of this log as a mirror shows it.

    Attributes:
        head: what was signed.
        note: its text with the lines of the log's own keys.
        lines: everybody's.
    """

    head: Checkpoint
    note: str
    lines: list[Signature]


def recover(
    settings: Settings,
    log: Path,
    keys: Sequence[VerifierKey],
    place: str,
    backup: str,
    ask: Ask | None = None,
) -> Recovered:
    """Bring a restored database and its published log up to what a mirror holds, or change neither's meaning.

    Args:
        settings: name the database, which nobody else uses.
        log: folder of the published log that the backup held.
        keys: the log's public keys.
        place: the mirror: the address of a witness, of the copy itself or of any other published log, or a folder.
        backup: SHA-256 of the backup, hex; the entry about it will say so.
        ask: asks for the records of the log's journal; there is none when it is left out.

    Returns:
        What came back; ``first`` and ``size`` are the same when nothing was missing.

    Raises:
        BackupError: the mirror has no head of this log, an older one, another history, or files that do not stand
            under it; or it cannot be reached. Nothing was written into the database.
    """
    engine = db.engine_for(settings.database_url)
    try:
        with _why(place):
            with Session(engine.execution_options(door="read")) as session:
                first = reader.size(session)
                root = stored.tree(session, first).root()
                before = named(session, migrations.metadata())
            found = _fetched(log, settings.origin, keys, place, first)
            tree = TiledTree(found.head.size, lambda tile: read_tile(log, tile))
            if tree.root(first) != root:
                raise BackupError(f"{place} holds another history than the backup, signed by the same key")
            if found.head.size == first:
                return Recovered(place, first, first)
            kept = Kept() if ask is None else replaying.kept(ask, first, found.head.size - first)
            gone, frozen = _written(engine, settings, log, keys, found, first, backup, kept)
        files = _unstored(engine, settings, before)
        return Recovered(place, first, found.head.size, len(gone), frozen, kept.why, files)
    finally:
        engine.dispose()


def told(made: Recovered) -> Iterator[str]:
    """Yield what an operator should know of it, line by line.

    Args:
        made: what :func:`recover` returned.
    """
    if made.size == made.first:
        yield f"{made.place} holds no more than the backup"
        return
    yield f"entries {made.first} to {made.size - 1} were brought back from {made.place}"
    if made.why:
        yield f"not everything came back with its values: {made.why}"
    for digest in made.files:
        yield f"the stored file {digest} is named by what came back, and is not in the storage"
    if made.gone:
        yield (
            f"{made.gone} of them without their values, which are gone; {len(made.frozen)} of trades, assets "
            "and the like are frozen: `qilu doctor` lists them and says what to do"
        )


def _fetched(log: Path, origin: str, keys: Sequence[VerifierKey], place: str, first: int) -> _Signed:
    """Bring the published files up to the mirror's head, each checked under it before it is stored."""
    published = log / CHECKPOINT
    old = Checkpoint(origin, 0, EMPTY_ROOT)
    if published.exists():
        old = parse_checkpoint(open_note(published.read_text("utf-8"), keys)[0])
    with _opened(place, origin) as (fetch, note):
        found = _signed(note, keys, origin)
        if found.head.size < first:
            raise BackupError(
                f"{place} holds {found.head.size} entries, the backup {first}: there is nothing to bring back from it; "
                "restore without --from-mirror"
            )
        mirror.bring(log, fetch, old, found.head)
    return found


def _written(
    engine: Engine,
    settings: Settings,
    log: Path,
    keys: Sequence[VerifierKey],
    found: _Signed,
    first: int,
    backup: str,
    kept: Kept,
) -> tuple[list[Gone], list[str]]:
    """Put everything back in one transaction, then name the head among the published files."""
    lines = list(_cosigned(settings, keys, found))
    with db.filling(engine) as session:
        gone = recovering.put_back(session, first, _leaves(log, first, found.head.size), kept.bring)
        if kept.records:
            mending.mend(session)
        publisher.adopt(session, found.head, found.note)
        for key, line in lines:
            values = {"size": found.head.size, "key": str(key), "line": line, "time": clock.now()}
            session.execute(insert(LedgerCosignature).values(values))
        frozen = recovering.frozen_handles(session, gone)
        _claim(session, gone, frozen, found.head, first, backup)
    replace(log / CHECKPOINT, "".join([found.note, *(line for _key, line in lines)]).encode())
    return gone, frozen


def _unstored(engine: Engine, settings: Settings, before: set[str]) -> list[str]:
    """Return the digests of files that rows name by now, and did not before, and that the storage does not have."""
    store, lacking = open_store(settings.storage_url), []
    with Session(engine.execution_options(door="read")) as session:
        named_now = named(session, migrations.metadata())
    for digest in sorted(named_now - before):
        try:
            store.size(digest)
        except StoreError:
            lacking.append(digest)
    return lacking


def _claim(
    session: Session, gone: Sequence[Gone], frozen: Sequence[str], head: Checkpoint, first: int, backup: str
) -> None:
    """Say in the log of which entries the values are gone, and stop what they concern in the same step."""
    told = {"first": first, "size": head.size, "root": head.root.hex(), "backup": backup}
    handle = steps.new_handle()
    stretches = recovering.spans(one.index for one in gone)
    kinds: dict[str, list[str]] = {}
    for one in gone:
        kinds.setdefault(one.entry.handle, []).append(one.entry.kind)
    while stretches or frozen:
        step = steps.begin(SYSTEM, Kind.EXCHANGE_RECOVERED, handle)
        suspension.freeze(session, step, {name: kinds[name] for name in frozen[:MOST_FROZEN]})
        steps.record(session, step, note=told, public=recovering.claims(stretches[:MOST_NAMED]))
        stretches, frozen = stretches[MOST_NAMED:], frozen[MOST_FROZEN:]
    for one in gone:
        if one.entry.kind == ERASURE:
            _erase_again(session, one, handle)


def _erase_again(session: Session, one: Gone, handle: str) -> None:
    """Do again what a lost step did to a person's data: the backup still holds what its leaf says is destroyed."""
    subjects = steps.subjects_of(session, one.entry.erased)
    if not subjects:
        return
    step = steps.begin(SYSTEM, Kind.EXCHANGE_RECOVERED, handle)
    for subject in sorted(subjects):
        try:
            people.leave(session, step, people.subject(session, subject, lock=True))
        except NotFound:  # the subject is an organisation, or only ever was invited
            continue
    steps.empty(session, step, subjects)
    steps.record(session, step, note={"erased_by": str(one.entry.id)})
    steps.erase_again(session)


def _leaves(log: Path, first: int, size: int) -> Iterator[bytes]:
    for bundle in entry_bundles(size, first):
        leaves = decode_bundle(read_tile(log, bundle))
        yield from leaves[max(first - bundle.first, 0) : bundle.width]


def _signed(note: str, keys: Sequence[VerifierKey], origin: str) -> _Signed:
    """Read a checkpoint of this log.

    Raises:
        LedgerError: it is none, or no key of the log signed it.
    """
    text, signed = open_note(note, keys)
    head = parse_checkpoint(text)
    if head.origin != origin:
        raise ProofError(f"the head is of {head.origin}")
    lines = parse_note(note)[1]
    known = {(key.name, key.id) for key in signed}
    own = "".join(line.line() for line in lines if (line.name, line.id) in known)
    return _Signed(head, f"{text}\n{own}", list(lines))


def _cosigned(
    settings: Settings, keys: Sequence[VerifierKey], found: _Signed
) -> Iterator[tuple[VerifierKey, str]]:
    """Yield what the witnesses of the policy said of a head; what does not verify is left out."""
    text = parse_note(found.note)[0]
    for key in trust.evidence(settings, keys).witnesses.values():
        for line in found.lines:
            if (line.name, line.id) != (key.name, key.id):
                continue
            written = signature_line(key, line.signature)
            try:
                open_note(f"{text}\n{written}", [key])
                datetime.fromtimestamp(signed_at(written), UTC)
            except (LedgerError, ValueError, OverflowError):
                continue
            yield key, written


@contextmanager
def _opened(place: str, origin: str) -> Iterator[tuple[Fetch, str]]:
    """Find the copy of a log at or below a place; lend what fetches its files, and its checkpoint."""
    digest = hashlib.sha256(origin.encode()).hexdigest()
    base = place.rstrip("/")
    for prefix in dict.fromkeys([base if base.endswith(digest) else f"{base}/{digest}", base]):
        with _source(prefix) as fetch:
            try:
                note = fetch(CHECKPOINT, MAX_NOTE).decode("utf-8")
            except AbsentError:
                continue
            yield fetch, note
            return
    raise BackupError(f"{place} has no copy of this log ({digest})")


@contextmanager
def _source(prefix: str) -> Iterator[Fetch]:
    if not prefix.startswith(("http://", "https://")):
        yield _Folder(Path(prefix)).fetch
        return
    source = Source(prefix, LONGEST)
    try:
        yield source.fetch
    finally:
        source.close()


class _Folder:
    """A copy that lies on this machine.

    Args:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file (:data:`ledger.mirror.Fetch`)."""
        try:
            with (self._path / path).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError as error:
            raise AbsentError(f"{self._path / path}: not there") from error
        if len(data) > limit:
            raise ProofError(f"{self._path / path} is longer than {limit} bytes")
        return data


@contextmanager
def _why(place: str) -> Iterator[None]:
    """Say it in one line when a mirror cannot be used, or what it holds cannot be put back."""
    try:
        yield
    except (LedgerError, OSError, UnicodeDecodeError) as error:
        raise BackupError(f"nothing can be brought back from {place}: {error}") from error
    except (IntegrityError, DataError) as error:
        raise BackupError(f"what {place} holds does not fit the backup: {error.orig}") from error
