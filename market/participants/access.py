"""Ways in: signing in, browser sessions and API tokens. Nothing here is a step."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from market import clock, permissions
from market.actor import Actor, Role, Scope
from market.errors import Forbidden, NotFound, Unauthenticated
from market.i18n import gettext as _
from market.paging import Page, page
from market.participants import attempts, factors, tokens
from market.participants.models import (
    ApiToken,
    Attempt,
    Credential,
    Member,
    Organisation,
    SignIn,
    User,
)
from market.participants.states import BARRED, MemberState, OrganisationState
from market.permissions import STAFF

LONGEST: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=4)
IDLE_STAFF: Final = timedelta(minutes=30)
"""An unused session of the operator's staff ends sooner."""
HALF: Final = timedelta(minutes=15)
"""How long a session may lack its second factor."""
FRESH: Final = timedelta(minutes=10)
"""For how long a second factor that was given lets its person change their factors."""
TOUCH: Final = timedelta(minutes=1)
"""The time of last use is written no more often than this."""
TOKEN_DAYS: Final = 90
"""How long a token is valid when nobody says."""
LONGEST_TOKEN_DAYS: Final = 365
KEPT: Final = timedelta(days=90)
"""How long a token stays in the list after its end."""


class Lack(StrEnum):
    """What a session that began with the password still needs before it is anybody's."""

    CODE = "code"
    """A second factor, which its person has."""
    ENROLMENT = "enrolment"
    """A second factor to be set up: the staff act with one only."""


@dataclass(frozen=True)
class Person:
    """Who is signed in, for the page's header and the checks.

    Attributes:
        actor: the value that services take.
        name: the person's name.
        organisation: names of the organisation by language code.
        state: where the organisation stands.
        session_id: the browser session, or None for an API token.
        token_id: the API token, or None for a browser session.
        lacks: what this session needs before its person may do anything, or None.
        second_at: when a second factor was last given in this session, or None.
    """

    actor: Actor
    name: str
    organisation: dict[str, str]
    state: OrganisationState
    session_id: uuid.UUID | None = None
    token_id: uuid.UUID | None = None
    lacks: Lack | None = None
    second_at: datetime | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether a second factor was given just now."""
        return self.second_at is not None and clock.now() < self.second_at + FRESH


def credential(session: Session, email: str) -> tuple[uuid.UUID | None, str | None]:
    """Return the person and password hash behind an address; (None, None) for nobody."""
    query = (
        select(Credential.user_id, Credential.password)
        .join(User, User.id == Credential.user_id)
        .join(Member, Member.user_id == User.id)
        .where(User.email == email, Member.state == MemberState.ACTIVE)
    )
    found = session.execute(query).one_or_none()
    return (found[0], found[1]) if found else (None, None)


def begin_session(
    session: Session, user_id: uuid.UUID, email: str, agent: str, *, second_factor: bool = False
) -> str:
    """Sign a person in; return the secret for the cookie. Earlier failures of the account are forgotten.

    Args:
        session: the session of the transaction.
        user_id: who gave the right password.
        email: how they sign in.
        agent: what the browser calls itself.
        second_factor: whether they gave a second factor too; else the session may lack it (:class:`Lack`).
    """
    attempts.forget(session, Attempt.SIGN_IN, email)
    secret, moment = tokens.new_secret(), clock.now()
    session.execute(delete(SignIn).where(SignIn.expires_at < moment))
    session.add(
        SignIn(
            digest=tokens.digest(secret),
            user_id=user_id,
            agent=agent[:200],
            began_at=moment,
            seen_at=moment,
            expires_at=moment + LONGEST,
            second_at=moment if second_factor else None,
        )
    )
    return secret


def by_session(session: Session, secret: str) -> tuple[Person, bool] | None:
    """Return who a cookie belongs to and whether its last use should be written, or None.

    Whoever is returned may lack a second factor, and is nobody until it is given.
    """
    row = session.get(SignIn, tokens.digest(secret))
    if row is None:
        return None
    person = _person(session, row.user_id, sign_in=row)
    moment = clock.now()
    if person is None or row.expires_at <= moment:
        return None
    if row.seen_at + idle(person.actor) <= moment:
        return None
    if person.lacks is not None and row.began_at + HALF <= moment:
        return None
    return person, row.seen_at + TOUCH <= moment


def idle(actor: Actor) -> timedelta:
    """Return after how long without use this person's sessions end."""
    return IDLE_STAFF if actor.has(*STAFF) else IDLE


