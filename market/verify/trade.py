"""The trade: what was measured is what was sold and delivered, its steps stand in their order and show their states."""

import hashlib
from collections.abc import Mapping
from typing import Final

from contracts.terms import AnyTerms
from ledger.entry import Entry
from market.verify import approvals, cleaned, delivery, ending, instalments, money, parties, waiver
from market.verify.evidence import Evidence, Image
from market.verify.line import Line
from market.verify.report import Report, require

REPORT: Final = "inspection/report.json"

REACHED: Final[Mapping[str, tuple[tuple[str, str, frozenset[str]], ...]]] = {
    "contract.requested": (("contract", "state", frozenset({"REQUESTED", "AGREED"})),),
    "contract.signed": (("contract", "state", frozenset({"AGREED", "VERIFIED"})),),
    "contract.finalized": (
        ("contract", "state", frozenset({"FINALIZED"})),
        ("agreement", "state", frozenset({"ACTIVE"})),
        ("acceptance", "state", frozenset({"PENDING"})),
    ),
    "contract.declined": (("contract", "state", frozenset({"TERMINATED"})),),
    "contract.withdrawn": (("contract", "state", frozenset({"TERMINATED"})),),
    "contract.expired": (("contract", "state", frozenset({"TERMINATED"})),),
    "contract.lapsed": (("contract", "state", frozenset({"TERMINATED"})),),
    "payment.settled": (("operation", "state", frozenset({"OK"})),),
    "payment.strayed": (("operation", "state", frozenset({"STRAY"})),),
    "payment.returned": (("operation", "state", frozenset({"OK"})),),
    "transfer.made": (("operation", "state", frozenset({"OK"})),),
    "refund.made": (("operation", "state", frozenset({"OK"})),),
    "settlement.funded": (("settlement", "state", frozenset({"FUNDED"})),),
    "settlement.released": (("settlement", "state", frozenset({"RELEASED"})),),
    "settlement.refunded": (("settlement", "state", frozenset({"REFUNDED"})),),
    "settlement.divided": (("settlement", "state", frozenset({"PARTIAL"})),),
    "settlement.missed": (("access_grant", "state", frozenset({"SUSPENDED"})),),
    "settlement.cancelled": (("settlement", "state", frozenset({"CANCELLED"})),),
    "chargeback.opened": (("chargeback", "state", frozenset({"INQUIRY", "OPEN"})),),
    "chargeback.won": (("chargeback", "state", frozenset({"WON"})),),
    "chargeback.lost": (("chargeback", "state", frozenset({"LOST"})),),
    "chargeback.closed": (("chargeback", "state", frozenset({"CLOSED"})),),
    "chargeback.borne": (("chargeback", "state", frozenset({"LOST"})),),
    "settlement.reduced": (("settlement", "state", frozenset({"FUNDED"})),),
    "delivery.suspended": (("access_grant", "state", frozenset({"SUSPENDED"})),),
    "delivery.resumed": (("access_grant", "state", frozenset({"OPEN", "SUSPENDED"})),),
    "redress.ordered": (("redress", "state", frozenset({"ORDERED"})),),
    "redress.repaid": (("redress", "state", frozenset({"REPAID"})),),
    "redress.closed": (("redress", "state", frozenset({"CLOSED"})),),
    "reversal.made": (("operation", "state", frozenset({"OK"})),),
    "delivery.completed": (("access_grant", "transfer", frozenset({"COMPLETED"})),),
    "trade.updated": (("access_grant", "state", frozenset({"OPEN", "SUSPENDED"})),),
    "update.delivered": (("access_grant", "transfer", frozenset({"COMPLETED"})),),
    "acceptance.accepted": (("acceptance", "state", frozenset({"ACCEPTED"})),),
    "acceptance.rejected": (("acceptance", "state", frozenset({"REJECTED"})),),
    "acceptance.deemed": (("acceptance", "state", frozenset({"DEEMED"})),),
    "dispute.ruled": (("dispute", "state", frozenset({"RULED"})),),
    "dispute.closed": (("dispute", "state", frozenset({"CLOSED"})),),
    "agreement.suspended": (("agreement", "state", frozenset({"SUSPENDED"})),),
    "agreement.restored": (("agreement", "state", frozenset({"ACTIVE"})),),
    "agreement.expired": (("agreement", "state", frozenset({"EXPIRED"})),),
    "agreement.terminated": (
        ("agreement", "state", frozenset({"TERMINATED"})),
        ("notice", "state", frozenset({"EFFECTIVE"})),
    ),
    "notice.given": (("notice", "state", frozenset({"GIVEN"})),),
    "notice.retracted": (("notice", "state", frozenset({"RETRACTED"})),),
    "duty.performed": (("duty", "state", frozenset({"PERFORMED"})),),
    "duty.missed": (("duty", "state", frozenset({"MISSED"})),),
    "amendment.proposed": (("contract", "state", frozenset({"REQUESTED", "OFFERED"})),),
    "amendment.finalized": (
        ("contract", "state", frozenset({"FINALIZED"})),
        ("agreement", "state", frozenset({"ACTIVE"})),
    ),
}
"""Kind of an entry: the rows it must show, each with a column and the values it may have."""

ENDS: Final = frozenset(
    {"agreement.expired", "agreement.terminated", "settlement.refunded", "dispute.closed", "chargeback.lost"}
)
"""Kinds by which an agreement ends after something of the data was handed over."""

