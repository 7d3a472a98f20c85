"""What an inspection found of sensitive data, as values, and what it comes to once people corrected it.

Light: the server reads it out of the stored report (:mod:`market.inspection.report`); nothing is looked for here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from market.inspection.sensitive.classes import Level, Sensitive, covers, level

PERSONAL = frozenset({Level.PERSONAL, Level.SENSITIVE_PERSONAL})
"""Levels of personal information."""


@dataclass(frozen=True)
class Finding:
    """What a column holds.

    Attributes:
        column: its name.
        kind: the class.
        cells: cells that bear the form of the class.
        filled: cells of the column that are not empty.
        valid: cells whose check symbol is right; 0 where the class has none.
        basis: why it is thought, in short words; ``corrected`` where a person says so.
        declared: the class that the provider declared of this column; None where none is.
    """

    column: str
    kind: Sensitive
    cells: int
    filled: int
    valid: int
    basis: tuple[str, ...]
    declared: Sensitive | None

    @property
    def level(self) -> Level:
        """How sensitive it is."""
        return level(self.kind)

    @property
    def personal(self) -> bool:
        """Whether it is personal information."""
        return self.level in PERSONAL

    @property
    def covered(self) -> bool:
        """Whether the provider declared it, or something at least as sensitive."""
        return covers(self.declared, self.kind)


@dataclass(frozen=True)
class Hidden:
    """How well rows hide among each other.

    Attributes:
        columns: the columns that together may name people.
        k: rows of the smallest group that agrees in all of them.
        groups: how many groups there are.
        rows_below: rows in groups smaller than the five that the method counts by (``writing.SMALL_GROUP``).
    """

    columns: tuple[str, ...]
    k: int
    groups: int
    rows_below: int


@dataclass(frozen=True)
class Hit:
    """Something on the negative list.

    Attributes:
        code: of the entry of the list.
        column: where; None where it is of the whole file.
        cells: cells that say so; 0 where the column's name alone does.
    """

    code: str
    column: str | None
    cells: int


@dataclass(frozen=True)
class Findings:
    """All that was found in a file; ``columns`` are all the file's, in its order."""

    columns: tuple[str, ...]
    found: tuple[Finding, ...]
    hidden: Hidden | None
    negative: tuple[Hit, ...]

    def of(self, column: str) -> Finding | None:
        """Return what was found in a column."""
        return next((one for one in self.found if one.column == column), None)

    @property
    def sensitive(self) -> frozenset[str]:
        """Names of the columns whose values are shown to nobody."""
        of_hits = (hit.column for hit in self.negative if hit.column is not None)
        return frozenset(one.column for one in self.found).union(of_hits)

    def corrected(
        self,
        corrections: Mapping[str, Sensitive | None],
        declared: Mapping[str, Sensitive] = MappingProxyType({}),
    ) -> "Findings":
        """Return the findings in force.

        Args:
            corrections: by column the class that a person says it holds, None for nothing sensitive.
            declared: by column the class that the provider declares.
        """
        found = tuple(
            one
            for column in self.columns
            if (
                one := self._corrected(column, corrections, declared)
                if column in corrections
                else self.of(column)
            )
        )
        return replace(self, found=found)

    def _corrected(
        self, column: str, corrections: Mapping[str, Sensitive | None], declared: Mapping[str, Sensitive]
    ) -> Finding | None:
        kind, measured = corrections[column], self.of(column)
        if kind is None or (measured is not None and measured.kind is kind):
            return measured if kind else None
        if measured is None:
            return Finding(column, kind, 0, 0, 0, ("corrected",), declared=declared.get(column))
        return replace(measured, kind=kind, valid=0, basis=("corrected",))


def read(report: str) -> Findings:
    """Read the findings out of a stored report; a file whose report has none was found free of them."""
    facts = json.loads(report)
    said = facts.get("sensitive") or {"columns": [], "k": None, "negative": []}
    return Findings(
        columns=tuple(column["name"] for column in facts["columns"]),
        found=tuple(_finding(one) for one in said["columns"]),
        hidden=_hidden(said["k"]),
        negative=tuple(Hit(one["code"], one["column"], one["cells"]) for one in said["negative"]),
    )


def examples(preview: str) -> dict[str, list[str]]:
    """Return masked examples by column out of a stored preview, for whoever may see them."""
    columns = json.loads(preview)["columns"]
    return {column["name"]: column["examples"] for column in columns if column.get("examples")}


def _finding(said: Mapping[str, Any]) -> Finding:
    return Finding(
        said["name"],
        Sensitive(said["class"]),
        said["cells"],
        said["filled"],
        said["valid"],
        tuple(said["basis"]),
        Sensitive(said["declared"]) if said["declared"] else None,
    )


def _hidden(said: Mapping[str, Any] | None) -> Hidden | None:
    if said is None:
        return None
    return Hidden(tuple(said["columns"]), said["k"], said["groups"], said["rows_below"])
