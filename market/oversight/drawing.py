"""An inclusion proof as a drawing: the path from the leaf to the root, with the neighbour met at each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.merkle import node_hash

WIDTH: Final = 300
ROW: Final = 46
"""Pixels from one level to the next."""
BOX: Final = (84, 24)
"""Width and height of a hash's box."""


@dataclass(frozen=True)
class Node:
    """A hash in the drawing.

    Attributes:
        x: of its box's middle.
        y: of its box's middle.
        hash: hex.
        role: leaf, given (a hash of the proof), made (computed on the way) or root.
    """

    x: int
    y: int
    hash: str
    role: str


@dataclass(frozen=True)
class Drawing:
    """A drawing in pixels, the root at the top.

    Attributes:
        width: of the whole.
        height: of the whole.
        nodes: boxes.
        edges: (x1, y1, x2, y2) from a child to its parent.
        path: (side, hash) of every hash of the proof, from the leaf's neighbour on; side is left or right.
        root: what the path leads to, hex.
    """

    width: int
    height: int
    nodes: list[Node]
    edges: list[tuple[int, int, int, int]]
    path: list[tuple[str, str]]
    root: str


def inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> Drawing:
    """Return the drawing of an inclusion proof that was checked before.

    Args:
        leaf: RFC 6962 hash of the leaf.
        index: its place.
        size: of the tree.
        proof: from the leaf's neighbour to the root's child.
    """
    middle, offset = WIDTH // 2, WIDTH // 2 - BOX[0] // 2 - 2
    height = ROW * len(proof) + 2 * BOX[1]
    y = height - BOX[1]
    nodes = [Node(middle, y, leaf.hex(), "leaf" if proof else "root")]
    edges: list[tuple[int, int, int, int]] = []
    path: list[tuple[str, str]] = []
    result, first, last = leaf, index, size - 1
    for number, sibling in enumerate(proof, 1):
        left = bool(first & 1) or first == last
        if left:
            result = node_hash(sibling, result)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        first, last = first >> 1, last >> 1
        x = middle - offset if left else middle + offset
        path.append(("left" if left else "right", sibling.hex()))
        nodes.append(Node(x, y, sibling.hex(), "given"))
        edges += [
            (x, y - BOX[1] // 2, middle, y - ROW + BOX[1] // 2),
            (middle, y - BOX[1] // 2, middle, y - ROW + BOX[1] // 2),
        ]
        y -= ROW
        nodes.append(Node(middle, y, result.hex(), "root" if number == len(proof) else "made"))
    return Drawing(WIDTH, height, nodes, edges, path, result.hex())