AFTER: Final[Mapping[str, tuple[frozenset[str], ...]]] = {
    "contract.approved": (frozenset({"contract.requested"}),),
    "contract.disapproved": (frozenset({"contract.requested"}),),
    "contract.signed": (frozenset({"contract.requested"}),),
    "contract.finalized": (frozenset({"contract.signed"}),),
    "payment.settled": (frozenset({"contract.finalized"}),),
    "payment.strayed": (frozenset({"contract.finalized"}),),
    "payment.returned": (frozenset({"payment.strayed"}),),
    "settlement.funded": (frozenset({"payment.settled"}),),
    "delivery.completed": (frozenset({"contract.finalized"}),),
    "trade.updated": (frozenset({"contract.finalized"}),),
    "update.delivered": (frozenset({"trade.updated"}),),
    "acceptance.accepted": (frozenset({"delivery.completed"}),),
    "acceptance.rejected": (frozenset({"contract.finalized"}),),
    "acceptance.deemed": (frozenset({"delivery.completed"}),),
    "dispute.ruled": (frozenset({"acceptance.rejected", "dispute.opened"}),),
    "transfer.made": (
        frozenset({"settlement.funded"}),
        frozenset({"acceptance.accepted", "acceptance.deemed", "dispute.ruled"}),
    ),
    "refund.made": (
        frozenset({"payment.settled"}),
        # The loss of one instalment ends the agreement, so that the others go back.
        frozenset({"trade.cancelled", "dispute.ruled", "redress.ordered", "chargeback.lost"}),
    ),
    "settlement.released": (frozenset({"transfer.made"}),),
    "settlement.refunded": (frozenset({"refund.made", "chargeback.lost"}),),
    "settlement.reduced": (frozenset({"chargeback.lost"}),),
    "settlement.divided": (
        frozenset({"dispute.ruled"}),
        frozenset({"transfer.made"}),
        frozenset({"refund.made", "chargeback.lost"}),
    ),
    "chargeback.opened": (frozenset({"payment.settled", "payment.strayed"}),),
    "chargeback.won": (frozenset({"chargeback.opened"}),),
    "chargeback.lost": (frozenset({"chargeback.opened"}),),
    "chargeback.closed": (frozenset({"chargeback.opened"}),),
    "chargeback.borne": (frozenset({"chargeback.lost"}),),
    "delivery.suspended": (frozenset({"chargeback.opened"}),),
    "delivery.resumed": (frozenset({"delivery.suspended"}),),
    "settlement.missed": (frozenset({"settlement.funded"}),),
    "redress.ordered": (frozenset({"settlement.released", "settlement.divided"}),),
    "redress.repaid": (frozenset({"redress.ordered"}), frozenset({"refund.made", "chargeback.lost"})),
    "redress.closed": (frozenset({"redress.repaid"}),),
    "reversal.made": (frozenset({"redress.repaid"}),),
    "agreement.suspended": (frozenset({"contract.finalized"}),),
    "agreement.restored": (frozenset({"agreement.suspended"}),),
    "agreement.expired": (frozenset({"contract.finalized"}),),
    "agreement.terminated": (frozenset({"contract.finalized"}),),
    "notice.given": (frozenset({"contract.finalized"}),),
    "notice.retracted": (frozenset({"notice.given"}),),
    "duty.performed": (ENDS,),
    "duty.missed": (ENDS,),
    "amendment.proposed": (frozenset({"contract.finalized"}),),
    "amendment.finalized": (frozenset({"amendment.proposed"}),),
}
"""Kind of an entry: what must stand before it in the trade, one of each set."""


def check(report: Report, evidence: Evidence) -> None:
    """Check parties, data, order, states, delivery and money."""
    with report.checking("trade"):
        entries = evidence.trade()
        line = Line(evidence)
        terms = line.first.terms
        kinds = [entry.kind for _index, entry in entries]
        with report.checking("parties"):
            report.ok("parties", parties.check(evidence, line, kinds))
        with report.checking("data"):
            report.ok("data", _check_data(evidence, terms, entries[0][0]))
        with report.checking("waiver"):
            if waived := waiver.check(evidence, line):
                report.ok("waiver", waived)
        with report.checking("cleaned"):
            cleaned.check(report, evidence)
        with report.checking("states"):
            report.ok("states", _check_states(evidence, entries, line))
        with report.checking("delivery"):
            report.ok("delivery", delivery.check(evidence, terms, line))
        with report.checking("approvals"):
            approvals.check(report, evidence)
        with report.checking("end"):
            report.ok("end", ending.check(evidence, line))
        with report.checking("money"):
            report.ok("money", money.check(evidence, terms, kinds))


def _check_data(evidence: Evidence, terms: AnyTerms, requested: int) -> str:
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
    offered = [revision for revision in revisions if _is_offered(evidence, revision, requested)]
    require(offered, "the asset was not registered with that file before the contract was requested")
    return f"revision {subject.content_digest[:12]}… was inspected and registered before the contract"


def _is_offered(evidence: Evidence, revision: Image, requested: int) -> bool:
    """Tell whether a file was its asset's at a place in the log: registered with it, or approved as a newer one."""
    registered = [
        index
        for index, entry in evidence.entries.items()
        if entry.handle == revision.entry.handle and entry.kind == "asset.registered" and index < requested
    ]
    if not registered or registered[0] > revision.index:
        return bool(registered)
    return delivery.is_approved_before(evidence, revision, requested)


def _check_states(evidence: Evidence, entries: list[tuple[int, Entry]], line: Line) -> str:
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
        for table in ("settlement", "acceptance", "dispute")
        if (images := evidence.own(table))
    }
    if len(due := instalments.rows(evidence)) > 1:
        states = [images[-1] for images in due.values()]
        last["settlement"] = "/".join(
            row["state"] for row in sorted(states, key=lambda row: int(row["ordinal"]))
        )
    last = {paper.name: paper.row["state"] for paper in line.papers} | last
    return ", ".join(f"{table} {state}" for table, state in last.items())
