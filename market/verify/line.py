"""The contracts of one trade in a bundle: the first one and its amendments, and which was in force at an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from contracts.terms import AnyTerms, parse
from market.verify.evidence import Evidence, Image
from market.verify.report import require

FIRST: Final = "contract/"
AMENDMENTS: Final = "amendments/"
IN_FORCE: Final[Mapping[bool, str]] = {True: "contract.finalized", False: "amendment.finalized"}
"""Kind of the entry by which a contract comes into force, by whether it is the first of its trade."""


@dataclass(frozen=True)
class Paper:
    """One contract of a trade: the first one, or a proposal to amend it.

    Attributes:
        evidence: a bundle whose log half holds.
        images: of the contract's row, in the log's order.
        first: whether the trade began with it.
    """

    evidence: Evidence
    images: list[Image]
    first: bool

    @property
    def row(self) -> dict[str, Any]:
        """The contract's last image."""
        return self.images[-1].row

    @property
    def name(self) -> str:
        """What the report calls it."""
        return "contract" if self.first else f"amendment {self.row['number']}"

    @property
    def prefix(self) -> str:
        """What stands before the names of checks that every contract has."""
        return "" if self.first else f"{self.name}, "

    def place(self, name: str) -> str:
        """Return where the bundle keeps a file of it."""
        return f"{FIRST}{name}" if self.first else f"{AMENDMENTS}{self.row['number']}/{name}"

    def file(self, name: str) -> bytes:
        """Return a file of it.

        Raises:
            CheckFailed: the bundle has none.
        """
        place = self.place(name)
        require(place in self.evidence.files, f"the bundle has no {place}")
        return self.evidence.files[place]

    def own(self, table: str) -> list[Image]:
        """Return the images of its versions, signatures or remarks, in the log's order."""
        return [image for image in self.evidence.own(table) if image.row["contract_id"] == self.row["id"]]

    @cached_property
    def terms(self) -> AnyTerms:
        """Its terms, as the bundle's file has them."""
        return parse(self.file("terms.json"))

    @property
    def since(self) -> int | None:
        """Index of the entry by which it came into force; None when it did not."""
        return next((image.index for image in self.images if image.row["state"] == "FINALIZED"), None)


class Line:
    """The contracts of a trade, in the order in which they were begun."""

    def __init__(self, evidence: Evidence) -> None:
        found: dict[str, list[Image]] = {}
        for image in evidence.own("contract"):
            found.setdefault(image.row["id"], []).append(image)
        require(found, "no entry shows the contract")
        self.papers = [Paper(evidence, images, not place) for place, images in enumerate(found.values())]

    @property
    def first(self) -> Paper:
        """The contract that the trade began with."""
        return self.papers[0]

    def at(self, index: int) -> Paper:
        """Return the contract in force at an entry, that entry included; the first one before there was any."""
        came = [(paper.since, paper) for paper in self.papers]
        before = [(since, paper) for since, paper in came if since is not None and since <= index]
        return max(before, key=lambda found: found[0])[1] if before else self.first
