"""Logs that were served or grown dishonestly: changed tiles, and heads that do not follow from one another.

Bytes behind the last hash of a tile are not among the changes: they say nothing, and aics-tlog reads past them.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ledger.checkpoint import Checkpoint
from ledger.merkle import HASH_SIZE, leaf_hash
from ledger.tiles import decode_bundle, encode_bundle
from tests.foreign.history import LOG, SIZES, TIME, WITNESSES, History
from tests.foreign.mutations import flip

SMALL = tuple(size for size in SIZES if 1 < size < 1000)


@dataclass(frozen=True)
class Grown:
    """Two heads, and the proof that the second one only added to the first."""

    what: str
    old: str
    new: str
    proof: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Served:
    """A head, and what is served in place of the log's own files."""

    what: str
    head: str
    replaced: dict[str, bytes] = field(default_factory=dict)


def grown(history: History, old: int, new: int) -> Grown:
    """Return an honest step from one size to another."""
    proof = history.tree.consistency(old, new)
    return Grown(f"{old} to {new}", history.head(old), history.head(new), proof)


def misgrown(history: History, chance: random.Random) -> Grown:
    """Return a step that shows nothing, although every head in it is signed and cosigned."""
    old, new = sorted(chance.sample(SIZES, 2))
    step = grown(history, old, new)
    forged = [item.head for item in (_forged(old, chance), _forged(new, chance))]
    other = history.head(chance.randrange(2, 250))
    place = chance.randrange(len(step.proof))
    changed = [
        replace(
            step,
            what="bit",
            proof=[*step.proof[:place], flip(step.proof[place], chance), *step.proof[place + 1 :]],
        ),
        replace(step, what="missing", proof=step.proof[:place] + step.proof[place + 1 :]),
        replace(step, what="too many", proof=[*step.proof, chance.randbytes(32)]),
        replace(step, what="none", proof=[]),
        replace(step, what="old head forged", old=forged[0]),
        replace(step, what="new head forged", new=forged[1]),
        replace(step, what="another old head", old=other),
        replace(step, what="backwards", old=step.new, new=step.old),
        replace(step, what="bit of the old head", old=_flip_text(step.old, chance)),
        replace(step, what="too few witnesses", new=step.new.rsplit("\N{EM DASH}", 1)[0]),
    ]
    return chance.choice(changed)


def misserved(history: History, size: int, chance: random.Random) -> Served:
    """Return a log in which one file, or a leaf together with its hash, is not what the head says."""
    honest = history.tiles(size)
    path = chance.choice(sorted(honest))
    kinds: list[Callable[[str, bytes, random.Random], bytes]] = [_bit, _cut, _nothing]
    if "entries" in path:
        kinds += [_longer, _leaf_changed] + (
            [_leaves_swapped] if len(decode_bundle(honest[path])) > 1 else []
        )
    elif len(honest[path]) > HASH_SIZE:
        kinds += [_hashes_swapped]
    kind = chance.choice(kinds)
    replaced = {path: kind(path, honest[path], chance)}
    assert replaced[path] != honest[path]
    if "entries" in path and kind in (_leaf_changed, _leaves_swapped) and chance.random() < 0.5:
        hashes = path.replace("entries", "0")  # a rewritten history that agrees with itself
        replaced[hashes] = b"".join(map(leaf_hash, decode_bundle(replaced[path])))
    return Served(f"{kind.__name__.strip('_')} in {path} of {size}", history.head(size), replaced)


def _forged(size: int, chance: random.Random) -> Served:
    text = Checkpoint(LOG.name, size, chance.randbytes(32)).text()
    return Served("", LOG.sign(text) + "".join(witness.cosign(text, TIME) for witness in WITNESSES[:2]))


def _flip_text(head: str, chance: random.Random) -> str:
    text, _, _ = head.partition("\n\n")
    digit = chance.choice([place for place, letter in enumerate(text) if letter.islower()])
    return head[:digit] + head[digit].upper() + head[digit + 1 :]


def _bit(path: str, data: bytes, chance: random.Random) -> bytes:
    return flip(data, chance)


def _cut(path: str, data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data))]


def _nothing(path: str, data: bytes, chance: random.Random) -> bytes:
    return b""


def _longer(path: str, data: bytes, chance: random.Random) -> bytes:
    return data + data[: chance.randrange(1, 300)]


def _hashes_swapped(path: str, data: bytes, chance: random.Random) -> bytes:
    return data[HASH_SIZE : 2 * HASH_SIZE] + data[:HASH_SIZE] + data[2 * HASH_SIZE :]


def _leaf_changed(path: str, data: bytes, chance: random.Random) -> bytes:
    leaves = list(decode_bundle(data))
    place = chance.randrange(len(leaves))
    leaves[place] = flip(leaves[place], chance)
    return encode_bundle(leaves)


def _leaves_swapped(path: str, data: bytes, chance: random.Random) -> bytes:
    leaves = list(decode_bundle(data))
    return encode_bundle([*leaves[1:], leaves[0]])
