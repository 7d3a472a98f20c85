"""The log's half: checkpoint, entries, what their commitments open to, and the keys found that way."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import canonical
from ledger.checkpoint import CHECKPOINT
from ledger.entry import SALT_SIZE, Entry, commitment
from ledger.evidence import ENTRIES, OPENINGS, POLICY, hold, proofs, require_order, require_pairs
from ledger.note import VerifierKey, parse_note, parse_verifier
from ledger.policy import Policy, parse_policy
from market import bundle
from market.bundle import Manifest
from market.verify.report import CheckFailed, Report, require

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Image:
    """A row as an entry committed to it.

    Attributes:
        index: place of the entry in the log.
        entry: the entry.
        row: the row's columns.
    """

    index: int
    entry: Entry
    row: dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """A bundle whose log half holds.

    Attributes:
        files: name to bytes.
        manifest: what was signed about them.
        entries: the log's entries by index, in order.
        images: every opened row image, in the log's order.
    """

    files: Mapping[str, bytes]
    manifest: Manifest
    entries: dict[int, Entry]
    images: list[Image]

    def rows(self, table: str, **columns: Any) -> list[Image]:
        """Return the images of a table whose columns have these values, in the log's order."""
        return [
            image
            for image in self.images
            if image.row["table"] == table
            and all(image.row[name] == value for name, value in columns.items())
        ]

    def trade(self) -> list[tuple[int, Entry]]:
        """Return the trade's own entries in order.

        Raises:
            CheckFailed: no contract, or more than one, was requested in it.
        """
        begun = {entry.handle for entry in self.entries.values() if entry.kind == "contract.requested"}
        require(len(begun) == 1, f"{len(begun)} contracts were requested in it")
        return [(index, entry) for index, entry in self.entries.items() if entry.handle in begun]


def check(report: Report, files: Mapping[str, bytes], manifest: Manifest, trust: Policy) -> Evidence | None:
    """Check the log's half; None when nothing further can be built on it."""
    head = None
    with report.checking("checkpoint"):
        head = trust.check(files[CHECKPOINT].decode())
        report.ok("checkpoint", f"{head.size} entries of {head.origin}, signed by a trusted key")
    if head is None:
        return None
    by_index: dict[int, Entry] = {}
    for name in proofs(files, ENTRIES):
        with report.checking(name):
            held = hold(files, name, trust)
            by_index[held.index] = held.entry
            report.ok(name, f"{held.entry.kind} is entry {held.index} of {head.size}")
    with report.checking("entries"):
        require_pairs(files, by_index.values())
        report.ok("entries", f"{len(by_index)} entries, each with its proof, none twice")
    with report.checking("order"):
        require_order(by_index)
        report.ok("order", "the entries of each object are numbered from 0 without a gap, in the log's order")
    images: list[Image] = []
    with report.checking("openings"):
        images = _openings(report, files, manifest, by_index)
    if not report.consistent:
        return None
    evidence = Evidence(files, manifest, by_index, images)
    _check_keys(report, evidence)
    return evidence if report.consistent else None


