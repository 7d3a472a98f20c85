"""Parties' certificates: asked for, entered, revoked, chosen to sign by. Each act is one step and one entry.

Whoever may sign contracts for an organisation may have a certificate issued to it, and is the one decision there is:
such a member can bind the organisation already. Any of them, an administrator or the operator may revoke; so does the
step by which a member leaves or no longer may sign.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from contracts.certificates import fingerprint
from market import clock, permissions, steps
from market.actor import Actor, Role
from market.db import locked
from market.errors import Conflict, Invalid, NotFound
from market.i18n import gettext as _
from market.keys import authority, issuing, possession
from market.keys.issuing import Holder, PublicKey
from market.keys.models import Certificate, CertificateState, Lane, Reason
from market.paging import Page, page
from market.participants import service as participants
from market.permissions import STAFF, Relation
from market.steps import Kind, Pending, Step

MOST: Final = 50
"""Certificates that an organisation has in use at once."""
LONGEST_CHAIN: Final = 5
SIGNERS: Final = frozenset({Role.PROVIDER, Role.BUYER, Role.ASSESSOR})
"""Roles that sign contracts, or inspections of others' data."""


def request(
    session: Session,
    actor: Actor,
    text: str,
    device: str,
    *,
    browser: bool = False,
    key: str | None = None,
) -> tuple[Certificate, Step | None]:
    """Issue a certificate to the actor's organisation for a key that the actor has.

    Args:
        session: the session of the transaction.
        actor: a member who may sign contracts.
        text: a certification request that the key signed, PEM or base64; only its key is taken from it.
        device: what the member calls the device or file that holds the key.
        browser: whether the key was made on the page, which makes P-256 keys only.
        key: Idempotency-Key; the same key and input give the certificate issued the first time.

    Returns:
        The certificate, and the step, or None when the Idempotency-Key was used before.

    Raises:
        Forbidden: the actor may not sign contracts (R1.3), or the organisation is not verified (R1.1).
        Invalid: ``certificate.request_malformed``, ``certificate.key_refused``, ``certificate.not_possessed``.
        Conflict: ``certificate.key_known``, ``certificate.too_many``, or the authority's keys are not there.
    """
    permissions.require(actor, "certificate.request")
    public = possession.requested(text, browser=browser)
    given = {"fingerprint": fingerprint(public)}
    if made := steps.once(session, actor, key, Kind.CERTIFICATE_ISSUED, given):
        return session.get_one(Certificate, made), None
    organisation = participants.found(session, _own(actor), lock=True)
    _refuse_known(session, public)
    _refuse_many(session, organisation.id)
    step = steps.begin(actor, Kind.CERTIFICATE_ISSUED, steps.new_handle())
    holder = Holder(organisation.name_zh, organisation.credit_code)
    issued = issuing.party(authority.issuer(session, authority.ISSUING), public, holder, step.time)
    row = _row(step, actor, Lane.ISSUED, device, public, issued, authority.chain(session))
    session.add(row)
    steps.remember(session, actor, key, Kind.CERTIFICATE_ISSUED, given, row.id)
    return row, steps.record(session, step, given=given)


def register(
    session: Session,
    actor: Actor,
    texts: Sequence[str],
    device: str,
    challenge: str,
    signature: str,
    *,
    key: str | None = None,
) -> tuple[Certificate, Step | None]:
    """Enter a certificate of the party's own: issued by somebody else, its key kept outside the exchange.

    The exchange checks that the party has the key and that the certificates lead to one another. It does not know the
    authority, and neither asks it nor vouches for it.

    Args:
        session: the session of the transaction.
        actor: a member who may sign contracts.
        texts: the certificate, then those above it up to a root, PEM or base64 each.
        device: what the member calls it.
        challenge: a text from :func:`market.keys.possession.challenge`.
        signature: over the challenge's bytes, by the certificate's key, base64.
        key: Idempotency-Key, as in :func:`request`.

    Returns:
        The certificate, and the step, or None when the Idempotency-Key was used before.

    Raises:
        Forbidden: as in :func:`request`.
        Invalid: ``certificate.challenge_unknown``, ``certificate.not_possessed``, ``certificate.request_malformed``,
            ``certificate.key_refused``, ``certificate.not_for_signing`` or ``certificate.chain_broken``.
        Conflict: ``certificate.key_known`` or ``certificate.too_many``.
    """
    permissions.require(actor, "certificate.request")
    organisation_id = _own(actor)
    possession.require_ours(challenge, organisation_id)
    found, *above = [possession.certificate(text) for text in texts[: LONGEST_CHAIN + 1]]
    public = possession.accepted(found.public_key())
    possession.verify(public, challenge.encode(), possession.from_base64(signature))
    given = {"fingerprint": fingerprint(public)}
    if made := steps.once(session, actor, key, Kind.CERTIFICATE_REGISTERED, given):
        return session.get_one(Certificate, made), None
    step = steps.begin(actor, Kind.CERTIFICATE_REGISTERED, steps.new_handle())
    _refuse_useless(found, step.time)
    _refuse_broken([found, *above], step.time)
    participants.found(session, organisation_id, lock=True)
    _refuse_known(session, public)
    _refuse_many(session, organisation_id)
    chain = [one.public_bytes(Encoding.DER) for one in above]
    row = _row(step, actor, Lane.OWN, device, public, found, chain)
    session.add(row)
    steps.remember(session, actor, key, Kind.CERTIFICATE_REGISTERED, given, row.id)
    return row, steps.record(session, step, given=given)


