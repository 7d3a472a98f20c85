"""Another log, in memory, with as many histories as it likes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger import note
from ledger.checkpoint import Checkpoint
from ledger.merkle import Tree, leaf_hash
from ledger.mirror import AbsentError
from ledger.request import Request
from ledger.tiles import WIDTH, Tile, encode_bundle, entry_bundles, hash_tiles, hashes_of
from ledger.witness import BusyError


@dataclass
class History:
    """What a log says has happened; two of them with one key are a split view.

    Attributes:
        signer: the log's key.
        leaves: its entries.
        asked: paths that were fetched.
        fails_at: path whose fetching fails once.
        earlier: a size that was published before this one; partial tiles stay until the full one is there.
    """

    signer: note.Signer
    leaves: Sequence[bytes]
    asked: list[str] = field(default_factory=list)
    fails_at: str = ""
    earlier: int = 0
    tree: Tree = field(init=False)
    lying: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.tree = Tree(map(leaf_hash, self.leaves))
        lying = {**self.files(self.earlier), **self.files()}
        self.lying = {
            path: data
            for path, data in lying.items()
            if path.partition(".p/")[0] == path or path.partition(".p/")[0] not in lying
        }

    def head(self, size: int | None = None) -> Checkpoint:
        size = self.tree.size if size is None else size
        return Checkpoint(self.signer.name, size, self.tree.root(size))

    def note(self, size: int | None = None) -> str:
        return self.signer.sign(self.head(size).text())

    def request(self, old: int, size: int | None = None) -> bytes:
        size = self.tree.size if size is None else size
        proof = self.tree.consistency(old, size) if 0 < old < size else []
        return Request(old, tuple(proof), self.note(size)).body()

    def files(self, size: int | None = None) -> dict[str, bytes]:
        """Return the files of a size."""
        size = self.tree.size if size is None else size
        under = Tree(self.tree.levels[0][:size])
        found = {tile.path: hashes_of(under, tile) for tile in hash_tiles(size)}
        for tile in entry_bundles(size):
            found[tile.path] = encode_bundle(self.leaves[tile.first : tile.first + tile.width])
        return found

    def fetch(self, path: str, limit: int) -> bytes:
        self.asked.append(path)
        if path == self.fails_at:
            self.fails_at = ""
            raise BusyError("the line is cut")
        data = self.lying.get(path)
        if data is None:
            raise AbsentError(path)
        assert len(data) <= limit
        return data


def leaves(count: int, word: str = "entry") -> list[bytes]:
    return [f"{word} {number}".encode() for number in range(count)]


def full(number: int) -> Tile:
    return Tile(0, number, WIDTH)
