"""What a person has beside the password: codes of an authenticator app, and codes for when it is lost.

Passkeys are the other choice (:mod:`market.participants.passkeys`). Nothing here is a step, as with passwords: these
are ways in. Secrets of apps are kept as they are, since a code can only be computed from them; of recovery codes only
digests are.
"""

import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from market import clock
from market.errors import Conflict, Invalid, NotFound
from market.i18n import gettext as _
from market.participants import tokens
from market.participants.models import Challenge, Member, Passkey, RecoveryCode, Totp, User
from market.participants.states import MemberState
from market.permissions import STAFF

STEP_SECONDS: Final = 30
"""How long a code of an app is shown (RFC 6238 §4.1)."""
DRIFT: Final = 1
"""Steps by which an app's clock may be wrong, either way (RFC 6238 §5.2)."""
RECOVERY_CODES: Final = 10
ISSUER: Final = "Qilu"

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of recovery codes: 5 bits a character, none that looks like another (Crockford's base 32)."""
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_CODE: Final = re.compile(r"[0-9]{6}\Z")


@dataclass(frozen=True)
class Factors:
    """What a person has enrolled.

    Attributes:
        passkeys: in the order in which they were made.
        app_since: since when an app's codes are taken, or None.
        recovery_codes: how many of them are left.
    """

    passkeys: tuple[Passkey, ...]
    app_since: datetime | None
    recovery_codes: int

    @property
    def count(self) -> int:
        """How many second factors there are; recovery codes are none."""
        return len(self.passkeys) + (self.app_since is not None)


def enrolled(session: Session, user_id: uuid.UUID) -> bool:
    """Tell whether a person has any second factor."""
    passkey = exists().where(Passkey.user_id == user_id)
    app = exists().where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    return bool(session.scalar(select(or_(passkey, app))))


def staff_without(session: Session) -> list[str]:
    """Return the names of staff who have no second factor yet and so can do nothing, in the order they came."""
    query = (
        select(User, Member)
        .join(Member, Member.user_id == User.id)
        .where(Member.state == MemberState.ACTIVE)
        .order_by(User.joined_at, User.id)
    )
    return [
        user.name
        for user, member in session.execute(query)
        if not STAFF.isdisjoint(member.role_set()) and not enrolled(session, user.id)
    ]


def of(session: Session, user_id: uuid.UUID) -> Factors:
    """Return what a person has enrolled."""
    passkeys = session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.made_at))
    app = session.get(Totp, user_id)
    left = session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id)) or 0
    return Factors(tuple(passkeys), app.confirmed_at if app else None, left)


def begin_app(session: Session, user_id: uuid.UUID, email: str) -> tuple[str, str]:
    """Make a secret for an authenticator app; it counts once a code of it is given (:func:`confirm_app`).

    Args:
        session: the session of the transaction.
        user_id: whose.
        email: how the app shall name the account.

    Returns:
        The secret in base 32, and the ``otpauth:`` address that holds it.

    Raises:
        Conflict: an app is enrolled already.
    """
    import pyotp

    row = session.get(Totp, user_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(
            "second_factor.enrolled",
            _("An authenticator app is set up already. Remove it first to change it."),
        )
    secret = pyotp.random_base32()
    if row is None:
        session.add(Totp(user_id=user_id, secret=secret, last_step=0, made_at=clock.now(), confirmed_at=None))
    else:
        row.secret, row.last_step, row.made_at = secret, 0, clock.now()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def begun_app(session: Session, user_id: uuid.UUID, email: str) -> tuple[str, str]:
    """Return again what :func:`begin_app` made, while it is not confirmed.

    Raises:
        NotFound: no app is being set up.
    """
    import pyotp

    row = session.get(Totp, user_id)
    if row is None or row.confirmed_at is not None:
        raise NotFound("second_factor.not_begun", _("No authenticator app is being set up. Begin again."))
    return row.secret, pyotp.TOTP(row.secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(uri: str) -> str:
    """Return the address of an app's secret as a QR code, black on white with its quiet zone: a ``data:`` URI of SVG.

    It is made here and stands in the page itself, so that the secret goes to nobody who draws pictures.
    """
    import segno

    code = segno.make_qr(uri, error="m")
    return code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff", omitsize=True)


def confirm_app(session: Session, user_id: uuid.UUID, code: str) -> None:
    """Let an app count, since a code of it was given.

    Raises:
        NotFound: no app is being set up.
        Invalid: the code is wrong.
    """
    row = session.get(Totp, user_id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise NotFound("second_factor.not_begun", _("No authenticator app is being set up. Begin again."))
    if not _fits(row, _plain(code)):
        sentence = _("This code is not right. Wait for the next one, and check the clock of your device.")
        raise Invalid("second_factor.wrong_code", sentence, fields={"code": [sentence]})
    row.confirmed_at = clock.now()


def take_code(session: Session, user_id: uuid.UUID, code: str) -> bool:
    """Take a code of a person's app, or a recovery code; each is taken once. The caller counts the attempt before.

    Args:
        session: the session of the transaction.
        user_id: whose.
        code: as it was typed.

    Returns:
        Whether it was right.
    """
    plain = _plain(code)
    if _CODE.match(plain):
        row = session.get(Totp, user_id, with_for_update=True)
        return row is not None and row.confirmed_at is not None and _fits(row, plain)
    kept = session.get(RecoveryCode, _digest(user_id, plain), with_for_update=True)
    if kept is None or kept.user_id != user_id:
        return False
    session.delete(kept)
    return True


def new_recovery_codes(session: Session, user_id: uuid.UUID) -> list[str]:
    """Replace a person's recovery codes and return the new ones, which are shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _place in range(16)) for _code in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(digest=_digest(user_id, code), user_id=user_id) for code in codes)
    return ["-".join(code[place : place + 4] for place in range(0, 16, 4)) for code in codes]


def remove_app(session: Session, user_id: uuid.UUID) -> None:
    """Take an authenticator app away.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Totp, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise NotFound("second_factor.not_found", _("There is no such second factor."))
    session.delete(row)


def forget(session: Session, user_id: uuid.UUID) -> None:
    """Take away everything that a person has enrolled, and what they were asked to sign."""
    for table in (Passkey, Totp, RecoveryCode, Challenge):
        session.execute(delete(table).where(table.user_id == user_id))


def _fits(row: Totp, code: str) -> bool:
    """Tell whether a code is the app's for about now and later than the last one taken, and keep which it was."""
    import pyotp

    app, present = pyotp.TOTP(row.secret), int(clock.now().timestamp()) // STEP_SECONDS
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode()) and step > row.last_step:
            row.last_step = step
            return True
    return False


def _plain(code: str) -> str:
    """Return a typed code without blanks and hyphens, as it was given out."""
    return re.sub(r"[\s-]", "", code).upper().translate(_LOOKALIKES)


def _digest(user_id: uuid.UUID, code: str) -> str:
    return tokens.digest(f"{user_id}:{code}")
