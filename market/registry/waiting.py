"""Which assets wait for somebody, for the page that shows what is to be done.

Each comes with since when it waits, the longest first.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.orm import Session

from market.actor import Actor
from market.paging import Beginning, beginning
from market.registry.declarations import newest
from market.registry.files import UNDER_WAY, is_working
from market.registry.models import Appeal, Asset, Decision, Inspection, Revision, Update
from market.registry.states import UNDECIDED, RegistrationState, UpdateState
from market.steps import Step

Waiting = Beginning[Row[Asset, datetime]]


def submitted(session: Session, actor: Actor) -> Waiting:
    """Return what was handed to the reviewers, of other organisations than the actor's (R1.5)."""
    return _stepped(session, RegistrationState.SUBMITTED, Asset.provider_id != actor.organisation_id)


def updated(session: Session, actor: Actor) -> Waiting:
    """Return the assets of which a newer file was handed to the reviewers, of other organisations than the actor's."""
    other = Asset.provider_id != actor.organisation_id
    return _updates(session, Step.time, other, Update.state == UpdateState.SUBMITTED)


def update_drafted(session: Session, actor: Actor) -> Waiting:
    """Return the actor's assets of which a newer file was uploaded and waits to be submitted."""
    own = Asset.provider_id == actor.organisation_id
    return _updates(session, Step.time, own, Update.state == UpdateState.DRAFT)


def update_rejected(session: Session, actor: Actor, after: datetime) -> Waiting:
    """Return the actor's assets of which a newer file was rejected after a moment."""
    own = Asset.provider_id == actor.organisation_id
    return _updates(session, Step.time, own, Update.state == UpdateState.REJECTED, Step.time > after)


def appealed(session: Session, actor: Actor) -> Waiting:
    """Return what was stopped and waits for the operator, of other organisations than the actor's (R1.5)."""
    other = Asset.provider_id != actor.organisation_id
    return _appeals(session, Appeal.appealed_at, other, Appeal.decision.is_(None))


def held(session: Session, actor: Actor, after: datetime) -> Waiting:
    """Return the actor's registrations that the operator held after a moment."""
    own = Asset.provider_id == actor.organisation_id
    return _appeals(
        session, Appeal.decided_at, own, Appeal.decision == Decision.HOLD, Appeal.decided_at > after
    )


def rejected(session: Session, actor: Actor, after: datetime) -> Waiting:
    """Return the actor's registrations that were rejected after a moment."""
    own = Asset.provider_id == actor.organisation_id
    return _stepped(session, RegistrationState.REJECTED, own, Step.time > after)


def unlisted(session: Session, actor: Actor, listed: Select[uuid.UUID]) -> Waiting:
    """Return the actor's registered assets without a listing.

    Args:
        session: a session.
        actor: who asks.
        listed: selects the assets that have one.
    """
    own = Asset.provider_id == actor.organisation_id
    return _stepped(session, RegistrationState.REGISTERED, own, Asset.id.not_in(listed))


def measured(session: Session, actor: Actor) -> Waiting:
    """Return the actor's drafts that can be submitted."""
    return _inspected(session, actor, Inspection.refusal.is_(None))


def unmeasurable(session: Session, actor: Actor, after: datetime) -> Waiting:
    """Return the actor's drafts of which it turned out after a moment that their file cannot be measured."""
    return _inspected(session, actor, Inspection.refusal.is_not(None), Inspection.inspected_at > after)


def _stepped(session: Session, state: RegistrationState, *conditions: ColumnElement[bool]) -> Waiting:
    query = select(Asset, Step.time).join(Step, Step.id == Asset.step_id).where(Asset.state == state)
    return beginning(session, query.where(*conditions), Step.time, Asset.id)


def _updates(session: Session, since: Any, *conditions: ColumnElement[bool]) -> Waiting:
    query = (
        select(Asset, since)
        .join(Update, Update.asset_id == Asset.id)
        .join(Step, Step.id == Update.step_id)
        .where(Asset.state == RegistrationState.REGISTERED)
    )
    return beginning(session, query.where(*conditions), since, Asset.id)


def _appeals(session: Session, since: Any, *conditions: ColumnElement[bool]) -> Waiting:
    query = (
        select(Asset, since)
        .join(Revision, Revision.asset_id == Asset.id)
        .join(Appeal, Appeal.revision_id == Revision.id)
        .outerjoin(Update, Update.revision_id == Revision.id)
        .where(is_working(), or_(Asset.state.in_(UNDECIDED), Update.state.in_(UNDER_WAY)))
    )
    return beginning(session, query.where(*conditions), since, Asset.id)


def _inspected(session: Session, actor: Actor, *conditions: ColumnElement[bool]) -> Waiting:
    query = (
        select(Asset, Inspection.inspected_at)
        .join(Revision, Revision.asset_id == Asset.id)
        .join(Inspection, Inspection.revision_id == Revision.id)
        .where(Asset.provider_id == actor.organisation_id, Asset.state == RegistrationState.DRAFT)
        .where(Inspection.ordinal == newest(), is_working())
    )
    return beginning(session, query.where(*conditions), Inspection.inspected_at, Asset.id)
