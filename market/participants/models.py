"""Rows of the room. Personal columns name the column that says whom they concern."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from market.actor import Role, Scope
from market.db import Base
from market.participants.states import InvitationState, MemberState, OrganisationState
from market.steps import Stateful

_ALIVE = text("state IN ('APPLIED', 'VERIFIED', 'SUSPENDED')")
_ACTIVE = text("state = 'ACTIVE'")


class Organisation(Stateful, Base):
    """A legal person that wants to trade, or the operator itself.

    ``established_on`` is an ISO day; ``handle`` is that of its latest step, a fresh one each time.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        # A code belongs to one living organisation; one that was refused may apply again.
        Index(
            "uq_organisation_living_code",
            "credit_code",
            unique=True,
            sqlite_where=_ALIVE,
            postgresql_where=_ALIVE,
        ),
        Index("ix_organisation_state", "state", "applied_at"),
    )

    handle: Mapped[str] = mapped_column(String(32))
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18))
    established_on: Mapped[str] = mapped_column(String(10))
    operator: Mapped[bool]
    contact_id: Mapped[uuid.UUID]
    contact_name: Mapped[str] = mapped_column(String(100), info={"personal": "contact_id"})
    contact_email: Mapped[str] = mapped_column(String(254), info={"personal": "contact_id"})
    contact_phone: Mapped[str] = mapped_column(String(40), info={"personal": "contact_id"})
    state: Mapped[OrganisationState]
    reason: Mapped[str] = mapped_column(String(1000))
    applied_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    accredited_at: Mapped[datetime | None]
    """Since when it may attach inspections of its own to others' assets; None: it may not (R1.6)."""


class User(Stateful, Base):
    """A person with an address to sign in by (kept in lower case)."""

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(String(254), unique=True, info={"personal": "id"})
    name: Mapped[str] = mapped_column(String(100), info={"personal": "id"})
    joined_at: Mapped[datetime]


class Member(Stateful, Base):
    """A person in an organisation; ``roles`` is a sorted list of role words."""

    __tablename__ = "member"
    __table_args__ = (
        # A person acts for one organisation at a time, so that nobody can be on both sides of a trade.
        Index("uq_member_active", "user_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organisation.id), index=True)
    roles: Mapped[list[Any]]
    state: Mapped[MemberState]

    def role_set(self) -> frozenset[Role]:
        """Return the roles as values."""
        return frozenset(Role(role) for role in self.roles)


class Invitation(Stateful, Base):
    """An open door for one person; ``user_id`` is the id that person will have."""

    __tablename__ = "invitation"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Organisation.id), index=True)
    user_id: Mapped[uuid.UUID]
    email: Mapped[str] = mapped_column(String(254), info={"personal": "user_id"})
    roles: Mapped[list[Any]]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id))
    expires_at: Mapped[datetime]
    state: Mapped[InvitationState]


class Credential(Base):
    """The argon2id hash of a person's password; never part of a step."""

    __tablename__ = "credential"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), primary_key=True)
    password: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class SignIn(Base):
    """A browser session; the cookie holds a secret of which only the digest is here."""

    __tablename__ = "session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), index=True)
    agent: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_at: Mapped[datetime | None]
    """When a second factor was last given in this session; None: by the password alone."""


class ApiToken(Base):
    """A bearer token for programs; only its digest is here. ``scopes`` is a list of scope words.

    ``second_factor`` says whether a second factor was given when it was made: without one it never acts for the staff.
    """

    __tablename__ = "api_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), index=True)
    label: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    second_factor: Mapped[bool]

    def scope_set(self) -> frozenset[Scope]:
        """Return the scopes as values."""
        return frozenset(Scope(scope) for scope in self.scopes)


class Passkey(Base):
    """A public key whose private half is in a person's authenticator (WebAuthn); a way in, never part of a step.

    ``credential_id`` is base64url, as browsers send it; ``public_key`` is the COSE key; ``transports`` is what the
    browser said of how the authenticator is reached.
    """

    __tablename__ = "passkey"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[Any]]
    label: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Totp(Base):
    """The secret that a person's authenticator app shares with the exchange (RFC 6238); one a person.

    It counts once ``confirmed_at`` is there; ``last_step`` is the time step of the last code taken, so that none is
    taken twice.
    """

    __tablename__ = "totp"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    last_step: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in once for a second factor that is lost; only its digest is here."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), index=True)


class Ceremony(StrEnum):
    """What an authenticator was asked to do."""

    REGISTRATION = "registration"
    ASSERTION = "assertion"
    STEP_UP = "step_up"


class Challenge(Base):
    """What an authenticator was asked to sign; taken once, and not after its end."""

    __tablename__ = "challenge"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id), index=True)
    ceremony: Mapped[Ceremony]
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class PasswordReset(Base):
    """A letter somebody asked for, and later its link; the digest is there once the letter is written.

    The same row is made for an address nobody has, so that asking tells nothing; the job removes it.
    """

    __tablename__ = "password_reset"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    asked_at: Mapped[datetime]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(User.id), index=True)
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime | None]


class Attempt(StrEnum):
    """What somebody tried who has not shown who they are."""

    SIGN_IN = "sign_in"
    RESET = "reset"
    APPLICATION = "application"
    INVITATION = "invitation"
    SECOND_FACTOR = "second_factor"
    FORM = "form"


class LoginAttempt(Base):
    """A try of somebody unknown, by network address and by digest of the account's address, or of the link's secret."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_account", "account", "at"),
        Index("ix_login_attempt_address", "address", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    way: Mapped[Attempt]
    at: Mapped[datetime]
