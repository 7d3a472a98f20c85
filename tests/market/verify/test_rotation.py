"""Bundles before, during and after a change of the log's key, and after an erasure, held against the first key."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.note import generate, open_note, parse_verifier
from ledger.policy import Policy, parse_policy
from ledger.verify import main
from market import bundle, migrations, steps
from market.actor import Actor, Role
from market.db import read, transaction
from market.governance import rotation
from market.keys import ring
from market.oversight import publishing
from market.steps import Kind, fsck
from market.verify import verify_files
from market.verify.report import Report
from tests import deals, evidence, people
from tests.conftest import sqlite_urls
from tests.market.verify.conftest import failed


@dataclass
class Told:
    """The bundles of one trade, taken at different times, and the policy got before the first of them."""

    pinned: Policy
    bundles: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def verify(self, name: str) -> Report:
        return verify_files(self.bundles[name], self.pinned)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home: Path = tmp_path_factory.mktemp("rotated")
    with evidence.exchange(sqlite_urls(home), home):
        deal = deals.requested()
        evidence.in_force(deal)
        auditor = people.colleague(people.operator(), Role.AUDITOR)
        publishing.publish()
        found = Told(parse_policy(f"log {publishing.keys()[0]}\nquorum none\n".encode()))
        found.bundles["before"] = evidence.bundle(deal.buyer, deal.number)
        rotation.begin()
        found.bundles["begun"] = evidence.bundle(deal.buyer, deal.number)
        _grow()
        found.bundles["both"] = evidence.bundle(deal.buyer, deal.number)
        rotation.retire(force=True)
        _grow()
        found.bundles["after"] = evidence.bundle(deal.buyer, deal.number)
        rotation.begin()
        _grow()
        rotation.retire(force=True)
        _grow()
        found.bundles["twice"] = evidence.bundle(deal.buyer, deal.number)
        found.bundles["opened"] = evidence.bundle(auditor, deal.number)
        _erase_measured_values(deal.provider)
        found.bundles["erased"] = evidence.bundle(auditor, deal.number)
        with read() as session:
            assert list(fsck.check(session, migrations.metadata())) == []
            assert list(ring.faults(session)) == []
        yield found


@pytest.mark.parametrize("name", ["before", "begun", "both", "after", "twice"])
def test_the_commands_in_a_bundle_name_a_key_that_signed_its_checkpoint(told: Told, name: str) -> None:
    files = told.bundles[name]
    named = re.findall(r"--log-v?key '([^']+)'", files["README.md"].decode())
    assert len(named) == 2
    for key in named:
        open_note(files["checkpoint"].decode(), [parse_verifier(key)])


def _grow() -> None:
    people.applied()
    publishing.publish()


def _erase_measured_values(provider: Actor) -> None:
    """Destroy the values out of the provider's data, which the report's indicators were computed from."""
    assert provider.organisation_id is not None
    with transaction() as session:
        step = steps.begin(Actor.system("tests"), Kind.OPENING_ERASED, steps.new_handle())
        steps.erase(session, step, {provider.organisation_id})
    publishing.publish()


@pytest.mark.parametrize("name", ["before", "begun", "both", "after", "twice", "opened", "erased"])
def test_who_pinned_the_first_key_follows(told: Told, name: str) -> None:
    report = told.verify(name)
    assert report.consistent, failed(report)
    assert verify_files(told.bundles[name]).consistent, "held against the policy it brings"


@pytest.mark.parametrize("name", ["before", "both", "after", "twice", "erased"])
def test_the_ledger_alone_follows_too(told: Told, name: str, tmp_path: Path) -> None:
    bundle.to_folder(told.bundles[name], tmp_path / "bundle")
    [key] = told.pinned.logs
    (tmp_path / "trust").write_text(f"log {key}\nquorum none\n")
    said = io.StringIO()
    assert main(["verify", str(tmp_path / "bundle"), "--trust", str(tmp_path / "trust")], said) == 0, (
        said.getvalue()
    )


def test_each_change_is_told(told: Told) -> None:
    lines = [name for outcome, name, _detail in told.verify("twice").lines if name.startswith("rotations/")]
    assert len(lines) == 2


def test_without_the_proof_of_the_change_the_new_key_is_not_believed(told: Told) -> None:
    files = {
        name: data
        for name, data in told.bundles["after"].items()
        if not name.startswith(("rotations/", "manifest."))
    }
    assert failed(verify_files(_sealed(files), told.pinned))[0] == "checkpoint"


def test_another_key_in_the_place_of_the_new_is_not_believed(told: Told) -> None:
    files = {name: data for name, data in told.bundles["after"].items() if not name.startswith("manifest.")}
    stranger = str(generate("exchange.example/log").verifier).encode()
    [fresh] = [key for key in _log_keys(files) if key.encode() not in _pinned(told)]
    forged = {name: data.replace(fresh.encode(), stranger) for name, data in files.items()}
    assert forged != files
    assert any(name.startswith("rotations/") for name in failed(verify_files(_sealed(forged), told.pinned)))


def test_a_head_that_does_not_extend_the_vouching_one_is_not_believed(told: Told) -> None:
    files = {name: data for name, data in told.bundles["after"].items() if not name.startswith("manifest.")}
    [name] = [name for name in files if name.endswith(".consistency")]
    files[name] = b"A" * 43 + b"=\n" + files[name]
    report = verify_files(_sealed(files), told.pinned)
    assert failed(report)[0] == name.replace(".consistency", ".tlog-proof")


def test_what_was_erased_is_told_with_the_entry_that_says_so(told: Told) -> None:
    notes = [detail for outcome, _name, detail in told.verify("erased").lines if outcome == "note"]
    assert any("inspection.preview: erased by entry " in detail for detail in notes), notes
    before = [detail for _outcome, _name, detail in told.verify("opened").lines]
    assert not any("erased by entry" in detail for detail in before)


def test_a_missing_opening_that_no_entry_explains_is_a_failure(told: Told) -> None:
    files = dict(told.bundles["erased"])
    manifest = bundle.check_files(files)
    for name in list(files):
        if name.endswith(".json") and b'"kind":"opening.erased"' in files[name]:
            del files[name], files[name.replace(".json", ".tlog-proof")]
    report = verify_files(_sealed(files, manifest), told.pinned)
    assert "openings" in failed(report)


def _pinned(told: Told) -> bytes:
    return b" ".join(str(key).encode() for key in told.pinned.logs)


def _log_keys(files: dict[str, bytes]) -> list[str]:
    policy = parse_policy(files["trust-policy.txt"])
    return [str(key) for key in policy.logs]


def _sealed(files: dict[str, bytes], manifest: bundle.Manifest | None = None) -> dict[str, bytes]:
    """Seal changed files with a key nobody knows: what is checked before the manifest's key is what counts here."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    kept = {name: data for name, data in files.items() if not name.startswith("manifest.")}
    withheld = manifest.withheld if manifest else ()
    return bundle.seal(
        kept, Ed25519PrivateKey.generate().sign, trade="X", made_at="2026-11-22T11:00:00.000Z", viewer="buyer",
        withheld=withheld,
    )  # fmt: skip
