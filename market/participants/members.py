"""People of an organisation: inviting, joining, other roles, removing. Each is one step with a fresh handle."""

import uuid
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from market import clock, permissions, steps
from market.actor import Actor, Role
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.i18n import gettext as _
from market.keys import certificates
from market.participants import access, attempts, tokens
from market.participants.application import TRADING
from market.participants.models import (
    Attempt,
    Credential,
    Invitation,
    Member,
    Organisation,
    PasswordReset,
    User,
)
from market.participants.service import found, free_address
from market.participants.states import InvitationState, MemberState
from market.permissions import STAFF
from market.rules import book
from market.steps import Kind, Step


def invite(
    session: Session, actor: Actor, email: str, roles: frozenset[Role], key: str | None = None
) -> tuple[Invitation, str, Step | None]:
    """Invite a colleague into the actor's organisation.

    Args:
        session: the session of the transaction.
        actor: an administrator of a verified organisation.
        email: the colleague's address.
        roles: what the colleague may do.
        key: Idempotency-Key; the same key and input give the invitation made the first time.

    Returns:
        The invitation, its secret (for the link; only its digest is kept) and the step. When the key was used
        before, the secret is empty and the step None: nobody knows the secret any more.

    Raises:
        Forbidden: not an administrator (R1.3) or not verified (R1.1).
        Invalid: a role that this organisation cannot give.
        Conflict: somebody signs in by this address already, or the key was used with other input.
    """
    permissions.require(actor, "member.invite")
    words = sorted(role.value for role in roles)
    asked = {"email": email, "roles": words}
    if made := steps.once(session, actor, key, Kind.MEMBER_INVITED, asked):
        return session.get_one(Invitation, made), "", None
    organisation = found(session, _own(actor))
    _check_roles(organisation, roles)
    free_address(session, email)
    secret = tokens.new_secret()
    step = steps.begin(actor, Kind.MEMBER_INVITED, steps.new_handle())
    assert actor.user_id is not None  # noqa: S101 - require() lets only people through here
    invitation = Invitation(
        id=uuid.uuid4(),
        step_id=step.id,
        organisation_id=organisation.id,
        user_id=uuid.uuid4(),
        email=email,
        roles=words,
        token_digest=tokens.digest(secret),
        invited_by=actor.user_id,
        expires_at=step.time + timedelta(days=book().value("invitation.days")),
        state=InvitationState.OPEN,
    )
    session.add(invitation)
    steps.remember(session, actor, key, Kind.MEMBER_INVITED, asked, invitation.id)
    given = {"roles": words}  # no address: its digest would stay for ever and can be guessed
    return invitation, secret, steps.record(session, step, given=given)


def invitation_for(session: Session, secret: str, *, lock: bool = False) -> Invitation:
    """Return the invitation that a link leads to.

    Raises:
        NotFound: unknown, used or too old; the answer is the same for all.
    """
    query = select(Invitation).where(Invitation.token_digest == tokens.digest(secret))
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.state is not InvitationState.OPEN or row.expires_at <= clock.now():
        raise NotFound(
            "invitation.not_found", _("This invitation is unknown, used or too old. Ask for a new one.")
        )
    return row


def join(session: Session, secret: str, name: str, password: str, *, via: str = "api") -> tuple[User, Step]:
    """Take up an invitation.

    Args:
        session: the session of the transaction.
        secret: what the link carries.
        name: the person's name.
        password: argon2id hash.
        via: "api" or "page".

    Raises:
        NotFound: the invitation cannot be used (any more).
        Conflict: somebody signs in by its address already.
    """
    invitation = invitation_for(session, secret, lock=True)
    free_address(session, invitation.email)
    actor = Actor(user_id=invitation.user_id, organisation_id=invitation.organisation_id, via=via)
    step = steps.begin(actor, Kind.MEMBER_JOINED, steps.new_handle())
    user = User(
        id=invitation.user_id, step_id=step.id, email=invitation.email, name=name, joined_at=step.time
    )
    session.add(user)
    session.flush()
    session.add(
        Member(
            step_id=step.id,
            user_id=user.id,
            organisation_id=invitation.organisation_id,
            roles=list(invitation.roles),
            state=MemberState.ACTIVE,
        )
    )
    session.add(Credential(user_id=user.id, password=password, changed_at=step.time))
    attempts.forget(session, Attempt.INVITATION, secret)
    invitation.state = InvitationState.USED
    invitation.step_id = step.id
    return user, steps.record(session, step, given={"invitation": invitation.id})


