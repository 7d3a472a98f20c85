"""The rollback guard: a database that remembers less than the world does must not write or sign.

Outside evidence is looked at before the database: a checkpoint is stored there before it is shown, so that on a living
log the rows are never behind what can be seen elsewhere. For the same reason every head that was ever signed has a row,
but for those between a backup and the mirror's head that was brought back over it: there the entries themselves decide.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import structlog
from flask import Flask
from sqlalchemy.orm import Session

from ledger import reader, stored
from ledger.checkpoint import CHECKPOINT
from ledger.errors import LedgerError
from ledger.merkle import Tree, leaf_hash
from ledger.models import LedgerCheckpoint
from ledger.note import VerifierKey
from ledger.tiles import WIDTH, Tile, decode_bundle
from market import config, db
from market.db import read
from market.errors import Unavailable
from market.governance import afterwards, heads
from market.governance.archive import BackupError
from market.governance.heads import Head, head_of
from market.oversight import publishing

ASK_EVERY: Final = 6
"""Beats between two questions to the witnesses."""
BEAT: Final = 10.0
"""Seconds between two looks: where another process signs, this one learns of a fault so much later at most."""
ADVICE: Final = (
    "nothing is written or signed: stop the exchange, restore the newest backup (`qilu restore`), start it"
)
ASKING: Final = "the witnesses are being asked which checkpoint they saw last; this takes seconds"

RESTORED: Final = (
    "this exchange was restored from a backup, and so many of its witnesses have not said yet what they saw last that "
    "they could have seen more than the backup knows; nothing is written or signed until they answer, or until you "
    "say that a checkpoint is the newest that anybody saw: `qilu ledger accept --checkpoint FILE`"
)
"""On any other day this machine's own files show what was signed; after a restore they are as old as the backup."""
WAITING: Final = frozenset({ASKING, RESTORED})
"""Reasons that answers of others take away."""

Ask = Callable[[], Iterable[Head]]

_log = structlog.get_logger(__name__)


def contradiction(folder: Path, keys: Sequence[VerifierKey], seen: Iterable[Head] = ()) -> str | None:
    """Return how the database contradicts what was signed before and what to do, or None; quick at any size.

    Args:
        folder: where the log is published.
        keys: the log's public keys, those before the present one too.
        seen: what others have seen of the log.
    """
    known = list(seen)
    try:
        known += _published(folder, keys)
    except (LedgerError, UnicodeDecodeError) as error:
        return f"the published checkpoint cannot be read: {error}; {ADVICE}"
    with read() as session:
        reached = _reached(folder, _signed(session))
    with read() as session:
        wrong = next(_wrong(session, folder, known, reached), None)
    return None if wrong is None else f"{wrong}; {ADVICE}"


def other_history() -> str | None:
    """Return how the entries contradict the last head that was signed over them, or None; linear in time."""
    with read() as session:
        latest = reader.latest_checkpoint(session)
        if latest is None or Tree(reader.leaf_hashes(session, latest.size)).root() == latest.root:
            return None
    return f"the database holds other entries than were signed at size {latest.size}; {ADVICE}"


def _wrong(session: Session, folder: Path, heads: Iterable[Head], reached: int) -> Iterator[str]:
    size, signed = reader.size(session), _signed(session)
    for head in sorted(heads, key=lambda one: one.size, reverse=True):
        row = session.get(LedgerCheckpoint, head.size)
        if head.size > signed:
            yield f"{head.where} covers {head.size} entries, the database knows of {signed} signed ones"
        elif _root(session, row, head.size, size) != head.root:
            yield f"{head.where} covers {head.size} entries that are not those of the database"
    if signed > size:
        yield f"{signed} entries were signed, the database holds {size}"
    if reached > signed:
        yield f"the published tiles hold {reached} entries, the database knows of {signed} signed ones"
    yield from _wrong_bundle(session, folder, min(size, signed))


def _root(session: Session, row: LedgerCheckpoint | None, size: int, held: int) -> bytes | None:
    """Return the root at a size that was signed: as its row says, else what the entries lead to, or None."""
    if row is not None:
        return row.root
    try:
        return stored.tree(session, held).root(size)
    except LedgerError:
        return None


def _wrong_bundle(session: Session, folder: Path, size: int) -> Iterator[str]:
    """Hold the newest published leaves against the database."""
    number = max(size - 1, 0) // WIDTH
    for tile in (Tile(None, number, size - number * WIDTH), Tile(None, number, WIDTH)):
        path = folder / tile.path
        try:
            leaves = list(decode_bundle(path.read_bytes()))[: size - tile.first]
        except FileNotFoundError:
            continue
        except LedgerError:
            return  # damage, not another history: fsck names the byte
        rows = reader.leaves(session, tile.first, tile.first + len(leaves))
        if [leaf_hash(leaf) for leaf in leaves] != [leaf_hash(leaf) for leaf in rows]:
            yield f"{path.name} of the published entries holds others than the database"
        return


def _signed(session: Session) -> int:
    latest = reader.latest_checkpoint(session)
    return 0 if latest is None else latest.size


def _published(folder: Path, keys: Sequence[VerifierKey]) -> list[Head]:
    path = folder / CHECKPOINT
    return [head_of("the published checkpoint", path.read_text("utf-8"), keys)] if path.exists() else []


