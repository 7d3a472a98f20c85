"""After steps were brought back from a journal: what about people no step writes, put into a state that works.

Passwords, sessions, tokens and letters stand in no entry. Those that a backup holds may be of people who have left
since, or were revoked; those that were made since are lost. Second factors stay as the backup has them: whoever of the
staff has none there sets one up when they sign in.
"""

import uuid

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from market import clock
from market.participants import access, factors, passwords
from market.participants.models import (
    ApiToken,
    Challenge,
    Credential,
    Member,
    Organisation,
    PasswordReset,
    SignIn,
    User,
)
from market.participants.states import MemberState, OrganisationState


def mend(session: Session) -> None:
    """End every session and link, take ways in from who has left, and let who has no password ask for a new one.

    Args:
        session: the session of the transaction.
    """
    session.execute(delete(SignIn))
    session.execute(delete(PasswordReset))
    session.execute(delete(Challenge))
    active = exists().where(Member.user_id == User.id, Member.state == MemberState.ACTIVE)
    for user_id in session.scalars(select(User.id).where(~active)).all():
        access.revoke_tokens(session, user_id)
    for user_id in session.scalars(select(User.id).where(~User.email.contains("@"))).all():  # erased
        session.execute(delete(Credential).where(Credential.user_id == user_id))
        session.execute(delete(ApiToken).where(ApiToken.user_id == user_id))
        factors.forget(session, user_id)
    without = select(User.id).where(User.email.contains("@"), ~exists().where(Credential.user_id == User.id))
    for user_id in session.scalars(without).all():
        session.add(Credential(user_id=user_id, password=passwords.LOST, changed_at=clock.now()))


def verified(session: Session) -> list[uuid.UUID]:
    """Return the organisations that act now or may again, but for the operator's own."""
    states = (OrganisationState.VERIFIED, OrganisationState.SUSPENDED)
    query = select(Organisation.id).where(Organisation.state.in_(states), ~Organisation.operator)
    return list(session.scalars(query.order_by(Organisation.applied_at)))
