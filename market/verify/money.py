"""The money: what was signed is what is owed, paid, and paid out, to whom it belongs; and the books say just that."""

from typing import Any

from contracts.terms import Terms
from market.verify.evidence import Evidence
from market.verify.report import require

_CLEARING, _FEE_REVENUE, _PSP_FEES = "psp_clearing", "fee_revenue", "psp_fee_expense"
_ENDED = {"settlement.released": "released", "settlement.refunded": "refunded"}
_RULED = {"release": "transfer", "refund": "refund"}

Line = tuple[str, str, int]
"""Debit account, credit account, minor units."""


def check(evidence: Evidence, terms: Terms, kinds: list[str]) -> str:
    """Check amounts, operations and postings; return what holds.

    Args:
        evidence: a bundle whose log half holds.
        terms: the signed terms.
        kinds: kinds of the trade's entries in order.

    Raises:
        CheckFailed: an amount, an account or the way of the money is not what was signed.
    """
    price, currency = terms.price.amount, terms.price.currency
    for image in [*evidence.own("trade"), *evidence.own("settlement"), *evidence.own("operation")]:
        require(image.row["currency"] == currency, "it is about another currency than was signed")
    for image in [*evidence.own("trade"), *evidence.own("settlement")]:
        agreed = image.row["amount"] == price
        require(agreed, f"the {image.row['table']} is about another amount than was signed")
    paid = evidence.done("checkout")
    require(len(paid) <= 1, "it was paid more than once")
    require(all(row["amount"] == price for row in paid), "another amount was paid than was signed")
    require(bool(paid) == ("payment.settled" in kinds), "a settled payment shows its operation")
    _check_way_out(evidence, price, kinds)
    _check_books(evidence, terms)
    if not price:
        return "nothing is to be paid"
    state = next((_ENDED[kind] for kind in kinds if kind in _ENDED), "held" if paid else "due")
    return f"{terms.price.figures()} {currency} signed = owed{' = paid' if paid else ''}; {state}; the books balance"


def _check_way_out(evidence: Evidence, price: int, kinds: list[str]) -> None:
    """All of the price leaves at once, where acceptance or the ruling sent it, less the fee that was agreed."""
    out = [*evidence.done("transfer"), *evidence.done("refund")]
    moved = sum(row["amount"] + row["fee"] for row in out)
    require(not out or moved == price, f"{moved} of {price} minor units left the hold")
    require(out or not set(_ENDED) & set(kinds), "the money went nowhere")
    for row in out:
        fee = evidence.own("settlement")[-1].row["fee"] if row["kind"] == "transfer" else 0
        require(row["fee"] == fee, "another fee was taken than was agreed")
        rulings = [image.row["ruling"] for image in evidence.own("dispute") if image.row["ruling"]]
        ruled = all(_RULED[ruling] == row["kind"] for ruling in rulings)
        require(ruled, "the money went against the ruling")


def _check_books(evidence: Evidence, terms: Terms) -> None:
    """Each operation that was done is booked once, where it was done, and nothing else is."""
    booked: dict[str, list[Line]] = {}
    ids: set[str] = set()
    for image in evidence.own("posting"):
        row = image.row
        require(row["id"] not in ids, "a posting is shown twice")
        ids.add(row["id"])
        require(
            row["number"] == terms.number and row["currency"] == terms.price.currency,
            "a posting is of another trade",
        )
        done = evidence.rows("operation", id=row["operation_id"], state="OK")
        beside = any(operation.index == image.index for operation in done)
        require(beside, "a posting belongs to no operation that was done")
        booked.setdefault(row["operation_id"], []).append((row["debit"], row["credit"], row["amount"]))
    for kind in ("checkout", "transfer", "refund"):
        for operation in evidence.done(kind):
            lines = booked.get(operation["id"], [])
            require(_same(lines, operation), f"the {kind} is booked otherwise than it was done")


def _same(lines: list[Line], operation: dict[str, Any]) -> bool:
    """Tell whether postings are those of an operation; what the platform itself kept of a payment is its own claim."""
    hold, amount, fee = f"order_hold:{operation['number']}", operation["amount"], operation["fee"]
    payable = f"provider_payable:{operation['organisation_id']}"
    expected: dict[str, list[Line]] = {
        "checkout": [(_CLEARING, hold, amount)],
        "transfer": [(hold, payable, amount), (hold, _FEE_REVENUE, fee), (payable, _CLEARING, amount)],
        "refund": [(hold, _CLEARING, amount)],
    }
    kept = [line for line in lines if line[:2] == (_PSP_FEES, _CLEARING) and 0 < line[2] <= amount]
    rest = [line for line in lines if operation["kind"] != "checkout" or line not in kept]
    return len(kept) <= 1 and sorted(rest) == sorted(line for line in expected[operation["kind"]] if line[2])
