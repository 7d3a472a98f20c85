"""A witness by others, aics-witness, cosigns our heads and answers as ours does (lane `foreign`)."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from ledger import cosign, note
from ledger.checkpoint import Checkpoint
from ledger.merkle import Tree
from ledger.mirror import Mirrors
from ledger.note import Signer, VerifierKey, parse_verifier
from ledger.policy import parse_policy
from ledger.request import Request
from ledger.witness import Witness
from market.witnessing.asking import Asker, Beyond
from tests.foreign import strangers
from tests.ledger.conftest import Log
from tests.waiting import heard

TREE = Tree(number.to_bytes(32) for number in range(300))
OURS, COMPARED = note.generate("log.example/ours"), note.generate("log.example/compared")
LISTENING = "listening on "


@dataclass(frozen=True)
class Foreign:
    """The running witness of others."""

    url: str
    key: VerifierKey

    def post(self, body: bytes) -> requests.Response:
        return requests.post(f"{self.url}/add-checkpoint", data=body, timeout=60)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    folder = tmp_path_factory.mktemp("witness")
    program, config = strangers.command("aics-witness"), ["--config", str(folder / "witness.json")]
    said = subprocess.run(
        [*program, "init", *config, "--name", "witness.example/aics"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    for signer in (OURS, COMPARED):
        trust = ["--origin", signer.name, "--vkey", str(signer.verifier)]
        subprocess.run([*program, "add-log", *config, *trust], capture_output=True, check=True, timeout=60)
    with running([*program, "serve", *config, "--listen", "127.0.0.1:0"]) as url:
        yield Foreign(url, parse_verifier(said.stdout.strip().splitlines()[-1]))


@contextmanager
def running(arguments: list[str]) -> Iterator[str]:
    """Start the server; it says where it listens on its second channel."""
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        try:
            yield heard(process, process.stderr, LISTENING).partition(LISTENING)[2].split()[0]
        finally:
            process.kill()


def head(size: int, signer: Signer = OURS, root: bytes | None = None) -> str:
    return signer.sign(Checkpoint(signer.name, size, root or TREE.root(size)).text())


@pytest.mark.foreign
def test_it_cosigns_our_log_as_it_grows(foreign: Foreign) -> None:
    asker = Asker("w", foreign.key, foreign.url)
    text = f"log {OURS.verifier}\nwitness w {foreign.key}\nquorum w\n"
    policy = parse_policy(text.encode())
    now = int(datetime.now(UTC).timestamp())
    for size in (1, 255, 256, 257):
        signed = head(size)
        assert policy.check(signed + asker.ask(signed, TREE.consistency, now)).size == size
    forgetful = Asker("w", foreign.key, foreign.url)
    signed = head(300)
    assert policy.check(signed + forgetful.ask(signed, TREE.consistency, now)).size == 300
    with pytest.raises(Beyond):
        Asker("w", foreign.key, foreign.url).ask(head(299), TREE.consistency, now)
    shown = requests.get(f"{foreign.url}/{origin_hash(OURS.name)}/checkpoint", timeout=60)
    assert policy.check(shown.text).size == 300


@pytest.mark.foreign
@pytest.mark.parametrize("lane", [pytest.param("sqlite")], indirect=True)
def test_ours_answers_as_it_does(foreign: Foreign, log: Log, tmp_path: Path) -> None:
    logs = {COMPARED.name: [COMPARED.verifier]}
    mirrors = Mirrors(tmp_path, {})
    key = cosign.generate("witness.example/ours")
    ours = Witness(log.read, log.transaction, key, logs, lambda: datetime.now(UTC), mirrors)
    for number, (body, status) in enumerate(QUESTIONS):
        theirs, mine = foreign.post(body), ours.add_checkpoint(body)
        assert (theirs.status_code, mine.status) == (status, status), (
            f"question {number}: {theirs.text} {mine.text}"
        )
        if status == 409:
            assert (theirs.text, theirs.headers["Content-Type"]) == (mine.text, mine.media_type)


def ask(old: int, size: int, root: bytes | None = None, proof: list[bytes] | None = None) -> bytes:
    path = proof if proof is not None else TREE.consistency(old, size) if 0 < old < size else []
    return Request(old, tuple(path), head(size, COMPARED, root)).body()


QUESTIONS = [
    (b"", 400),
    (b"old x\n\n" + head(3, COMPARED).encode(), 400),
    (b"old 00\n\n" + head(3, COMPARED).encode(), 400),
    (b"old 0\n" + head(3, COMPARED).encode(), 400),
    (b"old 0\nAAAA\n\n" + head(3, COMPARED).encode(), 400),
    (Request(0, (), head(3, note.generate("nobody.example"))).body(), 404),
    (Request(0, (), head(3, note.generate(COMPARED.name))).body(), 403),
    (ask(4, 3), 400),
    (ask(2, 3), 409),
    (ask(0, 3, proof=[bytes(32)]), 422),
    (ask(0, 3), 200),
    (ask(0, 3), 409),
    (ask(3, 3), 200),
    (ask(3, 10, proof=[]), 422),
    (ask(3, 10, proof=[bytes(32), *TREE.consistency(3, 10)[1:]]), 422),
    (ask(3, 10), 200),
    (ask(3, 12), 409),
    (ask(0, 12), 409),
    (ask(10, 9), 400),
    (ask(10, 300), 200),
    (ask(300, 300, root=bytes(32)), 422),
]


def origin_hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
