"""Passkeys (WebAuthn Level 2): enrolling one, signing in with it, and stepping up over what is about to be signed.

What an authenticator is asked to sign is a row: taken once, for one person and one ceremony, and not after its end.
The library checks the ceremony; what a step-up leaves is checked once more by :mod:`contracts.stepup`, which has
nothing but the kept bytes, as whoever looks at the evidence later.
"""

import json
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from contracts import stepup
from contracts.errors import StepUpError
from contracts.stepup import Evidence
from market import clock, config
from market.errors import Conflict, Invalid, NotFound
from market.i18n import gettext as _
from market.participants.models import Ceremony, Challenge, Passkey

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

LIFE: Final = timedelta(minutes=5)
"""How long an authenticator has to answer."""
MOST: Final = 20
"""Passkeys of one person."""
LONGEST: Final = 16_384
"""Characters of an answer: three times what the largest keys need."""
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "hybrid", "internal", "smart-card"})
_NAME: Final = "Qilu"

log = structlog.get_logger()


def registration_options(session: Session, user_id: uuid.UUID, email: str, name: str) -> dict[str, Any]:
    """Return what ``navigator.credentials.create`` is asked for.

    Args:
        session: the session of the transaction.
        user_id: whose passkey it will be.
        email: how the authenticator shall name the account.
        name: the person's name.

    Raises:
        Conflict: the person has as many passkeys as anybody may have.
    """
    import webauthn
    from webauthn.helpers import structs
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    known = _known(session, user_id)
    if len(known) >= MOST:
        raise Conflict("passkey.too_many", _("You have %(count)s passkeys. Remove one first.", count=MOST))
    options = webauthn.generate_registration_options(
        rp_id=rp_id(),
        rp_name=_NAME,
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=_asked(session, user_id, Ceremony.REGISTRATION, secrets.token_bytes(32)),
        timeout=_milliseconds(),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in (-7, -8, -257)],
    )
    return _json(options)


def register(session: Session, user_id: uuid.UUID, label: str, answer: str) -> Passkey:
    """Keep a passkey that an authenticator has just made.

    Args:
        session: the session of the transaction.
        user_id: whose.
        label: what the person calls it.
        answer: JSON of the credential, as the browser gave it.

    Raises:
        Invalid: the answer does not fit what was asked, or was asked too long ago.
        Conflict: the exchange knows this passkey already.
    """
    import webauthn

    credential = _read(answer)
    challenge = _taken(session, user_id, Ceremony.REGISTRATION, credential)
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(),
            expected_origin=origin(),
            require_user_verification=True,
        )
    except Exception as error:  # the library and its decoders fail in many ways on what a stranger sent
        raise _refused(error) from error
    credential_id = stepup.encoded(made.credential_id)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)):
        raise Conflict("passkey.known", _("This passkey is enrolled already."))
    said = credential.get("response", {}).get("transports")
    row = Passkey(
        user_id=user_id,
        credential_id=credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=sorted(_TRANSPORTS & set(said)) if isinstance(said, list) else [],
        label=label,
        made_at=clock.now(),
        used_at=None,
    )
    session.add(row)
    session.flush()
    return row


