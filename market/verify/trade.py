"""The trade: what was measured is what was sold and delivered, what was agreed is what was paid, in this order."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from contracts.terms import Terms, parse
from ledger.entry import Entry
from market.verify import contract
from market.verify.evidence import Evidence, Image
from market.verify.report import Report, require

REPORT: Final = "inspection/report.json"

REACHED: Final[Mapping[str, tuple[tuple[str, str, frozenset[str]], ...]]] = {
    "contract.requested": (("contract", "state", frozenset({"REQUESTED"})),),
    "contract.signed": (("contract", "state", frozenset({"AGREED", "VERIFIED"})),),
    "contract.finalized": (
        ("contract", "state", frozenset({"FINALIZED"})),
        ("agreement", "state", frozenset({"ACTIVE"})),
        ("acceptance", "state", frozenset({"PENDING"})),
    ),
    "contract.declined": (("contract", "state", frozenset({"TERMINATED"})),),
    "contract.withdrawn": (("contract", "state", frozenset({"TERMINATED"})),),
    "contract.expired": (("contract", "state", frozenset({"TERMINATED"})),),
    "payment.settled": (("operation", "state", frozenset({"OK"})),),
    "payment.strayed": (("operation", "state", frozenset({"STRAY"})),),
    "payment.returned": (("operation", "state", frozenset({"OK"})),),
    "transfer.made": (("operation", "state", frozenset({"OK"})),),
    "refund.made": (("operation", "state", frozenset({"OK"})),),
    "settlement.funded": (("settlement", "state", frozenset({"FUNDED"})),),
    "settlement.released": (("settlement", "state", frozenset({"RELEASED"})),),
    "settlement.refunded": (("settlement", "state", frozenset({"REFUNDED"})),),
    "settlement.cancelled": (("settlement", "state", frozenset({"CANCELLED"})),),
    "delivery.completed": (("access_grant", "transfer", frozenset({"COMPLETED"})),),
    "acceptance.accepted": (("acceptance", "state", frozenset({"ACCEPTED"})),),
    "acceptance.rejected": (("acceptance", "state", frozenset({"REJECTED"})),),
    "acceptance.deemed": (("acceptance", "state", frozenset({"DEEMED"})),),
    "dispute.ruled": (("dispute", "state", frozenset({"RULED"})),),
    "dispute.closed": (("dispute", "state", frozenset({"CLOSED"})),),
}
"""Kind of an entry: the rows it must show, each with a column and the values it may have."""

AFTER: Final[Mapping[str, tuple[frozenset[str], ...]]] = {
    "contract.signed": (frozenset({"contract.requested"}),),
    "contract.finalized": (frozenset({"contract.signed"}),),
    "payment.settled": (frozenset({"contract.finalized"}),),
    "payment.strayed": (frozenset({"contract.finalized"}),),
    "payment.returned": (frozenset({"payment.strayed"}),),
    "settlement.funded": (frozenset({"payment.settled"}),),
    "delivery.completed": (frozenset({"contract.finalized"}),),
    "acceptance.accepted": (frozenset({"delivery.completed"}),),
    "acceptance.rejected": (frozenset({"contract.finalized"}),),
    "acceptance.deemed": (frozenset({"delivery.completed"}),),
    "dispute.ruled": (frozenset({"acceptance.rejected", "dispute.opened"}),),
    "transfer.made": (
        frozenset({"settlement.funded"}),
        frozenset({"acceptance.accepted", "acceptance.deemed", "dispute.ruled"}),
    ),
    "refund.made": (frozenset({"payment.settled"}), frozenset({"trade.cancelled", "dispute.ruled"})),
    "settlement.released": (frozenset({"transfer.made"}),),
    "settlement.refunded": (frozenset({"refund.made"}),),
}
"""Kind of an entry: what must stand before it in the trade, one of each set."""


def check(report: Report, evidence: Evidence) -> None:
    """Check data, order, states, delivery and money."""
    with report.checking("trade"):
        entries = evidence.trade()
        terms = parse(evidence.files[contract.TERMS])
        kinds = [entry.kind for _index, entry in entries]
        with report.checking("data"):
            report.ok("data", _check_data(evidence, terms, entries[0][0]))
        with report.checking("states"):
            report.ok("states", _check_states(evidence, entries))
        with report.checking("delivery"):
            report.ok("delivery", _check_delivery(evidence, terms, kinds))
        with report.checking("money"):
            report.ok("money", _check_money(evidence, terms, kinds))


def _check_data(evidence: Evidence, terms: Terms, requested: int) -> str:
    """What was measured is the file the terms name, and it was registered before the contract was requested."""
    subject = terms.subject
    revisions = evidence.rows("revision", digest=subject.content_digest)
    require(revisions, "no entry shows the revision that the terms name")
    inspections = evidence.rows(
        "inspection", revision_id=revisions[0].row["id"], report_digest=subject.inspection_digest
    )
    require(inspections, "no entry shows an inspection of that revision with the report that the terms name")
    found = hashlib.sha256(evidence.files[REPORT]).hexdigest()
    require(found == subject.inspection_digest, f"{REPORT} is not the report that the terms name")
    require(revisions[0].row["size"] == subject.size, "the revision has another size than the terms say")
    handle = revisions[0].entry.handle
    registered = [
        index
        for index, entry in evidence.entries.items()
        if entry.handle == handle and entry.kind == "asset.registered" and index < requested
    ]
    require(registered, "the asset was not registered before the contract was requested")
    return f"revision {subject.content_digest[:12]}… was inspected and registered before the contract"


def _check_states(evidence: Evidence, entries: list[tuple[int, Entry]]) -> str:
    seen: set[str] = set()
    for index, entry in entries:
        for needed in AFTER.get(entry.kind, ()):
            require(needed & seen, f"entry {index} {entry.kind} stands before {' or '.join(sorted(needed))}")
        for table, column, values in REACHED.get(entry.kind, ()):
            shown = {image.row[column] for image in evidence.rows(table) if image.index == index}
            require(
                shown & values, f"entry {index} {entry.kind} does not show {table} {'/'.join(sorted(values))}"
            )
        seen.add(entry.kind)
    last = {
        table: images[-1].row["state"]
        for table in ("contract", "settlement", "acceptance", "dispute")
        if (images := _own(evidence, table))
    }
    return ", ".join(f"{table} {state}" for table, state in last.items())


def _check_delivery(evidence: Evidence, terms: Terms, kinds: list[str]) -> str:
    """What was handed over is the file that was measured and sold, under the policy that was signed."""
    grants = _own(evidence, "access_grant")
    policy = hashlib.sha256(evidence.files[contract.POLICY]).hexdigest()
    for image in grants:
        require(
            image.row["digest"] == terms.subject.content_digest, "the grant is for another file than was sold"
        )
        require(image.row["policy_digest"] == policy, "the grant follows another policy than was signed")
    receipts = _own(evidence, "receipt")
    for image in receipts:
        require(
            image.row["digest"] == terms.subject.content_digest, "another file was handed over than was sold"
        )
        require(image.row["size"] == terms.subject.size, "the file handed over has another size")
        require(
            image.row["grant_id"] in {grant.row["id"] for grant in grants}, "the receipt is of another grant"
        )
    delivered = "delivery.completed" in kinds
    require(delivered == bool(receipts), "a completed delivery has one receipt")
    if terms.price.amount and delivered:
        before = kinds[: kinds.index("delivery.completed")]
        require("settlement.funded" in before, "the file was handed over before it was paid for")
    return "the file handed over is the one measured and sold" if delivered else "nothing was handed over yet"


def _check_money(evidence: Evidence, terms: Terms, kinds: list[str]) -> str:
    """What was agreed is what is owed, paid, and paid out; and the books close."""
    price, currency = terms.price.amount, terms.price.currency
    for image in [*_own(evidence, "trade"), *_own(evidence, "settlement")]:
        agreed = image.row["amount"] == price and image.row["currency"] == currency
        require(agreed, f"the {image.row['table']} is about another amount than was signed")
    paid = _done(evidence, "checkout")
    require(len(paid) <= 1, "it was paid more than once")
    for row in paid:
        require(
            (row["amount"], row["currency"]) == (price, currency), "another amount was paid than was signed"
        )
    require(bool(paid) == ("payment.settled" in kinds), "a settled payment shows its operation")
    balances = _balances(evidence, terms, paid)
    _check_closing(evidence, terms, kinds, balances)
    if not price:
        return "nothing is to be paid"
    ended = {"settlement.released": "released", "settlement.refunded": "refunded"}
    state = next((ended[kind] for kind in kinds if kind in ended), "held" if paid else "due")
    return f"{terms.price.figures()} {currency} signed = owed{' = paid' if paid else ''}; {state}; the books balance"


def _balances(evidence: Evidence, terms: Terms, paid: list[dict[str, Any]]) -> Counter[str]:
    """Debits less credits of the trade's postings by account, in minor units; what strayed stands apart."""
    done = {row["id"] for kind in ("checkout", "transfer", "refund") for row in _done(evidence, kind)}
    astray = _astray(evidence)
    totals: Counter[str] = Counter()
    apart: Counter[tuple[str, str]] = Counter()
    seen: set[str] = set()
    for row in (image.row for image in _own(evidence, "posting")):
        require(row["id"] not in seen, "a posting is shown twice")
        seen.add(row["id"])
        require(row["number"] == terms.number, "a posting is of another trade")
        require(row["amount"] > 0 and row["debit"] != row["credit"], "a posting moves nothing")
        if row["operation_id"] in astray:
            apart[row["debit"], row["currency"]] += row["amount"]
            apart[row["credit"], row["currency"]] -= row["amount"]
            continue
        require(row["operation_id"] in done, "a posting belongs to no operation that was done")
        require(row["currency"] == terms.price.currency, "a posting is in another currency than was signed")
        totals[row["debit"]] += row["amount"]
        totals[row["credit"]] -= row["amount"]
    require(bool(totals) == bool(paid), "postings and payment do not go together")
    _check_suspense(terms, astray, apart)
    return totals


