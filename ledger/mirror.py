"""Holds copies of other logs, free of HTTP: the same files in the same places, for whoever has lost the originals.

Nothing is stored before it is known to stand under the head it was fetched for: the tree's right edge must lead to the
signed root and go on from the root that was held before, every full tile have the hash its parent names, every entry
the hash its tile names. So what lies here is right whenever it was interrupted, and a copy that was damaged is fetched
again.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.durable import replace
from ledger.errors import FormError, LedgerError, ProofError
from ledger.folder import alone, without_partials
from ledger.merkle import HASH_SIZE, leaf_hash, root, verify_consistency
from ledger.tiles import (
    HEIGHT,
    MAX_BUNDLE,
    MAX_TILE,
    WIDTH,
    Tile,
    TiledTree,
    decode_bundle,
    encode_bundle,
    entry_bundles,
    hash_tiles,
    hashes_in,
    read_tile,
)
from ledger.witness import BusyError, ContradictionError

Fetch = Callable[[str, int], bytes]
"""Returns a file of a log by its path below the log's prefix; at most so many bytes. Raises `AbsentError` when there
is none, `BusyError` when it cannot be had now."""


class AbsentError(LedgerError):
    """The log has no such file (any more): a partial tile goes when the full one is there."""


def folder_of(mirrors: Path, origin: str) -> Path:
    """Return where the copy of a log lies: named by the SHA-256 of its origin, as a witness's monitors expect."""
    return mirrors / hashlib.sha256(origin.encode()).hexdigest()


class Mirrors:
    """Keeps what a witness cosigns: the head of every log, and the files of those that can be fetched.

    Args:
        folder: where the copies lie, one folder a log.
        sources: origin to what fetches its files; logs without one are witnessed only.
    """

    def __init__(self, folder: Path, sources: Mapping[str, Fetch]) -> None:
        self._folder = folder
        self._sources = sources

    def take(self, old: Checkpoint, new: Checkpoint) -> None:
        """Fetch, check and store everything up to a signed head; nothing when the log is not mirrored.

        Raises:
            BusyError: It could not be done now; what was stored stays and is not fetched again.
            ContradictionError: The new head does not begin with the old one.
        """
        source = self._sources.get(new.origin)
        if source is not None and new.size > old.size:
            folder = folder_of(self._folder, new.origin)
            with alone(folder) as here:
                if not here:
                    raise BusyError("the copy of this log is being brought up to date")
                bring(folder, source, old, new)

    def name(self, checkpoint: Checkpoint, note: str) -> None:
        """Publish the cosigned head of what is stored, unless a larger one is, or another process is at it."""
        folder = folder_of(self._folder, checkpoint.origin)
        with alone(folder) as here:
            named = self.named(checkpoint.origin)
            if here and (named is None or _size_of(named) < checkpoint.size):
                replace(folder / CHECKPOINT, note.encode())

    def named(self, origin: str) -> str | None:
        """Return the cosigned head that is published, or None before the first one."""
        path = folder_of(self._folder, origin) / CHECKPOINT
        return path.read_text("utf-8") if path.exists() else None

    def root(self, known: Checkpoint, size: int) -> bytes | None:
        """Return the root of a smaller size under a head that is held; None when it is not stored, or damaged."""
        folder = folder_of(self._folder, known.origin)
        tree = TiledTree(known.size, lambda tile: read_tile(folder, tile))
        try:
            return _root_below(tree, size, known)
        except (OSError, LedgerError):
            return None


def bring(folder: Path, fetch: Fetch, old: Checkpoint, new: Checkpoint) -> None:
    """Bring the files of a log in a folder from a head that they hold to a newer, signed one.

    Args:
        folder: where they lie, with or without their ``checkpoint``, which stays as it is.
        fetch: gives the newer ones, whoever holds them.
        old: size 0 for a folder that holds nothing.
        new: what everything is held against before it is stored.

    Raises:
        BusyError: It could not be done; what was stored is right.
        ContradictionError: The new head does not begin with the old one.
    """
    _Copy(folder, fetch, old, new).make()


