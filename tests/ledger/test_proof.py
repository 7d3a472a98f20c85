"""The .tlog-proof text and its strictness."""

import pytest

from ledger import note
from ledger.canonical import to_base64
from ledger.checkpoint import Checkpoint
from ledger.errors import FormError, ProofError
from ledger.merkle import Tree, leaf_hash
from ledger.policy import parse_policy
from ledger.proof import MAGIC, MAX_PROOF, Proof, parse_proof

LOG = note.generate("example.com/log")
LEAVES = [b"leaf %d" % number for number in range(11)]
TREE = Tree([leaf_hash(leaf) for leaf in LEAVES])
NOTE = LOG.sign(Checkpoint("example.com/log", 11, TREE.root()).text())
POLICY = parse_policy(f"log {LOG.verifier}\nquorum none\n".encode())
PROOF = Proof(6, tuple(TREE.inclusion(6)), NOTE)
TEXT = PROOF.text()


def test_a_proof_comes_back_from_its_text() -> None:
    assert parse_proof(TEXT.encode()) == PROOF
    extra = Proof(0, (), NOTE, b"x")
    assert extra.text().split("\n")[:3] == ["c2sp.org/tlog-proof@v1", "extra eA==", "index 0"]
    assert parse_proof(extra.text().encode()) == extra


def test_every_leaf_is_proved_and_no_other() -> None:
    for index, leaf in enumerate(LEAVES):
        proof = Proof(index, tuple(TREE.inclusion(index)), NOTE)
        assert proof.check(leaf, POLICY).size == 11
        with pytest.raises(ProofError):
            proof.check(leaf + b"!", POLICY)


def test_a_checkpoint_nobody_signed_proves_nothing() -> None:
    with pytest.raises(ProofError):
        PROOF.check(LEAVES[6], parse_policy(b"quorum none\n"))


def test_every_flipped_bit_of_a_proof_is_refused() -> None:
    data = TEXT.encode()
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            with pytest.raises((FormError, ProofError)):
                parse_proof(bytes(flipped)).check(LEAVES[6], POLICY)


HASH = to_base64(bytes(32))

# The edge cases of the proof package of transparency-dev/formats.
FORMATS = [
    "wrong-header\nindex 0\n\ncheckpoint\n", "extra !!notbase64!!\nindex 0\n\ncheckpoint\n", "\n\ncheckpoint\n",
    "index notanumber\n\ncheckpoint\n", "index -5\n\ncheckpoint\n", "index 0\n!!notbase64!!\n\ncheckpoint\n",
    f"index 0\n{to_base64(bytes(64))}\n\ncheckpoint\n", "index 0\n" + "a" * 65 * 1024 + "\n",
]  # fmt: skip


def spare_bit(text: str) -> str:
    """The same bytes in base64 whose unused bits are not zero, which lenient decoders read as the same."""
    first = text.split("\n")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text.replace(first, first[:-2] + alphabet[alphabet.index(first[-2]) + 1] + "=")


@pytest.mark.parametrize("number", range(len(FORMATS)))
def test_public_edge_cases(number: int) -> None:
    with pytest.raises(FormError):
        parse_proof((f"{MAGIC}\n" * (number > 0) + FORMATS[number]).encode())


@pytest.mark.parametrize(
    "text",
    [
        "", TEXT[:-1], TEXT + "\n", TEXT.replace("v1", "v2"), TEXT.replace("index 6", "index 06"),
        TEXT.replace("index 6", "index -6"), TEXT.replace("index 6\n", ""), TEXT.replace("index 6", "index  6"),
        TEXT.replace("index 6", "index 6 "), TEXT.replace("index 6", "extra \nindex 6"),
        TEXT.replace("index 6", "extra QR==\nindex 6"), TEXT.replace("index 6", "index 6\nextra eA=="),
        TEXT.replace("index 6", "index 6\nAAAA"), TEXT.replace("\n", "\r\n"), " " + TEXT,
        TEXT.replace("index 6", "index 6" + f"\n{HASH}" * 64), "x" * (MAX_PROOF + 1),
        TEXT.split("\n\n")[0] + "\n\n", TEXT.replace("\n\n", "\n", 1), TEXT.replace("\nindex", "\rindex"),
        TEXT.replace("index 6\n", "index 6\r\n"), TEXT.replace("\n11\n", "\n11\r\n"),
        TEXT.replace("index 6", "index +6"), TEXT.replace("index 6", "index 6_0"),
        TEXT.replace("index 6", "index \N{ARABIC-INDIC DIGIT SIX}"), TEXT.replace("index 6", "INDEX 6"),
        TEXT.replace("index 6", "extra eA\nindex 6"), TEXT.replace("index 6", "extra eB==\nindex 6"),
        TEXT.replace("index 6", "extra eA==\nextra eA==\nindex 6"), TEXT.replace("index 6", "extra\nindex 6"),
        TEXT.replace("index 6", f"index {10**19}"), TEXT.replace("=\n", "\n", 1), TEXT.replace("=\n", "= \n", 1),
        TEXT.replace("=\n", "==\n", 1), spare_bit(TEXT), "\ufeff" + TEXT,
    ],
)  # fmt: skip
def test_other_texts_are_no_proof(text: str) -> None:
    with pytest.raises(FormError):
        parse_proof(text.encode())
