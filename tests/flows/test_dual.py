"""Two exchanges, each the witness and mirror of the other: what `qilu demo --dual` ends with, checked from outside."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ledger import cosign
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import ProofError
from ledger.note import parse_note
from ledger.policy import Policy, parse_policy
from ledger.tiles import entry_bundles, hash_tiles
from market.demo.processes import command
from tests.flows.hall import Json
from tests.flows.test_demo import children, qilu
from tests.waiting import SECONDS

pytestmark = pytest.mark.sqlite
NAMES: Final = ("east", "west")
LONGEST: Final = 900
"""Seconds; two servers and two trades on a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dual")


@pytest.fixture(scope="module")
def outcomes(home: Path) -> list[Json]:
    """What one run of the demo says of each exchange."""
    done = subprocess.run(
        command("demo", "--once", "--dual", "--home", str(home)),
        capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first: Json = json.loads(done.stdout.splitlines()[-1])
    return [first, first["other"]]


def trusted(outcome: Json) -> Policy:
    return parse_policy(Path(outcome["trust"]).read_bytes())


def test_each_has_cosigned_the_other(outcomes: list[Json]) -> None:
    for outcome, other in zip(outcomes, reversed(outcomes), strict=True):
        policy = trusted(outcome)
        assert policy.quorum == "any-witness"
        head = policy.check(outcome["checkpoint"])
        [witness] = policy.witnesses.values()
        assert (head.origin, witness.name) == (
            trusted(outcome).logs[0].name,
            f"{trusted(other).logs[0].name}/witness",
        )
        assert outcome["entries"] == 13
        text, lines = parse_note(outcome["checkpoint"])
        alone = f"{text}\n" + outcome["checkpoint"].removeprefix(f"{text}\n").split("\n")[0] + "\n"
        assert len(lines) == 2
        with pytest.raises(ProofError, match="quorum"):
            policy.check(alone)


def test_each_bundle_is_verified_against_a_policy_that_demands_the_witness(
    outcomes: list[Json], tmp_path: Path
) -> None:
    for outcome in outcomes:
        done = qilu("verify", outcome["bundle"], "--trust", outcome["trust"])
        assert done.returncode == 0, done.stdout
        policy = Path(outcome["trust"]).read_text()
        [witness] = trusted(outcome).witnesses.values()
        stranger = tmp_path / "stranger.policy"
        stranger.write_text(policy.replace(str(witness), str(cosign.generate(witness.name).verifier)))
        ledger = [sys.executable, "-m", "ledger", "verify", outcome["bundle"], "--trust"]
        for trust, status in ((outcome["trust"], 0), (str(stranger), 1)):
            checked = subprocess.run([*ledger, trust], capture_output=True, timeout=SECONDS, check=False)
            assert checked.returncode == status, checked.stdout


def test_each_holds_the_others_log_file_by_file(home: Path, outcomes: list[Json]) -> None:
    for name, other, outcome in zip(NAMES, reversed(NAMES), reversed(outcomes), strict=True):
        origin = trusted(outcome).logs[0].name
        copy = home / name / "mirror" / hashlib.sha256(origin.encode()).hexdigest()
        held = head_of(copy / "checkpoint")
        assert held.origin == origin
        assert held.size >= parse_checkpoint(parse_note(outcome["checkpoint"])[0]).size
        for tile in (*hash_tiles(held.size), *entry_bundles(held.size)):
            assert (copy / tile.path).read_bytes() == (home / other / "ledger" / tile.path).read_bytes()
        fsck = qilu("ledger", "fsck", "--folder", str(copy), "--policy", outcome["trust"])
        assert fsck.returncode == 0, fsck.stdout + fsck.stderr


def test_each_log_is_whole_and_nothing_is_left_running(home: Path, outcomes: list[Json]) -> None:
    assert outcomes
    for name in NAMES:
        fsck = qilu("ledger", "fsck", home=home / name)
        assert fsck.returncode == 0, fsck.stdout
        assert children(home / name) == []


def head_of(path: Path) -> Checkpoint:
    return parse_checkpoint(parse_note(path.read_text())[0])
