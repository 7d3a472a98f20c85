"""Publish keys as steps, find them, sign with them."""

import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.cosign import Cosigner
from ledger.note import ED25519, VerifierKey, parse_signer
from market import clock, config, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.keys import authority, files, held
from market.keys.models import Key, KeyState, Purpose
from market.steps import Kind, Step

MANIFEST = "manifest"
"""Stem of the manifest key's file, and last part of its name."""
WITNESS = "witness"
"""The same for the key that cosigns other logs."""
FINGERPRINT = "fingerprint"
"""Stem of the file of the secret that hides what fingerprints of data hold."""

HOLDER = "exchange"
PARTY = "party"
"""Who has a key for which a party asked a certificate: nobody but the party."""


def on_verified(organisation_id: str) -> None:
    """Job: where the exchange may hold parties' keys, publish one of an organisation that was verified."""
    if config.current().holds_party_keys:
        held.hold(uuid.UUID(organisation_id))


def on_founded() -> None:
    """Job: publish the exchange's own keys; again is nothing new."""
    publish(Purpose.MANIFEST, None, "Ed25519", str(_manifest_key()))
    log = parse_signer(config.current().ledger_signing_key)
    publish(Purpose.LOG, None, "Ed25519", str(log.verifier))
    if config.current().ledger_witnessed:
        publish(Purpose.WITNESS, None, "Ed25519", str(witness().verifier))
    authority.publish()


def publish_log(public: str) -> None:
    """Publish a further key of the log; again is nothing new (see :mod:`market.keys.ring`)."""
    publish(Purpose.LOG, None, "Ed25519", public)


def retire_log(session: Session, actor: Actor, key_id: uuid.UUID) -> Step:
    """End a key of the log, as a step of the handle under which it was published; its public half stays for ever."""
    row = locked(session, Key, key_id)
    step = steps.begin(actor, Kind.KEY_RETIRED, steps.chain(session, row.id)[0].object)
    row.state = KeyState.RETIRED
    row.step_id = step.id
    return steps.record(session, step)


def publish_witness() -> None:
    """Publish the witness key of an exchange that was founded before it witnessed; again is nothing new."""
    with read() as session:
        founded = _find(session, Purpose.MANIFEST, None, str(_manifest_key())) is not None
    if founded:
        publish(Purpose.WITNESS, None, "Ed25519", str(witness().verifier))


def witness() -> Cosigner:
    """Return the key that cosigns other logs, made on first use; it signs nothing else."""
    private = files.load_or_make_manifest(_folder(), WITNESS)
    return Cosigner(f"{config.current().origin}/{WITNESS}", private)


def manifest_key(session: Session) -> Key:
    """Return the key that signs evidence bundles now.

    Raises:
        Conflict: it is not published yet.
    """
    return _active(session, Purpose.MANIFEST, None)


def holder_of(session: Session, key_id: uuid.UUID) -> str:
    """Return who has the private half of a key that signed a contract: the exchange, or the party itself."""
    row = session.get(Key, key_id)
    return PARTY if row is None else row.holder


def sign_manifest(data: bytes) -> bytes:
    """Sign the manifest of an evidence bundle; 64 bytes, Ed25519."""
    return files.load_or_make_manifest(_folder(), MANIFEST).sign(data)


def fingerprint_secret() -> bytes:
    """Return the secret under which fingerprints of data are kept, made on first use; 32 bytes.

    It goes into a backup with the other private keys. A copy restored without it makes a new one, and finds
    nothing by the fingerprints kept under the old one until the files are measured again.
    """
    return files.load_or_make_secret(_folder(), FINGERPRINT)


def _manifest_key() -> VerifierKey:
    private = files.load_or_make_manifest(_folder(), MANIFEST)
    name = f"{config.current().origin}/{MANIFEST}"
    return VerifierKey(name, ED25519, private.public_key().public_bytes_raw())


def publish(
    purpose: Purpose, owner: uuid.UUID | None, algorithm: str, public: str, *, holder: str = HOLDER
) -> None:
    """Publish a public key unless it stands there already."""
    with read() as session:
        if _find(session, purpose, owner, public):
            return
    with transaction() as session:
        if _find(session, purpose, owner, public):
            return
        step = steps.begin(Actor.system("keys"), Kind.KEY_PUBLISHED, steps.new_handle())
        session.add(
            Key(
                step_id=step.id,
                purpose=purpose,
                organisation_id=owner,
                algorithm=algorithm,
                public_key=public,
                holder=holder,
                state=KeyState.ACTIVE,
                published_at=clock.now(),
            )
        )
        steps.record(session, step)


def _find(session: Session, purpose: Purpose, owner: uuid.UUID | None, public: str) -> Key | None:
    return session.scalars(
        select(Key).where(Key.purpose == purpose, Key.organisation_id == owner, Key.public_key == public)
    ).first()


def _active(session: Session, purpose: Purpose, owner: uuid.UUID | None) -> Key:
    key = session.scalars(
        select(Key)
        .where(Key.purpose == purpose, Key.organisation_id == owner, Key.state == KeyState.ACTIVE)
        .order_by(Key.published_at.desc())
    ).first()
    if key is None:
        raise Conflict("key.not_published", _("The signing key is not published yet; try again in a moment."))
    return key


def _folder() -> Path:
    return config.current().home / "keys"
