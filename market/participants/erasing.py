"""What is kept about one person, and taking it away: rows, ways in, and the place in an organisation.

Which obligations stand against it is for an upper room to ask; the openings in the vault are destroyed by
:func:`market.steps.erase` in the same transaction.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from market import steps
from market.actor import Actor, Role
from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.keys import certificates
from market.participants import access, factors, tokens
from market.participants.models import (
    ApiToken,
    Credential,
    Invitation,
    LoginAttempt,
    Member,
    Organisation,
    PasswordReset,
    SignIn,
    User,
)
from market.participants.states import BARRED, MemberState
from market.permissions import Relation
from market.steps import Kind, Pending, Step


@dataclass(frozen=True)
class Subject:
    """A person as the exchange knows them.

    Attributes:
        id: the person's id.
        email: the address they sign in by or were invited at; "" when it is erased.
        name: "" when it is erased, or they never came.
        ids: every id under which something about them is kept: each invitation has one.
        member: their place in an organisation now, or None.
        organisations: those that they belong to now or are the contact of.
    """

    id: uuid.UUID
    email: str
    name: str
    ids: frozenset[uuid.UUID]
    member: Member | None
    organisations: tuple[Organisation, ...]


def by_email(session: Session, email: str) -> uuid.UUID:
    """Return who signs in by an address or was invited at it.

    Raises:
        NotFound: nobody.
    """
    found = session.scalar(select(User.id).where(User.email == email)) or session.scalar(
        select(Invitation.user_id).where(Invitation.email == email).limit(1)
    )
    if found is None:
        raise _nobody()
    return found


def subject(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> Subject:
    """Return a person with everything that is about them.

    Args:
        session: a session.
        user_id: the person's id.
        lock: whether they are about to be erased.

    Raises:
        NotFound: there is no such person.
    """
    user = session.get(User, user_id, with_for_update=lock or None, populate_existing=lock)
    invited = session.scalars(select(Invitation).where(Invitation.user_id == user_id)).first()
    if user is None and invited is None:
        raise _nobody()
    email = user.email if user else invited.email if invited else ""
    ids = {user_id}
    if "@" in email:
        ids |= set(session.scalars(select(Invitation.user_id).where(Invitation.email == email)))
    member = session.scalars(
        select(Member).where(Member.user_id == user_id, Member.state == MemberState.ACTIVE)
    ).one_or_none()
    own = select(Organisation).where(
        or_(
            Organisation.contact_id == user_id,
            Organisation.id == (member.organisation_id if member else None),
        )
    )
    organisations = tuple(session.scalars(own.order_by(Organisation.applied_at)))
    name = user.name if user else ""
    return Subject(user_id, email if "@" in email else "", name, frozenset(ids), member, organisations)


def erased_by(session: Session, user_id: uuid.UUID) -> Step | None:
    """Return the step that erased a person, or None."""
    return next((step for step in steps.chain(session, user_id) if step.kind == Kind.OPENING_ERASED), None)


def relation(actor: Actor, person: Subject) -> Relation:
    """Return how the actor's organisation stands to a person: their own colleague is their own matter (R1.5)."""
    own = actor.user_id == person.id or (
        person.member is not None and person.member.organisation_id == actor.organisation_id
    )
    return Relation.OWN if own else Relation.OTHER


def require_dispensable(session: Session, person: Subject) -> None:
    """Refuse to take the last administrator away from an organisation that may still act.

    Raises:
        Conflict: ``person.last_administrator``.
    """
    if person.member is None or Role.ADMIN not in person.member.role_set():
        return
    organisation = session.get_one(Organisation, person.member.organisation_id)
    others = session.scalars(
        select(Member).where(
            Member.organisation_id == organisation.id,
            Member.state == MemberState.ACTIVE,
            Member.user_id != person.id,
        )
    )
    if organisation.state in BARRED or any(Role.ADMIN in other.role_set() for other in others):
        return
    raise Conflict(
        "person.last_administrator",
        _(
            "This is the last administrator of an organisation that may still act. Let somebody else become one, "
            "or suspend or refuse the organisation first."
        ),
    )


def ways_in(session: Session, user_id: uuid.UUID) -> tuple[int, int]:
    """Return how many sessions and tokens a person has."""
    sessions = session.scalar(select(func.count()).select_from(SignIn).where(SignIn.user_id == user_id))
    made = session.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id))
    return sessions or 0, made or 0


def leave(session: Session, step: Pending, person: Subject) -> None:
    """Take away, within a step that an upper room records, everything about a person that no step wrote.

    Sessions, tokens, password, second factors, letters, attempts and remembered keys go; the membership ends and the
    person's signing keys with it; an invitation that is still open runs out. The personal columns themselves are
    emptied by :func:`market.steps.erase`.
    """
    access.end_sessions(session, person.id)
    session.execute(delete(ApiToken).where(ApiToken.user_id == person.id))
    session.execute(delete(Credential).where(Credential.user_id == person.id))
    letters = or_(PasswordReset.user_id == person.id, PasswordReset.email == person.email)
    session.execute(delete(PasswordReset).where(letters))
    factors.forget(session, person.id)
    accounts = [tokens.digest(person.email), tokens.digest(str(person.id))]
    session.execute(delete(LoginAttempt).where(LoginAttempt.account.in_(accounts)))
    invitations = session.scalars(select(Invitation).where(Invitation.user_id.in_(person.ids))).all()
    made = {row.id for row in person.organisations} | {row.id for row in invitations}
    steps.forget(session, {person.id}, made)
    if person.member is not None:
        person.member.state = MemberState.REMOVED
        person.member.step_id = step.id
    certificates.withdraw(session, step, person.id)
    for invitation in invitations:
        invitation.expires_at = min(invitation.expires_at, step.time)
        invitation.step_id = step.id


def _nobody() -> NotFound:
    return NotFound("person.not_found", _("There is no such person."))