def _reached(folder: Path, size: int) -> int:
    """Return how many entries the published bundles hold, looking only where a log of more than `size` has files."""
    number, width = divmod(size, WIDTH)
    full = folder / Tile(None, number, WIDTH).path
    if full.exists():
        return (number + 1) * WIDTH
    widths = [int(path.name) for path in Path(f"{full}.p").glob("[0-9]*")]
    return number * WIDTH + max([width, *widths])


def consented(home: Path, keys: Sequence[VerifierKey], seen: Iterable[Head]) -> bool:
    """Tell whether the witnesses, or the operator in their place, let a restored exchange write; any other may.

    Args:
        home: folder of the exchange.
        keys: the log's public keys.
        seen: what the witnesses have answered.

    Raises:
        OSError: the policy cannot be read.
        FormError: it is not a policy.
    """
    settings = config.current()
    if not afterwards.awaits_consent(home) or not heads.has_witnesses(settings):
        return True
    return heads.suffice(settings, keys, seen)


def look_once() -> None:
    """Look as the guard does at a start, in a process that is about to write and has no guard of its own.

    Raises:
        Unavailable: the database contradicts what was signed, or a restored exchange awaits its witnesses; the door for
            writing is shut in this process.
        OSError: the policy cannot be read.
        LedgerError: it is not a policy, or a key is none.
    """
    settings = config.current()
    keys = publishing.keys()
    seen = heads.witnessed(settings, keys) if heads.has_witnesses(settings) else []
    wrong = contradiction(publishing.folder(), keys, seen)
    if wrong is None and not consented(settings.home, keys, seen):
        wrong = RESTORED
    if wrong is not None:
        db.stop_writing(wrong)
        raise Unavailable("ledger.read_only", wrong, retry_after=db.READ_ONLY_SECONDS)


def accept(place: str) -> Head:
    """Take a checkpoint for the newest that anybody saw of a restored log, as its operator says.

    Args:
        place: a file or an http(s) address.

    Raises:
        BackupError: it is no checkpoint of this log, the database contradicts it, or no restored exchange waits here.
    """
    keys = publishing.keys()
    head = heads.kept(place, keys)
    wrong = contradiction(publishing.folder(), keys, [head])
    if wrong is not None:
        raise BackupError(wrong)
    afterwards.accept(config.current().home, head)
    return head


class Guard:
    """Looks at the start, before anything else in the process works, and on a beat.

    Args:
        app: the application whose door it may shut.
        ask: asks the witnesses, bounded in time; nobody is asked when None. Until they have answered nothing is
            written, and the start does not wait for them.
        beat: seconds between two looks.
    """

    def __init__(self, app: Flask, ask: Ask | None = None, beat: float = BEAT) -> None:
        self._app = app
        self._ask = ask
        self._beat = beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guard", daemon=True)

    def start(self) -> None:
        """Look at what is on this machine, then go on in a thread; after a fork, never before."""
        with self._app.app_context():
            self._look(())
            if self._ask is not None and db.read_only() is None:
                db.stop_writing(ASKING)
        self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """End.

        Args:
            seconds: how long to wait for a look that is being taken.
        """
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        with self._app.app_context():
            self._look_round()
            self._judge(other_history)
            self._log_restored()
            beats = 0
            while not self._ended.wait(self._beat):
                beats += 1
                if beats % ASK_EVERY == 0 or db.read_only() in WAITING:
                    self._look_round()
                else:
                    self._look(())
                self._log_restored()

    def _look_round(self) -> None:
        """Ask who is not on this machine too, and open the door that waited for them."""
        seen = self._asked()
        self._look(seen)
        if db.read_only() in WAITING:
            self._open(seen)

    def _open(self, seen: Sequence[Head]) -> None:
        try:
            settled = consented(config.current().home, publishing.keys(), seen)
        except Exception:  # such as a policy that is just being saved: it is asked again
            _log.exception("guard.failed")
            return
        if settled:
            db.write_again()
        elif db.read_only() != RESTORED:
            db.stop_writing(RESTORED)
            _log.warning("ledger.read_only", why=RESTORED)

    def _log_restored(self) -> None:
        """Write the step of a restore when the door is open; a busy database or a second server only delays it."""
        if db.read_only() is not None:
            return
        try:
            afterwards.log_restored(config.current().home)
        except Exception:
            _log.exception("guard.restore_not_logged")

    def _asked(self) -> list[Head]:
        try:
            return list(self._ask()) if self._ask else []
        except (
            Exception
        ):  # whatever is wrong with the network or the policy: who does not answer says nothing
            _log.exception("guard.witnesses_failed")
            return []

    def _look(self, seen: Iterable[Head]) -> None:
        self._judge(lambda: contradiction(publishing.folder(), publishing.keys(), seen))

    def _judge(self, question: Callable[[], str | None]) -> None:
        """Shut the door when there is something wrong; a database that does not answer says nothing yet."""
        try:
            wrong = question()
        except Exception:
            _log.exception("guard.failed")
            return
        if wrong is not None and db.read_only() in {None, *WAITING}:
            db.stop_writing(wrong)
            _log.critical("ledger.read_only", why=wrong)
