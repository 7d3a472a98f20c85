"""Brings steps back from a log's journal, wherever :mod:`market.governance.recovering` puts an entry back."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Table
from sqlalchemy.orm import Session

from ledger.errors import LedgerError, ProofError
from ledger.note import VerifierKey
from market import migrations
from market.config import Settings
from market.governance.archive import BackupError
from market.keys import ring
from market.steps import journal
from market.steps.journal import Record
from market.wire import WireError
from market.witnessing import fetching
from market.witnessing.fetching import JournalEnds

Ask = Callable[[int, int], Iterator[Record]]
"""Returns the records of entries, from an index on and so many, in the order of the log; raises where it ends early
(:func:`market.witnessing.fetching.fetch`)."""


@dataclass(frozen=True)
class Kept:
    """What a mirror's journal gave.

    Attributes:
        records: by index of their entries, without a gap.
        why: why there are no more, if some were asked for and not given; else empty.
    """

    records: Mapping[int, Record] = field(default_factory=dict)
    why: str = ""

    def bring(self, session: Session, index: int, leaf: bytes) -> bool:
        """Bring a step back if its record is here (:data:`market.steps.recovering.Bring`).

        Of a step that was recovered without its values the record has none either.

        Raises:
            ProofError: the record is of another entry, or does not open what the leaf commits to.
            FormError: it is of another version of the tables.
        """
        record = self.records.get(index)
        if record is None:
            return False
        if record.leaf != leaf:
            raise ProofError(f"the journal has another entry at index {index} than the log")
        if not record.openings:
            return False
        journal.replay(session, record, _tables())
        return True


def kept(ask: Ask, first: int, count: int) -> Kept:
    """Return what a journal gives of consecutive entries; all of it is in memory, a few kB an entry.

    Args:
        ask: asks for it; no transaction may be open.
        first: index of the first entry.
        count: how many.
    """
    found: dict[int, Record] = {}
    try:
        for index, record in enumerate(ask(first, count), first):
            if record.index != index:
                raise ProofError(f"the journal has no record of entry {index}")
            found[index] = record
        if len(found) < count:
            raise ProofError(f"the journal has no record of entry {first + len(found)}")
    except (JournalEnds, WireError, LedgerError) as error:
        return Kept(found, str(error))
    return Kept(found)


def asking(
    settings: Settings, mirror: str, keys: Sequence[VerifierKey], private: Sequence[X25519PrivateKey]
) -> Ask:
    """Return what asks a mirror for the log's journal, in the log's own name.

    Args:
        settings: name the log and its key.
        mirror: address of the witness, or of its copy of the log.
        keys: the log's public keys, those before the present one too.
        private: open the journal.

    Raises:
        BackupError: the mirror has no address, or there is no key of the log here.
        FormError: a key of the log cannot be read.
    """
    if not mirror.startswith(("http://", "https://")):
        raise BackupError("the journal is had from a witness: name its address with --from-mirror")
    signers = ring.private(settings)
    if not signers:
        raise BackupError("a mirror gives the journal to nobody but the log: set LEDGER_SIGNING_KEY")
    copy = hashlib.sha256(settings.origin.encode()).hexdigest()
    prefix = mirror.rstrip("/").removesuffix(f"/{copy}")
    return lambda first, count: fetching.fetch(prefix, signers[0], private, first, count, keys)


@functools.cache
def _tables() -> Mapping[str, Table]:
    return journal.stateful(migrations.metadata())
