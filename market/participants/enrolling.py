"""What follows when a person's second factors change: sessions, recovery codes, a letter, and the operator's reset.

As with passwords none of it is a step, but for the reset: there the operator takes a protection away from somebody, and
that stands in the ledger.
"""

import uuid
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, jobs, mail, steps
from market.actor import Actor
from market.db import read
from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.i18n import moment
from market.participants import access, attempts, factors, passkeys
from market.participants.access import Lack, Person
from market.participants.models import Attempt, User
from market.permissions import STAFF
from market.steps import Kind, Step

CLI: Final = Actor(user_id=None, organisation_id=None, name="second factors", via="cli", verified=True)
"""Whoever has a shell on the machine."""

log = structlog.get_logger()


def prove(session: Session, user_id: uuid.UUID, session_id: uuid.UUID) -> str:
    """Let a session be one in which a second factor was given; return its new secret for the cookie."""
    attempts.forget(session, Attempt.SECOND_FACTOR, str(user_id))
    return access.prove_session(session, session_id)


def added(session: Session, user_id: uuid.UUID, session_id: uuid.UUID | None) -> list[str]:
    """Finish adding a second factor, which was kept just now; with the first one other sessions end.

    Args:
        session: the session of the transaction.
        user_id: whose.
        session_id: the browser session that stays; None where a program asked.

    Returns:
        Recovery codes to be shown once; empty when it was not the first factor.
    """
    session.flush()
    _tell(session, user_id)
    if factors.of(session, user_id).count > 1:
        return []
    access.end_sessions(session, user_id, keep=session_id)
    return factors.new_recovery_codes(session, user_id)


def remove(session: Session, person: Person, passkey_id: uuid.UUID | None) -> None:
    """Take a second factor away from somebody who has just given one.

    Args:
        session: the session of the transaction.
        person: whose, in the session in which it was given.
        passkey_id: which passkey; None for the authenticator app.

    Raises:
        NotFound: this person has no such factor.
        Conflict: no second factor was given just now, or the staff would have none.
    """
    user_id = require_fresh(person)
    if passkey_id is None:
        factors.remove_app(session, user_id)
    else:
        passkeys.remove(session, user_id, passkey_id)
    session.flush()
    if not factors.enrolled(session, user_id):
        if person.actor.has(*STAFF):
            raise Conflict(
                "second_factor.needed",
                _("Your role needs a second factor. Add another one before you remove this one."),
            )
        factors.forget(session, user_id)
    _tell(session, user_id)


def renew_recovery_codes(session: Session, person: Person) -> list[str]:
    """Replace the recovery codes of somebody who has just given a second factor; return the new ones.

    Raises:
        Conflict: no second factor was given just now.
        NotFound: there is no second factor that they could stand in for.
    """
    user_id = require_fresh(person)
    if not factors.enrolled(session, user_id):
        raise NotFound("second_factor.not_found", _("There is no such second factor."))
    _tell(session, user_id)
    return factors.new_recovery_codes(session, user_id)


def require_addable(session: Session, person: Person) -> uuid.UUID:
    """Let a person add a second factor: their first by the password, any further one only with one given just now.

    Raises:
        Conflict: there is one already, and none was given just now.
    """
    if person.actor.user_id is not None and not factors.enrolled(session, person.actor.user_id):
        return person.actor.user_id
    return require_fresh(person)


def require_first(session: Session, user_id: uuid.UUID) -> None:
    """Let a program that has only a password set up an app where there is no second factor yet.

    Raises:
        Conflict: there is one; further ones are added on the pages.
    """
    if factors.enrolled(session, user_id):
        raise Conflict(
            "second_factor.enrolled",
            _("This account has a second factor already. Sign in on the pages to change it."),
        )


def require_fresh(person: Person) -> uuid.UUID:
    """Return who a person is whose second factor was given just now.

    Raises:
        Conflict: it was not, or too long ago.
    """
    if person.actor.user_id is None or person.lacks is Lack.CODE or not person.is_fresh:
        raise Conflict("second_factor.not_fresh", _("Give your second factor again, then repeat this."))
    return person.actor.user_id


def reset(session: Session, email: str) -> Step:
    """Take all second factors from somebody who has lost them; sessions and tokens end, and this is a step.

    Whoever asks for it must have shown the operator in another way who they are. The person gives the password and, if
    their role needs one, sets up a new factor.

    Args:
        session: the session of the transaction.
        email: how the person signs in.

    Raises:
        NotFound: nobody signs in by this address, or they have no second factor.
    """
    user_id = session.scalar(select(User.id).where(User.email == email))
    if user_id is None:
        raise NotFound("person.not_found", _("There is no such person."))
    if not factors.enrolled(session, user_id):
        raise NotFound("second_factor.not_found", _("There is no such second factor."))
    step = steps.begin(CLI, Kind.FACTOR_RESET, steps.new_handle())
    factors.forget(session, user_id)
    attempts.forget(session, Attempt.SECOND_FACTOR, str(user_id))
    access.end_sessions(session, user_id)
    access.revoke_tokens(session, user_id)
    _tell(session, user_id)
    return steps.record(session, step, given={"user": user_id})


def on_changed(user_id: str, at: str) -> None:
    """Job: tell a person that their second factors were changed, in case it was somebody else.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    with read() as session:
        row = session.get(User, uuid.UUID(user_id))
        email = row.email if row is not None else ""
    if "@" in email:  # else the person was erased meanwhile
        mail.send(email, "second_factor_changed", when=moment(datetime.fromisoformat(at)))


def _tell(session: Session, user_id: uuid.UUID) -> None:
    jobs.queue(session, "second_factor.changed", user_id=user_id, at=clock.now().isoformat())
    log.info("second_factor.changed", user=str(user_id))
