"""Stamps a signed file later, when no authority answered while it was signed.

The token is over the SHA-256 of the whole file and is kept beside it, since the file must not change any more. It says
that both signatures were there by its time. The job asks again until an authority answers.
"""

import uuid

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import contracts.service
from contracts import stamps
from market import config
from market.contracting.models import FileStamp, StandingOffer
from market.contracting.reading import agreed
from market.db import read, transaction
from market.keys import contract_stamps


def on_unstamped(contract_id: str) -> None:
    """Job: have a file stamped whose signatures are not; fails, and so comes again, while nobody answers."""
    key = uuid.UUID(contract_id)
    with read() as session:
        digest = contracts.service.newest_digest(agreed(session, key).contract)
    _stamp(key, digest)


def _stamp(key: uuid.UUID, file_digest: str) -> None:
    with read() as session:
        if session.get(FileStamp, key) is not None:
            return
    digest = bytes.fromhex(file_digest)
    token = contract_stamps.stamp(digest)
    moment = stamps.check(token, digest, contract_stamps.roots(config.current()))
    try:
        with transaction() as session:
            session.add(FileStamp(contract_id=key, token=token, stamped_at=moment))
    except IntegrityError:  # another worker was first
        return


def on_unstamped_offer(offer_id: str) -> None:
    """Job: the same for a standing offer."""
    key = uuid.UUID(offer_id)
    with read() as session:
        digest = session.get_one(StandingOffer, key).file_digest
    _stamp(key, digest)


def token_of(session: Session, contract_id: uuid.UUID) -> bytes | None:
    """Return the token over the whole file of a contract or a standing offer, DER, or None."""
    row = session.get(FileStamp, contract_id)
    return None if row is None else row.token
