"""What strangers try, counted as rows so that limits hold across processes and restarts.

Each try is counted in a transaction of its own before anything is looked up or hashed, so that many at once count as
many. Whoever shows that a secret is theirs has it forgotten again; letters and applications stay counted, because
there it is the success that costs the exchange something.
"""

import uuid
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from market import clock
from market.errors import TooMany
from market.i18n import gettext as _
from market.participants import tokens
from market.participants.models import Attempt, LoginAttempt

LOCK: Final = timedelta(minutes=15)
FAILURES: Final = 5
"""Failed sign-ins on one account within :data:`LOCK` that lock it (research: 5 in 15 minutes)."""
ADDRESS_FAILURES: Final = 50
"""The same for one network address, which many people may share; for links of invitations too."""
LETTERS: Final = 3
"""Letters to one address within :data:`LOCK`; nobody is told of the fourth, which is not sent."""
ADDRESS_LETTERS: Final = 20
"""The same for one network address, which is told."""
APPLICATIONS: Final = 20
"""Applications from one network address within :data:`LOCK`, taken or refused."""
FORMS: Final = 30
"""Blank forms of model texts set in type for one network address within :data:`LOCK`."""


def note_sign_in(session: Session, email: str, address: str) -> None:
    """Count an attempt to sign in before its password is looked at; the right one forgets it (:func:`forget`).

    Raises:
        TooMany: the account or the network address is locked; ``retry_after`` says how many seconds to wait.
    """
    _one_at_a_time(session, tokens.digest(email))
    wait = _wait(session, Attempt.SIGN_IN, LoginAttempt.account, tokens.digest(email), FAILURES)
    wait = wait or _wait(session, Attempt.SIGN_IN, LoginAttempt.address, address, ADDRESS_FAILURES)
    if wait:
        raise TooMany(
            "sign_in.locked", _("Too many failed attempts. Wait a quarter of an hour."), retry_after=wait
        )
    _keep(session, Attempt.SIGN_IN, email, address)


def note_second_factor(session: Session, user_id: uuid.UUID, address: str) -> None:
    """Count a try to give a second factor before it is looked at; the right one forgets it (:func:`forget`).

    Raises:
        TooMany: the account or the network address is locked; ``retry_after`` says how many seconds to wait.
    """
    account, way = str(user_id), Attempt.SECOND_FACTOR
    _one_at_a_time(session, tokens.digest(account))
    wait = _wait(session, way, LoginAttempt.account, tokens.digest(account), FAILURES)
    wait = wait or _wait(session, way, LoginAttempt.address, address, ADDRESS_FAILURES)
    if wait:
        raise TooMany(
            "second_factor.locked",
            _("Too many failed attempts. Wait a quarter of an hour."),
            retry_after=wait,
        )
    _keep(session, way, account, address)


def note_letter(session: Session, email: str, address: str) -> bool:
    """Count a letter that was asked for; return whether it may be sent.

    Raises:
        TooMany: too many letters were asked for from this network address.
    """
    if wait := _wait(session, Attempt.RESET, LoginAttempt.address, address, ADDRESS_LETTERS):
        raise TooMany(
            "reset.locked", _("Too many emails were asked for. Wait a quarter of an hour."), retry_after=wait
        )
    quiet = _wait(session, Attempt.RESET, LoginAttempt.account, tokens.digest(email), LETTERS)
    _keep(session, Attempt.RESET, email, address)
    return not quiet


def note_application(session: Session, email: str, address: str) -> None:
    """Count an application before anything of it is looked up.

    Raises:
        TooMany: too many came from this network address.
    """
    _one_at_a_time(session, address)
    if wait := _wait(session, Attempt.APPLICATION, LoginAttempt.address, address, APPLICATIONS):
        raise TooMany(
            "application.locked",
            _("Too many applications came from your network address. Wait a quarter of an hour."),
            retry_after=wait,
        )
    _keep(session, Attempt.APPLICATION, email, address)


def note_form(session: Session, text: str, address: str) -> None:
    """Count a blank form of a model text before it is set in type.

    Raises:
        TooMany: too many were asked for from this network address.
    """
    _one_at_a_time(session, address)
    if wait := _wait(session, Attempt.FORM, LoginAttempt.address, address, FORMS):
        raise TooMany(
            "form.locked",
            _("Too many forms were asked for from your network address. Wait a quarter of an hour."),
            retry_after=wait,
        )
    _keep(session, Attempt.FORM, text, address)


def note_invitation(session: Session, secret: str, address: str) -> None:
    """Count a try to take up an invitation before its link is looked up; the right one forgets it.

    Raises:
        TooMany: too many links that lead nowhere were tried from this network address.
    """
    _one_at_a_time(session, address)
    if wait := _wait(session, Attempt.INVITATION, LoginAttempt.address, address, ADDRESS_FAILURES):
        raise TooMany(
            "invitation.locked",
            _("Too many invitation links were tried from your network address. Wait a quarter of an hour."),
            retry_after=wait,
        )
    _keep(session, Attempt.INVITATION, secret, address)


def forget(session: Session, way: Attempt, text: str) -> None:
    """Open a lock: somebody has shown that the account, or the link, is theirs."""
    query = delete(LoginAttempt).where(LoginAttempt.account == tokens.digest(text), LoginAttempt.way == way)
    session.execute(query)


def _wait(session: Session, way: Attempt, column: InstrumentedAttribute[str], value: str, most: int) -> int:
    """Return for how many seconds a lock still holds; 0 when there were fewer attempts than ``most``."""
    moment = clock.now()
    count, first = session.execute(
        select(func.count(), func.min(LoginAttempt.at)).where(
            column == value, LoginAttempt.way == way, LoginAttempt.at > moment - LOCK
        )
    ).one()
    return max(1, int((first + LOCK - moment).total_seconds())) if count >= most else 0


def _keep(session: Session, way: Attempt, text: str, address: str) -> None:
    """Keep an attempt, and forget those of the day before."""
    moment = clock.now()
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < moment - timedelta(days=1)))
    session.add(LoginAttempt(account=tokens.digest(text), address=address, way=way, at=moment))


def _one_at_a_time(session: Session, what: str) -> None:
    """Let attempts on one account, or from one address, wait for each other; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 2))")
        session.execute(query, {"what": what})
