"""Looking up the updates of an asset: who sees which, with both files."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from market.actor import Actor
from market.permissions import Relation
from market.registry.models import Appeal, Asset, Revision, Update
from market.registry.reading import asset_of, relation
from market.registry.states import UpdateState


@dataclass(frozen=True)
class Updated:
    """An update with its file and the one that was on offer when it came."""

    update: Update
    revision: Revision
    after: Revision


def updates(session: Session, actor: Actor, asset_id: uuid.UUID) -> list[Updated]:
    """Return the updates of an asset that the actor may see, the newest first.

    The operator's people see one from its submission on, or from an appeal on.

    Raises:
        NotFound: no such asset.
    """
    return _updates(session, actor, asset_of(session, actor, asset_id))


def update_at(session: Session, actor: Actor, update_id: uuid.UUID) -> Updated:
    """Return one update of an asset that the actor may see.

    Raises:
        NotFound: the asset is not theirs to see.
    """
    asset = asset_of(session, actor, session.get_one(Update, update_id).asset_id)
    return next(one for one in _updates(session, actor, asset) if one.update.id == update_id)


def _updates(session: Session, actor: Actor, asset: Asset) -> list[Updated]:
    query = _files().where(Update.asset_id == asset.id).order_by(Revision.ordinal.desc())
    if relation(actor, asset) is not Relation.OWN:
        appealed = Update.revision_id.in_(select(Appeal.revision_id))
        hidden = UpdateState.DRAFT, UpdateState.WITHDRAWN
        query = query.where(or_(Update.state.not_in(hidden), appealed))
    return [Updated(*row) for row in session.execute(query)]


def approved(session: Session, update_id: uuid.UUID) -> Updated:
    """Return an update that was approved, whoever asks."""
    return Updated(*session.execute(_approved().where(Update.id == update_id)).one())


def newest_approved(session: Session, asset_id: uuid.UUID) -> Updated | None:
    """Return the newest approved update of an asset, whoever asks; None where there is none."""
    query = _approved().where(Update.asset_id == asset_id).order_by(Revision.ordinal.desc()).limit(1)
    found = session.execute(query).one_or_none()
    return Updated(*found) if found else None


def ordinal_of(session: Session, asset_id: uuid.UUID, digest: str) -> int:
    """Return the place of the file with this SHA-256 among the files of its asset, the first time it came."""
    query = select(Revision.ordinal).where(Revision.asset_id == asset_id, Revision.digest == digest)
    return session.scalars(query.order_by(Revision.ordinal).limit(1)).one()


def _approved() -> Select[Update, Revision, Revision]:
    return _files().where(Update.state == UpdateState.APPROVED)


def _files() -> Select[Update, Revision, Revision]:
    """Return the query for updates with their file and the one that was on offer when they came."""
    after = aliased(Revision)
    return (
        select(Update, Revision, after)
        .join(Revision, Revision.id == Update.revision_id)
        .join(after, after.id == Update.after_id)
    )
