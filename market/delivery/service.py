"""The parts of other rooms' steps that open, fund, suspend, close and complete a grant.

None of these takes a step of its own: the caller has begun one, calls them among its other changes and
records once. So a grant never disagrees with its grounds, not even for a moment.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from market import db, storage
from market.delivery import grant, locking
from market.delivery.gate import Grounds, Hold
from market.delivery.grant import GrantEvent, GrantState, TransferEvent, TransferState
from market.delivery.models import AccessGrant, GrantUsage, Receipt
from market.errors import Conflict, NotFound
from market.i18n import _
from market.steps import Pending

_UNDER_WAY = frozenset({TransferState.STARTED, TransferState.SUSPENDED})
"""States from which a transfer may still complete."""


@dataclass(frozen=True)
class File:
    """The one file a grant is about; ``digest`` is SHA-256 in hex, ``size`` in bytes."""

    digest: str
    size: int
    filename: str
    media_type: str


@dataclass(frozen=True)
class Parties:
    """Whom and what a grant concerns."""

    asset_id: uuid.UUID
    provider_id: uuid.UUID
    buyer_id: uuid.UUID


def open_grant(
    session: Session,
    step: Pending,
    *,
    trade_id: uuid.UUID,
    number: str,
    parties: Parties,
    file: File,
    policy: str,
    policy_digest: str,
    term: tuple[datetime, datetime],
    fetch_days: int,
) -> AccessGrant:
    """Open a grant that is not funded yet.

    Args:
        session: the session of the step.
        step: the step that brings the contract into force.
        trade_id: for whom the grant is opened; at most one each, and further ones for updates
            (:mod:`market.delivery.updating`).
        number: the public number under which the file is fetched.
        parties: the asset and the two organisations.
        file: what may be fetched.
        policy: the compiled policy that both parties signed.
        policy_digest: its SHA-256.
        term: the contract's term, from and until (exclusive).
        fetch_days: days to fetch, counted from funding.
    """
    row = AccessGrant(
        id=uuid.uuid4(),
        step_id=step.id,
        trade_id=trade_id,
        number=number,
        ordinal=0,
        opened_at=step.time,
        asset_id=parties.asset_id,
        provider_id=parties.provider_id,
        buyer_id=parties.buyer_id,
        digest=file.digest,
        size=file.size,
        filename=file.filename,
        media_type=file.media_type,
        policy=policy,
        policy_digest=policy_digest,
        term_from=term[0],
        term_until=term[1],
        fetch_days=fetch_days,
        fetch_until=None,
        funded=False,
        holds=[],
        state=GrantState.OPEN,
        transfer=TransferState.REQUESTED,
    )
    put(session, row)
    return row


def put(session: Session, row: AccessGrant) -> None:
    """Write a new grant with its counters."""
    session.add(row)
    session.flush()
    session.add(GrantUsage(grant_id=row.id, bytes_sent=0))
    session.flush()


def fund(session: Session, step: Pending, trade_id: uuid.UUID) -> AccessGrant:
    """Let the buyer fetch: the price is held, or there is none. The days to fetch begin now.

    Returns:
        The grant of the file that was sold.

    Raises:
        Conflict: the grant is closed, or funded already.
    """
    rows = locking.of_trade(session, trade_id)
    for row in rows:
        start(row, step.time)
        row.step_id = step.id
    return rows[0]


def start(row: AccessGrant, moment: datetime) -> None:
    """Let a file be fetched from a moment on, unless something holds it; its days to fetch begin then.

    Raises:
        Conflict: the grant is closed, or funded already.
    """
    row.transfer = grant.advance_transfer(row.transfer, TransferEvent.START)
    if row.state is GrantState.SUSPENDED:
        row.transfer = grant.advance_transfer(row.transfer, TransferEvent.SUSPEND)
    row.funded = True
    row.fetch_until = min(moment + timedelta(days=row.fetch_days), row.term_until)


def amend(
    session: Session,
    step: Pending,
    trade_id: uuid.UUID,
    *,
    policy: tuple[str, str],
    until: datetime,
    fetch_days: int,
    fetchable_since: datetime | None,
) -> AccessGrant:
    """Let the grants of a trade follow an amended contract; the gate decides by it from the next byte on.

    Args:
        session: the session of the step.
        step: the step that brings the amendment into force.
        trade_id: whose grant; one that is closed stays so.
        policy: the compiled policy that both parties signed, and its SHA-256.
        until: the new end of the term.
        fetch_days: days to fetch.
        fetchable_since: from when they are counted, for an update from its notice if that is later; None while it
            is not funded.

    Returns:
        The grant of the file that was sold.
    """
    rows = locking.of_trade(session, trade_id)
    for row in rows:
        row.policy, row.policy_digest = policy
        row.term_until, row.fetch_days = until, fetch_days
        if fetchable_since is not None:
            since = max(fetchable_since, row.opened_at)
            row.fetch_until = min(since + timedelta(days=fetch_days), until)
        row.step_id = step.id
    return rows[0]


def close(session: Session, step: Pending, trade_id: uuid.UUID) -> None:
    """Close a trade's grants for good; a stream under way stops before its next MiB. Closed stays closed."""
    for row in locking.of_trade(session, trade_id):
        if row.state is not GrantState.CLOSED:
            _close(step, row)


