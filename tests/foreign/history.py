"""The log that strangers check: 70,000 entries, cosigned heads at five sizes, made by the ledger's own code.

Its keys are made from fixed seeds and its entries from their numbers, so that every process makes the same log.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.checkpoint import Checkpoint
from ledger.cosign import Cosigner
from ledger.entry import Entry
from ledger.merkle import Tree, leaf_hash
from ledger.note import Signer
from ledger.proof import Proof
from ledger.tiles import encode_bundle, entry_bundles, hash_tiles, hashes_of

SIZES = (1, 255, 256, 257, 70_000)
TIME = 1_800_000_000


def key(number: int) -> Ed25519PrivateKey:
    """A private key that every process makes alike."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG = Signer("exchange.example/log", key(1))
WITNESSES = [Cosigner(f"witness-{number}.example/w", key(10 + number)) for number in range(3)]
QUANTUM = Cosigner("quantum.example/w", MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
STRANGER = Cosigner("stranger.example/w", key(20))
POLICY = "".join([
    f"log {LOG.verifier}\n",
    *(f"witness w{number} {witness.verifier}\n" for number, witness in enumerate(WITNESSES)),
    "group two 2 w0 w1 w2\nquorum two\n",
])  # fmt: skip
QUANTUM_POLICY = (
    f"log {LOG.verifier}\nwitness w0 {WITNESSES[0].verifier}\nwitness q {QUANTUM.verifier}\n"
    "group both all w0 q\nquorum both\n"
)


@dataclass(frozen=True)
class History:
    """A log in memory."""

    leaves: list[bytes]
    tree: Tree

    def text(self, size: int) -> str:
        """Return the text that is signed at a size."""
        return Checkpoint(LOG.name, size, self.tree.root(size)).text()

    def head(self, size: int, *extra: Cosigner) -> str:
        """Return the note at a size: exactly two of the three witnesses cosigned, so that each of them matters."""
        chosen = [witness for number, witness in enumerate(WITNESSES) if number != size % 3]
        text = self.text(size)
        return LOG.sign(text) + "".join(witness.cosign(text, TIME + size) for witness in [*chosen, *extra])

    def proof(self, index: int, size: int, *extra: Cosigner) -> Proof:
        """Return the proof of an entry under the head of a size."""
        return Proof(index, tuple(self.tree.inclusion(index, size)), self.head(size, *extra))

    def tiles(self, size: int) -> dict[str, bytes]:
        """Return path to bytes of every tile and entry bundle at a size."""
        found = {tile.path: hashes_of(self.tree, tile) for tile in hash_tiles(size)}
        for bundle in entry_bundles(size):
            found[bundle.path] = encode_bundle(self.leaves[bundle.first : bundle.first + bundle.width])
        return found

    def write(self, folder: Path) -> None:
        """Write the tiles of every size, as the publisher lays them out."""
        for size in SIZES:
            for path, data in self.tiles(size).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)


@cache
def history() -> History:
    """Return the log; making it takes a few seconds."""
    leaves = [_leaf(number) for number in range(max(SIZES))]
    return History(leaves, Tree(map(leaf_hash, leaves)))


def _leaf(number: int) -> bytes:
    return Entry(
        id=uuid.UUID(int=number),
        kind="contract.signed",
        handle="abcdefghijklmnopqrstuvwxyz",
        seq=number,
        rules=1,
        time=datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=number),
        commitments={"step": f"{number:064x}", "terms": "ab" * 32},
    ).leaf()
