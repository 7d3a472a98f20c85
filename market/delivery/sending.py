"""Bytes out: what a request may have, and the stream of it, counted MiB by MiB.

Every MiB passes the gate and is charged to the quota in one short transaction *before* it leaves; that it
was handed to the connection is written with the next one. No transaction is open while bytes travel.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, db, jobs, permissions, storage
from market.actor import Actor, Role
from market.delivery import covering, gate, service
from market.delivery.models import AccessGrant, GrantUsage
from market.delivery.ranges import Span
from market.errors import NotFound
from market.i18n import _
from market.permissions import Relation
from market.steps import index_of
from market.storage import Store

MIB: Final = 1024 * 1024
"""Bytes between two questions to the gate."""
MOST: Final = 1_000_000
"""No trade has so many updates; a column of PostgreSQL does not hold every number that an address may."""


@dataclass(frozen=True)
class Permit:
    """One request that the gate let through; ``size`` in bytes."""

    grant_id: uuid.UUID
    digest: str
    size: int
    filename: str


def permit(session: Session, actor: Actor, number: str, ordinal: int = 0) -> Permit:
    """Ask the gate for one request.

    Args:
        session: a session that reads.
        actor: who asks.
        number: the public number of the grant.
        ordinal: 0 for the file that was sold, else which update.

    Raises:
        NotFound: there is no such delivery, or the actor may not know of it.
        Forbidden: the actor is not a buyer of the buying organisation, or the gate refuses; names the
            rule and the article.
    """
    row = visible(session, actor, number, ordinal)
    permissions.require(actor, "delivery.download", relation_of(actor, row))
    refusal = gate.decide(service.grounds(row, service.usage_of(session, row.id)), clock.now())
    if refusal is not None:
        raise refusal.error()
    return Permit(grant_id=row.id, digest=row.digest, size=row.size, filename=row.filename)


def visible(session: Session, actor: Actor, number: str, ordinal: int = 0) -> AccessGrant:
    """Return a grant that the actor may know of: as a party, as the operator or as an auditor.

    Raises:
        NotFound: there is none, or the actor may not know of it; the answer is the same.
    """
    query = select(AccessGrant).where(AccessGrant.number == number, AccessGrant.ordinal == min(ordinal, MOST))
    row = session.scalars(query).one_or_none()
    knows = actor.has(Role.OPERATOR, Role.AUDITOR) or (
        row is not None and actor.organisation_id in {row.provider_id, row.buyer_id}
    )
    if row is None or not knows:
        raise NotFound("grant.not_found", _("There is no such delivery."))
    return row


def receipt(session: Session, actor: Actor, number: str) -> dict[str, Any]:
    """Return the facts of a receipt with its ledger entry, for a program.

    Raises:
        NotFound: there is no such delivery, the actor may not know of it, or it is not complete.
    """
    row = visible(session, actor, number)
    found = service.receipt_of(session, row.id)
    if found is None:
        raise NotFound(
            "receipt.not_found", _("There is no receipt yet: the file has not been fetched in full.")
        )
    return {
        "number": row.number,
        "filename": row.filename,
        "digest": found.digest,
        "size": found.size,
        "first_byte_at": found.first_byte_at,
        "completed_at": found.completed_at,
        "entry_id": found.step_id,
        "index": index_of(session, found.step_id),
    }


def relation_of(actor: Actor, row: AccessGrant) -> Relation:
    """Return how the actor's organisation stands to a delivery."""
    if actor.organisation_id == row.buyer_id:
        return Relation.BUYER
    return Relation.PROVIDER if actor.organisation_id == row.provider_id else Relation.OTHER


def stream(granted: Permit, span: Span) -> Iterator[bytes]:
    """Return the bytes of a span as a stream that asks the gate before each MiB.

    The application is entered for each question only, never while bytes travel: the server may read the
    stream after the request's own context is gone.

    Args:
        granted: what :func:`permit` returned.
        span: which bytes.

    Raises:
        Forbidden: (by the stream) the gate closed meanwhile; the connection breaks off, and asking again
            says why.
        StoreError: (by the stream) the store does not hold the bytes.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _parts(app, storage.current(), granted, span)


def _parts(app: Flask, store: Store, granted: Permit, span: Span) -> Iterator[bytes]:
    handed = None
    position = span.start
    for part in store.read_range(granted.digest, span.start, span.stop, MIB):
        with app.app_context():
            _pass(granted.grant_id, handed, len(part))
        yield part
        handed = Span(position, position + len(part))
        position = handed.stop
    with app.app_context():
        _pass(granted.grant_id, handed, 0)


def _pass(grant_id: uuid.UUID, handed: Span | None, wanted: int) -> None:
    """Write what was handed over and charge what is wanted next, if the gate permits it.

    The refusal leaves after the commit, so that the stretch handed over before it stays written.
    """
    refusal = None
    moment = clock.now()
    with db.transaction() as session:
        # The grant before its counter, as everybody takes them: a stretch written below refers to the grant's row,
        # so whoever held it and waited for the counter would wait for us for ever.
        row = session.get_one(AccessGrant, grant_id, with_for_update={"read": True, "key_share": True})
        usage = db.locked(session, GrantUsage, grant_id)
        if wanted:
            refusal = gate.decide(service.grounds(row, usage), moment)
            if refusal is None:
                _charge(usage, wanted, moment)
        if handed is not None:
            _cover(session, row, usage, handed, moment)
    if refusal is not None:
        raise refusal.error()


def _charge(usage: GrantUsage, wanted: int, moment: datetime) -> None:
    usage.bytes_sent += wanted
    usage.first_at = usage.first_at or moment
    usage.last_at = moment


def _cover(session: Session, row: AccessGrant, usage: GrantUsage, handed: Span, moment: datetime) -> None:
    """Join a stretch to those handed over before; when they cover the file, queue the receipt, once."""
    whole = covering.join(session, row.id, handed)
    if usage.covered_at is None and whole == Span(0, row.size):
        usage.covered_at = moment
        jobs.queue(session, "delivery.covered", number=row.number, ordinal=row.ordinal)
