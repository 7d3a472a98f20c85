"""What stands beside an inspection: corrections, appeals, and what stops the registration now."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.errors import Conflict
from market.i18n import _
from market.inspection import findings as finding
from market.inspection.declared.model import from_json
from market.inspection.findings import Findings
from market.inspection.sensitive.classes import Sensitive
from market.registry.declarations import declaration_of
from market.registry.models import Appeal, Correction, Decision, Inspection
from market.registry.screening import Stop, stops, uncovered
from market.rules import book

RULE = "R2.7"

_Row = TypeVar("_Row", Correction, Appeal)


@dataclass(frozen=True)
class Screened:
    """What was found in a file and what became of it.

    Attributes:
        measured: as the exchange found it.
        findings: with the corrections.
        corrections: of reviewers, the oldest first.
        appeals: of the provider, the oldest first.
        found: all that would stop the registration.
        stops: those of them that no release covers: these stop it.
    """

    measured: Findings
    findings: Findings
    corrections: Sequence[Correction]
    appeals: Sequence[Appeal]
    found: tuple[Stop, ...]
    stops: tuple[Stop, ...]

    @property
    def appeal(self) -> Appeal | None:
        """The appeal that waits for the operator."""
        return next((one for one in self.appeals if one.decision is None), None)

    @property
    def covered(self) -> tuple[Stop, ...]:
        """What the operator released."""
        return tuple(one for one in self.found if one not in self.stops)


def screened(session: Session, inspection: Inspection) -> Screened:
    """Return what was found in a measured file.

    Raises:
        ValueError: the file could not be measured.
    """
    if inspection.report is None:
        raise ValueError("nothing was found in a file that could not be measured")
    measured = finding.read(inspection.report)
    corrections = _of(session, Correction, inspection.revision_id)
    appeals = _of(session, Appeal, inspection.revision_id)
    findings = measured.corrected(
        {one.column: one.kind for one in corrections}, _declared(session, inspection.revision_id)
    )
    found = stops(findings, book().value("reidentify.k"))
    released = [one.stops for one in appeals if one.decision is Decision.RELEASE]
    return Screened(measured, findings, corrections, appeals, found, uncovered(found, released))


def demand_unstopped(session: Session, inspection: Inspection) -> None:
    """Refuse to go on with what was found in a file (rule R2.7).

    Raises:
        Conflict: ``asset.stopped``; ``stops`` says each reason.
    """
    standing = screened(session, inspection).stops
    if standing:
        raise Conflict(
            "asset.stopped",
            _(
                "What was found in the file stops the registration. %(stops)s",
                stops=" ".join(map(str, standing)),
            ),
            rule=RULE,
            stops=[one.document() for one in standing],
        )


def _declared(session: Session, revision_id: uuid.UUID) -> dict[str, Sensitive]:
    declaration = declaration_of(session, revision_id)
    if declaration is None:
        return {}
    columns = from_json(declaration.document).columns
    return {one.name: Sensitive(one.personal) for one in columns if one.personal is not None}


def _of(session: Session, model: type[_Row], revision_id: uuid.UUID) -> list[_Row]:
    query = select(model).where(model.revision_id == revision_id).order_by(model.ordinal)
    return list(session.scalars(query))
