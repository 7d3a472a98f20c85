"""Programs we did not write accept our log and refuse what was changed in it (lane `foreign`)."""

import json
import subprocess

import pytest

from tests.conftest import tell
from tests.foreign import strangers
from tests.foreign.cases import PROOFS, SEED, cases

KNOWS = {
    "go": {"proofs", "steps", "logs", "roots"},
    "proofbundle": {"proofs", "quantum_proofs"},
    "aics-tlog": {"proofs", "steps", "logs", "roots"},
    "sigstore": {"proofs"},
}


@pytest.mark.foreign
@pytest.mark.parametrize("name", strangers.NAMES)
def test_a_stranger_accepts_the_log_and_refuses_every_change(name: str) -> None:
    asked = cases()
    arguments = [*strangers.command(name), str(asked.file)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == KNOWS[name]
    for kind, verdicts in said.items():
        questions, honest = asked.questions[kind], asked.honest[kind]
        wrong = [
            f"{question['what']}: {'refused' if number < honest else 'accepted'}"
            for number, (question, held) in enumerate(zip(questions, verdicts, strict=True))
            if held != (number < honest)
        ]
        assert wrong == [], f"seed {SEED}"
    assert len(said["proofs"]) - asked.honest["proofs"] == PROOFS
    counted = {
        kind: (asked.honest[kind], len(held) - asked.honest[kind]) for kind, held in sorted(said.items())
    }
    words = ", ".join(f"{kind} {good} accepted {bad} refused" for kind, (good, bad) in counted.items())
    tell(strangers.LANE, f"{name}: {words} (seed {SEED})")
