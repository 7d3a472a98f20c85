"""What second persons approved inside a party before it signed: this document, by somebody other than the signer.

A party sees its own people's decisions, an auditor those of both. Whether a rule of the party's asked for one cannot
be seen here; but a signature that names an approval must have it.
"""

from typing import Any, Final

from contracts.vocabulary import Role
from ledger import canonical
from ledger.evidence import OPENINGS
from market.verify.evidence import Evidence, Image
from market.verify.report import Report, require

KINDS: Final = {True: "contract.approved", False: "contract.disapproved"}
"""Kind of the entry of a decision, by whether it approves."""


def check(report: Report, evidence: Evidence) -> None:
    """Hold every decision that is shown against the documents on the table and the signatures.

    Args:
        report: where the lines go.
        evidence: a bundle whose log half holds.

    Raises:
        CheckFailed: a decision names another document, person or party, follows the signature or is the signer's own.
    """
    steps = _steps(evidence)
    shown = {image.index for image in evidence.own("approval")}
    decided = {index: entry for index, entry in evidence.trade() if entry.kind in KINDS.values()}
    require(shown <= decided.keys(), "an approval stands in an entry of another kind")
    require(evidence.own("approval") == evidence.rows("approval"), "an approval stands in a foreign entry")
    for index, entry in decided.items():
        open_ = index in shown, str(entry.id) in steps
        require(open_[0] == open_[1], f"entry {index}: who decided and what was decided belong together")
    for image in evidence.own("approval"):
        _check_decision(evidence, steps, image)
    for role in Role:
        _check_signed(report, evidence, steps, role)
    hidden = len(decided) - len(shown)
    if hidden:
        report.note("approvals", f"{hidden} of the other party's, which are not shown")


def _check_decision(evidence: Evidence, steps: dict[str, Any], image: Image) -> None:
    """Hold one decision against its entry, the party that it is of, and the document then on the table."""
    row, contract = image.row, evidence.own("contract")
    party = row["party"]
    require(
        party in set(Role) and image.entry.kind == KINDS[row["approved"]], "an approval says another thing"
    )
    own = (row["number"], row["organisation_id"]) == (
        contract[0].row["number"],
        contract[0].row[f"{party}_id"],
    )
    require(own, f"an approval for the {party} is another contract's or organisation's")
    actor = steps[str(image.entry.id)]["actor"]
    who = (actor["user"], actor["organisation"]) == (row["user_id"], row["organisation_id"])
    require(who, f"an approval for the {party} is another person's than the entry's")
    before = [one.row["document_digest"] for one in contract if one.index < image.index]
    require(
        before and before[-1] == row["document_digest"],
        f"an approval for the {party} names another document than the one on the table",
    )
    signed = evidence.own("signature")
    late = any(one.row["role"] == party and one.index < image.index for one in signed)
    require(not late, f"an approval for the {party} comes after it signed")


def _check_signed(report: Report, evidence: Evidence, steps: dict[str, Any], role: Role) -> None:
    """Hold the signature of a party against what was decided in it about the document that it signed."""
    signatures = [one for one in evidence.own("signature") if one.row["role"] == role]
    if not signatures:
        return
    digest = evidence.own("contract")[-1].row["document_digest"]
    about = [one.row for one in evidence.own("approval") if one.row["party"] == role]
    about = [row for row in about if row["document_digest"] == digest]
    step = steps.get(str(signatures[0].entry.id))
    named = None if step is None else step["note"].get("approval")
    if step is None:
        require(not about, f"it is not shown who signed for the {role}, whose approvals are shown")
        return
    approvers = {row["user_id"] for row in about if row["approved"]}
    require(step["actor"]["user"] not in approvers, f"who signed for the {role} approved it too")
    if named is None:
        return
    counts = bool(about) and about[-1]["id"] == named and about[-1]["approved"]
    require(counts, f"the approval by which the {role} signed is not the last decision about this document")
    report.ok(
        f"approval of the {role}",
        f"approved for the {role} by a second person before it signed, this document",
    )


def _steps(evidence: Evidence) -> dict[str, Any]:
    """Return who took each step that is shown, by the id of its entry."""
    found: Any = canonical.decode(evidence.files[OPENINGS])
    return {item["entry"]: item["value"] for item in found if item["field"] == "step"}
