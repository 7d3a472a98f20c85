"""The instalments of a price: just those that the signed terms plan, at their days, each with its part of the fee."""

from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from contracts import instalments
from contracts.instalments import Instalment
from contracts.money import split
from contracts.terms import AnyTerms
from market.rules import book
from market.verify import chargebacks
from market.verify.evidence import Evidence
from market.verify.report import require

_WHOLE: Final = 10_000
"""Basis points of the whole price."""
_PLANNED: Final = ("ordinal", "label", "amount", "currency", "due_at", "period_from", "period_until")
"""Columns of an instalment that never change."""


def rows(evidence: Evidence) -> dict[str, list[dict[str, Any]]]:
    """Return the images of each instalment by its id, the earliest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for image in evidence.own("settlement"):
        found.setdefault(image.row["id"], []).append(image.row)
    return found


def plan(evidence: Evidence, terms: AnyTerms) -> tuple[Instalment, ...]:
    """Return the instalments that follow from the terms; none while the contract is not in force."""
    begun = [entry.time for _index, entry in evidence.trade() if entry.kind == "contract.finalized"]
    return instalments.plan(terms, begun[0]) if begun else ()


def check(evidence: Evidence, terms: AnyTerms) -> list[dict[str, Any]]:
    """Hold the instalments against the plan that follows from the terms; return each in its last image, in order.

    Args:
        evidence: a bundle whose log half holds.
        terms: those of the first contract: an amendment changes neither price nor payment.

    Raises:
        CheckFailed: there are others than were signed, or one was changed after.
    """
    planned = plan(evidence, terms)
    found = sorted(rows(evidence).values(), key=lambda images: _ordinal(images[0]))
    require(len(found) == len(planned), "a price has one settlement for each instalment that was signed")
    for images, one in zip(found, planned, strict=True):
        row = images[0]
        agreed = (row["amount"], row["currency"]) == (one.amount, terms.price.currency)
        require(agreed, "the settlement is about another amount than was signed")
        require(_ordinal(row) == one.ordinal and row.get("label") == one.label, "an instalment is another's")
        times = [_moment(row.get(name)) for name in ("due_at", "period_from", "period_until")]
        require(
            times == [one.due_at, one.starts, one.ends], "an instalment is due at another time than signed"
        )
        same = all(image.get(name) == row.get(name) for image in images for name in _PLANNED)
        require(same, "an instalment was changed after it was signed")
    if planned:
        fees = instalments.fees(planned, points(evidence))
        first = [images[0]["fee"] for images in found]
        require(first == fees, "the fee is not what the rule book of the trade takes")
        _check_divided(evidence)
    return [images[-1] for images in found]


def points(evidence: Evidence) -> int:
    """Return the platform fee of the trade in basis points, by the rule book that it keeps."""
    found: int = book(evidence.own("trade")[-1].row["rules"]).value("fee.basis_points")
    return found


def told(last: list[dict[str, Any]]) -> str:
    """Return where the money of each instalment is, in words."""
    if len(last) == 1:
        return ""
    return f" in {len(last)} instalments ({', '.join(row['state'].lower() for row in last)})"


def _check_divided(evidence: Evidence) -> None:
    """A ruling divides what was held then, to the minor unit over its instalments, and nothing else divides any."""
    rulings = {image.row["ruling"] for image in evidence.own("dispute") if image.row["ruling"]}
    ruled = [index for index, entry in evidence.trade() if entry.kind == "dispute.ruled"]
    rows_ruled = [
        image.row
        for image in evidence.own("settlement")
        if image.index in ruled and image.row["state"] == "FUNDED" and "divide" in rulings
    ]
    held = sorted(rows_ruled, key=_ordinal)
    parts = {row["id"]: row.get("refund", 0) for row in held}
    for id, images in rows(evidence).items():
        if images[-1].get("charged_back", 0):
            _check_reduced(evidence, id, set(ruled) if id in parts else set())
            continue
        require(images[-1].get("refund", 0) == parts.get(id, 0), "the price is divided as nobody ruled")
        same = id in parts or all(row["fee"] == images[0]["fee"] for row in images)
        require(same, "the fee was changed after it was agreed")
    amounts, back = [row["amount"] - row.get("charged_back", 0) for row in held], sum(parts.values())
    require(
        bool(held) == ("divide" in rulings) and (not held or 0 < back < sum(amounts)),
        "the price is divided as nobody ruled",
    )
    if not held:
        return
    rests = [amount - part for amount, part in zip(amounts, split(back, amounts), strict=True)]
    require(list(parts.values()) == split(back, amounts), "the price is divided as nobody ruled")
    taken = points(evidence)
    fees = split(split(sum(rests), [_WHOLE - taken, taken])[1], rests)
    require([row["fee"] for row in held] == fees, "the fee is not that of the part released")


def _check_reduced(evidence: Evidence, id: str, ruled: set[int]) -> None:
    """What the buyer has from its bank counts for what a ruling gave it, as far as neither side had its part before.

    Args:
        evidence: a bundle whose log half holds.
        id: of an instalment of which banks took something while it was held.
        ruled: where a ruling divided it; what that made of it is held against the others it divided.
    """
    images = [image for image in evidence.own("settlement") if image.row["id"] == id]
    taken = chargebacks.covered(evidence, id)
    require(images[-1].row["charged_back"] <= taken, "more was taken back than the banks took")
    require(not images[0].row.get("charged_back", 0), "something was taken back before anything was paid")
    sent = {
        row["kind"]: _made_at(evidence, row["id"])
        for row in evidence.released()
        if row["settlement_id"] == id
    }
    require(images[0].row.get("refund", 0) == 0, "the price is divided as nobody ruled")
    for before, after in pairwise(images):
        lost = after.row.get("charged_back", 0) - before.row.get("charged_back", 0)
        require(lost >= 0, "a bank gave back what it took for good")
        if after.index in ruled:
            require(lost == 0, "a ruling takes nothing back")
            continue
        refund, fee = before.row["refund"], before.row["fee"]
        if lost and sent.get("refund", after.index) >= after.index:
            refund = max(refund - lost, 0)
        if lost and sent.get("transfer", after.index) >= after.index:
            rest = after.row["amount"] - after.row["charged_back"] - refund
            require(rest >= 0, "more leaves than came in")
            fee = split(rest, [_WHOLE - points(evidence), points(evidence)])[1]
        require(after.row["refund"] == refund, "the price is divided as nobody ruled")
        require(after.row["fee"] == fee, "the fee is not that of the part released")


def _made_at(evidence: Evidence, id: str) -> int:
    """Return where in the log an operation was done."""
    return next(image.index for image in evidence.rows("operation", id=id, state="OK"))


def _ordinal(row: dict[str, Any]) -> int:
    found: int = row.get("ordinal", 1)
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
