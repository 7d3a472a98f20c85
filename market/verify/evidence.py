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

AUDITOR = "auditor"
"""Sees everything."""
PARTIES_SEE = frozenset({
    "request", "contract", "version", "remark", "signature", "standing_offer", "key", "certificate", "trade",
    "agreement", "settlement", "acceptance", "dispute", "notice", "duty", "redress", "operation", "chargeback",
    "posting", "waiver",
    "access_grant", "receipt", "revision", "inspection", "cleaning", "cleaning.recipe", "attestation",
})  # fmt: skip
"""Tables, and personal columns as ``table.column``, that may never be withheld from a party to the trade."""
SEES: Mapping[str, frozenset[str]] = {
    "buyer": PARTIES_SEE | {"operation.url"},
    "provider": PARTIES_SEE | {"inspection.preview", "declaration.document", "asset_update"},
    AUDITOR: frozenset(),
}

_FIELD = re.compile(r"([a-z_]+)(?:\.[0-9]+)?(\.[a-z_]+)?")
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

    def own(self, table: str) -> list[Image]:
        """Return the images of a table in the trade's own entries, in the log's order."""
        handle = self.trade()[0][1].handle
        return [image for image in self.rows(table) if image.entry.handle == handle]

    def operations(self) -> list[dict[str, Any]]:
        """Return the trade's operations, each in its last image."""
        return list({image.row["id"]: image.row for image in self.own("operation")}.values())

    def done(self, kind: str) -> list[dict[str, Any]]:
        """Return the operations of a kind that ended well; a refund of money that strayed is none of the trade's."""
        stray = {row["id"] for row in self.strayed()}
        return [
            row
            for row in self.operations()
            if row["kind"] == kind and row["state"] == "OK" and row["source_id"] not in stray
        ]

    def released(self) -> list[dict[str, Any]]:
        """Return the operations by which the held money of the trade went out, not what followed a release."""
        out = [*self.done("transfer"), *self.done("refund")]
        return [row for row in out if cause_of(row) == row["settlement_id"]]

    def strayed(self) -> list[dict[str, Any]]:
        """Return the payments that came in and funded nothing."""
        return [row for row in self.operations() if row["state"] == "STRAY"]

    def trade(self) -> list[tuple[int, Entry]]:
        """Return the trade's own entries in order.

        Raises:
            CheckFailed: no contract, or more than one, was requested in it.
        """
        begun = {entry.handle for entry in self.entries.values() if entry.kind == "contract.requested"}
        require(len(begun) == 1, f"{len(begun)} contracts were requested in it")
        return [(index, entry) for index, entry in self.entries.items() if entry.handle in begun]


def cause_of(operation: dict[str, Any]) -> str:
    """Return what an operation was owed for; before there was anything else it was always the settlement."""
    cause: str = operation.get("cause_id", operation["settlement_id"])
    return cause


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


def tell_reach(report: Report, evidence: Evidence) -> None:
    """Say how far consistent evidence speaks: gaps show, but that its last entries were left out cannot.

    Args:
        report: where the line goes.
        evidence: a bundle with nothing wrong.
    """
    index, last = evidence.trade()[-1]
    size = evidence.files[CHECKPOINT].split(b"\n", 2)[1].decode()
    report.note(
        "reach",
        f"speaks of the trade up to its entry number {last.seq} ({last.kind}, entry {index} of the log) and of no "
        f"checkpoint above {size} entries: a later one, such as a refund or ruling, may be left out; "
        f"who holds the log finds it by the object {last.handle}",
    )


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
                _require_hidden(index, field, manifest.viewer)
                withheld.remove(key)
                counts["withheld"] += 1
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        report.ok(f"openings of entry {index}", told)
    require(
        not opened and not withheld, f"openings of no commitment here: {sorted({*opened, *withheld})[:3]}"
    )
    return images


def _require_hidden(index: int, field: str, viewer: str) -> None:
    """Let an opening be withheld only where it is not this viewer's to see; else any refund could be left out."""
    require(viewer in SEES, f"it is written for {viewer!r}, whom nobody knows")
    match = _FIELD.fullmatch(field)
    kind = "".join(part for part in match.groups() if part) if match else field
    hidden = viewer != AUDITOR and kind not in SEES[viewer]
    require(hidden, f"entry {index}: {field} is withheld, although the {viewer} may see it")


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