def remove(session: Session, actor: Actor, user_id: uuid.UUID) -> Step:
    """Remove a person from the actor's organisation; all their sessions, tokens and signing keys end at once.

    Raises:
        Forbidden: not an administrator (R1.3).
        NotFound: no such person in this organisation.
        Conflict: an administrator cannot remove themselves, so that an organisation is never without one.
    """
    permissions.require(actor, "member.remove")
    found(session, _own(actor), lock=True)
    member = member_of(session, actor, user_id, lock=True)
    if user_id == actor.user_id:
        raise Conflict("member.self", _("You cannot remove yourself. Ask another administrator."))
    step = steps.begin(actor, Kind.MEMBER_REMOVED, steps.new_handle())
    member.state = MemberState.REMOVED
    member.step_id = step.id
    access.end_sessions(session, user_id)
    access.revoke_tokens(session, user_id)
    certificates.withdraw(session, step, user_id)
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))
    return steps.record(session, step, given={"user": user_id})


def change(session: Session, actor: Actor, user_id: uuid.UUID, roles: frozenset[Role]) -> Step:
    """Give a person of the actor's organisation other roles.

    Their tokens follow at once; their sessions end, so that the next one begins with the new roles. Who no longer
    may sign loses the keys they asked for. The session of an administrator who changes their own roles stays: the
    page renews its secret.

    Args:
        session: the session of the transaction.
        actor: an administrator.
        user_id: whose roles.
        roles: all they have from now on.

    Raises:
        Forbidden: not an administrator (R1.3), or one who gives themselves a role of the staff (R1.5).
        NotFound: no such person in this organisation.
        Invalid: a role that this organisation cannot give.
        Conflict: the last administrator would be none any more, or somebody else gave these roles.
    """
    permissions.require(actor, "member.change")
    organisation = found(
        session, _own(actor), lock=True
    )  # two changes at once must not remove two administrators
    member = member_of(session, actor, user_id, lock=True)
    _check_roles(organisation, roles)
    words = sorted(role.value for role in roles)
    given = {"user": user_id, "roles": words}
    if member.role_set() == roles:
        before = session.get_one(Step, member.step_id)
        return steps.repeat(session, actor, Kind.MEMBER_CHANGED, before.object, given)
    if user_id == actor.user_id and (roles - member.role_set()) & STAFF:
        raise Forbidden(
            "role.own",
            _("Nobody may give themselves a staff role. Ask another administrator."),
            rule=permissions.OWN_MATTER_RULE,
        )
    if Role.ADMIN not in roles and not _other_administrators(session, organisation.id, user_id):
        raise Conflict(
            "member.last_administrator",
            _("This is the last administrator. Make somebody else one first."),
        )
    step = steps.begin(actor, Kind.MEMBER_CHANGED, steps.new_handle())
    member.roles = words
    member.step_id = step.id
    if user_id != actor.user_id:
        access.end_sessions(session, user_id)
    if not roles & certificates.SIGNERS:
        certificates.withdraw(session, step, user_id)
    return steps.record(session, step, given=given)


def member_of(session: Session, actor: Actor, user_id: uuid.UUID, *, lock: bool = False) -> Member:
    """Return a person of the actor's organisation.

    Raises:
        NotFound: nobody of it, or not any more.
    """
    query = select(Member).where(
        Member.user_id == user_id,
        Member.organisation_id == _own(actor),
        Member.state == MemberState.ACTIVE,
    )
    member = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if member is None:
        raise NotFound("member.not_found", _("There is no such member in your organisation."))
    return member


