"""Reading steps: for timelines, the auditors' desk and evidence bundles."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.canonical import Json
from ledger.models import LedgerLeaf
from market.steps.models import Step, StepImage, Vault


@dataclass(frozen=True)
class Opening:
    """What one commitment of an entry opens to.

    Attributes:
        entry: id of the entry.
        field: name of the commitment in the leaf.
        subject: the person or organisation a personal value concerns.
        salt: 32 bytes.
        value: the committed value.
    """

    entry: uuid.UUID
    field: str
    subject: uuid.UUID | None
    salt: bytes
    value: Json


def steps_of(session: Session, handle: str) -> list[Step]:
    """Return the steps of an object in order."""
    return list(session.scalars(select(Step).where(Step.object == handle).order_by(Step.seq)))


def story(session: Session, handle: str) -> list[tuple[Step, int | None]]:
    """Return the steps of an object in order, each with its place in the log (None until integrated)."""
    query = (
        select(Step, LedgerLeaf.idx)
        .outerjoin(LedgerLeaf, LedgerLeaf.entry_id == Step.id)
        .where(Step.object == handle)
        .order_by(Step.seq)
    )
    return [(step, index) for step, index in session.execute(query)]


def chain(session: Session, row_id: uuid.UUID) -> list[Step]:
    """Return every step that wrote a row, oldest first."""
    return list(
        session.scalars(
            select(Step)
            .join(StepImage, StepImage.step_id == Step.id)
            .where(StepImage.row_id == row_id)
            .order_by(Step.time, Step.seq)
        )
    )


def openings(session: Session, entry_id: uuid.UUID) -> list[Opening]:
    """Return what the vault still holds of an entry, by field."""
    rows = session.scalars(select(Vault).where(Vault.entry_id == entry_id).order_by(Vault.field))
    return [Opening(row.entry_id, row.field, row.subject, row.salt, json.loads(row.value)) for row in rows]


def images_of(session: Session, handle: str, table: str) -> list[tuple[Step, dict[str, Any]]]:
    """Return what the steps of an object wrote of a table's one row, in order; what was lost or erased is not there."""
    query = (
        select(Step, Vault.value)
        .join(Vault, Vault.entry_id == Step.id)
        .where(Step.object == handle, Vault.field == table)
        .order_by(Step.seq)
    )
    return [(step, json.loads(value)) for step, value in session.execute(query)]


def written(
    session: Session, handle: str, table: str
) -> list[tuple[uuid.UUID, uuid.UUID, dict[str, Any] | None]]:
    """Return what the steps of an object wrote of any rows of a table, in order.

    Returns:
        The step's id, the row's id, and the image; None for an image that was lost.
    """
    query = (
        select(StepImage.step_id, StepImage.row_id, Vault.value)
        .join(Step, Step.id == StepImage.step_id)
        .outerjoin(Vault, (Vault.entry_id == StepImage.step_id) & (Vault.field == StepImage.field))
        .where(Step.object == handle, StepImage.table == table)
        .order_by(Step.seq, func.length(StepImage.field), StepImage.field)
    )
    return [
        (step, row, None if value is None else json.loads(value))
        for step, row, value in session.execute(query)
    ]


def index_of(session: Session, entry_id: uuid.UUID) -> int | None:
    """Return the place of an entry in the log, or None until it is integrated."""
    return session.scalar(select(LedgerLeaf.idx).where(LedgerLeaf.entry_id == entry_id))
