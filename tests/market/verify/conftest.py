"""One whole trade, made once, and ways to forge its evidence."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ledger import canonical
from ledger import entry as entries
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry, commitment
from ledger.merkle import Tree, leaf_hash
from ledger.note import Signer, parse_signer
from ledger.policy import Policy, parse_policy
from ledger.proof import Proof, parse_proof
from market import bundle
from market.keys import files as key_files
from market.verify import verify_files
from market.verify.report import Report
from tests import deals, evidence
from tests.conftest import LEDGER_KEY, sqlite_urls

Files = dict[str, bytes]

Change = Callable[[dict[str, Any], Entry], None]


@dataclass
class Sold:
    """The evidence of a finished trade, with the power to seal it again.

    Attributes:
        files: the buyer's bundle.
        log: the log's private key: the forger is the exchange itself.
        sign: signs with the exchange's manifest key.
    """

    files: dict[str, bytes]
    log: Signer
    sign: Callable[[bytes], bytes]

    @property
    def trust(self) -> Policy:
        return parse_policy(self.files["trust-policy.txt"])

    def verify(self, files: dict[str, bytes], trust: Policy | None = None) -> Report:
        """Check files as a stranger would."""
        return verify_files(files, trust or self.trust)

    def sealed(
        self, files: dict[str, bytes], sign: Callable[[bytes], bytes] | None = None, **head: Any
    ) -> dict[str, bytes]:
        """Seal changed files with the exchange's own manifest key."""
        manifest = json.loads(self.files["manifest.json"])
        values = {
            "trade": manifest["trade"],
            "made_at": manifest["made_at"],
            "viewer": manifest["viewer"],
            "withheld": tuple(tuple(pair) for pair in manifest["withheld"]),
            **head,
        }
        body = {name: data for name, data in files.items() if not name.startswith("manifest.")}
        return bundle.seal(body, sign or self.sign, **values)

    def forged(self, change: Change, files: dict[str, bytes] | None = None) -> dict[str, bytes]:
        """Rewrite the log itself: change opened rows, commit to them again, sign a new tree.

        Args:
            change: gets each opened value and its entry, and changes the value in place.
            files: what to begin with.
        """
        made = dict(files or self.files)
        openings = json.loads(made["openings.json"])
        leaves = {
            parse_proof(made[name]).index: entries.parse(made[name.replace(".tlog-proof", ".json")])
            for name in made
            if name.endswith(".tlog-proof")
        }
        by_id = {str(entry.id): index for index, entry in leaves.items()}
        for opening in openings:
            index = by_id[opening["entry"]]
            entry = leaves[index]
            change(opening["value"], entry)
            digest = commitment(bytes.fromhex(opening["salt"]), opening["field"], opening["value"])
            leaves[index] = replace(entry, commitments={**entry.commitments, opening["field"]: digest})
        made["openings.json"] = canonical.encode(openings)
        rows = [
            item["value"] for item in sorted(openings, key=lambda item: (by_id[item["entry"]], item["field"]))
        ]
        for name, table in bundle.EXTRACTS.items():
            made[name] = canonical.encode(
                [row for row in rows if isinstance(row, dict) and row.get("table") == table]
            )
        return self.sealed(self.logged(made, leaves))

    def logged(self, files: dict[str, bytes], leaves: dict[int, Entry]) -> dict[str, bytes]:
        """Put entries into a new tree, with strangers' entries between them, and sign it."""
        size = max(leaves) + 1
        data = {index: entry.leaf() for index, entry in leaves.items()}
        tree = Tree([leaf_hash(data.get(index, b"another's entry")) for index in range(size)])
        note = self.log.sign(Checkpoint(self.log.name, size, tree.root()).text())
        kept = {name: data for name, data in files.items() if not name.startswith("entries/")}
        for index, leaf in data.items():
            kept[f"entries/{index:06d}.json"] = leaf
            kept[f"entries/{index:06d}.tlog-proof"] = (
                Proof(index, tuple(tree.inclusion(index)), note).text().encode()
            )
        return {**kept, "checkpoint": note.encode()}


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the setting in type out, as where another compiler is installed; it takes a second each time."""
    monkeypatch.setattr("contracts.verify.toolchain", lambda: {"compiler": "typst 9.9", "fonts": {}})


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a trade that was carried to its end."""
    home = tmp_path_factory.mktemp("sold")
    with evidence.exchange(sqlite_urls(home), home) as app:
        deal = deals.requested()
        evidence.in_force(deal)
        evidence.pay(deal)
        evidence.fetch(app, deal)
        evidence.accept(deal)
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def failed(report: Report) -> list[str]:
    """Return the names of the checks that failed."""
    return [name for outcome, name, _detail in report.lines if outcome == "FAIL"]


def leaves_of(files: Files) -> dict[int, Entry]:
    return {
        parse_proof(files[name]).index: entries.parse(files[name.replace(".tlog-proof", ".json")])
        for name in files
        if name.endswith(".tlog-proof")
    }
