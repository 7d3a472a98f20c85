"""The log's keys: which private halves are here, which sign the next head, and which head each key signed.

The log is its origin line, not its key. A key signs from the head after the one that covers its ``key.published``
entry, so that the old key has vouched for the new; from then on every head carries a line of each key in use, all
under the same name, until ``key.retired``. What is in use stands in rows and entries alone; private halves are the one
of ``LEDGER_SIGNING_KEY`` and those of files ``log-<id>.key`` beside the other keys, looked up anew for every head. So
a rotation needs no restart, and a crash at any point of it leaves a log that is signed by the keys it should be.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import reader
from ledger.errors import LedgerError
from ledger.models import LedgerCheckpoint, LedgerEntry, LedgerLeaf
from ledger.note import Signer, VerifierKey, parse_note, parse_signer, parse_verifier
from ledger.scan import scan
from market.config import Settings
from market.keys.models import Key, KeyState, Purpose
from market.steps import Kind, Step, StepImage

PATTERN: Final = "log-*.key"


@dataclass(frozen=True)
class Reach:
    """What the log says of one of its keys.

    Attributes:
        verifier: its public half.
        published: index of its ``key.published`` entry; None until it is integrated.
        retired: index of its ``key.retired`` entry; None while it is in use or not integrated.
        since: size of the head that covers its publication, which it does not sign yet (0 for the log's first key);
            None until there is one.
    """

    verifier: VerifierKey
    published: int | None
    retired: int | None
    since: int | None


@dataclass(frozen=True)
class LogKey(Reach):
    """A key of the log, with its row.

    Attributes:
        row: the published row.
    """

    row: Key

    @property
    def in_use(self) -> bool:
        """Whether it is published and not retired; it signs once a head covers its publication."""
        return self.row.state is KeyState.ACTIVE

    @property
    def active(self) -> bool:
        """Whether it signs the next head."""
        return self.row.state is KeyState.ACTIVE and self.since is not None


def folder(settings: Settings) -> Path:
    """Return where private keys lie."""
    return settings.home / "keys"


def path_of(settings: Settings, key: VerifierKey) -> Path:
    """Return the file of a log key's private half."""
    return folder(settings) / f"log-{key.id.hex()}.key"


def private(settings: Settings) -> list[Signer]:
    """Return every private half that is here, that of the setting first, none twice.

    Raises:
        FormError: a file or the setting is no key.
    """
    texts = [settings.ledger_signing_key] if settings.ledger_signing_key else []
    for path in sorted(folder(settings).glob(PATTERN)):
        try:
            texts.append(path.read_text("ascii").strip())
        except FileNotFoundError:  # retired between the two looks
            continue
    found: dict[VerifierKey, Signer] = {}
    for text in texts:
        signer = parse_signer(text)
        found.setdefault(signer.verifier, signer)
    return list(found.values())


def keys(session: Session) -> list[LogKey]:
    """Return the log's keys in the order in which they were published, retired ones too."""
    rows = {row.id: row for row in session.scalars(select(Key).where(Key.purpose == Purpose.LOG))}
    known = {key: parse_verifier(row.public_key) for key, row in rows.items()}
    return [LogKey(**vars(reach), row=rows[key]) for key, reach in _reaches(session, known).items()]


def verifiers(session: Session, settings: Settings) -> list[VerifierKey]:
    """Return every public key by which a head of this log is known.

    Those that are published, and those whose private half is here: a restored database may know less than was signed.
    """
    here = [signer.verifier for signer in private(settings)]
    return list(dict.fromkeys([*filter(None, _readable(session).values()), *here]))


def published(session: Session, settings: Settings) -> list[VerifierKey]:
    """Return the log's keys as its own entries publish them, retired ones too; before that those that are here."""
    found = [key.verifier for key in keys(session)]
    return found or [signer.verifier for signer in private(settings)]


def in_use(session: Session, settings: Settings) -> list[VerifierKey]:
    """Return the public keys that sign this log now or next; before any is published those that are here."""
    found = [key.verifier for key in keys(session) if key.in_use]
    return found or [signer.verifier for signer in private(settings)]


def signers(session: Session, settings: Settings) -> list[Signer]:
    """Return the private halves that sign the next head, the longest in use first.

    Before the first publication that is the setting's; a key that nobody published never signs beside others. When no
    key in use is here, those that are here are returned: the publisher refuses them, since they signed no head.
    """
    here = {signer.verifier: signer for signer in private(settings)}
    found = [here[key.verifier] for key in keys(session) if key.active and key.verifier in here]
    return found or list(here.values())


def spans(session: Session) -> Iterator[tuple[LogKey, int | None, int | None]]:
    """Yield each key with the size of the first head it signed and, once it is retired, of the last."""
    for key in keys(session):
        first = None if key.since is None else _size(session, LedgerCheckpoint.size > key.since)
        last = None
        if key.retired is not None:
            covering = _size(session, LedgerCheckpoint.size > key.retired)
            last = _largest(session, key.retired)
            if covering is not None and _signed(session, covering, key.verifier):
                last = covering
        yield key, first, last


def faults(session: Session) -> Iterator[tuple[str, str]]:
    """Yield (where, what is wrong) for every head that lacks a line of a key in use or has one of a key that is not.

    The head that covers a key's retirement may carry its line or not: it may have been signed in the same moment.
    """
    known = list(_reaches(session, _readable(session)).values())
    if not known:
        return
    ends = {
        key.verifier: None if key.retired is None else _size(session, LedgerCheckpoint.size > key.retired)
        for key in known
    }
    heads = session.execute(
        select(LedgerCheckpoint.size, LedgerCheckpoint.note)
        .order_by(LedgerCheckpoint.size)
        .execution_options(yield_per=1000)
    )
    for size, note in heads:
        try:
            lines = _lines(str(note))
        except LedgerError:
            continue  # named by the log's own half
        for key in known:
            name, signed = key.verifier.id.hex(), (key.verifier.name, key.verifier.id) in lines
            begun = key.since is not None and size > key.since
            end = ends[key.verifier]
            over = end is not None and size > end
            if signed and (not begun or over):
                yield f"checkpoint {size}", f"is signed by log key {name}, which was not in use at this size"
            elif not signed and begun and not over and size != end:
                yield (
                    f"checkpoint {size}",
                    f"lacks the signature of log key {name}, which was in use at this size",
                )


def _readable(session: Session) -> dict[uuid.UUID, VerifierKey | None]:
    """Return the log's keys by row, None for one that a raw client spoilt: fsck of the rows names it."""
    found: dict[uuid.UUID, VerifierKey | None] = {}
    for row in scan(session, Key.__table__):  # type: ignore[arg-type]
        if row.values["purpose"] == Purpose.LOG and "id" not in row.wrong:
            found[row.values["id"]] = None
            with suppress(LedgerError):
                found[row.values["id"]] = parse_verifier(str(row.values["public_key"]))
    return found


def _reaches(session: Session, known: Mapping[uuid.UUID, VerifierKey | None]) -> dict[uuid.UUID, Reach]:
    """Return by row what the log says of its keys, in the order in which it published them."""
    written = (
        select(StepImage.row_id, Step.kind, LedgerLeaf.idx)
        .join(Step, Step.id == StepImage.step_id)
        .join(LedgerEntry, LedgerEntry.id == Step.id)
        .outerjoin(LedgerLeaf, LedgerLeaf.entry_id == LedgerEntry.id)
        .where(StepImage.row_id.in_(known))
        .order_by(LedgerLeaf.idx.is_(None), LedgerLeaf.idx, LedgerEntry.seq)
    )
    places: dict[uuid.UUID, dict[str, int | None]] = {}
    for row_id, kind, index in session.execute(written):
        places.setdefault(row_id, {})[kind] = index
    found = {}
    for number, row_id in enumerate([*places, *(key for key in known if key not in places)]):
        verifier, at = known[row_id], places.get(row_id, {})
        if verifier is not None:
            found[row_id] = _reach(session, verifier, at, first=number == 0)
    return found


def _reach(
    session: Session, verifier: VerifierKey, places: Mapping[str, int | None], *, first: bool
) -> Reach:
    published = places.get(Kind.KEY_PUBLISHED)
    since = 0 if first else None
    if not first and published is not None:
        since = _size(session, LedgerCheckpoint.size > published)
    return Reach(verifier, published, places.get(Kind.KEY_RETIRED), since)


def _size(session: Session, condition: object) -> int | None:
    """Return the size of the smallest head that meets a condition."""
    return session.scalar(select(func.min(LedgerCheckpoint.size)).where(condition))  # type: ignore[arg-type]


def _largest(session: Session, limit: int) -> int | None:
    return session.scalar(select(func.max(LedgerCheckpoint.size)).where(LedgerCheckpoint.size <= limit))


def _signed(session: Session, size: int, key: VerifierKey) -> bool:
    head = session.get(LedgerCheckpoint, size)
    return head is not None and (key.name, key.id) in _lines(head.note)


def _lines(note: str) -> set[tuple[str, bytes]]:
    return {(line.name, line.id) for line in parse_note(note)[1]}


def newest_is_signed_by(session: Session, key: VerifierKey) -> bool:
    """Tell whether the newest head carries a line of a key."""
    head = reader.latest_checkpoint(session)
    return head is not None and (key.name, key.id) in _lines(head.note)
