"""Which declaration of a file counts, and which inspection: the one that was held against it."""

import uuid

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from market.registry.models import Declaration, Inspection, Revision


def declaration_of(session: Session, revision_id: uuid.UUID) -> Declaration | None:
    """Return the newest declaration of a file, None while nothing is declared."""
    query = select(Declaration).where(Declaration.revision_id == revision_id)
    return session.scalars(query.order_by(Declaration.ordinal.desc()).limit(1)).one_or_none()


def newest(revision_id: object = Revision.id) -> ScalarSelect[int]:
    """Return the ordinal that the inspection of a file must have to count, as part of a query.

    Args:
        revision_id: which file; that of the query around it unless given.
    """
    ordinals = select(func.coalesce(func.max(Declaration.ordinal), 0))
    return ordinals.where(Declaration.revision_id == revision_id).correlate(Revision).scalar_subquery()


def last_measured(session: Session, revision_id: uuid.UUID) -> Inspection | None:
    """Return the newest inspection that has a report, also of an earlier declaration; None where there is none."""
    query = select(Inspection).where(Inspection.revision_id == revision_id, Inspection.report.is_not(None))
    return session.scalars(query.order_by(Inspection.ordinal.desc()).limit(1)).one_or_none()
