"""The inspection of an asset's file as everybody may see it who may see the asset or a listing of it."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from market.i18n import language
from market.inspection import dqv, dqv_attested, showing
from market.inspection.dqv_attested import Attested
from market.inspection.grading import INDICATORS, REASONS
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS
from market.inspection.showing import Shown
from market.registry import cleaning_reading
from market.registry.attestations.beside import TOTALS, Beside, of_revision
from market.registry.reading import measured_in, not_inspected
from market.registry.screened import screened


@dataclass(frozen=True)
class Inspected:
    """An inspection in public.

    Attributes:
        report: the facts, as they are digested.
        digest: SHA-256 of the report's canonical text.
        shown: what a stranger may see of the values.
        engine: versions of what measured.
        at: when it was measured.
        cleanings: how the file was made of the one that was uploaded, as everybody may see it.
        beside: what third parties measured.
    """

    report: Mapping[str, Any]
    digest: str
    shown: Shown
    engine: Mapping[str, str]
    at: datetime
    cleanings: Sequence[Mapping[str, Any]]
    beside: list[Beside]

    @property
    def whole(self) -> list[Mapping[str, Any]]:
        """The figures of the whole file."""
        return [figure for figure in self.report["quality"] if figure["column"] is None]

    def of(self, column: str) -> list[Mapping[str, Any]]:
        """Return the figures of a column."""
        return [figure for figure in self.report["quality"] if figure["column"] == column]

    @property
    def nulls(self) -> int:
        """Empty cells of the whole file."""
        return sum(column["nulls"] for column in self.report["columns"])

    def document(self) -> dict[str, Any]:
        """Return it as programs get it."""
        return {
            "report": self.report,
            "report_digest": self.digest,
            "preview": self.shown.document(),
            "engine": self.engine,
            "inspected_at": self.at,
            "cleanings": self.cleanings,
            "attestations": [one.document() for one in self.beside],
        }

    def linked(self, address: str) -> str:
        """Return the report in the Data Quality Vocabulary, as the text of JSON-LD.

        Args:
            address: of the page about the inspection.
        """
        measuring = dqv.Measuring(address, self.digest, self.at, self.engine, language())
        document = dqv.document(self.report, measuring)
        for one in self.beside:
            attested = Attested(
                one.report, one.report_digest, one.at, one.names, one.credit_code, str(one.id)
            )
            dqv_attested.add(document, attested, measuring)
        return json.dumps(document, ensure_ascii=False, indent=1)


def inspected(session: Session, revision_id: uuid.UUID) -> Inspected:
    """Return the inspection of a file.

    Args:
        session: a session.
        revision_id: a file that the reader of the answer may see, or of which there is a listing that they may see.

    Raises:
        Conflict: the file was not or could not be measured (``asset.not_inspected``).
    """
    row = measured_in(session, revision_id)
    if row is None or row.report is None or row.report_digest is None:
        raise not_inspected()
    report = json.loads(row.report)
    preview = json.loads(row.preview) if row.preview else None
    shown = showing.public(report, preview, screened(session, row).findings)
    cleanings = [cleaning_reading.document(one) for one in cleaning_reading.cleanings(session, revision_id)]
    attested = of_revision(session, revision_id, report)
    return Inspected(
        report, row.report_digest, shown, row.engine or {}, row.inspected_at, cleanings, attested
    )


def words() -> dict[str, Any]:
    """Return the labels that a page about an inspection needs."""
    return {
        "indicators": INDICATORS, "reasons": REASONS, "types": TYPE_LABELS, "classes": LABELS, "totals": TOTALS,
    }  # fmt: skip
