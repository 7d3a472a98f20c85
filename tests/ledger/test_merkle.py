"""RFC 6962: the classic eight leaves, published proofs, and properties for every size up to 600."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle
from ledger.canonical import from_base64
from ledger.errors import ProofError
from ledger.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [hashlib.sha256(number.to_bytes(2)).digest() for number in range(600)]
BIG = Tree(HASHES)
VECTORS = json.loads((Path(__file__).parent / "vectors/merkle.json").read_text())
SHORT_ROOT = "consistency/additional/sizes are equal (one) and proof is empty"
"""The one public case we answer otherwise: it accepts a root of 12 bytes."""
SIZES = st.integers(1, 600)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    expected = bytes.fromhex(ROOTS[size])
    assert merkle.root(hashes) == merkle.root_by_definition(hashes) == Tree(hashes).root() == expected


def test_published_consistency_proof() -> None:
    proof = [
        from_base64("Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4="),
        from_base64("vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="),
    ]
    assert Tree([leaf_hash(leaf) for leaf in LEAVES]).consistency(2, 5) == proof
    verify_consistency(2, 5, proof, bytes.fromhex(ROOTS[2]), bytes.fromhex(ROOTS[5]))


def hashes(case: dict[str, Any], *names: str) -> list[Any]:
    proof = [from_base64(item) for item in case["proof"]]
    return [proof, *(from_base64(case[name]) for name in names)]


def test_public_inclusion_cases() -> None:
    assert len(VECTORS["inclusion"]) == 98
    for case in VECTORS["inclusion"]:
        proof, leaf, expected = hashes(case, "leaf", "root")
        arguments = (leaf, case["index"], case["size"], proof, expected)
        assert refused(verify_inclusion, *arguments) == case["refused"], case["name"]


def test_public_consistency_cases() -> None:
    assert len(VECTORS["consistency"]) == 98
    for case in VECTORS["consistency"]:
        arguments = (case["old"], case["new"], *hashes(case, "old_root", "new_root"))
        assert refused(verify_consistency, *arguments) == (case["refused"] or case["name"] == SHORT_ROOT), (
            case
        )


def refused(check: Callable[..., None], *arguments: Any) -> bool:
    try:
        check(*arguments)
    except ProofError:
        return True
    return False


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_both_roots_agree_around_a_full_second_level(size: int) -> None:
    leaves = [number.to_bytes(32) for number in range(size)]
    assert merkle.root(leaves) == merkle.root_by_definition(leaves)


def test_three_ways_to_a_root_agree_at_every_size() -> None:
    for size in range(601):
        expected = merkle.root_by_definition(HASHES[:size])
        assert merkle.root(HASHES[:size]) == BIG.root(size) == expected


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_inclusion_proof_verifies_and_no_other(case: tuple[int, int]) -> None:
    size, index = case
    proof, root = BIG.inclusion(index, size), BIG.root(size)
    verify_inclusion(HASHES[index], index, size, proof, root)
    wrong = [
        (HASHES[index - 1 if size > 1 else 1], index, size, proof, root),
        (HASHES[index], index, size, [*proof, HASHES[0]], root),
        (HASHES[index], index, size, proof, HASHES[1]),
        (HASHES[index], size, size, proof, root),
        (HASHES[index], -1, size, proof, root),
    ]
    if proof:
        wrong += [
            (HASHES[index], index, size, proof[:-1], root),
            (HASHES[index], index, size, [*proof[:-1], HASHES[0][:31]], root),
            (HASHES[index], index, size, [bytes(32), *proof[1:]], root),
            (HASHES[index], index ^ 1, size, proof, root),
        ]
    for arguments in wrong:
        with pytest.raises(ProofError):
            verify_inclusion(*arguments)


@given(SIZES.flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new))))
def test_every_consistency_proof_verifies_and_no_other(case: tuple[int, int]) -> None:
    old, new = case
    proof, before, after = BIG.consistency(old, new), BIG.root(old), BIG.root(new)
    verify_consistency(old, new, proof, before, after)
    wrong = [
        (old, new, [*proof, HASHES[0]], before, after),
        (old, new, proof, HASHES[599], after),
        (old, new, proof, before, HASHES[599]),
        (0, new, proof, before, after),
        (new + 1, new, proof, before, after),
    ]
    if proof:
        wrong += [
            (old, new, proof[:-1], before, after),
            (old, new, [*proof[:-1], bytes(32)], before, after),
            (old, new, [], before, after),
        ]
    for arguments in wrong:
        with pytest.raises(ProofError):
            verify_consistency(*arguments)


@settings(max_examples=30)
@given(SIZES)
def test_a_foreign_history_is_not_consistent(size: int) -> None:
    forged = Tree([bytes(32), *HASHES[1:size]])
    with pytest.raises(ProofError):
        verify_consistency(
            size, 600, [] if size == 600 else BIG.consistency(size, 600), forged.root(), BIG.root()
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, 601)])
def test_no_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        BIG.inclusion(index, size)
    with pytest.raises(ProofError):
        BIG.consistency(size + 1, size)
    with pytest.raises(ProofError):
        BIG.root(601)