class _Copy:
    """Brings one copy from a head that is held to a newer one."""

    def __init__(self, folder: Path, fetch: Fetch, old: Checkpoint, new: Checkpoint) -> None:
        self._folder = folder
        self._fetch = fetch
        self._old = old
        self._new = new
        self._since = old.size

    def make(self) -> None:
        tree = self._mixed() or self._fetched()
        for tile in hash_tiles(self._new.size, self._since):
            if tile.level:
                places = range(tile.first, tile.first + tile.width)
                data = b"".join(tree.node(HEIGHT * tile.level, place) for place in places)
                self._require_child(tree, tile, data)
                self._store(tile, data)
        for bundle in entry_bundles(self._new.size, self._since):
            self._entries(tree, Tile(0, bundle.number, bundle.width), bundle)

    def _mixed(self) -> TiledTree | None:
        """Return the tree of the new head, its left from our copy; None when the copy does not go on to it."""
        self._since = self._old.size
        tree = TiledTree(self._new.size, self._load)
        try:
            proof = tree.consistency(self._old.size) if self._old.size else []
            if self._old.size:
                verify_consistency(self._old.size, self._new.size, proof, self._old.root, self._new.root)
            return tree if tree.root() == self._new.root else None
        except (OSError, FormError, ProofError):
            return None

    def _fetched(self) -> TiledTree:
        """Return the tree of the new head as the log alone gives it; our copy is damaged, or the log has two histories.

        Raises:
            ContradictionError: The hashes lead to the signed root and to another old root than was held: whoever gave
                them, the new head says something else of the past.
        """
        self._since, old, new = 0, self._old, self._new
        tree = TiledTree(new.size, self._load)
        if tree.root() != new.root:
            raise BusyError(f"the files of {new.origin} do not lead to its head of size {new.size}")
        if old.size:
            try:
                before = _root_below(tree, old.size, new)
            except ProofError as error:
                raise BusyError(f"the tiles of {new.origin} contradict each other: {error}") from error
            if before != old.root:
                raise ContradictionError(
                    f"the head of size {new.size} has another history below size {old.size}"
                )
        return tree

    def _entries(self, tree: TiledTree, tile: Tile, bundle: Tile) -> None:
        """Store up to 256 entries with the tile of their hashes."""
        if self._is_whole(tree, tile, bundle):
            return
        if tile.width == WIDTH:
            hashes = self._remote(tile)
            self._require_child(tree, tile, hashes)
        else:
            hashes = b"".join(tree.node(0, place) for place in range(tile.first, tile.first + tile.width))
        try:
            leaves = decode_bundle(self._bytes(bundle, MAX_BUNDLE))[: bundle.width]
        except FormError as error:
            raise BusyError(f"{bundle.path} of {self._new.origin}: {error}") from error
        if b"".join(map(leaf_hash, leaves)) != hashes:
            raise BusyError(f"{bundle.path} of {self._new.origin} holds other entries than were hashed")
        self._store(tile, hashes)
        self._store(bundle, encode_bundle(leaves))

    def _is_whole(self, tree: TiledTree, tile: Tile, bundle: Tile) -> bool:
        """Tell whether a full tile and its entries lie here already, from a copy that was interrupted."""
        if tile.width != WIDTH:
            return False
        try:
            hashes = read_tile(self._folder, tile)
            leaves = decode_bundle((self._folder / bundle.path).read_bytes())
        except (OSError, LedgerError):
            return False
        return b"".join(map(leaf_hash, leaves)) == hashes and root(hashes_in(hashes)) == tree.node(
            HEIGHT, tile.number
        )

    def _require_child(self, tree: TiledTree, tile: Tile, data: bytes) -> None:
        """A full tile has the hash that its parent names; a partial one is of the right edge, which led to the root."""
        height = HEIGHT * ((tile.level or 0) + 1)
        if tile.width == WIDTH and root(hashes_in(data)) != tree.node(height, tile.number):
            raise BusyError(f"{tile.path} of {self._new.origin} does not stand under its head")

    def _load(self, tile: Tile) -> bytes:
        """Return a tile of the new tree: our own where the head we hold covers it, else the log's."""
        covered = self._since >> HEIGHT * (tile.level or 0)
        return read_tile(self._folder, tile) if tile.first + tile.width <= covered else self._remote(tile)

    def _remote(self, tile: Tile) -> bytes:
        data = self._bytes(tile, MAX_TILE)[: tile.width * HASH_SIZE]
        if len(data) != tile.width * HASH_SIZE:
            raise BusyError(f"{tile.path} of {self._new.origin} has a wrong length")
        return data

    def _bytes(self, tile: Tile, limit: int) -> bytes:
        try:
            return self._fetch(tile.path, limit)
        except AbsentError:
            if tile.width == WIDTH:
                raise BusyError(f"{self._new.origin} has no {tile.path}") from None
        try:
            return self._fetch(tile.full.path, limit)
        except AbsentError:
            raise BusyError(f"{self._new.origin} has no {tile.path}") from None

    def _store(self, tile: Tile, data: bytes) -> None:
        path = self._folder / tile.path
        if not path.exists() or path.read_bytes() != data:
            replace(path, data)
        if tile.width == WIDTH:
            without_partials(self._folder, tile)


def _root_below(tree: TiledTree, size: int, head: Checkpoint) -> bytes:
    """Return the root of the first leaves of a tree, shown to be what a signed head goes on from.

    Both roots come out of tiles. That the newer one is right says nothing of the older: it is made of other hashes.

    Raises:
        ProofError: The tiles do not lead from the one to the other.
    """
    before = tree.root(size)
    verify_consistency(size, head.size, tree.consistency(size), before, head.root)
    return before


def _size_of(note: str) -> int:
    return int(note.split("\n", 2)[1])
