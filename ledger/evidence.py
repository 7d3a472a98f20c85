"""The log's half of an evidence bundle: which files it has, and what its entries must be to each other.

A proof shows that an entry stands in the log, not that the entry beside it was shown. So in a bundle every leaf has its
proof and every proof its leaf, all lead to the one checkpoint of the bundle, none stands there twice, and the entries
of each object are all there, from its first on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.entry import Entry, parse
from ledger.errors import FormError, ProofError
from ledger.policy import Policy
from ledger.proof import parse_proof

ENTRIES = "entries/"
ROTATIONS = "rotations/"
PROOF = ".tlog-proof"
LEAF = ".json"
CONSISTENCY = ".consistency"
OPENINGS = "openings.json"
POLICY = "trust-policy.txt"
"""The policy a bundle carries in its root; convenient, and worth nothing as evidence."""


@dataclass(frozen=True)
class Held:
    """An entry that was shown to stand in the log.

    Attributes:
        index: Its place.
        entry: What it says.
        head: The accepted checkpoint that covers it.
        note: That checkpoint, signed.
    """

    index: int
    entry: Entry
    head: Checkpoint
    note: str


def proofs(files: Mapping[str, bytes], folder: str) -> list[str]:
    """Return the names of a folder's proofs in the order of their indexes, which have six digits or more."""
    names = (name for name in files if name.startswith(folder) and name.endswith(PROOF))
    return sorted(names, key=lambda name: (len(name), name))


def name_of(folder: str, index: int) -> str:
    """Return what an entry's files are named in a folder of a bundle, without their ending."""
    return f"{folder}{index:06d}"


def hold(files: Mapping[str, bytes], name: str, policy: Policy) -> Held:
    """Return the entry of one proof, held against the log; of a bundle's own or one that lies by itself.

    Raises:
        LedgerError: It is not shown to stand in a log that the policy trusts, or not by what the bundle may hold.
    """
    leaf = files.get(name.removesuffix(PROOF) + LEAF)
    if leaf is None:
        raise FormError("the entry itself is missing")
    entry, proof = parse(leaf), parse_proof(files[name])
    if name.startswith(ENTRIES):
        if name != name_of(ENTRIES, proof.index) + PROOF:
            raise FormError("is named after another index than its own")
        if proof.checkpoint.encode() != files.get(CHECKPOINT):
            raise ProofError("leads to another checkpoint than the bundle's")
    return Held(proof.index, entry, proof.check(leaf, policy), proof.checkpoint)


def require_pairs(files: Mapping[str, bytes], found: Collection[Entry]) -> None:
    """Require a proof for every leaf, a leaf for every proof, nothing beside them, and no entry twice.

    Args:
        files: Of the bundle.
        found: The entries whose proofs hold.

    Raises:
        ProofError: An entry is shown that nothing proves, or one is shown twice.
    """
    names = [name for name in files if name.startswith(ENTRIES)]
    leaves = {name.removesuffix(LEAF) for name in names if name.endswith(LEAF)}
    proven = {name.removesuffix(PROOF) for name in names if name.endswith(PROOF)}
    if leaves != proven or len(names) != len(leaves) + len(proven):
        raise ProofError(f"without its proof or leaf: {sorted(leaves ^ proven)[:5]}")
    if len({entry.id for entry in found}) != len(found):
        raise ProofError("one entry id stands in the log twice")


def require_order(found: Mapping[int, Entry]) -> None:
    """Require the entries of each object to be numbered from 0 without a gap, in the log's order.

    Args:
        found: Entries by their index.

    Raises:
        ProofError: One is missing.
    """
    following: dict[str, int] = {}
    for index, entry in sorted(found.items()):
        expected = following.get(entry.handle, 0)
        if entry.seq != expected:
            raise ProofError(
                f"entry {index} is number {entry.seq} of its object, expected {expected}: one is missing"
            )
        following[entry.handle] = expected + 1
