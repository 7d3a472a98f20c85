"""Whom a verifier trusts: the policy file and its quorum."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import cosign, note
from ledger.canonical import to_base64
from ledger.checkpoint import Checkpoint
from ledger.errors import FormError, ProofError
from ledger.note import COSIGNATURE, VerifierKey
from ledger.policy import MAX_POLICY, parse_policy

LOG = note.Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(b"l" * 32))
OTHER = note.Signer("example.com/other", Ed25519PrivateKey.from_private_bytes(b"o" * 32))
WITNESSES = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(4)]
KEYS = [
    VerifierKey(f"w{number}.example", COSIGNATURE, key.public_key().public_bytes_raw())
    for number, key in enumerate(WITNESSES)
]
TEXT = Checkpoint("example.com/log", 3, bytes(32)).text()
HEAD = f"log {LOG.verifier}\n" + "".join(f"witness W{number} {key}\n" for number, key in enumerate(KEYS))


def signed(*witnesses: int) -> str:
    lines = LOG.sign(TEXT)
    for number in witnesses:
        signature = WITNESSES[number].sign(b"cosignature/v1\ntime 9\n" + TEXT.encode())
        lines += f"— {KEYS[number].name} {to_base64(KEYS[number].id + (9).to_bytes(8) + signature)}\n"
    return lines


@pytest.mark.parametrize(
    ("rule", "enough", "lacking"),
    [
        ("quorum none", [()], []),
        ("quorum W1", [(1,), (0, 1)], [(), (0,), (0, 2, 3)]),
        ("group g any W0 W1\nquorum g", [(0,), (1,)], [(), (2,)]),
        ("group g all W0 W1\nquorum g", [(0, 1)], [(0,), (1, 2)]),
        ("group g 2 W0 W1 W2\nquorum g", [(0, 2), (0, 1, 2)], [(1,), (1, 3)]),
        ("group g any W0 W1\ngroup h all g W2\nquorum h", [(0, 2), (1, 2)], [(0, 1), (2,)]),
    ],
)
def test_quorum(rule: str, enough: list[tuple[int, ...]], lacking: list[tuple[int, ...]]) -> None:
    policy = parse_policy(f"{HEAD}{rule}\n".encode())
    for witnesses in enough:
        assert policy.check(signed(*witnesses)).size == 3
    for witnesses in lacking:
        with pytest.raises(ProofError):
            policy.check(signed(*witnesses))


def test_one_witness_twice_is_one_witness() -> None:
    policy = parse_policy(f"{HEAD}group g 2 W0 W1\nquorum g\n".encode())
    with pytest.raises(ProofError):
        policy.check(signed(0, 0))


def test_witnesses_do_not_replace_the_log() -> None:
    policy = parse_policy(f"log {OTHER.verifier}\nwitness W0 {KEYS[0]}\nquorum W0\n".encode())
    with pytest.raises(ProofError):
        policy.check(signed(0))


def test_a_trusted_log_speaks_for_its_own_origin_only() -> None:
    policy = parse_policy(f"log {OTHER.verifier}\nquorum none\n".encode())
    with pytest.raises(ProofError):
        policy.check(OTHER.sign(TEXT))


def test_both_kinds_of_witness_count() -> None:
    quantum = cosign.generate("quantum.example", note.ML_DSA_COSIGNATURE)
    both = f"{HEAD}witness Q {quantum.verifier}\ngroup g all W0 Q\nquorum g\n"
    policy = parse_policy(both.encode())
    assert policy.check(signed(0) + quantum.cosign(TEXT, 9)).size == 3
    for lacking in (signed(0), signed() + quantum.cosign(TEXT, 9)):
        with pytest.raises(ProofError):
            policy.check(lacking)
    with pytest.raises(ProofError):
        policy.check(signed(0) + quantum.cosign(TEXT.replace("\n3\n", "\n4\n"), 9))


def test_a_log_may_have_an_old_key_and_a_new_one() -> None:
    new = note.generate(LOG.name)
    policy = parse_policy(f"log {LOG.verifier} https://a.example\nlog {new.verifier}\nquorum none\n".encode())
    overlap = LOG.sign(TEXT) + new.sign(TEXT).removeprefix(TEXT + "\n")
    for accepted in (LOG.sign(TEXT), new.sign(TEXT), overlap):
        assert policy.check(accepted).size == 3
    with pytest.raises(ProofError):
        policy.check(OTHER.sign(TEXT))


def test_addresses_are_kept_beside_their_keys() -> None:
    text = f"log {LOG.verifier} https://log.example/\nwitness W {KEYS[0]} https://w.example/x\nwitness V {KEYS[1]}\n"
    policy = parse_policy(f"{text}quorum none\n".encode())
    assert policy.urls == {LOG.verifier: "https://log.example/", KEYS[0]: "https://w.example/x"}


def test_a_policy_of_the_size_that_every_reader_must_take() -> None:
    """C2SP: at least 32 logs, 32 witnesses and 32 groups; here with the largest keys."""
    logs = [f"log {note.generate(f'{n}.log.example').verifier}" for n in range(32)]
    keys = [cosign.generate(f"{n}.witness.example", note.ML_DSA_COSIGNATURE).verifier for n in range(32)]
    witnesses = [f"witness w{n} {key} https://{n}.witness.example/" for n, key in enumerate(keys)]
    groups = [f"group g{n} all w{n}" + (f" g{n - 1}" if n else "") for n in range(32)]
    text = "\n".join([*logs, *witnesses, *groups, "quorum g31\n"]).encode()
    assert len(parse_policy(text).witnesses) == 32
    with pytest.raises(FormError):
        parse_policy(text + b"#" * (MAX_POLICY - len(text) + 1))


def test_comments_spaces_urls_and_other_octets_are_read() -> None:
    text = f"# Zeugen\n\n  log\t{LOG.verifier}  https://example.com/log/ \nwitness Ж {KEYS[0]}\n quorum Ж"
    assert parse_policy(text.encode() + b"\n#\xff\n").quorum == "Ж"


@pytest.mark.parametrize(
    "text",
    [
        "", "# nothing", HEAD, f"{HEAD}quorum none\nquorum none", f"{HEAD}quorum W9", f"{HEAD}quorum", "quorum a b",
        f"{HEAD}log {LOG.verifier}\nquorum none", f"{HEAD}witness X {KEYS[0]}\nquorum none",
        f"{HEAD}witness W0 {OTHER.verifier}\nquorum none", f"log {KEYS[0]}\nquorum none", "log x\nquorum none",
        f"witness none {KEYS[0]}\nquorum none", f"{HEAD}group g 0 W0\nquorum g", f"{HEAD}group g 3 W0 W1\nquorum g",
        f"{HEAD}group g 01 W0\nquorum g", f"{HEAD}group g some W0\nquorum g", f"{HEAD}group g 1\nquorum g",
        f"{HEAD}group g any W9\nquorum g", f"{HEAD}group g any none\nquorum g", f"{HEAD}group W0 any W1\nquorum none",
        f"{HEAD}group g any W0\ngroup h any W0\nquorum g", f"{HEAD}group g 2 W0 W0\nquorum g",
        f"{HEAD}group g any g\nquorum g", f"{HEAD}quorum g\ngroup g any W0", "trust everybody\nquorum none",
        f"{HEAD}quorum none\r\n", f"{HEAD}quorum none\x7f", "log\nquorum none", "witness W\nquorum none",
    ],
)  # fmt: skip
def test_other_texts_are_no_policy(text: str) -> None:
    with pytest.raises(FormError):
        parse_policy(text.encode())