def _openings(
    report: Report, files: Mapping[str, bytes], manifest: Manifest, found: Mapping[int, Entry]
) -> list[Image]:
    """Check every opening against its commitment, and that every commitment is accounted for."""
    opened: dict[tuple[str, str], Any] = {}
    for item in _list(canonical.decode(files[OPENINGS])):
        require(set(item) == {"entry", "field", "subject", "salt", "value"}, "an opening has other members")
        key = item["entry"], item["field"]
        require(key not in opened, f"{key} is opened twice")
        require(_HEX.fullmatch(item["salt"]), f"the salt of {key} is not {SALT_SIZE} bytes in lower-case hex")
        opened[key] = item
    withheld = set(manifest.withheld)
    require(len(withheld) == len(manifest.withheld), "an opening is withheld twice")
    erased = _erased(found)
    images: list[Image] = []
    for index, entry in found.items():
        counts = {"opened": 0, "withheld": 0, "erased": 0}
        for field in entry.commitments:
            key = str(entry.id), field
            if key in opened:
                images += _open(index, entry, field, opened.pop(key))
                counts["opened"] += 1
            elif key in erased:
                personal = not field.rpartition(".")[2].isdigit() and "." in field  # posting.2 is a row
                require(personal, f"entry {index}: {field} is no personal value and cannot be erased")
                report.note(f"entry {index}", f"{field}: erased by entry {erased[key]}")
                counts["erased"] += 1
            else:
                require(key in withheld, f"entry {index}: {field} is not opened, withheld or erased")
                withheld.remove(key)
                counts["withheld"] += 1
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        report.ok(f"openings of entry {index}", told)
    require(
        not opened and not withheld, f"openings of no commitment here: {sorted({*opened, *withheld})[:3]}"
    )
    return images


def _open(index: int, entry: Entry, field: str, item: dict[str, Any]) -> list[Image]:
    expected = entry.commitments[field]
    if commitment(bytes.fromhex(item["salt"]), field, item["value"]) != expected:
        raise CheckFailed(f"entry {index}: {field} was committed to with another value")
    value = item["value"]
    if not isinstance(value, dict) or "table" not in value:
        return []
    table = field.partition(".")[0]
    require(table == value["table"], f"entry {index}: {field} holds a row of {value['table']}")
    return [Image(index, entry, value)]


def _erased(found: Mapping[int, Entry]) -> dict[tuple[str, str], int]:
    return {
        (str(entry_id), field): index for index, entry in found.items() for entry_id, field in entry.erased
    }


def _check_keys(report: Report, evidence: Evidence) -> None:
    """The manifest's key must stand in the log; so must the key the bundle calls the log's."""
    with report.checking("manifest"):
        keys = evidence.rows("key", purpose="manifest", state="active")
        require(keys, "no entry publishes a manifest key")
        index = _signer(evidence, keys)
        report.ok("manifest", f"signed by the key that entry {index} publishes")
    with report.checking("log key"):
        published = [image.row["public_key"] for image in evidence.rows("key", purpose="log")]
        own = parse_policy(evidence.files[POLICY]).logs
        require(
            own and all(str(key) in published for key in own),
            f"{POLICY} names another key than the log publishes",
        )
        lines = {(line.name, line.id) for line in parse_note(evidence.files[CHECKPOINT].decode())[1]}
        last = {image.row["public_key"]: image.row["state"] for image in evidence.rows("key", purpose="log")}
        in_use = [parse_verifier(key) for key, state in last.items() if state == "active"]
        require(
            any((key.name, key.id) in lines for key in in_use),
            "the checkpoint is signed by no key that is in use according to its own log",
        )
        report.ok(
            "log key", f"{POLICY} names {len(own)} that the log publishes; one in use signed the checkpoint"
        )
    with report.checking("extracts"):
        for name, table in bundle.EXTRACTS.items():
            rows = [image.row for image in evidence.rows(table)]
            require(
                evidence.files[name] == canonical.encode(rows), f"{name} shows other rows than the entries"
            )
        report.ok("extracts", f"{', '.join(bundle.EXTRACTS)} show the rows of the entries")


def _signer(evidence: Evidence, keys: list[Image]) -> int:
    for image in keys:
        key: VerifierKey = parse_verifier(image.row["public_key"])
        try:
            bundle.check_signature(evidence.files, key)
        except bundle.BundleError:
            continue
        return image.index
    raise CheckFailed("the manifest is not signed by a key that the log publishes")


def _list(value: Any) -> list[dict[str, Any]]:
    require(
        isinstance(value, list) and all(isinstance(item, dict) for item in value), "is not a list of openings"
    )
    found: list[dict[str, Any]] = value
    for item in found:
        uuid.UUID(item["entry"])
    return found