def hold(session: Session, step: Pending, why: Hold, subject: uuid.UUID) -> int:
    """Suspend every open grant that a suspension touches; return how many changed.

    Args:
        session: the session of the step.
        step: the step that suspends.
        why: which reason is put on.
        subject: the asset, provider or buyer it concerns; for a dispute or a lost step the trade.
    """
    rows = [row for row in locking.touched(session, why, subject) if why not in row.holds]
    for row in rows:
        if row.state is GrantState.OPEN:
            row.state = grant.advance(row.state, GrantEvent.SUSPEND)
            if row.transfer is TransferState.STARTED:
                row.transfer = grant.advance_transfer(row.transfer, TransferEvent.SUSPEND)
        row.holds = sorted({*row.holds, why.value})
        row.step_id = step.id
    return len(rows)


def lift(session: Session, step: Pending, why: Hold, subject: uuid.UUID) -> int:
    """Take one reason off again; a grant opens when no other is left. Returns how many changed."""
    rows = [row for row in locking.touched(session, why, subject) if why in row.holds]
    for row in rows:
        row.holds = sorted({*row.holds} - {why.value})
        if not row.holds:
            row.state = grant.advance(row.state, GrantEvent.RESTORE)
            if row.transfer is TransferState.SUSPENDED:
                row.transfer = grant.advance_transfer(row.transfer, TransferEvent.RESUME)
        row.step_id = step.id
    return len(rows)


def end(session: Session, step: Pending, asset_id: uuid.UUID) -> int:
    """Close every grant of an asset whose registration is cancelled; return how many."""
    rows = locking.touched(session, Hold.ASSET, asset_id)
    for row in rows:
        _close(step, row)
    return len(rows)


def complete(session: Session, step: Pending, trade_id: uuid.UUID, digest: str, ordinal: int = 0) -> Receipt:
    """Write the receipt of a file that was handed over in full.

    Args:
        session: the session of the step.
        step: the step ``delivery.completed``, or ``update.delivered``.
        trade_id: whose grant.
        digest: SHA-256 of the stored bytes, computed again after they were sent.
        ordinal: which of its files.

    Raises:
        Conflict: not every byte was sent, the bytes are not those of the grant, or the grant is closed.
    """
    row = next(one for one in locking.of_trade(session, trade_id) if one.ordinal == ordinal)
    usage = usage_of(session, row.id)
    if usage.covered_at is None or usage.first_at is None or digest != row.digest:
        raise Conflict("delivery.not_covered", _("The file has not been handed over in full."))
    row.transfer = grant.advance_transfer(row.transfer, TransferEvent.COMPLETE)
    row.step_id = step.id
    receipt = Receipt(
        id=uuid.uuid4(),
        step_id=step.id,
        grant_id=row.id,
        digest=digest,
        size=row.size,
        first_byte_at=usage.first_at,
        completed_at=usage.covered_at,
    )
    session.add(receipt)
    return receipt


def freeze(session: Session, trade_id: uuid.UUID) -> None:
    """Let no byte leave until the transaction ends, so that what :func:`progress` says stays true."""
    locking.of_trade(session, trade_id)