def assertion_options(session: Session, user_id: uuid.UUID, challenge: bytes | None = None) -> dict[str, Any]:
    """Return what ``navigator.credentials.get`` is asked for.

    Args:
        session: the session of the transaction.
        user_id: who shall answer.
        challenge: for a step-up, the SHA-256 of what will be signed; a random one to sign in.

    Raises:
        NotFound: the person has no passkey.
    """
    import webauthn
    from webauthn.helpers import structs

    known = _known(session, user_id)
    if not known:
        raise NotFound("passkey.not_found", _("You have no such passkey."))
    ceremony = Ceremony.ASSERTION if challenge is None else Ceremony.STEP_UP
    options = webauthn.generate_authentication_options(
        rp_id=rp_id(),
        challenge=_asked(session, user_id, ceremony, challenge or secrets.token_bytes(32)),
        timeout=_milliseconds(),
        allow_credentials=_descriptors(known),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _json(options)


def assert_present(session: Session, user_id: uuid.UUID, answer: str) -> Passkey:
    """Take an assertion that was asked for to sign in, or to show once more who is there.

    Args:
        session: the session of the transaction.
        user_id: who answers.
        answer: JSON of the credential, as the browser gave it.

    Raises:
        Invalid: it is not by a passkey of this person, does not fit what was asked, or comes too late.
    """
    credential = _read(answer)
    challenge = _taken(session, user_id, Ceremony.ASSERTION, credential)
    return _verified(session, user_id, credential, challenge)[0]


def require_recent(session: Session, user_id: uuid.UUID, challenge: bytes, answer: str) -> Evidence:
    """Step up: take an assertion over exactly this challenge, asked for just now and never taken before.

    Args:
        session: the session of the transaction in which the signature is kept.
        user_id: who signs.
        challenge: SHA-256 of the signing statement, computed here and not by the browser.
        answer: JSON of the credential, as the browser gave it.

    Returns:
        What is kept with the signature; :func:`contracts.stepup.verify` checks it offline.

    Raises:
        Invalid: it is not by a passkey of this person, over another challenge, or comes too late.
    """
    credential = _read(answer)
    if _taken(session, user_id, Ceremony.STEP_UP, credential) != challenge:
        raise _refused("another challenge")
    row, response = _verified(session, user_id, credential, challenge)
    evidence = Evidence(
        credential_id=stepup.decoded(row.credential_id),
        public_key=row.public_key,
        authenticator_data=_bytes(response, "authenticatorData"),
        client_data_json=_bytes(response, "clientDataJSON"),
        signature=_bytes(response, "signature"),
    )
    try:
        stepup.verify(
            evidence.public_key,
            challenge,
            rp_id(),
            evidence.authenticator_data,
            evidence.client_data_json,
            evidence.signature,
            origin=origin(),
        )
    except StepUpError as error:
        raise _refused(error) from error
    return evidence


def has(session: Session, user_id: uuid.UUID | None) -> bool:
    """Tell whether a person has a passkey; the exchange's own clockwork has none."""
    return user_id is not None and bool(session.scalar(select(exists().where(Passkey.user_id == user_id))))


def remove(session: Session, user_id: uuid.UUID, passkey_id: uuid.UUID) -> None:
    """Take a passkey away.

    Raises:
        NotFound: this person has no such passkey.
    """
    row = session.get(Passkey, passkey_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFound("passkey.not_found", _("You have no such passkey."))
    session.delete(row)


def rp_id() -> str:
    """Return the host name that passkeys of this exchange are made for (WebAuthn §5.1.2)."""
    return urlsplit(config.current().base_url).hostname or ""


def origin() -> str:
    """Return where the exchange's pages are, as browsers write it."""
    parts = urlsplit(config.current().base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _asked(session: Session, user_id: uuid.UUID, ceremony: Ceremony, challenge: bytes) -> bytes:
    """Keep what an authenticator is asked to sign; a further question takes the place of the one before."""
    moment = clock.now()
    session.execute(delete(Challenge).where(Challenge.expires_at < moment))
    session.execute(delete(Challenge).where(Challenge.user_id == user_id, Challenge.ceremony == ceremony))
    session.add(Challenge(user_id=user_id, ceremony=ceremony, challenge=challenge, expires_at=moment + LIFE))
    return challenge


def _taken(session: Session, user_id: uuid.UUID, ceremony: Ceremony, credential: Mapping[str, Any]) -> bytes:
    """Return what was asked, and take it away, so that no answer to it is taken twice.

    Where the answer is refused the transaction fails, and the question stands until its end or the next one.
    """
    query = select(Challenge).where(Challenge.user_id == user_id, Challenge.ceremony == ceremony)
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None or row.expires_at <= clock.now():
        raise _refused("nothing was asked")
    session.delete(row)
    try:
        said = json.loads(_bytes(credential.get("response", {}), "clientDataJSON"))["challenge"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(error) from error
    if said != stepup.encoded(row.challenge):
        raise _refused("another challenge")
    return row.challenge


def _verified(
    session: Session, user_id: uuid.UUID, credential: dict[str, Any], challenge: bytes
) -> tuple[Passkey, Mapping[str, Any]]:
    import webauthn

    query = select(Passkey).where(
        Passkey.credential_id == str(credential.get("id")), Passkey.user_id == user_id
    )
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise _refused("an unknown passkey")
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(),
            expected_origin=origin(),
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # as in register()
        raise _refused(error) from error
    row.sign_count, row.used_at = found.new_sign_count, clock.now()
    return row, credential["response"]


def _known(session: Session, user_id: uuid.UUID) -> list[Passkey]:
    return list(session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.made_at)))


def _descriptors(rows: list[Passkey]) -> list["PublicKeyCredentialDescriptor"]:
    from webauthn.helpers import structs

    return [
        structs.PublicKeyCredentialDescriptor(
            id=stepup.decoded(row.credential_id),
            transports=[structs.AuthenticatorTransport(word) for word in row.transports] or None,
        )
        for row in rows
    ]


def _read(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= LONGEST else None
    except (ValueError, RecursionError) as error:
        raise _refused(error) from error
    if not isinstance(found, dict):
        raise _refused("no object")
    return found


def _bytes(values: Any, name: str) -> bytes:
    """Return a part of an answer, which stands in it as base64url."""
    value = values.get(name) if isinstance(values, dict) else None
    if not isinstance(value, str):
        raise _refused(f"no {name}")
    try:
        return stepup.decoded(value)
    except StepUpError as error:
        raise _refused(error) from error


def _json(options: Any) -> dict[str, Any]:
    import webauthn

    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _milliseconds() -> int:
    return int(LIFE.total_seconds() * 1000)


def _refused(why: object) -> Invalid:
    log.info("passkey.refused", why=str(why)[:200])
    return Invalid("passkey.refused", _("The passkey's answer was not accepted. Try again."))
