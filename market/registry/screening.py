"""What of the things found in a file stops its registration (rule R2.7), and what a release covers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from market.i18n import gettext as _
from market.i18n import in_language
from market.inspection.findings import Findings
from market.inspection.sensitive import negative
from market.inspection.sensitive.classes import LABELS, Sensitive


class StopCode(StrEnum):
    """Why a registration is stopped; the values stand in answers and steps for ever."""

    PERSONAL = "personal"
    """A column holds personal data that the provider did not declare, or declared as something less sensitive."""
    NEGATIVE = "negative"
    """Something on the negative list."""
    REIDENTIFY = "reidentify"
    """Rows hide in groups smaller than the rule book asks for."""


@dataclass(frozen=True)
class Stop:
    """One thing that stops a registration.

    Attributes:
        code: why.
        column: where; for ``reidentify`` all columns that make the groups; empty where it is the whole file.
        what: class of the data, code of the negative list, or size of the smallest group in rows.
        declared: for ``personal`` the class that is declared instead, which does not cover the one found; else empty.
            A release covers what was found, whatever was declared.
    """

    code: StopCode
    column: str
    what: str
    declared: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Say it in the reader's language, with what to do."""
        if self.code is StopCode.PERSONAL and self.declared:
            return _(
                "Column “%(column)s” is declared as %(declared)s, but was found to hold what is more sensitive"
                " (%(what)s): declare that, or take it out of the file and register that anew, or ask the operator.",
                column=self.column,
                declared=LABELS[Sensitive(self.declared)],
                what=LABELS[Sensitive(self.what)],
            )
        if self.code is StopCode.PERSONAL:
            return _(
                "Column “%(column)s” holds undeclared personal data (%(what)s): declare it, or take it out of the"
                " file and register that anew, or ask the operator.",
                column=self.column,
                what=LABELS[Sensitive(self.what)],
            )
        if self.code is StopCode.REIDENTIFY:
            return _(
                "People may be recognised: rows hide in groups of only %(what)s (by %(column)s). Make these columns"
                " coarser and register that file anew, or ask the operator.",
                column=self.column,
                what=self.what,
            )
        return _(
            "%(reason)s (%(column)s) Take it out of the file and register that anew, or ask the operator.",
            reason=_listed(self.what),
            column=self.column or _("the whole file"),
        )

    def document(self) -> dict[str, str]:
        """Return it as it is stored and answered."""
        return asdict(self)


def stops(findings: Findings, least: int) -> tuple[Stop, ...]:
    """Return what stops a registration, in the order of the file's columns.

    Args:
        findings: in force, that is with corrections.
        least: rows that the smallest group must have (rule book, ``reidentify.k``).
    """
    personal = [
        Stop(StopCode.PERSONAL, one.column, one.kind.value, one.declared.value if one.declared else "")
        for one in findings.found
        if one.personal and not one.covered
    ]
    listed = [Stop(StopCode.NEGATIVE, hit.column or "", hit.code) for hit in findings.negative]
    hidden = findings.hidden
    # one column alone, such as the district in a table of stations, points at nobody
    near = hidden is not None and hidden.k < least and len(hidden.columns) > 1
    together = (
        [Stop(StopCode.REIDENTIFY, ", ".join(hidden.columns), str(hidden.k))] if hidden and near else []
    )
    return (*personal, *listed, *together)


def uncovered(found: Sequence[Stop], released: Iterable[Sequence[Mapping[str, Any]]]) -> tuple[Stop, ...]:
    """Return the stops that no release covers.

    Args:
        found: what stops the registration now.
        released: the stops that each release was given for, as stored.
    """
    covered = {Stop(StopCode(one["code"]), one["column"], one["what"]) for each in released for one in each}
    return tuple(one for one in found if one not in covered)


def _listed(code: str) -> str:
    return next(
        (in_language(entry.reason) for entry in negative.entries() if entry.code == code),
        _("The data are on the negative list."),
    )
