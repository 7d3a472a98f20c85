"""What accredited bodies measured in a file, beside what the exchange did."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.i18n import lazy
from market.inspection import pairing
from market.inspection.pairing import Pair, Total
from market.participants import service as participants
from market.registry.models import Attestation

TOTALS = {
    "rows": lazy("Rows"),
    "duplicate_rows": lazy("Duplicate rows"),
    "nulls": lazy("Empty cells"),
    "content_digest": lazy("Digest of the content"),
    "grade": lazy("Grade"),
}
"""What the facts of both are called, by their names in :mod:`market.inspection.pairing`."""


@dataclass(frozen=True)
class Beside:
    """An inspection by a third party beside the exchange's own.

    Attributes:
        id: of the attestation.
        names: of who measured, by language.
        credit_code: theirs.
        at: when it was attached.
        entry_id: of the ledger.
        report: as it was measured.
        report_digest: SHA-256 of its canonical text.
        statement: what was signed.
        signature: over its canonical text, CMS in base64.
        held_alike: whether both were held against the same declaration, or neither against one.
        totals: facts of both.
        figures: of both.
    """

    id: uuid.UUID
    names: Mapping[str, str]
    credit_code: str
    at: datetime
    entry_id: uuid.UUID
    report: Mapping[str, Any]
    report_digest: str
    statement: Mapping[str, Any]
    signature: str
    held_alike: bool
    totals: list[Total]
    figures: list[Pair]

    @property
    def whole(self) -> list[Pair]:
        """The figures of the whole file."""
        return [pair for pair in self.figures if pair.column is None]

    @property
    def odd(self) -> list[Pair]:
        """The figures of columns that differ."""
        return [pair for pair in self.figures if pair.column is not None and pair.differs]

    @property
    def differing(self) -> int:
        """How many facts and figures differ."""
        return sum(one.differs for one in self.totals) + sum(one.differs for one in self.figures)

    def document(self) -> dict[str, Any]:
        """Return it as programs get it."""
        return {
            "id": self.id,
            "name_zh": self.names.get("zh", ""),
            "name_en": self.names.get("en", ""),
            "credit_code": self.credit_code,
            "attested_at": self.at,
            "entry_id": self.entry_id,
            "report": self.report,
            "report_digest": self.report_digest,
            "statement": self.statement,
            "signature": self.signature,
            "differs": [
                *({"what": total.name, "column": None} for total in self.totals if total.differs),
                *({"what": pair.code, "column": pair.column} for pair in self.figures if pair.differs),
            ],
        }


def of_revision(session: Session, revision_id: uuid.UUID, report: Mapping[str, Any]) -> list[Beside]:
    """Return the newest inspection of each third party, the newest first.

    Args:
        session: a session.
        revision_id: of the file.
        report: the exchange's own.
    """
    query = select(Attestation).where(Attestation.revision_id == revision_id)
    rows = {row.organisation_id: row for row in session.scalars(query.order_by(Attestation.ordinal))}
    names = participants.names(session, set(rows))
    newest = sorted(rows.values(), key=lambda row: row.ordinal, reverse=True)
    return [_beside(row, names.get(row.organisation_id, {}), report) for row in newest]


def _beside(row: Attestation, names: Mapping[str, str], ours: Mapping[str, Any]) -> Beside:
    theirs, statement = json.loads(row.report), json.loads(row.statement)
    return Beside(
        id=row.id,
        names=names,
        credit_code=statement["credit_code"],
        at=row.attested_at,
        entry_id=row.step_id,
        report=theirs,
        report_digest=row.report_digest,
        statement=statement,
        signature=row.signature,
        held_alike=ours["declared"] == theirs["declared"],
        totals=pairing.totals(ours, theirs),
        figures=pairing.pairs(ours, theirs),
    )
