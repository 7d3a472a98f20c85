"""What a payer's bank took back: booked as it says, covered by what was held, and by nobody twice."""

from typing import Any, Final

from market.verify.evidence import Evidence
from market.verify.report import require

BOOKING: Final = frozenset({
    "chargeback.opened", "chargeback.changed", "chargeback.lost", "chargeback.borne",
    "redress.repaid", "redress.closed",
})  # fmt: skip
"""Kinds of the entries that book what a chargeback moves."""

_PAID: Final = frozenset({"REPAID", "CLOSED"})


def rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the trade's chargebacks, each in its last image."""
    return list({image.row["id"]: image.row for image in evidence.own("chargeback")}.values())


def covered(evidence: Evidence, settlement_id: str) -> int:
    """Return the minor units of an instalment that banks took back for good while they were held."""
    paid = {row["id"] for row in evidence.done("checkout") if row["settlement_id"] == settlement_id}
    return sum(covered_of(evidence, id) for id in paid)


def covered_of(evidence: Evidence, operation_id: str) -> int:
    """Return the minor units of one payment that banks took back for good while they were there."""
    return sum(row["covered"] for row in rows(evidence) if row["operation_id"] == operation_id)


def check(evidence: Evidence) -> str:
    """Check each chargeback against its payment and the books; return what holds, empty when there is none.

    Raises:
        CheckFailed: it is about another payment, or the books say another sum than it does.
    """
    found = rows(evidence)
    paid = {row["id"]: row for row in [*evidence.done("checkout"), *evidence.strayed()]}
    known = {row["id"] for row in found}
    for image in evidence.own("posting"):
        of = image.row.get("chargeback_id")
        require(of is None or of in known, "a posting is of a chargeback that nobody shows")
    for row in found:
        payment = paid.get(row["operation_id"])
        require(payment is not None, "a chargeback is about another payment")
        require(
            row["state"] == "LOST" or row["covered"] == row["borne"] == 0, "a loss is borne before it is one"
        )
        require(
            row["state"] != "WON" or row["withdrawn"] == 0, "a chargeback is won and its money is not back"
        )
        require(
            _booked(evidence, row) == _expected(evidence, row), "a chargeback is booked otherwise than it is"
        )
    lost = sum(row["withdrawn"] for row in found if row["state"] == "LOST")
    waits = sum(row["withdrawn"] for row in found if row["state"] == "OPEN")
    told = f"; {lost} minor units lost to chargebacks" if lost else ""
    return told + (f"; {waits} minor units with the buyer's bank" if waits else "")


def _booked(evidence: Evidence, row: dict[str, Any]) -> dict[str, int]:
    """Return what the postings of a chargeback come to, by account; what comes to nothing is left out."""
    totals: dict[str, int] = {}
    for image in evidence.own("posting"):
        one = image.row
        if one.get("chargeback_id") != row["id"]:
            continue
        right = image.entry.kind in BOOKING and one["currency"] == row["currency"]
        require(right and one["operation_id"] == row["operation_id"], "a chargeback is booked beside itself")
        totals[one["debit"]] = totals.get(one["debit"], 0) + one["amount"]
        totals[one["credit"]] = totals.get(one["credit"], 0) - one["amount"]
    return {account: amount for account, amount in totals.items() if amount}


def _expected(evidence: Evidence, row: dict[str, Any]) -> dict[str, int]:
    number = row["number"]
    stray = any(one["id"] == row["operation_id"] for one in evidence.strayed())
    redresses = {image.row["id"]: image.row for image in evidence.own("redress")}.values()
    mine = [one for one in redresses if one.get("chargeback_id") == row["id"] and one["state"] in _PAID]
    missing = sum(one["amount"] - one["fee"] - one["recovered"] for one in mine if one["state"] == "CLOSED")
    fees, amounts = sum(one["fee"] for one in mine), sum(one["amount"] for one in mine)
    totals = {
        "psp_clearing": -row["withdrawn"] - row["fee"],
        "psp_fee_expense": row["fee"],
        f"dispute_suspense:{number}": row["withdrawn"] - row["covered"] - row["borne"] - amounts,
        f"{'suspense' if stray else 'order_hold'}:{number}": row["covered"],
        "dispute_loss": row["borne"],
        f"recovery:{number}": amounts - fees - missing,
        "fee_revenue": fees,
        f"provider_receivable:{evidence.own('trade')[-1].row['provider_id']}": missing,
    }
    return {account: amount for account, amount in totals.items() if amount}
