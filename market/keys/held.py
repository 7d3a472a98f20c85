"""Keys that the exchange itself makes, holds and uses for parties: for demonstrations, off unless a setting allows it.

Whoever runs the exchange can sign in the name of a party whose key it holds; so such a key is labelled wherever it
appears, and its certificate stands in a ``key.published`` entry with the holder ``exchange``.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, config, steps
from market.actor import Actor
from market.db import transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.keys import authority, files, issuing
from market.keys.models import Key, KeyState, Purpose
from market.participants import service as participants
from market.steps import Kind

LEFT: Final = timedelta(days=30)
"""How long before a certificate ends the next one is made."""


@dataclass(frozen=True)
class Held:
    """A key of a party that the exchange holds.

    Attributes:
        id: its row.
        certificate: DER.
        chain: the certificates above it, DER, the root last.
        private: the private half.
    """

    id: uuid.UUID
    certificate: bytes
    chain: list[bytes]
    private: ec.EllipticCurvePrivateKey

    def sign(self, data: bytes) -> bytes:
        """Sign with SHA-256; DER."""
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))


def hold(organisation_id: uuid.UUID) -> None:
    """Make and publish a key of an organisation unless there is one that lasts; opens its own doors.

    Raises:
        Conflict: the exchange may hold no keys of parties (``key.not_held``).
    """
    if not config.current().holds_party_keys:
        raise Conflict(
            "key.not_held",
            _("This exchange holds no keys for parties. Make a signing key of your own and sign with that."),
        )
    authority.publish()
    private = files.load_or_make_party(_folder(), _stem(organisation_id))
    with transaction() as session:
        if _lasting(session, organisation_id) is not None:
            return
        organisation = participants.found(session, organisation_id, lock=True)
        holder = issuing.Holder(organisation.name_zh, organisation.credit_code)
        step = steps.begin(Actor.system("keys"), Kind.KEY_PUBLISHED, steps.new_handle())
        issuer = authority.issuer(session, authority.ISSUING)
        made = issuing.party(issuer, private.public_key(), holder, step.time)
        session.add(
            Key(
                step_id=step.id,
                purpose=Purpose.PARTY,
                organisation_id=organisation_id,
                algorithm=authority.ALGORITHM,
                public_key=authority.text_of(made.public_bytes(Encoding.DER)),
                holder=authority.HOLDER,
                state=KeyState.ACTIVE,
                published_at=clock.now(),
            )
        )
        steps.record(session, step)


def key_of(session: Session, organisation_id: uuid.UUID) -> Held:
    """Return the key that the exchange holds for an organisation now.

    Raises:
        Conflict: it holds none, or its file is not the published one.
    """
    row = _newest(session, organisation_id)
    if row is None:
        raise Conflict("key.not_published", _("The signing key is not published yet; try again in a moment."))
    private = files.load_or_make_party(_folder(), _stem(organisation_id))
    if authority.certificate(row).public_key() != private.public_key():
        raise Conflict(
            "key.mismatch", _("The key file does not belong to the published key; ask the operator.")
        )
    return Held(row.id, authority.der_of(row), authority.chain(session), private)


def has(session: Session, organisation_id: uuid.UUID) -> bool:
    """Tell whether the exchange may sign for an organisation: it is allowed to, and holds a key of it."""
    return config.current().holds_party_keys and _newest(session, organisation_id) is not None


def _newest(session: Session, organisation_id: uuid.UUID) -> Key | None:
    query = select(Key).where(
        Key.purpose == Purpose.PARTY, Key.organisation_id == organisation_id, Key.state == KeyState.ACTIVE
    )
    return session.scalars(query.order_by(Key.published_at.desc())).first()


def _lasting(session: Session, organisation_id: uuid.UUID) -> Key | None:
    row = _newest(session, organisation_id)
    lasts = row is not None and authority.certificate(row).not_valid_after_utc > clock.now() + LEFT
    return row if lasts else None


def _folder() -> Path:
    return config.current().home / "keys"


def _stem(organisation_id: uuid.UUID) -> str:
    return f"party-{organisation_id}"
