"""The contract: its files are those the entries committed to, and both parties signed exactly them.

From 0.2 on the signatures stand in the file (:mod:`market.verify.signed`). Those of 0.1 stand beside it, over a
statement that names the document, and are checked here for ever.
"""

import hashlib
from typing import Any, Final

from contracts import standing
from contracts import verify as contracts
from contracts.verify import Package, PartySignature
from market.verify import amendments, renewal, signed
from market.verify.evidence import Evidence, Image
from market.verify.line import Line, Paper
from market.verify.negotiation import check_versions
from market.verify.report import CheckFailed, Report, require, tell

DOCUMENT: Final = "document.pdf"
TERMS: Final = "terms.json"
POLICY: Final = "policy.json"
RENDERING: Final = "rendering.json"


def check(report: Report, evidence: Evidence) -> None:
    """Check every contract's files, its digests and its signatures, and that the amendments are one line."""
    with report.checking("contract"):
        line = Line(evidence)
        require(line.first.row["number"] == evidence.manifest.trade, "its number is not the bundle's")
        _require_owned(evidence, line)
        for paper in line.papers:
            with report.checking(paper.name):
                _check_paper(report, evidence, paper)
        with report.checking("renewal"):
            if renewed := renewal.check(evidence, line):
                report.ok("renewal", renewed)
        if len(line.papers) > 1 or line.first.since is not None:
            with report.checking("amendments"):
                report.ok("amendments", amendments.check(evidence, line))


def _require_owned(evidence: Evidence, line: Line) -> None:
    """Let no version, remark or signature stand in a foreign entry, or be of a contract that is not the trade's."""
    ids = {paper.row["id"] for paper in line.papers}
    for table in ("version", "remark", "signature"):
        own = evidence.own(table)
        require(evidence.rows(table) == own, f"a {table} stands in a foreign entry")
        require(all(image.row["contract_id"] in ids for image in own), f"a {table} is of another contract")


def _check_paper(report: Report, evidence: Evidence, paper: Paper) -> None:
    row = paper.row
    count = check_versions(paper)
    _check_digests(paper)
    if count:
        report.ok(
            f"{paper.prefix}versions",
            f"{count}, each naming the one before; none after acceptance or signature",
        )
    report.ok(paper.name, f"{row['number']}: terms, document and policy are those the entries committed to")
    own = paper.own("signature")
    require(
        all(image.entry.kind == "contract.signed" for image in own), "a signature stands in a foreign entry"
    )
    detached = own if any("signature" in image.row for image in own) else []
    for image in detached:
        report.ok(
            f"key of the {image.row['role']}",
            f"published for this party before it signed, held by the {_key(evidence, row, image)['holder']}",
        )
    tell(report, contracts.verify(_package(paper, detached)), paper.prefix)
    if detached:
        in_force = row["final_digest"] in {row["document_digest"], None}
        require(in_force, "another document is in force than was signed")
    elif own:
        signed.check(report, paper, own, standing.signers(paper.terms))
    else:
        require(row["state"] != "FINALIZED", "a contract in force is signed")


def _check_digests(paper: Paper) -> None:
    row = paper.row
    for name, digest in ((DOCUMENT, "document_digest"), (TERMS, "terms_digest"), (POLICY, "policy_digest")):
        require(
            hashlib.sha256(paper.file(name)).hexdigest() == row[digest],
            f"{paper.place(name)} is not the file of the entries",
        )
    for name, text in ((TERMS, "terms"), (POLICY, "policy"), (RENDERING, "rendering")):
        require(paper.file(name).decode() == row[text], f"{paper.place(name)} is not the text of the entries")
    require(len(paper.file(DOCUMENT)) == row["document_size"], "the document has another size")
    require(paper.terms.number == row["number"], "the terms have another number than the contract")


def _key(evidence: Evidence, contract: dict[str, Any], signature: Image) -> dict[str, Any]:
    """Return the key row of a signature: published earlier, still in use, and that party's own."""
    role = signature.row["role"]
    published = evidence.rows("key", id=signature.row["key_id"])
    before = [image for image in published if image.index < signature.index]
    if not before:
        raise CheckFailed(f"the key of the {role} was not published before it signed")
    key = before[-1].row
    require(key["state"] == "active", f"the key of the {role} was retired before it signed")
    require(key["purpose"] == "party", f"the key of the {role} is published for another purpose")
    require(key["organisation_id"] == contract[f"{role}_id"], f"the key of the {role} is another party's")
    require(
        key["algorithm"] == signature.row["algorithm"] == "ES256", f"the {role} signed by another algorithm"
    )
    return key


def _package(paper: Paper, signatures: list[Image]) -> Package:
    row = paper.row
    return Package(
        terms=paper.file(TERMS),
        policy=paper.file(POLICY),
        document=paper.file(DOCUMENT),
        rendering=paper.file(RENDERING),
        template_digest=row["template_digest"],
        signatures=[
            PartySignature(
                role=image.row["role"],
                public_key=_key(paper.evidence, row, image)["public_key"],
                statement=image.row["statement"],
                signature=image.row["signature"],
            )
            for image in signatures
        ],
        complete=bool(signatures) and row["state"] == "FINALIZED",
        offer=_offer(paper),
    )


def _offer(paper: Paper) -> bytes:
    """Return the signed offer that a contract carries; nothing where it accepts none."""
    if standing.signers(paper.terms) != standing.ACCEPTED:
        return b""
    return paper.evidence.files.get(f"{signed.OFFER}signed.pdf", b"")
