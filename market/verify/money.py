"""The money: what was signed is what is owed, paid, and paid out, to whom it belongs; and the books say just that."""

from collections.abc import Mapping
from typing import Any

from contracts.terms import AnyTerms
from market.verify import chargebacks, instalments, redress
from market.verify.evidence import Evidence
from market.verify.report import require

_FEE_REVENUE, _PSP_FEES = "fee_revenue", "psp_fee_expense"
_ENDED = {"RELEASED": "released", "REFUNDED": "refunded", "PARTIAL": "divided"}
"""States of an instalment whose money has gone where it belongs, with the word for it."""
_RULED = {"release": {"transfer"}, "refund": {"refund"}, "divide": {"transfer", "refund"}}
_KINDS = ("checkout", "transfer", "refund", "reversal")
_BOOKED = frozenset({"OK", "STRAY"})
"""States in which an operation has moved money."""

Line = tuple[str, str, int, str]
"""Debit account, credit account, minor units, currency."""


def check(evidence: Evidence, terms: AnyTerms, kinds: list[str]) -> str:
    """Check amounts, operations and postings; return what holds.

    Args:
        evidence: a bundle whose log half holds.
        terms: the signed terms.
        kinds: kinds of the trade's entries in order.

    Raises:
        CheckFailed: an amount, an account or the way of the money is not what was signed.
    """
    price, currency = terms.price.amount, terms.price.currency
    for image in evidence.own("trade"):
        agreed = (image.row["amount"], image.row["currency"]) == (price, currency)
        require(agreed, "the trade is about another amount than was signed")
    due = instalments.check(evidence, terms)
    paid = evidence.done("checkout")
    amounts = {row["id"]: (row["amount"], row["currency"]) for row in due}
    sources = [row["settlement_id"] for row in paid]
    require(len(set(sources)) == len(sources), "it was paid more than once")
    agreed = all((row["amount"], row["currency"]) == amounts[row["settlement_id"]] for row in paid)
    require(agreed, "another amount was paid than was signed")
    require(kinds.count("payment.settled") == len(paid), "a settled payment shows its operation")
    for one in due:
        _check_way_out(evidence, one)
    _check_sources(evidence)
    redresses = redress.check(evidence) + chargebacks.check(evidence)
    _check_books(evidence, terms)
    if not price:
        return "nothing is to be paid"
    state = next((_ENDED[row["state"]] for row in due if row["state"] in _ENDED), "held" if paid else "due")
    all_paid = "" if len(paid) < len(due) else " = paid"
    owed = f"{terms.price.figures()} {currency} signed = owed{all_paid}{instalments.told(due)}"
    return f"{owed}; {state}{redresses}; the books balance"


def _check_way_out(evidence: Evidence, settled: dict[str, Any]) -> None:
    """All of an instalment leaves where acceptance or the ruling sent it, less the fee of what is released."""
    out = [row for row in evidence.released() if row["settlement_id"] == settled["id"]]
    moved = sum(row["amount"] + row.get("netted", 0) + row["fee"] for row in out)
    rulings = {image.row["ruling"] for image in evidence.own("dispute") if image.row["ruling"]}
    price, part = settled["amount"], settled.get("refund", 0)
    taken = chargebacks.covered(evidence, settled["id"])
    whole = settled["state"] not in _ENDED or settled.get("charged_back", 0) >= taken
    require(whole, "less was taken back than the banks took")
    under_way = 0 < part < price and settled["state"] == "FUNDED" and len(out) < 2
    require(not out or under_way or moved + taken == price, f"{moved} of {price} minor units left the hold")
    require(len({row["kind"] for row in out}) == len(out), "money left the hold twice the same way")
    require(out or taken == price or settled["state"] not in _ENDED, "the money went nowhere")
    for row in out:
        released = row["kind"] == "transfer"
        require(row["fee"] == (settled["fee"] if released else 0), "another fee was taken than was agreed")
        amount = row["amount"] + row.get("netted", 0) + row["fee"]
        require(
            not part or amount in ((price - part, price - part - taken) if released else (part,)),
            "another part was sent than was ruled",
        )
        ruled = all(row["kind"] in _RULED[ruling] for ruling in rulings)
        require(ruled, "the money went against the ruling")


