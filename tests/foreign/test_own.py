"""Our own auditor's check under the same questions: a stranger's verdict is worth nothing if ours is another."""

import base64
import io
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.merkle import verify_consistency
from ledger.policy import parse_policy
from ledger.verify import check, main
from tests.foreign.cases import PROOFS, Cases, cases
from tests.foreign.history import POLICY, QUANTUM_POLICY


@pytest.fixture(scope="module")
def asked() -> Cases:
    return cases()


@pytest.mark.parametrize(("kind", "policy"), [("proofs", POLICY), ("quantum_proofs", QUANTUM_POLICY)])
def test_every_change_is_refused_under_a_quorum(asked: Cases, kind: str, policy: str) -> None:
    trusted = parse_policy(policy.encode())
    wrong = []
    for number, one in enumerate(asked.questions[kind]):
        files = {"e.json": decoded(one["leaf"]), "e.tlog-proof": decoded(one["proof"])}
        if all(held for held, _ in check(files, trusted)) != (number < asked.honest[kind]):
            wrong.append(one["what"])
    assert wrong == []
    if kind == "proofs":
        assert len(asked.questions[kind]) == asked.honest[kind] + PROOFS


def test_every_false_step_is_refused(asked: Cases) -> None:
    trusted = parse_policy(POLICY.encode())
    for number, one in enumerate(asked.questions["steps"]):
        try:
            old, new = trusted.check(one["old"]), trusted.check(one["new"])
            verify_consistency(
                old.size, new.size, [decoded(item) for item in one["proof"]], old.root, new.root
            )
            held = True
        except LedgerError:
            held = False
        assert held == (number < asked.honest["steps"]), one["what"]


def test_the_command_takes_a_policy_with_a_quorum(asked: Cases, tmp_path: Path) -> None:
    trust, proof = tmp_path / "trust.txt", tmp_path / "e.tlog-proof"
    trust.write_text(POLICY)
    for number, status in ((0, 0), (asked.honest["proofs"], 1)):
        one = asked.questions["proofs"][number]
        proof.write_bytes(decoded(one["proof"]))
        proof.with_suffix(".json").write_bytes(decoded(one["leaf"]))
        out = io.StringIO()
        assert main(["verify", str(proof), "--trust", str(trust)], out) == status, out.getvalue()


def decoded(text: str) -> bytes:
    return base64.b64decode(text)