def _check_suspense(
    terms: Terms, astray: Mapping[str, dict[str, Any]], balances: Counter[tuple[str, str]]
) -> None:
    """Money that funded nothing is held apart until all of it is sent back, and touches nothing else."""
    own = f"suspense:{terms.number}"
    used = {account for account, _currency in balances} - {own, "psp_clearing", "psp_fee_expense"}
    require(not used, "money that funds nothing was used")
    refunds = [row for row in astray.values() if row["kind"] == "refund"]
    returned = {row["source_id"] for row in refunds if row["state"] == "OK"}
    held = {row["source_id"]: row for row in refunds if row["source_id"] not in returned}
    kept: Counter[tuple[str, str]] = Counter()
    for row in held.values():
        kept[own, row["currency"]] -= row["amount"]
    for account, currency in balances:
        if account == own:
            require(balances[account, currency] == kept[account, currency], "not all that strayed went back")


def _check_closing(evidence: Evidence, terms: Terms, kinds: list[str], balances: Counter[str]) -> None:
    price, hold = terms.price.amount, f"order_hold:{terms.number}"
    payable = [account for account in balances if account.startswith("provider_payable:")]
    out = [*_done(evidence, "transfer"), *_done(evidence, "refund")]
    if out:
        moved = sum(row["amount"] + row["fee"] for row in out)
        require(moved == price, f"{moved} of {price} minor units left the hold")
        require(
            balances[hold] == 0 and all(balances[account] == 0 for account in payable),
            "the hold is not empty",
        )
        fee = sum(row["fee"] for row in out)
        require(-balances["fee_revenue"] == fee, "another fee was booked than was taken")
        if "settlement.released" in kinds:
            require(
                _own(evidence, "settlement")[-1].row["fee"] == fee, "another fee was taken than was agreed"
            )
    elif _done(evidence, "checkout"):
        require(-balances[hold] == price, "the hold is not what was paid")
    require(not {"settlement.released", "settlement.refunded"} & set(kinds) or out, "the money went nowhere")


def _operations(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Return the trade's operations, each in its last image, by id."""
    return {image.row["id"]: image.row for image in _own(evidence, "operation")}


def _astray(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Return the payments that funded nothing, and what was sent back of them."""
    rows = _operations(evidence)
    return {
        id: row
        for id, row in rows.items()
        if "STRAY" in {row["state"], rows.get(row["source_id"], row)["state"]}
    }


def _done(evidence: Evidence, kind: str) -> list[dict[str, Any]]:
    """Return the operations of a kind that ended well; what strayed is none of them."""
    rows, astray = _operations(evidence), _astray(evidence)
    return [
        row for id, row in rows.items() if row["kind"] == kind and row["state"] == "OK" and id not in astray
    ]


def _own(evidence: Evidence, table: str) -> list[Image]:
    """Return the images of a table in the trade's own entries."""
    handle = evidence.trade()[0][1].handle
    return [image for image in evidence.rows(table) if image.entry.handle == handle]
