"""Passwords that change: by the person who knows the present one, or by a link in a letter.

Asking for a letter does the same work and gives the same answer for an address that nobody has: a row and
a job. The job alone looks whose address it is, makes the link and sends it, and tries again while the mail
server does not take it; each try makes a new link, since only the digest is kept.
"""

import uuid
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from market import clock, config, jobs, mail
from market.db import read, transaction
from market.errors import NotFound
from market.i18n import gettext as _
from market.i18n import moment
from market.participants import access, attempts, tokens
from market.participants.models import Attempt, Credential, PasswordReset, User

LIFE: Final = timedelta(minutes=30)
"""How long a link works, from its letter."""
PATIENCE: Final = timedelta(days=1)
"""How long a letter is tried for."""

log = structlog.get_logger()


def ask(session: Session, email: str, language: str, address: str) -> None:
    """Ask for a letter with a link, for whoever signs in by an address.

    Args:
        session: the session of the transaction.
        email: the address; whether anybody has it is not looked at here.
        language: of the letter, "zh" or "en".
        address: the network address that asks.

    Raises:
        TooMany: too many letters were asked for from this network address.
    """
    if not attempts.note_letter(session, email, address):
        return
    row = PasswordReset(id=uuid.uuid4(), email=email, language=language, asked_at=clock.now())
    session.add(row)
    jobs.queue(session, "password.forgotten", reset_id=row.id)


def on_forgotten(reset_id: str) -> None:
    """Job: send the letter, if somebody signs in by the address; an earlier link ends.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    secret = tokens.new_secret()
    with transaction() as session:
        row = session.get(PasswordReset, uuid.UUID(reset_id), with_for_update=True)
        if row is None:
            return
        row.user_id, _hash = access.credential(session, row.email)
        if row.user_id is None or row.asked_at + PATIENCE <= clock.now():
            session.delete(row)
            return
        others = (PasswordReset.user_id == row.user_id, PasswordReset.id != row.id)
        session.execute(delete(PasswordReset).where(*others))
        row.digest, row.expires_at = tokens.digest(secret), clock.now() + LIFE
    link = f"{config.current().base_url.rstrip('/')}/password/{secret}"
    mail.send(row.email, "password_reset", language=row.language, link=link, until=moment(row.expires_at))


def linked(session: Session, secret: str, *, lock: bool = False) -> PasswordReset:
    """Return what a link stands for.

    Raises:
        NotFound: unknown, used or too old; the answer is the same for all.
    """
    query = select(PasswordReset).where(PasswordReset.digest == tokens.digest(secret))
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.expires_at is None or row.expires_at <= clock.now():
        raise NotFound("reset.not_found", _("This link is unknown, used or too old. Ask for a new one."))
    return row


def reset(session: Session, secret: str, password: str) -> None:
    """Set a password by a link; all sessions and tokens of the person end.

    Args:
        session: the session of the transaction.
        secret: what the link carries; it works once.
        password: argon2id hash.

    Raises:
        NotFound: the link cannot be used (any more), or the person has left.
    """
    row = linked(session, secret, lock=True)
    user_id, _hash = access.credential(session, row.email)
    if user_id is None or user_id != row.user_id:
        raise NotFound("reset.not_found", _("This link is unknown, used or too old. Ask for a new one."))
    _put(session, user_id, row.email, password)
    access.end_sessions(session, user_id)
    access.revoke_tokens(session, user_id)


def change(session: Session, user_id: uuid.UUID, session_id: uuid.UUID, password: str) -> str:
    """Set the password of somebody who has just given the present one; their other sessions end.

    Args:
        session: the session of the transaction.
        user_id: whose.
        session_id: the browser session that stays.
        password: argon2id hash.

    Returns:
        The new secret of the session that stays, for the cookie.
    """
    _put(session, user_id, email_of(session, user_id), password)
    access.end_sessions(session, user_id, keep=session_id)
    return access.renew_session(session, session_id)


def on_changed(user_id: str) -> None:
    """Job: tell a person that their password was changed, in case it was somebody else.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    with read() as session:
        credential = session.get(Credential, uuid.UUID(user_id))
        if credential is None:
            return  # the person was erased meanwhile
        email, changed_at = email_of(session, uuid.UUID(user_id)), credential.changed_at
    mail.send(email, "password_changed", when=moment(changed_at))


def email_of(session: Session, user_id: uuid.UUID) -> str:
    """Return the address that a person signs in by."""
    return session.get_one(User, user_id).email


def _put(session: Session, user_id: uuid.UUID, email: str, password: str) -> None:
    credential = session.get_one(Credential, user_id, with_for_update=True)
    credential.password, credential.changed_at = password, clock.now()
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))
    attempts.forget(session, Attempt.SIGN_IN, email)
    jobs.queue(session, "password.changed", user_id=user_id)
    log.info("password.changed", user=str(user_id))
