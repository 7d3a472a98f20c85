"""Follows the log's key from the one that is pinned to the one that signed a bundle's head.

The log is its origin line. A further key of it is believed when its ``key.published`` entry stands under a head that a
key believed already signed, under the same origin, and when the bundle's head only added to that one.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from ledger import canonical
from ledger.canonical import Json, from_base64, to_base64
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.entry import SALT_SIZE, Entry, commitment, parse
from ledger.errors import FormError, ProofError
from ledger.evidence import CONSISTENCY, ENTRIES, LEAF, OPENINGS, PROOF, ROTATIONS, name_of
from ledger.merkle import verify_consistency
from ledger.note import ED25519, VerifierKey, parse_note, parse_verifier
from ledger.policy import Policy
from ledger.proof import Proof, parse_proof

KIND = "key.published"
FIELD = "key"
"""Under which an entry of that kind commits to the key's row."""

_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_SIZE}}}")


def follow(files: Mapping[str, bytes], name: str, trust: Policy) -> tuple[Policy, str | None]:
    """Follow one change of the log's key; they are followed in the order of `evidence.proofs`.

    Args:
        files: Of the bundle.
        name: The proof of the new key's entry, in the folder ``rotations/``.
        trust: What is pinned, with the keys followed so far; it is not changed.

    Returns:
        The policy with the new key, and a line that says so; None for a change before the pinned key's time.

    Raises:
        LedgerError: The new key is not shown to be the log's.
    """
    proof = parse_proof(files[name])
    if name != name_of(ROTATIONS, proof.index) + PROOF:
        raise FormError("is named after another index than its own")
    if not _is_known(proof, trust):
        return trust, None
    key = _published(files, proof, trust)
    _require_grown(files, name, trust.check(proof.checkpoint))
    if key not in trust.logs:
        trust = replace(trust, logs=[*trust.logs, key])
    return trust, f"entry {proof.index} publishes log key {key.id.hex()}, vouched for by the one before"


def _is_known(proof: Proof, trust: Policy) -> bool:
    lines = {(line.name, line.id) for line in parse_note(proof.checkpoint)[1]}
    return any((key.name, key.id) in lines for key in trust.logs)


def _published(files: Mapping[str, bytes], proof: Proof, trust: Policy) -> VerifierKey:
    """Return the key of a rotation's entry, which stands under a head that a trusted key signed."""
    leaf = _file(files, name_of(ENTRIES, proof.index) + LEAF)
    head = proof.check(leaf, trust)
    row = _row(files, parse(leaf))
    if (row.get("table"), row.get("purpose")) != ("key", "log"):
        raise ProofError("the entry publishes no key of the log")
    key = parse_verifier(str(row.get("public_key")))
    if key.algorithm != ED25519 or key.name != head.origin:
        raise ProofError("the entry publishes a key of another log")
    return key


def _row(files: Mapping[str, bytes], entry: Entry) -> Mapping[str, Json]:
    """Return what an entry that publishes a key commits to."""
    if entry.kind != KIND:
        raise ProofError("the entry publishes no key")
    items = canonical.decode(_file(files, OPENINGS))
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and (item.get("entry"), item.get("field")) == (str(entry.id), FIELD):
            salt, value = str(item.get("salt")), item.get("value")
            if not _SALT.fullmatch(salt) or not isinstance(value, dict):
                raise FormError("the entry's key is opened to no row")
            if commitment(bytes.fromhex(salt), FIELD, value) != entry.commitments.get(FIELD):
                raise ProofError("the key was committed to with another value")
            return value
    raise ProofError("the entry's key is not opened")


def _require_grown(files: Mapping[str, bytes], name: str, old: Checkpoint) -> None:
    """The head under which the key was published is a part of the bundle's, whoever signed that one."""
    new = parse_checkpoint(parse_note(_text(files, CHECKPOINT))[0])
    path = _path(_text(files, name.removesuffix(PROOF) + CONSISTENCY))
    if new.origin != old.origin:
        raise ProofError("the bundle's checkpoint is of another log")
    verify_consistency(old.size, new.size, path, old.root, new.root)


def _path(text: str) -> list[bytes]:
    """Return the hashes of a consistency proof, each in base64 and behind it a newline."""
    path = [from_base64(line) for line in text.split("\n")[:-1]]
    if text != "".join(f"{to_base64(item)}\n" for item in path):
        raise FormError("a consistency proof is lines of base64")
    return path


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return _file(files, name).decode()
    except UnicodeDecodeError as error:
        raise FormError(f"{name} is not UTF-8 text") from error


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise FormError(f"{name} is missing")
    return files[name]
