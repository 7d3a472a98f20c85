"""Holds a published log against itself, from its files alone: a folder of tiles, a copy, another exchange's mirror.

The tree is computed from the leaves; every tile, bundle and checkpoint must agree with it, and each finding names file
and byte range. There is no database here and no business row: the standard library and ``cryptography`` are enough.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ledger import entry as entries
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.errors import LedgerError
from ledger.merkle import HASH_SIZE, Tree, leaf_hash, root
from ledger.note import MAX_NOTE
from ledger.policy import Policy
from ledger.tiles import MAX_BUNDLE, WIDTH, Tile, entry_bundles, hash_tiles, hashes_of, lying, read_upto

_FIELD = rb'"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)*":"[0-9a-f]{64}"'
_HEX = rb"[0-9a-f]"
_PLAIN = re.compile(
    rb'\{"c":\{(' + _FIELD + rb"(?:," + _FIELD + rb')*)\},"id":"'
    rb"(" + _HEX + rb"{8}(?:-" + _HEX + rb"{4}){3}-" + _HEX + rb'{12})","kind":"[a-z]+(?:_[a-z]+)*\.[a-z]+",'
    rb'"object":"([a-z2-7]{26})","rules":[1-9][0-9]{0,14},"seq":(0|[1-9][0-9]{0,14}),'
    rb'"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)","v":1\}'
)
"""What `entries.parse` accepts, but for names and times that do not exist and for erasures: thirty times as fast."""
_LONGEST_FIELD = 100
_MOST_MISSING = 1000
"""Bundles that are named one by one when they are missing, beside as many as are there: a signed size may be a lie."""


@dataclass(frozen=True)
class Finding:
    """Something that should not be.

    Attributes:
        where: Index, checkpoint size, or file and byte range.
        what: What is wrong there.
    """

    where: str
    what: str

    def __str__(self) -> str:
        """One line for the operator."""
        return f"{self.where}: {self.what}"


@dataclass
class Audit:
    """What an audit of a folder came to.

    Attributes:
        findings: Every contradiction; empty when the log is whole.
        checkpoint: The published head; None when it cannot be read or no trusted log signed it.
        cosigned: Names of the policy's witnesses whose cosignatures stand on it.
    """

    findings: list[Finding] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    cosigned: list[str] = field(default_factory=list)


class Order:
    """Reads leaves in the log's order: each in its form, none twice, each object's numbered without a gap."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._ids: set[str] = set()
        self._names: set[tuple[bytes, ...]] = set()

    def read(self, leaf: bytes) -> tuple[str | None, str | None]:
        """Return the entry id of the next leaf (None when it is no leaf) and what is wrong with it, if anything."""
        try:
            entry_id, handle, seq = self._glance(leaf)
        except LedgerError as error:
            return None, str(error)
        wrong = None
        expected = self._next.get(handle, 0)
        if seq != expected:
            wrong = f"seq {seq} of object {handle}, expected {expected}"
        if entry_id in self._ids:
            wrong = f"entry {entry_id} stands in the log twice"
        self._ids.add(entry_id)
        self._next[handle] = seq + 1
        return entry_id, wrong

    def _glance(self, leaf: bytes) -> tuple[str, str, int]:
        plain = _PLAIN.fullmatch(leaf)
        if plain is not None:
            commitments, entry_id, handle, seq, time = plain.groups()
            if len(leaf) <= entries.MAX_LEAF and self._named(commitments) and _exists(time):
                return entry_id.decode(), handle.decode(), int(seq)
        entry = entries.parse(leaf)
        return str(entry.id), entry.handle, entry.seq

    def _named(self, commitments: bytes) -> bool:
        """Tell whether the fields are in their order, none twice; few lists of names occur, so they are kept."""
        names = tuple(commitments.split(b'"')[1::4])
        if names in self._names:
            return True
        if list(names) != sorted(set(names)) or max(map(len, names)) > _LONGEST_FIELD:
            return False
        self._names.add(names)
        return True


def _exists(time: bytes) -> bool:
    try:
        return datetime.fromisoformat(time.decode()) is not None
    except ValueError:
        return False


def audit(folder: Path, policy: Policy) -> Audit:
    """Check everything a folder of tiles holds, linear in time and memory.

    Args:
        folder: The log's prefix on disk: ``checkpoint`` and ``tile/``.
        policy: The keys to trust, got elsewhere.
    """
    made = Audit()
    made.findings.extend(_audit(folder, policy, made))
    return made