def freeze_all(session: Session, organisation_id: uuid.UUID) -> None:
    """Let no byte of an organisation's leave, on either side, until the transaction ends.

    Two organisations that buy from each other may be decided about at once: every grant of both sides is
    locked in the one order before the first is changed.
    """
    either = or_(AccessGrant.provider_id == organisation_id, AccessGrant.buyer_id == organisation_id)
    locking.locked(session, either)


def progress(session: Session, trade_id: uuid.UUID) -> tuple[bool, bool]:
    """Tell whether any byte was sent, of an update too, and whether what was sold was handed over with a receipt.

    Raises:
        NotFound: there is no such delivery.
    """
    query = (
        select(AccessGrant.id)
        .join(GrantUsage, AccessGrant.id == GrantUsage.grant_id)
        .where(AccessGrant.trade_id == trade_id, GrantUsage.first_at.is_not(None))
        .limit(1)
    )
    sold = grant_of(session, trade_id)
    return session.scalar(query) is not None, sold.transfer is TransferState.COMPLETED


def awaits_receipt(session: Session, row: AccessGrant) -> bool:
    """Tell whether every byte was handed over but the receipt is not written yet."""
    return row.transfer in _UNDER_WAY and usage_of(session, row.id).covered_at is not None


def fetch_by(trade_id: InstrumentedAttribute[uuid.UUID]) -> ScalarSelect[datetime | None]:
    """Return the query for the end of the days to fetch what was sold, a column of the caller's own query."""
    sold = select(AccessGrant.fetch_until).where(AccessGrant.trade_id == trade_id, AccessGrant.ordinal == 0)
    return sold.scalar_subquery()


def awaiting_receipts() -> Select[uuid.UUID]:
    """Return the query for the trades whose sold file was handed over in full but the receipt is not written yet."""
    return (
        select(AccessGrant.trade_id)
        .join(GrantUsage, GrantUsage.grant_id == AccessGrant.id)
        .where(
            AccessGrant.ordinal == 0,
            AccessGrant.transfer.in_(_UNDER_WAY),
            GrantUsage.covered_at.is_not(None),
        )
    )


def grant_of(session: Session, trade_id: uuid.UUID, ordinal: int = 0) -> AccessGrant:
    """Return the grant of the file that was sold in a trade, or of an update of it, to read.

    Raises:
        NotFound: there is none.
    """
    query = select(AccessGrant).where(AccessGrant.trade_id == trade_id, AccessGrant.ordinal == ordinal)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("grant.not_found", _("There is no such delivery."))
    return row


def receipt_of(session: Session, grant_id: uuid.UUID) -> Receipt | None:
    """Return the receipt of a grant, or None while the file is not handed over."""
    return session.scalars(select(Receipt).where(Receipt.grant_id == grant_id)).one_or_none()


def usage_of(session: Session, grant_id: uuid.UUID) -> GrantUsage:
    """Return the counters of a grant, to read."""
    return session.get_one(GrantUsage, grant_id)


def grounds(row: AccessGrant, usage: GrantUsage) -> Grounds:
    """Return what the gate looks at."""
    return Grounds(
        state=row.state,
        funded=row.funded,
        holds=frozenset(Hold(word) for word in row.holds),
        term_from=row.term_from,
        term_until=row.term_until,
        fetch_until=row.fetch_until,
        size=row.size,
        bytes_sent=usage.bytes_sent,
        policy=row.policy,
        policy_digest=row.policy_digest,
    )


def digest_again(digest: str, size: int) -> str:
    """Return the SHA-256 of the stored bytes as they are now; call it outside any transaction.

    Raises:
        StoreError: the store does not hold them.
    """
    db.outside()
    found = hashlib.sha256()
    for part in storage.current().read_range(digest, 0, size):
        found.update(part)
    return found.hexdigest()


def _close(step: Pending, row: AccessGrant) -> None:
    row.state = grant.advance(row.state, GrantEvent.CLOSE)
    if row.transfer is not TransferState.COMPLETED:
        row.transfer = grant.advance_transfer(row.transfer, TransferEvent.TERMINATE)
    row.step_id = step.id
