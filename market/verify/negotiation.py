"""How the contract's terms came about.

Every version stands in an entry and names the one before it, and none follows the one that was accepted or signed.
"""

from datetime import datetime
from typing import Any

from contracts.errors import VersionError
from contracts.versions import Link, require_chain
from contracts.vocabulary import Role
from market.verify.evidence import Image
from market.verify.line import Paper
from market.verify.report import CheckFailed, require

_TEXT = ("terms", "terms_digest", "document_digest", "document_size", "rendering")
_OPEN = ("REQUESTED", "OFFERED")
_MAY_CHANGE = frozenset({"state", "final_digest", "ending", "reason"})
_NEVER = ("id", "number", "model", "provider_id", "buyer_id", "asset_id", "template_digest")


def check_versions(paper: Paper) -> int:
    """Return how many versions there are, after holding them against each other and against the contract.

    A contract of 0.1 has none: its terms were fixed at the request, and every image of it must show them.

    Raises:
        CheckFailed: no version, a broken chain, or a contract that shows other terms than were offered last.
    """
    contract, versions = paper.images, paper.own("version")
    if not any("version" in image.row for image in contract):
        require(not versions, "a version stands beside a contract that has none")
        _hold_fixed(contract)
        return 0
    require(versions, "no entry shows a version of the contract")
    row = contract[0].row
    try:
        require_chain([_link(row["number"], one.row) for one in versions])
        intact = all(one.row["digest"] == _link(row["number"], one.row).digest() for one in versions)
    except (VersionError, ValueError, TypeError) as error:
        raise CheckFailed(f"the versions are no chain: {error}") from error
    require(intact, "a version has another digest than its own")
    for image in contract:
        _hold(contract, versions, image)
    return len(versions)


def _hold_fixed(contract: list[Image]) -> None:
    """Hold the images of a contract of 0.1 against each other."""
    fixed = [
        {name: value for name, value in image.row.items() if name not in _MAY_CHANGE} for image in contract
    ]
    require(all(row == fixed[0] for row in fixed), "what was fixed at the request changed later")


def _hold(contract: list[Image], versions: list[Image], image: Image) -> None:
    """Hold one image of the contract against the version that was on the table then."""
    row = image.row
    require(
        all(row[name] == contract[0].row[name] for name in _NEVER),
        "what was fixed at the request changed later",
    )
    before = [one.row for one in versions if one.index <= image.index]
    require(before and before[-1]["seq"] == row["version"], "the contract shows no version that was offered")
    require(
        all(row[name] == before[-1][name] for name in _TEXT), "the contract shows other terms than offered"
    )
    if row["state"] not in _OPEN and row["state"] != "TERMINATED":
        last = contract[-1].row
        require(
            {name: value for name, value in row.items() if name not in _MAY_CHANGE}
            == {name: value for name, value in last.items() if name not in _MAY_CHANGE},
            "what was accepted or signed changed later",
        )


def _link(number: str, row: dict[str, Any]) -> Link:
    return Link(
        number=number,
        seq=row["seq"],
        role=Role(row["role"]),
        terms_digest=row["terms_digest"],
        document_digest=row["document_digest"],
        parent_digest=row["parent_digest"],
        comment=row["comment"],
        at=datetime.fromisoformat(row["made_at"]),
    )
