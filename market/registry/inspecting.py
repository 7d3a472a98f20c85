"""Measuring an uploaded file: read, measure outside any transaction, record what came out."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import steps, storage
from market.actor import Actor
from market.db import locked, read, transaction
from market.inspection.refusal import Refusal
from market.inspection.report import digest, digests
from market.inspection.service import Measured, inspect_file
from market.keys import service as keys
from market.registry import fingerprint, likeness, progress
from market.registry.models import Asset, Inspection, Revision
from market.steps import Kind


def on_uploaded(revision: str) -> None:
    """Job: measure a file and record the inspection, whether it succeeded or not.

    Raises:
        StoreError: the bytes cannot be read; the job is tried again.
    """
    with read() as session:
        row = session.get_one(Revision, uuid.UUID(revision))
        if _inspected(session, row):
            return
    with storage.current().local_path(row.digest) as path:
        try:
            outcome: Measured | Refusal = inspect_file(path, row.media_type, progress=progress.teller(row.id))
        except Refusal as refusal:
            outcome = refusal
    samples = (
        [] if isinstance(outcome, Refusal) else fingerprint.keyed(keys.fingerprint_secret(), outcome.sketch)
    )
    with transaction() as session:
        asset = locked(session, Asset, row.asset_id)
        if _inspected(session, row):  # another worker was faster
            return
        step = steps.begin(Actor.system("inspection"), Kind.ASSET_INSPECTED, asset.handle)
        inspection = Inspection(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=row.id,
            provider_id=asset.provider_id,
            inspected_at=step.time,
        )
        _fill(inspection, outcome, row)
        session.add(inspection)
        progress.forget(session, row.id)
        likeness.keep(session, row.id, samples)
        steps.record(session, step)


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


def _inspected(session: Session, revision: Revision) -> bool:
    query = select(Inspection.id).where(Inspection.revision_id == revision.id)
    return session.scalar(query) is not None
