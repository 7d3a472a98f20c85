"""Measuring an uploaded file: read, measure outside any transaction, record what came out."""

import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import steps, storage
from market.actor import Actor
from market.db import locked, read, transaction
from market.inspection.comparison import Comparison
from market.inspection.declared.model import from_json
from market.inspection.refusal import Refusal
from market.inspection.report import digest, digests
from market.inspection.service import Measured, compare_files, inspect_file
from market.keys import service as keys
from market.registry import fingerprint, likeness, progress
from market.registry.declarations import declaration_of
from market.registry.models import Asset, Declaration, Inspection, Revision, Update
from market.steps import Kind


def on_uploaded(revision: str) -> None:
    """Job: measure a file against its newest declaration and record the inspection, whether it succeeded or not.

    The file of an update is compared with the one that was on offer when it came, too, once.

    Raises:
        StoreError: the bytes cannot be read; the job is tried again.
    """
    with read() as session:
        row = session.get_one(Revision, uuid.UUID(revision))
        declaration = declaration_of(session, row.id)
        if _inspected(session, row, declaration):
            return
        after = _to_compare(session, row)
    declared = from_json(declaration.document) if declaration else None
    with storage.current().local_path(row.digest) as path:
        try:
            outcome: Measured | Refusal = inspect_file(
                path, row.media_type, progress=progress.teller(row.id), declared=declared
            )
            compared = _compared(after, path, row) if after else None
        except Refusal as refusal:
            outcome, compared = refusal, None
    samples = (
        [] if isinstance(outcome, Refusal) else fingerprint.keyed(keys.fingerprint_secret(), outcome.sketch)
    )
    with transaction() as session:
        asset = locked(session, Asset, row.asset_id)
        if _inspected(session, row, declaration):  # another worker was faster
            return
        step = steps.begin(Actor.system("inspection"), Kind.ASSET_INSPECTED, asset.handle)
        inspection = Inspection(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=row.id,
            ordinal=declaration.ordinal if declaration else 0,
            provider_id=asset.provider_id,
            inspected_at=step.time,
        )
        _fill(inspection, outcome, row)
        session.add(inspection)
        if compared is not None:
            update = session.scalars(select(Update).where(Update.revision_id == row.id)).one()
            update.comparison = compared.document()
            update.step_id = step.id
        progress.forget(session, row.id)
        likeness.keep(session, row.id, samples)
        steps.record(session, step)


def _to_compare(session: Session, revision: Revision) -> Revision | None:
    """Return the file to compare an update's with; None for a first file, and when that was done."""
    query = (
        select(Revision)
        .join(Update, Update.after_id == Revision.id)
        .where(Update.revision_id == revision.id, Update.comparison.is_(None))
    )
    return session.scalars(query).one_or_none()


def _compared(before: Revision, path: Path, revision: Revision) -> Comparison:
    with storage.current().local_path(before.digest) as old:
        return compare_files(old, before.media_type, path, revision.media_type)


def _fill(inspection: Inspection, outcome: Measured | Refusal, revision: Revision) -> None:
    if isinstance(outcome, Refusal):
        inspection.refusal = outcome.code
        inspection.facts = dict(outcome.facts)
        return
    file_digest, content_digest = digests(outcome.report)
    if file_digest != revision.digest:
        raise RuntimeError(f"revision {revision.id}: the measured bytes are not the uploaded ones")
    inspection.report = outcome.report
    inspection.report_digest = digest(outcome.report)
    inspection.content_digest = content_digest
    inspection.preview = outcome.preview
    inspection.engine = dict(outcome.engine)


def _inspected(session: Session, revision: Revision, declaration: Declaration | None) -> bool:
    ordinal = declaration.ordinal if declaration else 0
    query = select(Inspection.id).where(Inspection.revision_id == revision.id, Inspection.ordinal == ordinal)
    return session.scalar(query) is not None
