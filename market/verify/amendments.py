"""The line of a trade's contracts: each amendment names the one in force before it, and the trade follows each.

That an amendment is signed, set from its terms, and says truly what it changes, the checks of every contract prove
(:mod:`market.verify.contract`); here its place in the line and its effect are held against the log.
"""

from datetime import datetime
from typing import Final

from contracts import amending
from contracts.terms import Terms
from market.verify import waiver
from market.verify.evidence import Evidence
from market.verify.line import IN_FORCE, Line, Paper
from market.verify.report import CheckFailed, require

TERM: Final = ("term_from", "term_until")
"""Columns that an agreement and a grant have of their term."""
_RESTS = frozenset({"SUSPENDED", "EXPIRED", "TERMINATED"})


def check(evidence: Evidence, line: Line) -> str:
    """Check every amendment and that agreement and grant follow; return what holds.

    Raises:
        CheckFailed: an amendment names another contract, changes what it cannot, came into force out of its place, or
            the trade follows another contract than the one in force.
    """
    before: Paper | None = None
    for paper in line.papers:
        _check_begin(evidence, paper)
        if not paper.first:
            _check_amendment(evidence, line, paper, before)
            before = paper
    finals = [image.index for image in evidence.own("contract") if image.row["state"] == "FINALIZED"]
    came = [index for index, entry in evidence.trade() if entry.kind in IN_FORCE.values()]
    require(sorted(set(finals)) == came, "an entry brings no contract into force")
    _check_agreement(evidence, line)
    _check_grant(evidence, line)
    amended = [paper.row["number"] for paper in line.papers[1:] if paper.since is not None]
    told = f"{len(line.papers) - 1} proposed, {len(amended)} in force"
    return f"{told}; each names the contract before it" if amended else told


def _check_begin(evidence: Evidence, paper: Paper) -> None:
    kind = "contract.requested" if paper.first else "amendment.proposed"
    first = paper.images[0]
    require(first.entry.kind == kind, f"the {paper.name} begins with another entry than {kind}")
    if paper.since is not None:
        entry = evidence.entries[paper.since]
        require(entry.kind == IN_FORCE[paper.first], f"the {paper.name} comes into force by another entry")


def _check_amendment(evidence: Evidence, line: Line, paper: Paper, before: Paper | None) -> None:
    begun = paper.images[0].index
    if before is not None:
        over = before.images[-1].row["state"] in {"FINALIZED", "TERMINATED"}
        require(over and before.images[-1].index < begun, "two amendments are open at once")
    parent = line.at(begun)
    require(parent.since is not None and parent.since < begun, "what is amended was not in force")
    requests = evidence.rows("request", contract_id=paper.row["id"])
    named = all(one.row["amends_id"] == parent.row["id"] for one in requests)
    require(requests and named, f"the {paper.name} is asked for as one of another contract")
    old, new = parent.terms, paper.terms
    if not isinstance(old, Terms) or not isinstance(new, Terms):
        raise CheckFailed("a contract of a fixed form is not amended")
    amending.require_parent(old, new, parent.row["final_digest"])
    for table in ("model", "template_digest", "provider_id", "buyer_id", "asset_id"):
        require(paper.row[table] == parent.row[table], f"the {paper.name} changes {table}")
    if paper.row["ending"] == "lapsed":
        shown = [one.row["state"] for one in evidence.own("agreement") if one.index == paper.images[-1].index]
        require(set(shown) & _RESTS, f"the {paper.name} lapsed though the agreement went on")
    if paper.since is not None:
        _check_in_force(evidence, paper.since)


def _check_in_force(evidence: Evidence, index: int) -> None:
    states = [one.row["state"] for one in evidence.own("agreement") if one.index < index]
    require(
        states and states[-1] == "ACTIVE", "an amendment came into force while the agreement was not active"
    )


def _check_agreement(evidence: Evidence, line: Line) -> None:
    """The agreement names the contract in force and lasts as long as that says, from when the first came into force.

    The term of a renewal begins when that of the contract renewed ends, if that is later; both parties signed when.
    """
    images = evidence.own("agreement")
    for image in images:
        row, paper = image.row, line.at(image.index)
        require(
            row.get("contract_id", line.first.row["id"]) == paper.row["id"],
            "the agreement follows another contract than the one in force",
        )
        begins, ends = (datetime.fromisoformat(row[name]) for name in TERM)
        signed = waiver.term_of(evidence, paper.terms, images[0].entry.time)
        require(begins == signed[0], "the term begins on another day than was signed")
        require(ends == signed[1], "the agreement lasts for other days than were signed")


def _check_grant(evidence: Evidence, line: Line) -> None:
    agreements = evidence.own("agreement")
    for image in evidence.own("access_grant"):
        terms = line.at(image.index).terms
        term = [[one.row[name] for name in TERM] for one in agreements if one.index <= image.index][-1:]
        require([[image.row[name] for name in TERM]] == term, "the grant has another term than the agreement")
        require(
            image.row["fetch_days"] == terms.delivery.days,
            "the grant has other days to fetch than were signed",
        )
