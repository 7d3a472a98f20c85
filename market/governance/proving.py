"""Proves a database and its log: against each other, against the stored files, and against what others have seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

import ledger.fsck
import market.steps.fsck
from ledger import reader
from ledger.merkle import Tree
from ledger.note import VerifierKey
from market import migrations
from market.governance import snapshot
from market.governance.backup import named
from market.governance.heads import Head
from market.storage import Store, StoreError


@dataclass
class Proof:
    """What proving came to.

    Attributes:
        entries: entries of the log.
        faults: what is wrong, one line each; empty when the whole holds.
        agrees: what others have seen and this log begins with.
        behind: what others have seen more of than there is here.
    """

    entries: int = 0
    faults: list[str] = field(default_factory=list)
    agrees: list[Head] = field(default_factory=list)
    behind: list[Head] = field(default_factory=list)

    @property
    def missing(self) -> range:
        """Indexes of the entries that others have seen and this log does not have."""
        return range(self.entries, max([self.entries, *(head.size for head in self.behind)]))


def prove(
    engine: Engine,
    log: Path,
    store: Store,
    keys: Sequence[VerifierKey],
    seen: Iterable[Head],
    lacking: Sequence[str] = (),
    upto: int | None = None,
) -> Proof:
    """Check everything that can be checked without the exchange running.

    Args:
        engine: of the database; nothing is written.
        log: the published log's folder.
        store: where the files lie that the rows name.
        keys: the log's public keys.
        seen: heads that others hold.
        lacking: digests of files that were known to be missing.
        upto: entries that others can have seen, when the last ones were written just now and here; None for all.
    """
    proof = Proof(faults=snapshot.integrity(engine))
    metadata = migrations.metadata()
    with Session(engine.execution_options(door="read")) as session:
        proof.faults += [str(found) for found in ledger.fsck.check(session, log, *keys)]
        proof.faults += [str(found) for found in market.steps.fsck.check(session, metadata)]
        proof.faults += _unstored(store, named(session, metadata) - set(lacking))
        proof.entries = reader.size(session) if upto is None else upto
        tree = Tree(reader.leaf_hashes(session, proof.entries))
    for head in seen:
        if head.size > proof.entries:
            proof.behind.append(head)
        elif tree.root(head.size) != head.root:
            what = f"covers {head.size} entries that are not those of this log"
            proof.faults.append(f"{head.where}: {what}")
        else:
            proof.agrees.append(head)
    return proof


def _unstored(store: Store, digests: set[str]) -> list[str]:
    faults = []
    for digest in sorted(digests):
        try:
            store.size(digest)
        except StoreError as error:
            faults.append(f"storage: {error}")
    return faults
