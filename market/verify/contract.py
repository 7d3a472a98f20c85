"""The contract: its files are those the entries committed to, and both parties signed exactly them.

From 0.2 on the signatures stand in the file (:mod:`market.verify.signed`). Those of 0.1 stand beside it, over a
statement that names the document, and are checked here for ever.
"""

import hashlib
from typing import Any

from contracts import standing
from contracts import verify as contracts
from contracts.terms import parse
from contracts.verify import Package, PartySignature
from market.verify import signed
from market.verify.evidence import Evidence, Image
from market.verify.negotiation import check_versions
from market.verify.report import CheckFailed, Report, require, tell

DOCUMENT = "contract/document.pdf"
TERMS = "contract/terms.json"
POLICY = "contract/policy.json"
RENDERING = "contract/rendering.json"


def check(report: Report, evidence: Evidence) -> None:
    """Check the contract's files, its digests and its signatures."""
    with report.checking("contract"):
        count = check_versions(evidence)
        row = evidence.own("contract")[-1].row
        _check_digests(evidence, row)
        if count:
            report.ok("versions", f"{count}, each naming the one before; none after acceptance or signature")
        report.ok(
            "contract", f"{row['number']}: terms, document and policy are those the entries committed to"
        )
        own = _signatures(evidence, row)
        order = standing.signers(parse(evidence.files[TERMS]))
        detached = own if any("signature" in image.row for image in own) else []
        for image in detached:
            report.ok(
                f"key of the {image.row['role']}",
                f"published for this party before it signed, held by the {_key(evidence, row, image)['holder']}",
            )
        tell(report, contracts.verify(_package(evidence, row, detached)))
        if detached:
            in_force = row["final_digest"] in {row["document_digest"], None}
            require(in_force, "another document is in force than was signed")
        elif own:
            signed.check(report, evidence, row, own, order)
        else:
            require(row["state"] != "FINALIZED", "a contract in force is signed")


def _check_digests(evidence: Evidence, row: dict[str, Any]) -> None:
    require(row["number"] == evidence.manifest.trade, "its number is not the bundle's")
    for name, digest in ((DOCUMENT, "document_digest"), (TERMS, "terms_digest"), (POLICY, "policy_digest")):
        require(
            hashlib.sha256(evidence.files[name]).hexdigest() == row[digest],
            f"{name} is not the file of the entries",
        )
    for name, text in ((TERMS, "terms"), (POLICY, "policy"), (RENDERING, "rendering")):
        require(evidence.files[name].decode() == row[text], f"{name} is not the text of the entries")
    require(len(evidence.files[DOCUMENT]) == row["document_size"], "the document has another size")


def _signatures(evidence: Evidence, row: dict[str, Any]) -> list[Image]:
    found, own = evidence.rows("signature"), evidence.own("signature")
    require(
        found == own and all(image.entry.kind == "contract.signed" for image in own),
        "a signature stands in a foreign entry",
    )
    require(all(image.row["contract_id"] == row["id"] for image in own), "a signature is of another contract")
    return own


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


def _package(evidence: Evidence, row: dict[str, Any], signatures: list[Image]) -> Package:
    return Package(
        terms=evidence.files[TERMS],
        policy=evidence.files[POLICY],
        document=evidence.files[DOCUMENT],
        rendering=evidence.files[RENDERING],
        template_digest=row["template_digest"],
        signatures=[
            PartySignature(
                role=image.row["role"],
                public_key=_key(evidence, row, image)["public_key"],
                statement=image.row["statement"],
                signature=image.row["signature"],
            )
            for image in signatures
        ],
        complete=bool(signatures) and row["state"] == "FINALIZED",
        offer=evidence.files.get(f"{signed.OFFER}signed.pdf", b""),
    )