def people(session: Session, actor: Actor) -> list[tuple[User, Member]]:
    """Return the people of the actor's organisation, in the order in which they came."""
    query = (
        select(User, Member)
        .join(Member, Member.user_id == User.id)
        .where(Member.organisation_id == _own(actor), Member.state == MemberState.ACTIVE)
        .order_by(User.joined_at, User.id)
    )
    return [(user, member) for user, member in session.execute(query)]


def holding(
    session: Session, organisation_id: uuid.UUID, roles: frozenset[Role]
) -> list[tuple[User, frozenset[Role]]]:
    """Return the people of an organisation who have at least one of some roles, with all of theirs; in order."""
    query = (
        select(User, Member)
        .join(Member, Member.user_id == User.id)
        .where(Member.organisation_id == organisation_id, Member.state == MemberState.ACTIVE)
        .order_by(User.joined_at, User.id)
    )
    found = [(user, member.role_set()) for user, member in session.execute(query)]
    return [(user, theirs) for user, theirs in found if theirs & roles]


def invitations(session: Session, actor: Actor) -> list[Invitation]:
    """Return the open invitations of the actor's organisation."""
    query = (
        select(Invitation)
        .where(
            Invitation.organisation_id == _own(actor),
            Invitation.state == InvitationState.OPEN,
            Invitation.expires_at > clock.now(),
        )
        .order_by(Invitation.expires_at)
    )
    return list(session.scalars(query))


def user_of(session: Session, member: Member) -> User:
    """Return the person behind a membership."""
    return session.get_one(User, member.user_id)


def acting(session: Session, organisation_id: uuid.UUID, role: Role | None = None) -> list[uuid.UUID]:
    """Return the people of an organisation, in the order in which they came; with a role, those who have it."""
    query = (
        select(Member)
        .join(User, User.id == Member.user_id)
        .where(Member.organisation_id == organisation_id, Member.state == MemberState.ACTIVE)
        .order_by(User.joined_at, User.id)
    )
    rows = session.scalars(query)
    return [member.user_id for member in rows if role is None or role in member.role_set()]


def address(session: Session, user_id: uuid.UUID, organisations: Collection[uuid.UUID]) -> str | None:
    """Return where to write to a person, or None for one who has left these organisations or was erased."""
    query = (
        select(User.email)
        .join(Member, Member.user_id == User.id)
        .where(
            User.id == user_id,
            Member.organisation_id.in_(organisations),
            Member.state == MemberState.ACTIVE,
        )
    )
    email = session.scalar(query)
    return email if email is not None and "@" in email else None


def names(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of people, who may have left; an erased one has none."""
    return {row.id: row.name for row in session.scalars(select(User).where(User.id.in_(ids)))}


def possible_roles(organisation: Organisation) -> frozenset[Role]:
    """Return what an organisation may give: trading roles, or the operator's its staff roles; never both (R1.5).

    One that the operator accredited may have assessors too (R1.6).
    """
    if organisation.operator:
        return frozenset({Role.ADMIN, *STAFF})
    assessing = {Role.ASSESSOR} if organisation.accredited_at is not None else set()
    return frozenset({Role.ADMIN, *TRADING, Role.APPROVER, *assessing})


def _other_administrators(session: Session, organisation_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    query = select(Member).where(
        Member.organisation_id == organisation_id,
        Member.state == MemberState.ACTIVE,
        Member.user_id != user_id,
    )
    return any(Role.ADMIN in member.role_set() for member in session.scalars(query))


def _own(actor: Actor) -> uuid.UUID:
    if actor.organisation_id is None:
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    return actor.organisation_id


def _check_roles(organisation: Organisation, roles: frozenset[Role]) -> None:
    possible = possible_roles(organisation)
    if not roles or roles - possible:
        words = ", ".join(sorted(role.value for role in possible))
        sentence = _("Choose from: %(roles)s.", roles=words)
        raise Invalid("role.invalid", sentence, fields={"roles": [sentence]})
