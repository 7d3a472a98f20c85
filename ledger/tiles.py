"""The tree and its leaves as static files (C2SP tlog-tiles): names and bytes.

A hash tile holds up to 256 hashes of one level, where each level counts subtrees of 256 below; an entry bundle holds
up to 256 leaves, each behind its length in 16 bits. The last one of a row may be partial and is named by its width.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.entry import MAX_LEAF
from ledger.errors import FormError, ProofError, TooLargeError
from ledger.merkle import HASH_SIZE, Subtrees, Tree

WIDTH = 256
HEIGHT = 8
MAX_TILE = WIDTH * HASH_SIZE
MAX_BUNDLE = WIDTH * (2 + MAX_LEAF)
"""Bytes of a file."""


@dataclass(frozen=True)
class Tile:
    """One file of the log.

    Attributes:
        level: 0 to 7 for hashes, or None for an entry bundle.
        number: Place in its row.
        width: Hashes or leaves in it, 1 to 256.
    """

    level: int | None
    number: int
    width: int

    @property
    def path(self) -> str:
        """Path below the log's prefix, such as ``tile/0/x001/067.p/112`` or ``tile/entries/000``."""
        row = "entries" if self.level is None else str(self.level)
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{row}/{'/'.join(reversed(groups))}{partial}"

    @property
    def first(self) -> int:
        """Index of its first hash (within its level) or leaf."""
        return self.number * WIDTH

    @property
    def full(self) -> "Tile":
        """The full tile that takes its place when it is filled up; the partial one may be removed then."""
        return replace(self, width=WIDTH)


class TiledTree(Subtrees):
    """A tree that lies in tiles, wherever these are; only the tiles that a question needs are loaded, each once.

    Args:
        size: number of leaves.
        load: returns the bytes of a hash tile.
        loaded: keeps what was loaded, by tile; give the same one to trees of the same log, since a tile never changes.
        edges: keeps what was computed between tiles; give the same one to trees of the same log and size.
    """

    def __init__(
        self,
        size: int,
        load: Callable[[Tile], bytes],
        loaded: MutableMapping[Tile, Tree] | None = None,
        edges: dict[tuple[int, int], bytes] | None = None,
    ) -> None:
        self._size = size
        self._load = load
        self._loaded = {} if loaded is None else loaded
        self._edges = {} if edges is None else edges

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def node(self, height: int, number: int) -> bytes:
        """Return the root of a full subtree, from the hashes of one tile.

        Raises:
            FormError: The tile does not have its length.
        """
        level, below = divmod(height, HEIGHT)
        tile = self._tile(level, number >> (HEIGHT - below))
        return tile.levels[below][number & ((WIDTH >> below) - 1)]

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of a leaf as any tree does, a whole tile at a time where tiles are full.

        Raises:
            ProofError: There is no such leaf or size.
            FormError: A tile does not have its length.
        """
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise ProofError(f"no leaf {index} in a tree of size {size}")
        path: list[bytes] = []
        level, place = 0, index
        while place >> HEIGHT < size >> HEIGHT * (level + 1):
            rows = self._tile(level, place >> HEIGHT).levels
            path += [rows[below][(place & (WIDTH - 1)) >> below ^ 1] for below in range(HEIGHT)]
            level, place = level + 1, place >> HEIGHT
        return path + self._path(index, size, 1 << HEIGHT * level)

    def _span(self, low: int, high: int) -> bytes:
        found = self._edges.get((low, high))
        if found is None:
            found = self._edges[low, high] = super()._span(low, high)
        return found

    def _tile(self, level: int, number: int) -> Tree:
        width = min(WIDTH, (self._size >> HEIGHT * level) - number * WIDTH)
        tile = Tile(level, number, width)
        found = self._loaded.get(tile)
        if found is None:
            data = self._load(tile)
            if len(data) != width * HASH_SIZE:
                raise FormError(f"{tile.path} has {len(data)} bytes, expected {width * HASH_SIZE}")
            found = self._loaded[tile] = Tree(hashes_in(data))
        return found


def hashes_in(data: bytes) -> list[bytes]:
    """Return the hashes of a tile's bytes; a last piece that is too short stays as it is."""
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def hash_tiles(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the hash tiles of a tree of `size` leaves that differ from those of size `since`."""
    level, count, old = 0, size, since
    while count:
        yield from _row(level, count, old)
        level, count, old = level + 1, count // WIDTH, old // WIDTH


def entry_bundles(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the entry bundles of a log of `size` leaves that differ from those of size `since`."""
    yield from _row(None, size, since)


def hashes_of(tree: Tree, tile: Tile) -> bytes:
    """Return the bytes of a hash tile.

    Raises:
        FormError: The tree is too small to have it, or it is an entry bundle.
    """
    if tile.level is None:
        raise FormError("an entry bundle holds no hashes")
    height = HEIGHT * tile.level
    row = tree.levels[height] if height < len(tree.levels) else []
    hashes = row[tile.first : tile.first + tile.width]
    if len(hashes) != tile.width:
        raise FormError(f"a tree of {tree.size} leaves has no {tile.path}")
    return b"".join(hashes)


def encode_bundle(leaves: Iterable[bytes]) -> bytes:
    """Return the bytes of an entry bundle.

    Raises:
        TooLargeError: A leaf exceeds 65,535 bytes.
    """
    parts = []
    for leaf in leaves:
        if len(leaf) > MAX_LEAF:
            raise TooLargeError(f"leaf of {len(leaf)} bytes, at most {MAX_LEAF}")
        parts.append(struct.pack(">H", len(leaf)) + leaf)
    return b"".join(parts)


def decode_bundle(data: bytes) -> Sequence[bytes]:
    """Return the leaves of an entry bundle.

    Raises:
        FormError: The bytes end in the middle of a leaf.
    """
    leaves, position = [], 0
    while position < len(data):
        end = position + 2 + int.from_bytes(data[position : position + 2])
        if len(data) < max(end, position + 2):
            raise FormError(f"entry bundle ends within the leaf at byte {position}")
        leaves.append(data[position + 2 : end])
        position = end
    return leaves


def lying(folder: Path, tile: Tile) -> tuple[Path, bytes]:
    """Return where in a folder a file of a log lies, and what it holds; it may be the full one by now.

    Of a file that is longer than any such file can be only so much is read as shows it.

    Raises:
        FileNotFoundError: There is neither.
        OSError: It cannot be read.
    """
    limit = MAX_BUNDLE if tile.level is None else MAX_TILE
    path = folder / tile.path
    try:
        return path, read_upto(path, limit + 1)
    except FileNotFoundError:
        path = folder / tile.full.path
        return path, read_upto(path, limit + 1)


def read_upto(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, at most `count`.

    Raises:
        FileNotFoundError: It is not there.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(count)


def read_tile(folder: Path, tile: Tile) -> bytes:
    """Return the bytes of a file of a log; those of a partial one out of the full one where it has been filled up.

    Raises:
        FileNotFoundError: It is not there.
        OSError: It cannot be read.
        FormError: It was filled up, and the full entry bundle is none.
    """
    path, data = lying(folder, tile)
    if path == folder / tile.path:
        return data
    if tile.level is None:
        return encode_bundle(decode_bundle(data)[: tile.width])
    return data[: tile.width * HASH_SIZE]


def _row(level: int | None, count: int, old: int) -> Iterator[Tile]:
    if count == old:
        return
    for number in range(old // WIDTH, -(-count // WIDTH)):
        yield Tile(level, number, min(WIDTH, count - number * WIDTH))
