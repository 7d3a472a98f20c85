"""Names and bytes of tiles and entry bundles (C2SP tlog-tiles)."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.canonical import from_base64
from ledger.errors import FormError, TooLargeError
from ledger.merkle import Tree, leaf_hash, root, verify_consistency
from ledger.policy import parse_policy
from ledger.tiles import (
    Tile,
    TiledTree,
    decode_bundle,
    encode_bundle,
    entry_bundles,
    hash_tiles,
    hashes_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(0, 1000, 256), "tile/0/x001/000"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_tiles_of_a_log_of_70000() -> None:
    tiles = list(hash_tiles(70_000))
    assert [tile.path for tile in tiles if tile.width < 256] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert len(tiles) == 274 + 2 + 1
    assert list(entry_bundles(70_000))[-1].path == "tile/entries/273.p/112"


def test_no_tile_is_empty() -> None:
    assert list(hash_tiles(0)) == []
    assert [tile.path for tile in hash_tiles(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [tile.path for tile in hash_tiles(257, 256)] == ["tile/0/001.p/1"]


@settings(max_examples=20)
@given(st.integers(1, 70_000), st.integers(0, 300))
def test_what_changed_and_what_was_there_make_all(size: int, more: int) -> None:
    complete = {tile.path for tile in hash_tiles(size + more)}
    before = {tile.path for tile in hash_tiles(size)}
    changed = {tile.path for tile in hash_tiles(size + more, size)}
    assert complete <= before | changed
    assert not changed & before


def test_a_tile_holds_the_roots_of_the_tiles_below() -> None:
    hashes = [hashlib.sha256(number.to_bytes(4)).digest() for number in range(700)]
    tree = Tree(hashes)
    assert hashes_of(tree, Tile(0, 2, 188)) == b"".join(hashes[512:])
    assert hashes_of(tree, Tile(1, 0, 2)) == root(hashes[:256]) + root(hashes[256:512])
    for tile in (Tile(1, 0, 3), Tile(0, 2, 189), Tile(2, 0, 1), Tile(None, 0, 1)):
        with pytest.raises(FormError):
            hashes_of(tree, tile)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entry_bundles_come_back(leaves: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(leaves)) == leaves


def test_a_bundle_keeps_65535_bytes_and_refuses_more() -> None:
    assert decode_bundle(encode_bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(TooLargeError):
        encode_bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01ab"])
def test_a_cut_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(FormError):
        decode_bundle(data)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700, 65_536, 66_000])
def test_a_tree_in_tiles_proves_as_one_in_memory(size: int) -> None:
    tree = Tree(leaf_hash(number.to_bytes(4)) for number in range(size))
    loaded: list[Tile] = []

    def load(tile: Tile) -> bytes:
        loaded.append(tile)
        return hashes_of(tree, tile)

    tiled = TiledTree(size, load)
    assert tiled.root() == tree.root()
    for index in {0, size // 3, size - 1}:
        assert tiled.inclusion(index) == tree.inclusion(index)
        assert tiled.root(index) == tree.root(index)
        assert tiled.consistency(index + 1) == tree.consistency(index + 1)
    assert len(loaded) == len(set(loaded)) <= 12


def test_a_tile_of_another_length_is_refused() -> None:
    with pytest.raises(FormError, match="tile/0/000"):
        TiledTree(5, lambda tile: bytes(32)).root()


def test_a_log_written_by_tessera() -> None:
    log = json.loads((Path(__file__).parent / "vectors/tessera.json").read_text())
    policy = parse_policy(f"log {log['key']}\nquorum none\n".encode())
    heads = [policy.check(note) for note in log["checkpoints"].values()]
    tiles = {path: from_base64(data) for path, data in log["tiles"].items()}
    leaves = decode_bundle(tiles["tile/entries/000.p/15"])
    tree = Tree([leaf_hash(leaf) for leaf in leaves])
    assert [head.size for head in heads] == list(range(16))
    for head in heads:
        assert tree.root(head.size) == head.root
        for tile in hash_tiles(head.size):
            assert hashes_of(tree, tile) == tiles[tile.path]
        for bundle in entry_bundles(head.size):
            assert encode_bundle(leaves[: head.size]) == tiles[bundle.path]
    for old in heads[1:]:
        for new in heads[old.size :]:
            verify_consistency(old.size, new.size, tree.consistency(old.size, new.size), old.root, new.root)
