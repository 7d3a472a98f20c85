"""What the publisher writes and the reader proves, held against programs of others at every beat (lane `foreign`)."""

import base64
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import reader
from tests.foreign import strangers
from tests.foreign.history import LOG, TIME, WITNESSES
from tests.ledger.conftest import Log

GROWTH = {1: 1, 255: 254, 256: 1, 257: 1}
"""Size to entries added: around the first full tile, where partial ones give way to it."""


def cosign(note: str, _old: int) -> list[str]:
    text = note.partition("\n\n")[0] + "\n"
    return [witness.cosign(text, TIME) for witness in WITNESSES[:2]]


@pytest.mark.foreign
@pytest.mark.parametrize("lane", [pytest.param("sqlite")], indirect=True)
def test_every_published_head_stands_with_strangers(log: Log, tmp_path: Path) -> None:
    log.signer = LOG
    heads: dict[int, str] = {}
    for size, more in GROWTH.items():
        leaves = [entry.leaf() for entry in log.append(more)]
        published = log.publish(cosign=cosign)
        assert published is not None
        assert published.size == size
        heads[size] = (log.folder / "checkpoint").read_text()
        with log.read() as session:
            proof = replace(reader.prove(session, [size - 1])[0], checkpoint=heads[size])
            steps = [(old, reader.consistency(session, old, size)) for old in heads if old < size]
        asked = {
            "log": str(LOG.verifier),
            "witnesses": [str(witness.verifier) for witness in WITNESSES],
            "quorum": 2,
            "folder": str(log.folder),
            "proofs": [{"proof": text(proof.text().encode()), "leaf": text(leaves[-1])}],
            "steps": [
                {"old": heads[old], "new": heads[size], "proof": [text(item) for item in path]}
                for old, path in steps
            ],
            "logs": [{"head": heads[size], "replaced": {}}],
            "roots": [],
        }
        for name in ("go", "aics-tlog"):
            said = ask(name, asked, tmp_path / "asked.json")
            assert {kind: verdicts or [] for kind, verdicts in said.items()} == {
                "proofs": [True],
                "steps": [True] * len(steps),
                "logs": [True],
                "roots": [],
            }, name


def ask(name: str, asked: dict[str, Any], file: Path) -> dict[str, list[bool]]:
    file.write_text(json.dumps(asked))
    arguments = [*strangers.command(name), str(file)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=600)
    said: dict[str, list[bool]] = json.loads(done.stdout)
    return said


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()