def touch_session(session: Session, secret: str) -> None:
    """Write that a session is in use."""
    row = session.get(SignIn, tokens.digest(secret))
    if row is not None:
        row.seen_at = clock.now()


def end_session(session: Session, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one of a person's sessions.

    Raises:
        NotFound: this person has no such session.
    """
    row = session.scalars(
        select(SignIn).where(SignIn.id == session_id, SignIn.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound("session.not_found", _("There is no such session."))
    session.delete(row)


def end_sessions(session: Session, user_id: uuid.UUID, keep: uuid.UUID | None = None) -> None:
    """End a person's sessions, all but one where ``keep`` names it."""
    query = delete(SignIn).where(SignIn.user_id == user_id)
    session.execute(query if keep is None else query.where(SignIn.id != keep))


def renew_session(session: Session, session_id: uuid.UUID) -> str:
    """Give a session a new secret, since what it may do has changed; return it for the cookie."""
    secret = tokens.new_secret()
    session.execute(update(SignIn).where(SignIn.id == session_id).values(digest=tokens.digest(secret)))
    return secret


def prove_session(session: Session, session_id: uuid.UUID) -> str:
    """Keep that a second factor was given in a session, and give it a new secret; return that for the cookie."""
    session.execute(update(SignIn).where(SignIn.id == session_id).values(second_at=clock.now()))
    return renew_session(session, session_id)


def sessions(session: Session, user_id: uuid.UUID) -> list[SignIn]:
    """Return a person's sessions, the latest used first."""
    query = select(SignIn).where(SignIn.user_id == user_id, SignIn.expires_at > clock.now())
    return list(session.scalars(query.order_by(SignIn.seen_at.desc())))


def count_sessions(session: Session) -> int:
    """Return how many browser sessions have not expired."""
    return (
        session.scalar(select(func.count()).select_from(SignIn).where(SignIn.expires_at > clock.now())) or 0
    )


def issue_token(
    session: Session,
    user_id: uuid.UUID,
    label: str,
    scopes: Iterable[Scope],
    days: int = TOKEN_DAYS,
    *,
    second_factor: bool = False,
) -> tuple[ApiToken, str]:
    """Make an API token; its text is returned once and kept only as a digest.

    Args:
        session: the session of the transaction.
        user_id: whose.
        label: what it is for.
        scopes: what it may be used for.
        days: how long it is valid.
        second_factor: whether whoever asks gave a second factor; without one it never acts for the staff.
    """
    secret, moment, wanted = tokens.new_token(), clock.now(), set(scopes)
    ended = moment - KEPT
    session.execute(
        delete(ApiToken).where(
            ApiToken.user_id == user_id, or_(ApiToken.expires_at < ended, ApiToken.revoked_at < ended)
        )
    )
    row = ApiToken(
        digest=tokens.digest(secret),
        user_id=user_id,
        label=label,
        scopes=[scope.value for scope in Scope if scope in wanted],
        made_at=moment,
        expires_at=moment + timedelta(days=days),
        second_factor=second_factor,
    )
    session.add(row)
    session.flush()
    return row, secret


def issue_token_by_password(
    session: Session,
    user_id: uuid.UUID,
    email: str,
    label: str,
    scopes: Iterable[Scope],
    days: int,
    *,
    second_factor: bool = False,
) -> tuple[ApiToken, str]:
    """Make an API token for somebody who just gave the right password, and their second factor if there is one."""
    attempts.forget(session, Attempt.SIGN_IN, email)
    return issue_token(session, user_id, label, scopes, days, second_factor=second_factor)


def lack_of(session: Session, user_id: uuid.UUID) -> Lack | None:
    """Return what a person needs beside the password.

    Raises:
        Unauthenticated: the person has left.
    """
    person = _person(session, user_id)
    if person is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    return _lack(session, person.actor)


def by_token(session: Session, text: str) -> tuple[Person, bool]:
    """Return who a bearer token belongs to and whether its last use should be written.

    Raises:
        Unauthenticated: mistyped, unknown, revoked or expired.
        Forbidden: it acts for the staff, but was made without a second factor.
    """
    row = session.scalars(select(ApiToken).where(ApiToken.digest == tokens.digest(text))).one_or_none()
    moment = clock.now()
    valid = row is not None and row.expires_at > moment and row.revoked_at is None
    person = _person(session, row.user_id, token=row) if row and valid else None
    if row is None or person is None:
        raise Unauthenticated("token.invalid", _("This token is not valid, or no longer. Make a new one."))
    if person.actor.has(*STAFF) and not row.second_factor:
        raise Forbidden(
            "token.second_factor_missing",
            _("This token was made without a second factor, which your role needs. Make a new one."),
            rule=permissions.ROLE_RULE,
        )
    return person, row.used_at is None or row.used_at + TOUCH <= moment


def touch_token(session: Session, text: str) -> None:
    """Write that a token is in use."""
    row = session.scalars(select(ApiToken).where(ApiToken.digest == tokens.digest(text))).one_or_none()
    if row is not None:
        row.used_at = clock.now()


def api_tokens(session: Session, user_id: uuid.UUID, cursor: str | None = None) -> Page[ApiToken]:
    """Return a page of a person's tokens, the newest first.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    query = select(ApiToken).where(ApiToken.user_id == user_id)
    return page(session, query, ApiToken.made_at, ApiToken.id, cursor)


def revoke_token(session: Session, person: Person, token_id: uuid.UUID) -> None:
    """Take one of a person's tokens out of use. A token may always end itself, and others only by its scope.

    Raises:
        NotFound: this person has no such token.
        Forbidden: asked with another token, made without "members:write".
    """
    row = session.get(ApiToken, token_id)
    if row is None or row.user_id != person.actor.user_id or row.revoked_at is not None:
        raise NotFound("token.not_found", _("There is no such token."))
    if person.token_id != row.id:
        permissions.require_scope(person.actor, Scope.MEMBERS)
    row.revoked_at = clock.now()


def revoke_tokens(session: Session, user_id: uuid.UUID) -> None:
    """Take every token of a person out of use; they stay in the list."""
    mine = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    session.execute(update(ApiToken).where(*mine).values(revoked_at=clock.now()))


def _person(
    session: Session,
    user_id: uuid.UUID,
    *,
    sign_in: SignIn | None = None,
    token: ApiToken | None = None,
) -> Person | None:
    query = (
        select(User, Member, Organisation)
        .join(Member, Member.user_id == User.id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(User.id == user_id, Member.state == MemberState.ACTIVE)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    user, member, organisation = found
    actor = Actor(
        user_id=user.id,
        organisation_id=organisation.id,
        roles=frozenset(Role(role) for role in member.roles),
        via="page" if token is None else "api",
        verified=organisation.state is OrganisationState.VERIFIED,
        barred=organisation.state in BARRED,
        scopes=None if token is None else token.scope_set(),
    )
    proven = sign_in is None or sign_in.second_at is not None
    return Person(
        actor=actor,
        name=user.name,
        organisation={"zh": organisation.name_zh, "en": organisation.name_en},
        state=organisation.state,
        session_id=None if sign_in is None else sign_in.id,
        token_id=None if token is None else token.id,
        lacks=None if proven else _lack(session, actor),
        second_at=None if sign_in is None else sign_in.second_at,
    )


def _lack(session: Session, actor: Actor) -> Lack | None:
    if actor.user_id is not None and factors.enrolled(session, actor.user_id):
        return Lack.CODE
    return Lack.ENROLMENT if actor.has(*STAFF) else None
