"""Whose trade it is: every row of it names this contract, its two parties, and the rows it belongs to.

Rows stand in the trade's own entries, but an entry commits to whatever its writer put there. So each image is held
against the contract that both parties signed, not against the other rows alone.
"""

from collections.abc import Mapping
from typing import Any

from contracts.terms import AnyTerms
from market.verify import delivery, instalments
from market.verify.evidence import Evidence
from market.verify.line import Line
from market.verify.report import require

_OF_A_TRADE = ("agreement", "acceptance", "dispute", "duty")
_OF_PROVIDER = frozenset({"transfer", "reversal"})
_ONE_EACH = ("trade", "access_grant", *_OF_A_TRADE)


def check(evidence: Evidence, line: Line, kinds: list[str]) -> str:
    """Check the parties and links of every row; return what holds.

    Args:
        evidence: a bundle whose log half holds.
        line: the contracts of the trade.
        kinds: kinds of the trade's entries in order.

    Raises:
        CheckFailed: a row is of another contract, party or row, or is not there.
    """
    contract, terms = line.first.row, line.first.terms
    ids = {table: _only(evidence, table) for table in _ONE_EACH}
    _check_requests(evidence, line)
    begun = "contract.finalized" in kinds
    for table in ("trade", "agreement", "acceptance", "access_grant"):
        require(bool(ids[table]) == begun, f"a contract in force has one {table}")
    require(
        len(instalments.rows(evidence)) == len(instalments.plan(evidence, terms)),
        "a price has one settlement for each instalment that was signed",
    )
    for table, columns in _expected(evidence, contract, ids).items():
        for image in evidence.own(table):
            for name, value in columns.items():
                require(image.row[name] == value, f"{table} {name} is not the contract's own")
    _check_operations(evidence, contract)
    _check_asset(evidence, terms, contract)
    return "every row names this contract, its provider, its buyer, and the rows it belongs to"


def _check_requests(evidence: Evidence, line: Line) -> None:
    """Each contract of the trade was asked for by one request, between the same parties."""
    handle = evidence.trade()[0][1].handle
    found = {image.row["id"] for image in evidence.own("request")}
    require(len(found) == len(line.papers), "each contract has one request")
    for paper in line.papers:
        own = [one.row for one in evidence.own("request") if one.row["contract_id"] == paper.row["id"]]
        require(own, f"no entry shows the request of the {paper.name}")
        expected = {name: paper.row[name] for name in ("number", "provider_id", "buyer_id")}
        for row in own:
            for name, value in {**expected, "handle": handle}.items():
                require(row[name] == value, f"request {name} is not the contract's own")


def _only(evidence: Evidence, table: str) -> str | None:
    """Return the id that all images of a table share, grants of updates left out; None when there is none."""
    ids = {image.row["id"] for image in evidence.own(table) if not delivery.ordinal(image.row)}
    require(len(ids) <= 1, f"there is more than one {table}")
    return ids.pop() if ids else None


def _expected(
    evidence: Evidence, contract: dict[str, Any], ids: Mapping[str, str | None]
) -> dict[str, dict[str, Any]]:
    deal = {name: contract[name] for name in ("number", "provider_id", "buyer_id")}
    handle = {"handle": evidence.trade()[0][1].handle}
    asset, of_contract = {"asset_id": contract["asset_id"]}, {"contract_id": contract["id"]}
    of_trade = {"trade_id": ids["trade"]}
    return {
        "trade": {**deal, **handle, **of_contract, **asset},
        "access_grant": {**deal, **asset, **of_trade},
        "operation": {"number": contract["number"], **handle},
        "chargeback": {"number": contract["number"], **handle},
        **dict.fromkeys((*_OF_A_TRADE, "settlement", "notice", "redress"), of_trade),
    }


def _check_operations(evidence: Evidence, contract: dict[str, Any]) -> None:
    """Money comes from the buyer, and goes out of that payment to the provider or back."""
    paid = {row["id"]: row["settlement_id"] for row in evidence.done("checkout")}
    due = instalments.rows(evidence)
    stray = {row["id"] for row in evidence.strayed()}
    for image in evidence.own("operation"):
        row = image.row
        whose = "provider_id" if row["kind"] in _OF_PROVIDER else "buyer_id"
        require(row["organisation_id"] == contract[whose], f"a {row['kind']} is another organisation's money")
        require(row["settlement_id"] in due, "operation settlement_id is not the contract's own")
        of_it = paid.get(row["source_id"]) == row["settlement_id"]
        astray = row["kind"] not in _OF_PROVIDER and row["source_id"] in stray
        source = row["kind"] == "checkout" or of_it or astray
        require(source, f"a {row['kind']} is taken from another payment")
    for image in evidence.own("settlement"):
        funded = image.row["state"] in {"FUNDED", "RELEASED", "REFUNDED", "PARTIAL"}
        by = image.row["operation_id"]
        known = paid.get(by) == image.row["id"] if funded else by is None
        require(known, "the settlement is funded by another payment")


def _check_asset(evidence: Evidence, terms: AnyTerms, contract: dict[str, Any]) -> None:
    """What was measured is the provider's own asset."""
    for revision in evidence.rows("revision", digest=terms.subject.content_digest):
        require(revision.row["asset_id"] == contract["asset_id"], "the revision is of another asset")
        for inspection in evidence.rows("inspection", revision_id=revision.row["id"]):
            require(
                inspection.row["provider_id"] == contract["provider_id"],
                "the inspection is another provider's",
            )