def told(made: Audit) -> Iterator[str]:
    """Yield the lines that say what an audit came to; the last one sums it up."""
    yield from map(str, made.findings)
    head = made.checkpoint
    if head is not None and not made.findings:
        by = (
            f"cosigned by {', '.join(made.cosigned)}"
            if made.cosigned
            else "cosigned by nobody the policy names"
        )
        yield f"checkpoint: {head.size} entries of {head.origin}, {by}"
    yield "the log half alone: files hold no business rows"
    yield f"{head.size if head else 0} entries, {_count(made.findings)}"


def _count(findings: list[Finding]) -> str:
    return f"{len(findings)} faults" if findings else "no faults"


def _audit(folder: Path, policy: Policy, made: Audit) -> Iterator[Finding]:
    yield from _check_head(folder, policy, made)
    if made.checkpoint is None:
        return  # what it says of the files is nobody's word
    size = made.checkpoint.size
    if -(-size // WIDTH) > _MOST_MISSING + 2 * _bundles_in(folder):
        yield Finding(str(folder / CHECKPOINT), f"covers {size} entries, most of which are not here")
        return
    published = [digest for tile in hash_tiles(size) if tile.level == 0 for digest in _hashes(folder, tile)]
    bundles, hashes = _Bundles(folder), list(published)
    yield from bundles.check(size, hashes)
    tree = Tree(hashes)
    if tree.root() != made.checkpoint.root and Tree(published).root() == made.checkpoint.root:
        tree = Tree(published)  # the tiles lead to what was signed, so the bundles are wrong
        yield from bundles.blame(published)
    elif tree.root() != made.checkpoint.root:
        yield from bundles.blame(published)
        yield Finding(str(folder / CHECKPOINT), "the leaves lead to another root than was signed")
    if tree.root() != root(tree.levels[0]):
        yield Finding("tree", "two ways of computing the root disagree: memory or program fault")
    for tile in hash_tiles(size):
        yield from compare(folder, tile, hashes_of(tree, tile))
    yield from _check_others(folder, tree)


def _check_head(folder: Path, policy: Policy, made: Audit) -> Iterator[Finding]:
    path = folder / CHECKPOINT
    try:
        note = read_upto(path, MAX_NOTE + 1).decode()
        made.checkpoint, signed = policy.open(note)
        made.cosigned = sorted(name for name, key in policy.witnesses.items() if key in signed)
        policy.check(note)
    except (LedgerError, OSError, UnicodeDecodeError) as error:
        yield Finding(str(path), _told(error))


def _bundles_in(folder: Path) -> int:
    return sum(1 for path in (folder / "tile" / "entries").rglob("*") if path.is_file())


class _Bundles:
    """The entry bundles of a folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leaves: list[tuple[Path, Tile, list[bytes]]] = []

    def check(self, size: int, hashes: list[bytes]) -> Iterator[Finding]:
        """Check leaf after leaf; the hashes of those that can be read are put into `hashes`."""
        order = Order()
        for tile in entry_bundles(size):
            try:
                path, data = lying(self._folder, tile)
            except OSError as error:
                yield Finding(str(self._folder / tile.path), _told(error))
                continue
            leaves, left = _leaves(data, tile.width)
            if len(leaves) != tile.width or (left and path == self._folder / tile.path):
                whole = _agreeing(leaves, hashes[tile.first : tile.first + tile.width])
                where = f"{path} bytes {whole}-{max(whole, len(data) - 1)}"
                yield Finding(where, f"is not a bundle of {tile.width} leaves")
                continue
            self._leaves.append((path, tile, leaves))
            hashes[tile.first : tile.first + tile.width] = map(leaf_hash, leaves)
            for number, (place, leaf) in enumerate(_placed(leaves), tile.first):
                wrong = order.read(leaf)[1]
                if wrong is not None:
                    yield Finding(_where(path, place, leaf, number), wrong)

    def blame(self, published: list[bytes]) -> Iterator[Finding]:
        """Yield the leaves that the lowest tiles do not know."""
        for path, tile, leaves in self._leaves:
            for number, (place, leaf) in enumerate(_placed(leaves), tile.first):
                if leaf_hash(leaf) != published[number]:
                    what = "the leaf is not the one whose hash is in the tree"
                    yield Finding(_where(path, place, leaf, number), what)


def _leaves(data: bytes, width: int) -> tuple[list[bytes], bytes]:
    """Return up to `width` leaves of a bundle, and the bytes that are left over."""
    leaves: list[bytes] = []
    place = 0
    while len(leaves) < width and place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2])
        if end > len(data):
            break
        leaves.append(data[place + 2 : end])
        place = end
    return leaves, data[place:]


def _placed(leaves: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    place = 0
    for leaf in leaves:
        yield place, leaf
        place += 2 + len(leaf)


def _agreeing(leaves: Iterable[bytes], hashes: Iterable[bytes]) -> int:
    """Return how many bytes at the beginning of a broken bundle are leaves that the tree knows."""
    end = 0
    for (place, leaf), digest in zip(_placed(leaves), hashes, strict=False):
        if leaf_hash(leaf) != digest:
            break
        end = place + 2 + len(leaf)
    return end


def _where(path: Path, place: int, leaf: bytes, number: int) -> str:
    return f"{path} bytes {place}-{place + 1 + len(leaf)} (index {number})"


def compare(folder: Path, tile: Tile, expected: bytes) -> Iterator[Finding]:
    """Hold a published file against what it must hold; a full one begins with what a partial one held."""
    try:
        path, found = lying(folder, tile)
    except OSError as error:
        yield Finding(str(folder / tile.path), _told(error))
        return
    if path != folder / tile.path:
        found = found[: len(expected)]
    if found != expected:
        yield Finding(f"{path} bytes {differing(found, expected)}", "differs from what the leaves give")


def differing(found: bytes, expected: bytes) -> str:
    """Return from which byte to which two texts differ; they do."""
    pairs = enumerate(zip(found, expected, strict=False))
    wrong = [position for position, (left, right) in pairs if left != right]
    first = wrong[0] if wrong else min(len(found), len(expected))
    last = max(len(found), len(expected)) - 1 if len(found) != len(expected) else wrong[-1]
    return f"{first}-{last}"


def _check_others(folder: Path, tree: Tree) -> Iterator[Finding]:
    """Hold what smaller checkpoints left behind against the tree; what lies above the head nobody has signed."""
    wanted = {str(tile.path) for tile in (*hash_tiles(tree.size), *entry_bundles(tree.size))}
    for path in sorted((folder / "tile").rglob("*.p/*")):
        name = path.relative_to(folder).as_posix()
        tile = _partial(name)
        if name in wanted or path.name.startswith("."):
            continue
        if tile is None:
            yield Finding(str(path), "is no file of a log")
        elif tile.level is not None and (tile.first + tile.width) << 8 * tile.level <= tree.size:
            yield from compare(folder, tile, hashes_of(tree, tile))
        elif tile.level is None and tile.first + tile.width <= tree.size:
            yield from _check_old_bundle(path, tile, tree)


def _check_old_bundle(path: Path, tile: Tile, tree: Tree) -> Iterator[Finding]:
    data = read_upto(path, MAX_BUNDLE + 1)
    leaves, left = _leaves(data, tile.width)
    hashes = tree.levels[0][tile.first : tile.first + tile.width]
    if left or [leaf_hash(leaf) for leaf in leaves] != hashes:
        first = _agreeing(leaves, hashes)
        where = f"{path} bytes {first}-{max(first, len(data) - 1)}"
        yield Finding(where, "holds other leaves than the bundle that followed it")


def _partial(name: str) -> Tile | None:
    match = re.fullmatch(r"tile/(?:([0-7])|entries)/((?:x[0-9]{3}/)*[0-9]{3})\.p/([1-9][0-9]{0,2})", name)
    if match is None or int(match[3]) >= WIDTH:
        return None
    level = None if match[1] is None else int(match[1])
    return Tile(level, int(re.sub(r"[x/]", "", match[2])), int(match[3]))


def _hashes(folder: Path, tile: Tile) -> list[bytes]:
    """Return the hashes of a tile; what is missing of it is zeros, the hash of nothing."""
    data = b""
    with suppress(OSError):
        data = lying(folder, tile)[1]
    data = data.ljust(HASH_SIZE * tile.width, b"\0")
    return [data[place : place + HASH_SIZE] for place in range(0, HASH_SIZE * tile.width, HASH_SIZE)]


def _told(error: Exception) -> str:
    return "missing" if isinstance(error, FileNotFoundError) else str(error)
