"""Follows the log's key from the one that is pinned to the one that signed the bundle's head.

The log is its origin line. A further key of it is believed when its ``key.published`` entry stands under a head that a
key believed already signed, under the same origin, and when the bundle's head only added to that one.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ledger import canonical
from ledger.canonical import from_base64
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.entry import Entry, commitment, parse
from ledger.merkle import verify_consistency
from ledger.note import ED25519, VerifierKey, parse_note, parse_verifier
from ledger.policy import Policy
from ledger.proof import Proof, parse_proof
from ledger.verify import ENTRIES, LEAF, PROOF
from market.verify.report import Report, require

ROTATIONS = "rotations/"
CONSISTENCY = ".consistency"
OPENINGS = "openings.json"

_NAME = re.compile(re.escape(ROTATIONS) + r"([0-9]{6,19})" + re.escape(PROOF))


def follow(report: Report, files: Mapping[str, bytes], trust: Policy) -> Policy:
    """Return the policy with every key of the log that the pinned ones vouch for.

    Args:
        report: gets one line a change of key.
        files: of the bundle.
        trust: what is pinned; it is not changed.
    """
    proofs = sorted(name for name in files if name.startswith(ROTATIONS) and name.endswith(PROOF))
    for name in proofs:
        with report.checking(name):
            require(_NAME.fullmatch(name), "is not named after an index")
            proof = parse_proof(files[name])
            if not _is_known(proof, trust):
                continue  # a change before the pinned key's time
            key = _published(files, name, proof, trust)
            if key not in trust.logs:
                trust = replace(trust, logs=[*trust.logs, key])
            _require_grown(files, name, trust.check(proof.checkpoint))
            report.ok(
                name, f"entry {proof.index} publishes log key {key.id.hex()}, vouched for by the one before"
            )
    return trust


def _is_known(proof: Proof, trust: Policy) -> bool:
    lines = {(line.name, line.id) for line in parse_note(proof.checkpoint)[1]}
    return any((key.name, key.id) in lines for key in trust.logs)


def _published(files: Mapping[str, bytes], name: str, proof: Proof, trust: Policy) -> VerifierKey:
    """Return the key of a rotation's entry, which stands under a head that a trusted key signed."""
    match = _NAME.fullmatch(name)
    require(match and int(match[1]) == proof.index, "is named after another index than its own")
    leaf = files[f"{ENTRIES}{proof.index:06d}{LEAF}"]
    head = proof.check(leaf, trust)
    row = _row(files, parse(leaf))
    require(
        row.get("table") == "key" and row.get("purpose") == "log", "the entry publishes no key of the log"
    )
    key = parse_verifier(str(row["public_key"]))
    require(key.algorithm == ED25519 and key.name == head.origin, "the entry publishes a key of another log")
    return key


def _row(files: Mapping[str, bytes], entry: Entry) -> dict[str, Any]:
    require(entry.kind == "key.published", "the entry publishes no key")
    items = canonical.decode(files[OPENINGS])
    require(isinstance(items, list), "openings are a list")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and (item.get("entry"), item.get("field")) == (str(entry.id), "key"):
            digest = commitment(bytes.fromhex(str(item["salt"])), "key", item["value"])
            require(entry.commitments.get("key") == digest, "the key was committed to with another value")
            if isinstance(item["value"], dict):
                return item["value"]
    require(False, "the entry's key is not opened")
    return {}


def _require_grown(files: Mapping[str, bytes], name: str, old: Checkpoint) -> None:
    """The head under which the key was published is a part of the bundle's, whoever signed that one."""
    text, _lines = parse_note(files[CHECKPOINT].decode())
    new = parse_checkpoint(text)
    lines = files[name.removesuffix(PROOF) + CONSISTENCY].decode("ascii").splitlines()
    require(new.origin == old.origin, "the bundle's checkpoint is of another log")
    if old.size == new.size:
        require(not lines and old.root == new.root, "two heads of one size differ")
        return
    verify_consistency(old.size, new.size, [from_base64(line) for line in lines], old.root, new.root)