def _check_sources(evidence: Evidence) -> None:
    """What leaves a payment leaves where that came in: at the payment platform or at the bank."""
    came = {row["id"]: row for row in [*evidence.done("checkout"), *evidence.strayed()]}
    for row in evidence.operations():
        source = came.get(row["source_id"]) if row["state"] == "OK" else None
        same = source is None or redress.place_of(source) == redress.place_of(row)
        require(same, f"the {row['kind']} left another way than the payment came in")


def _check_books(evidence: Evidence, terms: AnyTerms) -> None:
    """Each operation that was done is booked once, where it was done, and nothing else is."""
    booked: dict[str, list[Line]] = {}
    ids: set[str] = set()
    for image in evidence.own("posting"):
        row = image.row
        require(row["id"] not in ids, "a posting is shown twice")
        ids.add(row["id"])
        require(row["number"] == terms.number, "a posting is of another trade")
        if row.get("chargeback_id") is not None:
            continue  # held against its chargeback
        beside = image.entry.kind == redress.CLOSED or any(
            operation.index == image.index and operation.row["state"] in _BOOKED
            for operation in evidence.rows("operation", id=row["operation_id"])
        )
        require(beside, "a posting belongs to no operation that was done")
        line = row["debit"], row["credit"], row["amount"], row["currency"]
        booked.setdefault(row["operation_id"], []).append(line)
    hold = f"order_hold:{terms.number}"
    for operation in [row for kind in _KINDS for row in evidence.done(kind)]:
        own = operation["currency"] == terms.price.currency
        right = own and _same(booked, operation, hold, redress.lines(evidence, operation))
        require(right, f"the {operation['kind']} is booked otherwise than it was done")
    _check_stray(evidence, terms, booked)


def _check_stray(evidence: Evidence, terms: AnyTerms, booked: Mapping[str, list[Line]]) -> None:
    """Money that came in and funded nothing is held apart and goes back, once: all that no bank took of it."""
    suspense = f"suspense:{terms.number}"
    for stray in evidence.strayed():
        back = [row for row in evidence.operations() if row["source_id"] == stray["id"]]
        require(back, "what came in and funded nothing is not sent back as it came")
        amount, currency = back[0]["amount"], back[0]["currency"]
        taken = chargebacks.covered_of(evidence, stray["id"])
        for row in back:
            whole = amount - taken <= row["amount"] <= amount and row["currency"] == currency
            require(whole, "what came in and funded nothing is not sent back as it came")
        came = {**stray, "amount": amount, "currency": currency}
        returned = [row for row in back if row["state"] == "OK"]
        require(len(returned) <= 1, "what came in and funded nothing went back twice")
        rest = all(row["amount"] == amount - taken for row in returned)
        require(rest, "of what came in and funded nothing another part went back than was left")
        for operation in (came, *returned):
            require(_same(booked, operation, suspense), "what came in and funded nothing is booked otherwise")


def _same(
    booked: Mapping[str, list[Line]],
    operation: dict[str, Any],
    hold: str,
    after: list[tuple[str, str, int]] | None = None,
) -> bool:
    """Tell whether an operation is booked as it was done; what the platform keeps of a payment is its own claim.

    Args:
        booked: the postings of each operation.
        operation: one that moved money.
        hold: the account that holds what came in.
        after: what is booked of it instead, when it was made after the release.
    """
    outside = redress.place_of(operation)
    lines, amount, fee = booked.get(operation["id"], []), operation["amount"], operation["fee"]
    payable = f"provider_payable:{operation['organisation_id']}"
    receivable, netted = f"provider_receivable:{operation['organisation_id']}", operation.get("netted", 0)
    expected = after if after is not None else {
        "checkout": [(outside, hold, amount)],
        "transfer": [
            (hold, payable, amount + netted), (hold, _FEE_REVENUE, fee),
            (payable, receivable, netted), (payable, outside, amount),
        ],
        "refund": [(hold, outside, amount)],
        "reversal": [],
    }[operation["kind"]]  # fmt: skip
    paying = operation["kind"] == "checkout" and operation.get("processor") != "bank"
    kept = [line for line in lines if paying and line[:2] == (_PSP_FEES, outside) and 0 < line[2] <= amount]
    rest = sorted(line for line in lines if line not in kept)
    one_currency = {line[3] for line in lines} <= {operation["currency"]}
    return (
        one_currency
        and len(kept) <= 1
        and [line[:3] for line in rest] == sorted(line for line in expected if line[2])
    )