def revoke(
    session: Session, actor: Actor, certificate_id: uuid.UUID, reason: Reason
) -> tuple[Certificate, Step]:
    """Take a certificate out of use: it signs nothing new, and what it signed before stays.

    Args:
        session: the session of the transaction.
        actor: a member who may sign or administer, or the operator.
        certificate_id: which.
        reason: why.

    Raises:
        NotFound: no such certificate, or another organisation's.
        Forbidden: ``role.missing``.
        Conflict: somebody else revoked it, or with another reason.
    """
    row = locked(session, Certificate, seen(session, actor, certificate_id).id)
    permissions.require(actor, "certificate.revoke", relation(actor, row))
    given = {"reason": reason.value}
    if row.state is CertificateState.REVOKED:
        return row, steps.repeat(session, actor, Kind.CERTIFICATE_REVOKED, row.handle, given)
    step = steps.begin(actor, Kind.CERTIFICATE_REVOKED, row.handle)
    _end(row, step, reason)
    return row, steps.record(session, step, given=given)


def withdraw(session: Session, step: Pending, user_id: uuid.UUID) -> None:
    """Revoke, within a step that another records, what a member asked for who signs no more."""
    query = select(Certificate).where(
        Certificate.user_id == user_id, Certificate.state == CertificateState.ACTIVE
    )
    for row in session.scalars(query.with_for_update()):
        _end(row, step, Reason.LEFT)


def chosen(session: Session, actor: Actor, fingerprint: str) -> Certificate:
    """Return the certificate by which a member wants to sign now.

    Args:
        session: a session.
        actor: who signs; what they may sign is for the caller to ask.
        fingerprint: SHA-256 of the key.

    Raises:
        NotFound: the actor's organisation has no such key.
        Conflict: ``certificate.revoked`` or ``certificate.expired``.
    """
    row = session.scalars(select(Certificate).where(Certificate.fingerprint == fingerprint)).one_or_none()
    if row is None or row.organisation_id != actor.organisation_id:
        raise _nothing()
    refuse_ended(row, clock.now())
    return row


def issued(session: Session, actor: Actor, der: bytes) -> Certificate | None:
    """Return the row of a certificate that this exchange issued to the actor's organisation, whatever became of it.

    Args:
        session: the session of a transaction, to the end of which it stays as it is.
        actor: who signed by it.
        der: the certificate.

    Returns:
        The row, or None: it is another organisation's, or was issued by somebody else.
    """
    query = select(Certificate).where(
        Certificate.certificate == authority.text_of(der),
        Certificate.lane == Lane.ISSUED,
        Certificate.organisation_id == actor.organisation_id,
    )
    return session.scalars(query.with_for_update()).one_or_none()


def usable(session: Session, actor: Actor) -> list[Certificate]:
    """Return the certificates by which the actor's organisation may sign now, the newest first."""
    now = clock.now()
    query = select(Certificate).where(
        Certificate.organisation_id == actor.organisation_id,
        Certificate.state == CertificateState.ACTIVE,
        Certificate.valid_from <= now,
        Certificate.valid_until > now,
    )
    return list(session.scalars(query.order_by(Certificate.made_at.desc(), Certificate.id.desc())))


def refuse_ended(row: Certificate, at: datetime) -> None:
    """Refuse to sign by a certificate that does not stand at a time.

    Raises:
        Conflict: ``certificate.revoked`` or ``certificate.expired``.
    """
    if row.state is CertificateState.REVOKED:
        raise Conflict("certificate.revoked", _("This key was taken out of use. Sign with another one."))
    if row.standing(at) == "expired":
        raise Conflict("certificate.expired", _("This certificate is not valid now. Get a new one."))


