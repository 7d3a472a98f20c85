"""Offline proof that an entry is in a log: the C2SP tlog-proof text (``.tlog-proof``)."""

from dataclasses import dataclass

from ledger.canonical import from_base64, from_decimal, to_base64
from ledger.checkpoint import Checkpoint
from ledger.errors import FormError
from ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from ledger.note import parse_note
from ledger.policy import Policy

MAGIC = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 131_072
"""Bytes."""
_MAX_HASHES = 63


@dataclass(frozen=True)
class Proof:
    """Where an entry stands, the path from it to the root, and the signed checkpoint with that root.

    Attributes:
        index: Zero-based place of the entry.
        hashes: Inclusion proof, from the leaf's sibling to the root's child.
        checkpoint: The signed note, verbatim.
        extra: Opaque data that nothing vouches for; empty when the line is absent.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """Return the ``.tlog-proof`` file."""
        extra = [f"extra {to_base64(self.extra)}"] if self.extra else []
        path = [to_base64(item) for item in self.hashes]
        return "\n".join([MAGIC, *extra, f"index {self.index}", *path, "", self.checkpoint])

    def check(self, leaf: bytes, policy: Policy) -> Checkpoint:
        """Return the accepted checkpoint under which `leaf` stands at this index.

        Raises:
            FormError: The checkpoint is malformed.
            ProofError: The policy does not accept the checkpoint, or the path does not lead to its root.
        """
        checkpoint = policy.check(self.checkpoint)
        verify_inclusion(leaf_hash(leaf), self.index, checkpoint.size, self.hashes, checkpoint.root)
        return checkpoint


def parse_proof(data: bytes) -> Proof:
    """Return the proof of a ``.tlog-proof`` file.

    Raises:
        FormError: The file is not exactly what `Proof.text` would write.
    """
    if len(data) > MAX_PROOF:
        raise FormError("a proof is at most 128 KiB")
    try:
        head, blank, checkpoint = data.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise FormError("a proof is UTF-8 text") from error
    lines = head.split("\n")
    if not blank or lines.pop(0) != MAGIC:
        raise FormError(f"a proof begins with {MAGIC}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise FormError("a proof names its index")
    index = from_decimal(lines.pop(0).removeprefix("index "))
    hashes = tuple(from_base64(line) for line in lines)
    if len(hashes) > _MAX_HASHES or any(len(item) != HASH_SIZE for item in hashes):
        raise FormError("a proof is at most 63 hashes of 32 bytes")
    parse_note(checkpoint)
    proof = Proof(index, hashes, checkpoint, extra)
    if proof.text().encode() != data:
        raise FormError("a proof has one form only")
    return proof
