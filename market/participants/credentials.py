"""What somebody shows who is not signed in yet: address and password, then a second factor.

Each is counted before it is looked at, and hashes are compared outside any transaction.
"""

import uuid

from market.db import read, transaction
from market.errors import Conflict, Unauthenticated
from market.i18n import gettext as _
from market.participants import access, attempts, factors, passwords
from market.participants.access import Lack
from market.participants.models import Attempt
from market.participants.web import address


def checked_password(email: str, password: str) -> uuid.UUID:
    """Return the person whose address and password these are; the caller forgets the attempt.

    The hash is compared after the transaction, never inside one.

    Raises:
        TooMany: the account or the network address is locked for a while.
        Unauthenticated: wrong, or nobody has this address; the answer is the same.
    """
    with transaction() as session:
        attempts.note_sign_in(session, email, address())
        user_id, stored = access.credential(session, email)
    if passwords.matches(stored, password) and user_id is not None:
        return user_id
    raise Unauthenticated("sign_in.wrong", _("The address and the password do not match."))


def known(email: str, password: str) -> uuid.UUID:
    """Return the person whose address and password these are, and forget the attempt.

    Raises:
        MarketError: as in :func:`checked_password`.
    """
    user_id = checked_password(email, password)
    with transaction() as session:
        attempts.forget(session, Attempt.SIGN_IN, email)
    return user_id


def counted(user_id: uuid.UUID) -> None:
    """Count a try to give a second factor, before it is looked at.

    Raises:
        TooMany: the account or the network address is locked for a while.
    """
    with transaction() as session:
        attempts.note_second_factor(session, user_id, address())


def checked_code(user_id: uuid.UUID, code: str) -> None:
    """Take a code of an authenticator app or a recovery code; the caller forgets the attempt.

    Raises:
        TooMany: the account or the network address is locked for a while.
        Unauthenticated: wrong, used before or too old; the answer is the same.
    """
    counted(user_id)
    with transaction() as session:
        if factors.take_code(session, user_id, code):
            return
    raise Unauthenticated(
        "second_factor.wrong", _("This code is wrong or was used before. Wait for the next one.")
    )


def checked_second_factor(user_id: uuid.UUID, code: str | None) -> bool:
    """Return whether a program gave a second factor beside the right password.

    Args:
        user_id: who gave the password.
        code: of an authenticator app, or a recovery code.

    Raises:
        TooMany: as in :func:`checked_code`.
        Unauthenticated: one is needed, or the code is wrong.
        Conflict: the person's role needs one, and there is none yet.
    """
    with read() as session:
        lacks = access.lack_of(session, user_id)
    if lacks is None:
        return False
    if lacks is Lack.ENROLMENT:
        raise Conflict(
            "second_factor.not_enrolled",
            _("Your role needs a second factor. Sign in on the pages and set one up first."),
        )
    if code is None:
        raise Unauthenticated(
            "second_factor.required",
            _("This account has a second factor. Send a code of the authenticator app, or a recovery code."),
        )
    checked_code(user_id, code)
    return True
