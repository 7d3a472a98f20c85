"""What was handed over: the file that was sold, and updates of it that the contract gives a right to.

An update is known by the log alone: of each asset one newer file at most waits for its decision, so the entry that
decides on a file is the next one of its asset that decides or brings another.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from contracts.terms import AnyTerms, Terms
from market.verify.evidence import Evidence, Image
from market.verify.line import Line
from market.verify.report import require

CLOCKS: Final = timedelta(minutes=5)
"""How far the clocks of an exchange may differ; order comes from the log, and times must not contradict it by more."""

_BRINGS: Final = frozenset({"asset.revised", "revision.cleaned"})
"""Kinds of entries that bring a newer file; a cleaned one takes the place of the one that waits."""
_DECIDES: Final = _BRINGS | {"update.approved", "update.rejected", "update.withdrawn"}
_FILE: Final = ("ordinal", "update_id", "digest", "size", "opened_at")
"""Columns of the grant of an update that never change."""


def ordinal(row: dict[str, Any]) -> int:
    """Return which file a grant is for: 0 for the one sold, also where the grant is older than updates."""
    found: int = row.get("ordinal", 0)
    return found


def check(evidence: Evidence, terms: AnyTerms, line: Line) -> str:
    """Check that what was handed over is what was sold and updates of it, under the policy in force, once paid for.

    Args:
        evidence: a bundle whose log half holds.
        terms: those of the first contract.
        line: the contracts of the trade.

    Raises:
        CheckFailed: a grant or a receipt is for another file, or was made before it could be.
    """
    for image in evidence.own("access_grant"):
        policy = line.at(image.index).row["policy_digest"]
        require(image.row["policy_digest"] == policy, "the grant follows another policy than was signed")
    sold = [image for image in evidence.own("access_grant") if not ordinal(image.row)]
    updates = _updates(evidence, terms, line)
    for image in sold:
        require(
            image.row["digest"] == terms.subject.content_digest, "the grant is for another file than was sold"
        )
    known = {image.row["id"] for image in sold} | set(updates)
    for image in evidence.own("receipt"):
        require(image.row["grant_id"] in known, "the receipt is of another grant")
        _check_paid_before(evidence, terms, image)
    done = _check_sold(evidence, terms, {image.row["id"] for image in sold})
    return f"{done}{_check_updates(evidence, updates)}"


def _check_sold(evidence: Evidence, terms: AnyTerms, sold: set[str]) -> str:
    """The file that was sold has one receipt at most."""
    subject = terms.subject
    receipts = [image for image in evidence.own("receipt") if image.row["grant_id"] in sold]
    require(
        _indices(receipts) == _entries(evidence, "delivery.completed"), "a completed delivery has one receipt"
    )
    require(len(receipts) <= 1, "the file was handed over twice")
    for image in receipts:
        require(image.row["digest"] == subject.content_digest, "another file was handed over than was sold")
        require(image.row["size"] == subject.size, "the file handed over has another size")
    return "the file handed over is the one measured and sold" if receipts else "nothing was handed over yet"


def _check_updates(evidence: Evidence, updates: dict[str, Image]) -> str:
    """Each update that was handed over has one receipt, of the file that its grant is for."""
    receipts = [image for image in evidence.own("receipt") if image.row["grant_id"] in updates]
    require(
        _indices(receipts) == _entries(evidence, "update.delivered"), "an update handed over has one receipt"
    )
    given = [image.row["grant_id"] for image in receipts]
    require(len(set(given)) == len(given), "an update was handed over twice")
    for image in receipts:
        grant = updates[image.row["grant_id"]].row
        for name in ("digest", "size"):
            require(image.row[name] == grant[name], "another file was handed over than the update")
    if not updates:
        return ""
    return (
        f"; {len(updates)} updates of it given, each approved before, and {len(receipts)} of them handed over"
    )


def _updates(evidence: Evidence, terms: AnyTerms, line: Line) -> dict[str, Image]:
    """Return the first image of each update's grant by its id: each is given by its notice, as the contract says."""
    first: dict[str, Image] = {}
    for image in evidence.own("access_grant"):
        if ordinal(image.row):
            begun = first.setdefault(image.row["id"], image)
            same = all(image.row[name] == begun.row[name] for name in _FILE)
            require(same, "the grant of an update is for another file than before")
    given = list(first.values())
    require(_indices(given) == _entries(evidence, "trade.updated"), "each notice of an update gives one file")
    for place, image in enumerate(given, 1):
        require(image.row["ordinal"] == place, "the updates are not numbered in their order")
        require(_has_right(line.at(image.index).terms), "an update was given without a right to it")
        require(image.row["digest"] != terms.subject.content_digest, "an update is the file that was sold")
        require(_is_approved(evidence, terms, image), "an update was given that was not approved before")
    return first


def _has_right(terms: AnyTerms) -> bool:
    return isinstance(terms, Terms) and terms.has_updates


def _is_approved(evidence: Evidence, terms: AnyTerms, grant: Image) -> bool:
    """Tell whether the asset's log says, before a grant, that its file is a newer one that was approved."""
    handle = evidence.rows("revision", digest=terms.subject.content_digest)[0].entry.handle
    wanted = {name: grant.row[name] for name in ("digest", "size", "asset_id")}
    return any(
        revision.entry.handle == handle
        and revision.entry.kind in _BRINGS
        and is_approved_before(evidence, revision, grant.index)
        for revision in evidence.rows("revision", **wanted)
    )


def is_approved_before(evidence: Evidence, revision: Image, place: int) -> bool:
    """Tell whether the next decision on a newer file was its approval, and came before a place in the log."""
    later = (
        (index, entry.kind)
        for index, entry in evidence.entries.items()
        if entry.handle == revision.entry.handle and index > revision.index and entry.kind in _DECIDES
    )
    index, kind = next(later, (place, ""))
    return kind == "update.approved" and index < place


def _indices(images: list[Image]) -> list[int]:
    return [image.index for image in images]


def _entries(evidence: Evidence, kind: str) -> list[int]:
    return [index for index, entry in evidence.trade() if entry.kind == kind]


def _check_paid_before(evidence: Evidence, terms: AnyTerms, receipt: Image) -> None:
    """The first byte left after the contract was in force and, at a price, paid; the log says the order."""
    opened = "settlement.funded" if terms.price.amount else "contract.finalized"
    before = [entry for index, entry in evidence.trade() if entry.kind == opened and index < receipt.index]
    require(before, "the file was handed over before it was paid for")
    first, last = (datetime.fromisoformat(receipt.row[name]) for name in ("first_byte_at", "completed_at"))
    in_order = before[0].time - CLOCKS <= first <= last <= receipt.entry.time + CLOCKS
    require(in_order, "the times of the receipt contradict the order of the log")
