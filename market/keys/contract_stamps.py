"""Time stamps on contracts (RFC 3161): by the exchange's own clock, or by outside authorities where some are set.

The exchange's own stamp says what its clock said, under its own authority: it orders signatures and certificates
against each other and proves nothing to somebody who doubts the exchange. With ``CONTRACT_TSA`` outside authorities
are asked in turn, outside of any transaction, bounded in time and size, and each answer is checked before it is used.
Whoever signs waits for no stamp: :class:`market.timestamping.StampError` says that there is none now.
"""

import secrets
import time
from typing import Final

import requests
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from market import clock, config, db, timestamping
from market.config import Settings
from market.db import read
from market.errors import Conflict
from market.keys import authority, service, token
from market.keys.models import Key, Purpose
from market.keys.stamping import ALGORITHM, HOLDER
from market.timestamping import StampError
from market.wire import Wire, WireError, call

SECONDS: Final = 10.0
"""How long all the authorities together may take."""

_log = structlog.get_logger(__name__)


def stamp(digest: bytes) -> bytes:
    """Return a token over a digest, DER (TimeStampToken), from whoever is to be asked.

    Args:
        digest: SHA-256 of what is stamped.

    Raises:
        StampError: nobody gave a token that can be used; the caller goes on without one, says so and asks again.
        RuntimeError: a transaction is open in this thread.
    """
    db.outside()
    settings = config.current()
    if not settings.contract_tsa:
        return _own(digest)
    trusted = outside_roots(settings)
    _publish(trusted)
    until, last = time.monotonic() + SECONDS, ""
    with Wire() as wire:
        for address in settings.contract_tsa.split():
            try:
                return _asked(wire, address, digest, trusted, until)
            except StampError as error:
                last = f"{address}: {error}"
                _log.warning("contract_timestamp.not_made", authority=address, why=str(error))
    raise StampError(last)


def roots(settings: Settings) -> list[bytes]:
    """Return the certificates that contracts' time stamps lead to now, DER.

    Raises:
        StampError: the file of certificates cannot be read.
    """
    with read() as session:
        own = authority.roots(session)
    if not settings.contract_tsa:
        return own
    return [one.public_bytes(Encoding.DER) for one in outside_roots(settings)] + own


def outside_roots(settings: Settings) -> list[x509.Certificate]:
    """Return the certificates that outside authorities' tokens must lead to.

    Raises:
        StampError: the file cannot be read, or holds none.
    """
    try:
        return timestamping.roots_of(settings.file(settings.contract_tsa_certificates).read_bytes())
    except (OSError, ValueError) as error:
        raise StampError(f"CONTRACT_TSA_CERTIFICATES cannot be read: {error}") from error


def _own(digest: bytes) -> bytes:
    try:
        with read() as session:
            certificate, key = authority.signer(session, authority.STAMPING)
            above, _root_key = authority.signer(session, authority.ISSUING)
    except Conflict as error:
        raise StampError(error.message) from error
    return token.make(digest, clock.now(), certificate, key, [above])


def _publish(trusted: list[x509.Certificate]) -> None:
    """Publish what outside tokens lead to, so that a verifier opens it from the log; again is nothing new."""
    texts = {authority.text_of(one.public_bytes(Encoding.DER)) for one in trusted}
    with read() as session:
        known = set(session.scalars(select(Key.public_key).where(Key.public_key.in_(texts))))
    for public in sorted(texts - known):
        service.publish(Purpose.TSA, None, ALGORITHM, public, holder=HOLDER)


def _asked(wire: Wire, address: str, digest: bytes, trusted: list[x509.Certificate], until: float) -> bytes:
    nonce = secrets.randbits(63)
    try:
        answer = call(
            wire,
            "POST",
            address,
            limit=timestamping.MOST_BYTES,
            until=until,
            body=token.question(digest, nonce),
            headers={"Content-Type": timestamping.REQUEST_TYPE, "Accept": timestamping.ANSWER_TYPE},
        )
    except WireError as error:
        raise StampError(str(error)) from error
    if answer.status != requests.codes.ok:
        raise StampError(f"answered {answer.status}")
    timestamping.check_digest(answer.body, digest, trusted, nonce)
    return timestamping.token_of(answer.body)
