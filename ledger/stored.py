"""The log's tree over what the database keeps: full tiles under a signed head, leaf hashes for the rest.

A question reads the tiles on its way and no others. Nothing here is trusted: whoever signs or proves holds the result
against a signed head.
"""

from threading import Lock
from typing import cast
from weakref import WeakKeyDictionary

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ledger.errors import DamagedError, FormError
from ledger.merkle import HASH_SIZE, Tree, root
from ledger.models import LedgerLeaf, LedgerTile
from ledger.tiles import WIDTH, Tile, TiledTree, hashes_in

KEPT = 512
"""Tiles kept in memory for each database, about 35 kB each."""


SIZES = 8
"""Sizes of which the right edge is kept beside them."""


class Kept(dict[Tile, Tree]):
    """The tiles that were asked for last, of one database, for all threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._edges: dict[int, dict[tuple[int, int], bytes]] = {}

    def edges(self, size: int) -> dict[tuple[int, int], bytes]:
        """Return what is kept of the right edge of a tree, to be added to."""
        with self._lock:
            found = self._edges.setdefault(size, {})
            if len(self._edges) > SIZES:
                del self._edges[next(iter(self._edges))]
            return found

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            super().clear()
            self._edges.clear()

    def __setitem__(self, tile: Tile, tree: Tree) -> None:
        """Keep a tile, and let the one go that was kept longest."""
        with self._lock:
            super().__setitem__(tile, tree)
            if len(self) > KEPT:
                del self[next(iter(self))]


_kept: WeakKeyDictionary[object, Kept] = WeakKeyDictionary()


def tree(session: Session, size: int, *, anew: bool = True) -> TiledTree:
    """Return the tree over the first `size` entries; usable while the session is open.

    Args:
        session: The caller's session.
        size: Number of entries; all of them committed unless it is read anew.
        anew: Read every tile from the database, else take those that are in memory from there.
    """
    if anew:
        return TiledTree(size, lambda tile: hashes(session, tile))
    kept = _kept_of(session)
    return TiledTree(size, lambda tile: hashes(session, tile), kept, kept.edges(size))


def forget(session: Session) -> None:
    """Drop what is in memory of a session's database."""
    _kept_of(session).clear()


def _kept_of(session: Session) -> Kept:
    """Return the tiles in memory of a database; they go when its connections are closed for good."""
    return _kept.setdefault(session.get_bind().engine.pool, Kept())


def hashes(session: Session, tile: Tile) -> bytes:
    """Return the bytes of a hash tile: as stored, else from the tiles or leaf hashes below it.

    Raises:
        DamagedError: what is stored does not agree with itself.
    """
    if tile.level is None:
        raise FormError("an entry bundle holds no hashes")
    if tile.width == WIDTH:
        row = session.execute(
            select(LedgerTile.hashes, LedgerTile.root).where(
                LedgerTile.level == tile.level, LedgerTile.number == tile.number
            )
        ).one_or_none()
        if row is not None:
            return _sound(tile, *row)
    end = tile.first + tile.width
    if tile.level == 0:
        query = select(LedgerLeaf.hash).where(LedgerLeaf.idx >= tile.first, LedgerLeaf.idx < end)
        found = list(session.scalars(query.order_by(LedgerLeaf.idx)))
    else:
        found = _roots(session, tile.level - 1, tile.first, end)
    if len(found) != tile.width:
        raise DamagedError(f"{tile.path}: {len(found)} of its {tile.width} hashes are stored")
    return b"".join(found)


def keep(session: Session, full: list[tuple[Tile, bytes]]) -> None:
    """Store the full tiles of a signed head, in the transaction that stores the head."""
    if full:
        rows = [
            {"level": tile.level, "number": tile.number, "hashes": data, "root": root(hashes_in(data))}
            for tile, data in full
        ]
        session.connection().execute(insert(LedgerTile), rows)


def lacking(session: Session, size: int) -> list[tuple[Tile, bytes]]:
    """Return the full tiles of a tree of `size` leaves that are not stored yet."""
    found: list[tuple[Tile, bytes]] = []
    level, count = 0, size // WIDTH
    while count:
        last = session.scalar(select(func.max(LedgerTile.number)).where(LedgerTile.level == level))
        for number in range(0 if last is None else last + 1, count):
            tile = Tile(level, number, WIDTH)
            found.append((tile, hashes(session, tile)))
        level, count = level + 1, count // WIDTH
    return found


def _roots(session: Session, level: int, first: int, end: int) -> list[bytes]:
    """Return the roots of full tiles; one that is not stored yet is computed from what is below."""
    query = select(LedgerTile.number, LedgerTile.root).where(
        LedgerTile.level == level, LedgerTile.number >= first, LedgerTile.number < end
    )
    stored = cast("dict[int, bytes]", dict(session.execute(query).all()))
    return [
        stored.get(number) or root(hashes_in(hashes(session, Tile(level, number, WIDTH))))
        for number in range(first, end)
    ]


def _sound(tile: Tile, data: bytes, over: bytes) -> bytes:
    if len(data) != WIDTH * HASH_SIZE or root(hashes_in(data)) != over:
        raise DamagedError(f"stored {tile.path}: its hashes do not give its root")
    return data
