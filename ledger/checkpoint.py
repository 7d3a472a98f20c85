"""The signed head of the log (C2SP tlog-checkpoint): origin, size and root as the text of a note."""

from dataclasses import dataclass

from ledger.canonical import from_base64, from_decimal, to_base64
from ledger.errors import FormError
from ledger.merkle import HASH_SIZE

CHECKPOINT = "checkpoint"
"""Name of the file that holds the newest one, in a published log and in a bundle; a log replaces it last."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims to hold.

    Attributes:
        origin: The log's identity, equal to the name of its key; it survives a change of key.
        size: Number of entries.
        root: Root of the Merkle tree over them.
        extensions: Further lines, not empty; carried, never interpreted.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text that is signed."""
        lines = [self.origin, str(self.size), to_base64(self.root), *self.extensions]
        return "\n".join(lines) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text; whether the note is signed is the caller's question.

    Raises:
        FormError: Not a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1]:
        raise FormError("a checkpoint has an origin, a size and a root, and no empty line")
    origin, size, root, *extensions = lines[:-1]
    if "+" in origin or any(character.isspace() for character in origin):
        raise FormError("a checkpoint's origin holds no space or plus sign")
    digest = from_base64(root)
    if len(digest) != HASH_SIZE:
        raise FormError("a checkpoint's root is 32 bytes")
    return Checkpoint(origin, from_decimal(size), digest, tuple(extensions))
