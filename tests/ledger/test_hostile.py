"""Whatever a stranger sends: every reader takes it or refuses it as malformed or false, and never fails otherwise."""

import random
from collections.abc import Callable

import pytest

from ledger import cosign, note
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.cosign import signed_at
from ledger.entry import parse
from ledger.errors import LedgerError
from ledger.merkle import leaf_hash
from ledger.note import ML_DSA_COSIGNATURE, parse_signer, parse_verifier
from ledger.policy import parse_policy
from ledger.proof import Proof, parse_proof
from ledger.tiles import decode_bundle, encode_bundle
from tests.conftest import CI
from tests.ledger.conftest import entry

SAMPLES = 1_500 if CI else 300
"""Changed texts a reader is given."""
LOG = note.generate("example.com/log")
WITNESS, QUANTUM = cosign.generate("w.example"), cosign.generate("q.example", ML_DSA_COSIGNATURE)
LEAF = entry(0).leaf()
TEXT = Checkpoint(LOG.name, 1, leaf_hash(LEAF)).text()
NOTE = LOG.sign(TEXT) + WITNESS.cosign(TEXT, 9) + QUANTUM.cosign(TEXT, 9)
TRUST = (
    f"# whom we trust\nlog {LOG.verifier} https://example.com\nwitness w {WITNESS.verifier}\n"
    f"witness q {QUANTUM.verifier}\ngroup g 2 w q\nquorum g\n"
).encode()
POLICY = parse_policy(TRUST)
INSERTED = [
    b"\n", b"\n\n", b"\r", b" ", b"\t", b"\0", b"+", b"=", b"-", b"0", b"9" * 30, b"none", b"\x80", b"\xff",
    b"\xed\xa0\x80", "\N{EM DASH} ".encode(), "\N{NO-BREAK SPACE}".encode(), "\N{ARABIC-INDIC DIGIT ONE}".encode(),
]  # fmt: skip
Reader = Callable[[bytes], object]


def texts(read: Callable[[str], object]) -> Reader:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


READERS: dict[str, tuple[bytes, Reader]] = {
    "policy": (TRUST, lambda data: parse_policy(data).check(NOTE)),
    "proof": (Proof(0, (), NOTE).text().encode(), lambda data: parse_proof(data).check(LEAF, POLICY)),
    "note": (NOTE.encode(), texts(POLICY.check)),
    "checkpoint": (TEXT.encode(), texts(parse_checkpoint)),
    "log key": (str(LOG.verifier).encode(), texts(parse_verifier)),
    "witness key": (str(QUANTUM.verifier).encode(), texts(parse_verifier)),
    "private log key": (LOG.secret_text().encode(), texts(parse_signer)),
    "cosignature": (WITNESS.cosign(TEXT, 9).encode(), texts(signed_at)),
    "leaf": (LEAF, parse),
    "bundle": (encode_bundle([LEAF, b"", b"x"]), decode_bundle),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_or_refuses(name: str) -> None:
    good, read = READERS[name]
    read(good)
    chance = random.Random(name)
    for _ in range(SAMPLES):
        data = good
        for _ in range(chance.choice([1, 1, 1, 2, 5])):
            data = changed(data, chance)
        try:
            read(data)
        except LedgerError:
            continue


def changed(data: bytes, chance: random.Random) -> bytes:
    place, length = chance.randrange(len(data) + 1), chance.randrange(1, 60)
    match chance.randrange(5):
        case 0:
            return data[:place] + chance.choice(INSERTED) + data[place:]
        case 1:
            return data[:place] + data[place + length :]
        case 2:
            other = chance.randrange(len(data) + 1)
            return data[:place] + data[other : other + length] + data[place:]
        case 3:
            return data[:place] + chance.randbytes(1) + data[place + 1 :]
        case _:
            return data[:place] + bytes([chance.randrange(32, 127)]) + data[place + 1 :]
