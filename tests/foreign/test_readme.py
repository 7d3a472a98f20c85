"""A README's commands for programs of others: they accept its bundle, and refuse a changed one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from market import bundle
from tests import deals, evidence
from tests.conftest import sqlite_urls
from tests.foreign import strangers

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as its README finds it."""
    home = tmp_path_factory.mktemp("readme")
    with evidence.exchange(sqlite_urls(home), home):
        deal = deals.requested()
        evidence.in_force(deal)
        bundle.to_folder(evidence.bundle(deal.buyer, deal.number), home / "bundle")
    return home / "bundle"


def run(folder: Path) -> list[tuple[str, int]]:
    """Run every command that is not an installation; return each with its exit status."""
    part = (folder / "README.md").read_text().partition("### By programs of others")[2].partition("\n## ")[0]
    path = f"{Path(strangers.command('aics-witness')[0]).parent}:{os.environ['PATH']}"
    done = []
    for command in re.findall(r"^ {4}(\S.*)$", part, re.MULTILINE):
        if not command.startswith("pip "):
            said = subprocess.run(
                ["bash", "-c", command], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True,
                check=False, timeout=120,
            )  # fmt: skip
            done.append((command.split()[0] + " " + command.split()[1], said.returncode))
    return done


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_the_commands_accept_and_refuse(folder: Path) -> None:
    accepted = run(folder)
    assert [name for name, _status in accepted] == [
        "proofbundle verify-proof", "aics-tlog verify-checkpoint", "sed -n", "aics-tlog verify-inclusion"
    ]  # fmt: skip
    assert {status for _name, status in accepted} == {0}
    checked = max((folder / "entries").glob("*.json"))
    flip(checked, 40)
    refused = dict(run(folder))
    assert refused["proofbundle verify-proof"] != 0
    assert refused["aics-tlog verify-inclusion"] != 0
    flip(checked, 40)
    flip(folder / "checkpoint", 30)
    refused = dict(run(folder))
    assert refused["aics-tlog verify-checkpoint"] != 0
    assert refused["aics-tlog verify-inclusion"] != 0