def seen(session: Session, actor: Actor, certificate_id: uuid.UUID, *, lock: bool = False) -> Certificate:
    """Return a certificate of the actor's organisation, or for the operator's staff of any.

    Args:
        session: a session.
        actor: who asks.
        certificate_id: of the row.
        lock: whether it must stay as it is until the end of the transaction.

    Raises:
        NotFound: there is none that the actor may see.
    """
    row = session.get(Certificate, certificate_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or not (actor.has(*STAFF) or row.organisation_id == actor.organisation_id):
        raise _nothing()
    return row


def listed(session: Session, actor: Actor, cursor: str | None = None) -> Page[Certificate]:
    """Return a page of the certificates that the actor may see, the newest first."""
    query: Select[Any] = select(Certificate)
    if not actor.has(*STAFF):
        query = query.where(Certificate.organisation_id == _own(actor))
    return page(session, query, Certificate.made_at, Certificate.id, cursor)


def relation(actor: Actor, row: Certificate) -> Relation:
    """Return how the actor's organisation stands to a certificate."""
    return Relation.OWN if row.organisation_id == actor.organisation_id else Relation.OTHER


def _row(
    step: Pending,
    actor: Actor,
    lane: Lane,
    device: str,
    public: PublicKey,
    found: x509.Certificate,
    chain: Sequence[bytes],
) -> Certificate:
    return Certificate(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=step.handle,
        organisation_id=_own(actor),
        user_id=actor.user_id,
        device=device,
        lane=lane,
        algorithm=possession.algorithm(public),
        fingerprint=fingerprint(public),
        serial=f"{found.serial_number:x}",
        certificate=authority.text_of(found.public_bytes(Encoding.DER)),
        chain=[authority.text_of(one) for one in chain],
        valid_from=found.not_valid_before_utc,
        valid_until=found.not_valid_after_utc,
        state=CertificateState.ACTIVE,
        made_at=step.time,
        revoked_at=None,
        reason=None,
    )


def _end(row: Certificate, step: Pending, reason: Reason) -> None:
    row.state = CertificateState.REVOKED
    row.revoked_at = step.time
    row.reason = reason
    row.step_id = step.id


def _refuse_known(session: Session, public: PublicKey) -> None:
    query = select(Certificate.id).where(Certificate.fingerprint == fingerprint(public))
    if session.scalars(query).first() is not None:
        raise Conflict(
            "certificate.key_known", _("This key has or had a certificate here. Make a new key and use that.")
        )


def _refuse_many(session: Session, organisation_id: uuid.UUID) -> None:
    """The caller holds the organisation's row, so that two requests at once are counted one after the other."""
    query = select(func.count()).select_from(Certificate)
    count = session.scalar(
        query.where(
            Certificate.organisation_id == organisation_id,
            Certificate.state == CertificateState.ACTIVE,
            Certificate.valid_until > clock.now(),
        )
    )
    if (count or 0) >= MOST:
        raise Conflict(
            "certificate.too_many",
            _("Your organisation has %(count)s keys in use. Revoke those nobody needs.", count=MOST),
        )


def _refuse_useless(found: x509.Certificate, at: datetime) -> None:
    """Refuse a certificate by which nobody could sign a contract now."""
    try:
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
        signs = usage.digital_signature or usage.content_commitment
    except x509.ExtensionNotFound:
        signs = True
    try:
        authority_itself = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority_itself = False
    if not signs or authority_itself or not _valid(found, at):
        sentence = _("This certificate is not valid now, or not made for signing documents.")
        raise Invalid("certificate.not_for_signing", sentence)


def _refuse_broken(chain: Sequence[x509.Certificate], at: datetime) -> None:
    """Refuse certificates that do not lead to one another and end in a root."""
    sentence = _("Send the certificates above yours in order: its issuer first, a root last, all valid now.")
    broken = Invalid("certificate.chain_broken", sentence)
    if len(chain) < 2 or not all(_valid(one, at) for one in chain):
        raise broken
    try:
        for lower, upper in zip(chain, [*chain[1:], chain[-1]], strict=True):
            lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise broken from error


def _valid(found: x509.Certificate, at: datetime) -> bool:
    return found.not_valid_before_utc <= at < found.not_valid_after_utc


def _own(actor: Actor) -> uuid.UUID:
    if actor.organisation_id is None:
        raise _nothing()
    return actor.organisation_id


def _nothing() -> NotFound:
    return NotFound("certificate.not_found", _("There is no such key."))
