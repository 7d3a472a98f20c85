"""What was paid back after a release: as ordered, no more than was released, and taken back for no more."""

from typing import Any, Final

from contracts.money import split
from market.verify import chargebacks
from market.verify.evidence import Evidence, cause_of
from market.verify.report import require

CLOSED: Final = "redress.closed"
"""Kind of the entry that books what could not be taken back."""

_FEE_REVENUE = "fee_revenue"


def check(evidence: Evidence) -> str:
    """Check each redress against the money that moved for it; return what holds, empty when there is none.

    Raises:
        CheckFailed: money moved after the release that nobody ordered, or other money than was ordered.
    """
    rows = list({image.row["id"]: image.row for image in evidence.own("redress")}.values())
    _check_ordered(evidence, rows)
    before: dict[str, int] = {}
    for row in rows:
        due = _of(evidence, row)
        _check_amounts(due, row, before.get(due["id"], 0))
        _check_moved(evidence, row)
        _check_bank(evidence, row)
        before[due["id"]] = before.get(due["id"], 0) + row["amount"]
    return f"; {sum(before.values())} minor units paid back after the release" if rows else ""


def lines(evidence: Evidence, operation: dict[str, Any]) -> list[tuple[str, str, int]] | None:
    """Return what is booked of an operation that follows a release; None for every other."""
    row = next((row for row in _last(evidence) if row["id"] == cause_of(operation)), None)
    if row is None:
        return None
    recovery, outside = f"recovery:{operation['number']}", place_of(operation)
    if operation["kind"] == "reversal":
        return [(outside, recovery, operation["amount"])]
    share = row["amount"] - row["fee"]
    owes = f"provider_receivable:{evidence.own('trade')[-1].row['provider_id']}"
    missing = share - row["recovered"] if row["state"] == "CLOSED" else 0
    return [(recovery, outside, share), (_FEE_REVENUE, outside, row["fee"]), (owes, recovery, missing)]


def place_of(operation: dict[str, Any]) -> str:
    """Return the account of where an operation's money is outside; before there was a bank it was the platform."""
    return "bank" if operation.get("processor") == "bank" else "psp_clearing"


def _last(evidence: Evidence) -> list[dict[str, Any]]:
    return list({image.row["id"]: image.row for image in evidence.own("redress")}.values())


def _check_ordered(evidence: Evidence, rows: list[dict[str, Any]]) -> None:
    """What moved for another cause than the settlement moved for a redress, and an ordered sum never changes."""
    causes = {row["id"] for row in rows}
    for row in evidence.operations():
        ordered = cause_of(row) in causes | {row["settlement_id"]}
        require(ordered, f"a {row['kind']} was made that nobody ordered")
    for image in evidence.own("redress"):
        first = next(one for one in evidence.own("redress") if one.row["id"] == image.row["id"])
        same = all(
            first.row[name] == image.row[name]
            for name in ("settlement_id", "amount", "fee", "currency", "reason")
        )
        require(same, "a redress was changed after it was ordered")


def _of(evidence: Evidence, row: dict[str, Any]) -> dict[str, Any]:
    """Return the instalment that a redress is paid back of, in its last image."""
    last = {image.row["id"]: image.row for image in evidence.own("settlement")}
    require(row["settlement_id"] in last, "a redress is of no instalment of the trade")
    return last[row["settlement_id"]]


def _check_amounts(settled: dict[str, Any], row: dict[str, Any], before: int) -> None:
    """It is no more than what of the release is left, and the exchange gives its fee back in proportion."""
    released = settled["amount"] - settled.get("refund", 0) - settled.get("charged_back", 0)
    after = before + row["amount"]
    require(row["amount"] > 0 and after <= released, "more was paid back than was released")
    require(row["currency"] == settled["currency"], "a redress is in another currency")
    given = [split(settled["fee"], [part, released - part])[0] for part in (before, after)]
    require(row["fee"] == given[1] - given[0], "another part of the fee was given back than is in proportion")


def _check_moved(evidence: Evidence, row: dict[str, Any]) -> None:
    """The buyer has just that once, before anything is taken back; what was taken back is what the redress says."""
    bank = row.get("chargeback_id")
    refunds = [one for one in evidence.done("refund") if cause_of(one) == row["id"]]
    reversals = [one for one in evidence.done("reversal") if cause_of(one) == row["id"]]
    require(len(refunds) <= 1 and len(reversals) <= 1, "money moved twice for one redress")
    own = all(one["settlement_id"] == row["settlement_id"] for one in (*refunds, *reversals))
    require(own, "a redress moved the money of another instalment")
    for one in refunds:
        require((one["amount"], one["fee"]) == (row["amount"], row["fee"]), "another sum was paid back")
    require(not (refunds and bank), "the buyer had its money twice")
    had = bool(refunds) or bank is not None
    require(had or row["state"] == "ORDERED", "a redress is repaid and no refund was made")
    require(had or not reversals, "money was taken back before the buyer had its own")
    taken = sum(one["amount"] for one in reversals)
    require(taken <= row["amount"] - row["fee"], "more was taken back than the provider's part")
    require(row["state"] != "CLOSED" or taken == row["recovered"], "another sum was taken back")


def _check_bank(evidence: Evidence, row: dict[str, Any]) -> None:
    """A chargeback that repays it was lost, and took back the payment of that instalment and no other."""
    bank = row.get("chargeback_id")
    if bank is None:
        return
    lost = [one for one in chargebacks.rows(evidence) if one["id"] == bank and one["state"] == "LOST"]
    require(lost, "a redress is repaid by a chargeback that was not lost")
    paid = {one["id"]: one["settlement_id"] for one in evidence.done("checkout")}
    own = all(paid.get(one["operation_id"]) == row["settlement_id"] for one in lost)
    require(own, "a redress is repaid by a chargeback of another instalment")
