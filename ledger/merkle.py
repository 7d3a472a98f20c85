"""The Merkle tree of RFC 6962 (section 2.1) over SHA-256; proofs are checked as in RFC 9162 (section 2.1).

The empty tree is SHA-256 of nothing; a leaf is hashed behind byte 00, a node behind 01; n leaves split at the
largest power of two below n and a lonely node is never doubled. Two root functions that share no code, `root` and
`root_by_definition`, hold each other in the tests and in fsck.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from ledger.errors import ProofError

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_SIZE = 32


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash under which a leaf stands in the tree."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, appending one by one to a stack of full subtrees."""
    stack: list[bytes] = []
    for index, top in enumerate(hashes):
        while index & 1:
            top = node_hash(stack.pop(), top)  # noqa: PLW2901 - the new leaf grows into the subtree it fills
            index >>= 1  # noqa: PLW2901
        stack.append(top)
    if not stack:
        return EMPTY_ROOT
    result = stack.pop()
    while stack:
        result = node_hash(stack.pop(), result)
    return result


def root_by_definition(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes as RFC 6962 section 2.1 defines it, recursively."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return node_hash(root_by_definition(hashes[:split]), root_by_definition(hashes[split:]))


class Subtrees(ABC):
    """A tree of which every full subtree can be looked up, so that roots and proofs cost logarithmic time.

    Where the hashes lie (in memory, in rows, in tiles on a disk or at another place) is the subclass's matter.
    """

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of leaves."""

    @abstractmethod
    def node(self, height: int, number: int) -> bytes:
        """Return the root of the full subtree over the leaves [number x 2^height, (number + 1) x 2^height)."""

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves (default all).

        Raises:
            ProofError: The tree has fewer leaves.
        """
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise ProofError(f"tree of {self.size} leaves has no root of size {size}")
        return self._span(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of a leaf in the first `size` leaves, from leaf to root.

        Raises:
            ProofError: There is no such leaf or size.
        """
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise ProofError(f"no leaf {index} in a tree of size {size}")
        return self._path(index, size, 1)

    def _path(self, index: int, size: int, width: int) -> list[bytes]:
        """Return the upper part of an inclusion proof, from the full subtree of `width` leaves around it."""
        low, high, path = 0, size, []
        while high - low > width:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._span(middle, high))
                high = middle
            else:
                path.append(self._span(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the first `new` leaves begin with the first `old` ones.

        Raises:
            ProofError: `old` is 0 or larger than `new`, or the tree is smaller than `new`.
        """
        new = self.size if new is None else new
        if not 0 < old <= new <= self.size:
            raise ProofError(f"no consistency proof from {old} to {new}")
        low, high, known, path = 0, new, True, []
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._span(middle, high))
                high = middle
            else:
                path.append(self._span(low, middle))
                low, known = middle, False
        return ([] if known else [self._span(low, high)]) + path[::-1]

    def _span(self, low: int, high: int) -> bytes:
        """Hash of leaves [low, high): full subtrees are looked up, only the right edge is computed."""
        width = high - low
        if width & (width - 1) == 0 and low % width == 0:
            return self.node(width.bit_length() - 1, low // width)
        middle = low + _split(width)
        return node_hash(self._span(low, middle), self._span(middle, high))


class Tree(Subtrees):
    """All full subtrees over a list of leaf hashes, in memory."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        """Build the tree; time and memory are linear in the number of leaves."""
        self.levels: list[list[bytes]] = [list(hashes)]
        while len(below := self.levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self.levels.append([node_hash(left, right) for left, right in pairs])

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0])

    def node(self, height: int, number: int) -> bytes:
        """Return the root of a full subtree."""
        return self.levels[height][number]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that the leaf hash `leaf` stands at `index` under the root `expected` of `size` leaves.

    Raises:
        ProofError: It is not shown.
    """
    _require_hashes([leaf, expected, *proof])
    if not 0 <= index < size:
        raise ProofError(f"index {index} is outside a tree of size {size}")
    first, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("inclusion proof is too long")
        if first & 1 or first == last:
            result = node_hash(sibling, result)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        first, last = first >> 1, last >> 1
    if last != 0:
        raise ProofError("inclusion proof is too short")
    if result != expected:
        raise ProofError("inclusion proof leads to another root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of size `new` begins with the tree of size `old`.

    Raises:
        ProofError: It is not shown. Size 0 is refused, since everything begins with nothing.
    """
    _require_hashes([old_root, new_root, *proof])
    if not 0 < old <= new:
        raise ProofError(f"no consistency from {old} to {new}")
    if old == new:
        if proof or old_root != new_root:
            raise ProofError("one size has two roots, or a proof where none belongs")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError("consistency proof is empty")
    _walk_consistency(old - 1, new - 1, path, old_root, new_root)


def _walk_consistency(first: int, last: int, path: list[bytes], old_root: bytes, new_root: bytes) -> None:
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("consistency proof is too long")
        if first & 1 or first == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        first, last = first >> 1, last >> 1
    if last != 0:
        raise ProofError("consistency proof is too short")
    if before != old_root or after != new_root:
        raise ProofError("consistency proof leads to other roots")


def _split(size: int) -> int:
    """Largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _require_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(item) != HASH_SIZE for item in hashes):
        raise ProofError("a hash is 32 bytes")
