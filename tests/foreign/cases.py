"""What the strangers are asked: one file for all of them, made once a run; the right answers stay with us."""

import base64
import fcntl
import json
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.merkle import leaf_hash, root
from ledger.note import Signer
from ledger.proof import Proof
from tests.conftest import CI, RUN
from tests.foreign.growth import SMALL, Grown, Served, grown, misgrown, misserved
from tests.foreign.history import LOG, QUANTUM, SIZES, STRANGER, TIME, WITNESSES, History, history, key
from tests.foreign.mutations import Forger, Shown

SEED = 20_261_123
PROOFS, STEPS, LOGS, LARGE_LOGS = (500, 60, 100, 4) if CI else (250, 60, 50, 2)
"""How many changes are drawn of each kind; a large log takes a stranger a second."""
ROOTS = [*range(1, 601), 65_535, 65_536, 65_537]


@dataclass(frozen=True)
class Cases:
    """The questions, and how many of each kind are to be answered yes: they stand first."""

    file: Path
    questions: dict[str, Any]
    honest: dict[str, int]


def cases() -> Cases:
    """Return the questions of this run; the first process makes them and the log's files."""
    folder = Path(os.environ[RUN]) / "foreign"
    folder.mkdir(exist_ok=True)
    file = folder / "cases.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            fresh = folder / "fresh.json"
            fresh.write_text(json.dumps(_make(folder / "log")))
            fresh.rename(file)
    made = json.loads(file.read_text())
    return Cases(file, made, made["honest"])


def _make(folder: Path) -> dict[str, Any]:
    log, chance = history(), random.Random(SEED)
    log.write(folder)
    steps = [grown(log, old, new) for old in SIZES for new in SIZES if old < new]
    logs = [Served(f"all of {size}", log.head(size)) for size in SIZES]
    shown, quantum, roots = list(_honest(log)), list(_quantum(log)), list(_roots())
    changed = [
        misserved(log, max(SIZES) if number < LARGE_LOGS else chance.choice(SMALL), chance)
        for number in range(LOGS)
    ]
    return {
        "log": str(LOG.verifier),
        "witnesses": [str(witness.verifier) for witness in WITNESSES],
        "quantum": str(QUANTUM.verifier),
        "quorum": 2,
        "folder": str(folder),
        "honest": {
            "proofs": len(shown),
            "steps": len(steps),
            "logs": len(logs),
            "quantum_proofs": len(quantum) // 2,
            "roots": len(ROOTS),
        },
        "proofs": [_shown(item) for item in [*shown, *(Forger(log, chance).forge() for _ in range(PROOFS))]],
        "steps": [_grown(item) for item in [*steps, *(misgrown(log, chance) for _ in range(STEPS))]],
        "logs": [_served(item) for item in [*logs, *changed]],
        "quantum_proofs": [_shown(item) for item in quantum],
        "roots": roots,
    }


def _honest(log: History) -> Iterable[Shown]:
    """Every size at its edges, and what may stand in honest evidence beside what counts."""
    for size in SIZES:
        for index in sorted(
            {0, 1, 127, 128, size // 2, 254, 255, 256, size - 2, size - 1} & set(range(size))
        ):
            yield _of(log, index, log.proof(index, size), f"{index} of {size}")
        index = size // 3
        noisy = log.proof(index, size, STRANGER, QUANTUM)
        yield _of(log, index, noisy, f"{index} of {size}, two more witnesses whom nobody asked")
        twice = (
            noisy.checkpoint + Signer("another.example", key(31)).sign(log.text(size)).partition("\n\n")[2]
        )
        yield _of(log, index, Proof(index, noisy.hashes, twice, b"note"), f"{index} of {size}, extra data")


def _quantum(log: History) -> Iterable[Shown]:
    """Proofs under a policy that demands an ML-DSA witness: first good ones, then as many without a good one."""
    good = [log.proof(size // 2, size, QUANTUM) for size in SIZES if size % 3]
    for proof in good:
        yield _of(log, proof.index, proof, "with ML-DSA")
    for proof in good:
        line = QUANTUM.cosign("\n".join([LOG.name, "9", proof.checkpoint.split("\n")[2], ""]), TIME)
        kept = "".join(part + "\n" for part in proof.checkpoint.split("\n")[:-1] if QUANTUM.name not in part)
        yield _of(log, proof.index, Proof(proof.index, proof.hashes, kept + line), "ML-DSA over another size")


def _roots() -> Iterable[dict[str, Any]]:
    """Roots over the decimal numbers at many sizes, and last the one of a tree that doubles a lonely leaf."""
    leaves = [leaf_hash(str(number).encode()) for number in range(max(ROOTS))]
    for size in ROOTS:
        yield {"what": f"root of {size}", "size": size, "root": _text(root(leaves[:size]))}
    size = max(ROOTS)
    yield {
        "what": "lonely leaf doubled",
        "size": size,
        "root": _text(root([*leaves[:size], leaves[size - 1]])),
    }


def _of(log: History, index: int, proof: Proof, what: str) -> Shown:
    return Shown(what, proof.text().encode(), log.leaves[index])


def _shown(item: Shown) -> dict[str, Any]:
    return {"what": item.what, "proof": _text(item.proof), "leaf": _text(item.leaf)}


def _grown(item: Grown) -> dict[str, Any]:
    return {
        "what": item.what,
        "old": item.old,
        "new": item.new,
        "proof": [_text(part) for part in item.proof],
    }


def _served(item: Served) -> dict[str, Any]:
    replaced = {path: _text(data) for path, data in item.replaced.items()}
    return {"what": item.what, "head": item.head, "replaced": replaced}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
