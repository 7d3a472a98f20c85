"""Which of an asset's files counts, as parts of queries."""

import uuid

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from market.registry.models import Revision, Update
from market.registry.states import UpdateState

GIVEN_UP = UpdateState.REJECTED, UpdateState.WITHDRAWN
"""Updates whose files count for nothing any more."""
UNDER_WAY = UpdateState.DRAFT, UpdateState.SUBMITTED
"""Updates on which nobody has decided yet; an asset has one of them at most."""


def newest_file(asset_id: uuid.UUID, *without: UpdateState) -> Select[Revision]:
    """Return the query for the newest file of an asset that did not come with an update in one of these states."""
    query = select(Revision).where(Revision.asset_id == asset_id, ~_came_with(*without))
    return query.order_by(Revision.ordinal.desc()).limit(1)


def last_ordinal(session: Session, asset_id: uuid.UUID) -> int:
    """Return the ordinal of an asset's last file, whatever became of it; 0 where there is none."""
    return session.scalar(select(func.max(Revision.ordinal)).where(Revision.asset_id == asset_id)) or 0


def is_working() -> ColumnElement[bool]:
    """Return whether a file is the newest of its asset that was not given up."""
    other = Revision.__table__.alias("other")
    given_up = exists().where(Update.revision_id == other.c.id, Update.state.in_(GIVEN_UP))
    newest = select(func.max(other.c.ordinal)).where(other.c.asset_id == Revision.asset_id, ~given_up)
    return Revision.ordinal == newest.correlate(Revision).scalar_subquery()


def is_claiming() -> ColumnElement[bool]:
    """Return whether a file stands in the way of others with the same data; that of an update only once approved."""
    return ~_came_with(*UNDER_WAY, *GIVEN_UP)


def _came_with(*states: UpdateState) -> ColumnElement[bool]:
    return exists().where(Update.revision_id == Revision.id, Update.state.in_(states))
