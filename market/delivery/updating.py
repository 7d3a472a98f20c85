"""Updates: further files that a buyer may fetch under the grounds of the file that was sold.

Each is a grant of its own with its own days to fetch, count and receipt. It begins with the holds of the file that was
sold, and from then on whatever changes the one changes the other (:mod:`market.delivery.service`).
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from market.delivery import locking, service
from market.delivery.grant import GrantState, TransferState
from market.delivery.models import AccessGrant
from market.delivery.service import File
from market.steps import Pending


def add(
    session: Session, step: Pending, trade_id: uuid.UUID, file: File, update_id: uuid.UUID
) -> AccessGrant:
    """Let a buyer fetch one more file, as far as it may fetch the one that was sold.

    The days to fetch it begin now, or when the price is paid.

    Args:
        session: the session of the step.
        step: the step that gives it.
        trade_id: for whom; its grants are not closed (:func:`may_add`).
        file: what may be fetched.
        update_id: the caller's mark of the update.
    """
    sold, *before = locking.of_trade(session, trade_id)
    row = AccessGrant(
        id=uuid.uuid4(),
        step_id=step.id,
        trade_id=trade_id,
        number=sold.number,
        ordinal=len(before) + 1,
        update_id=update_id,
        opened_at=step.time,
        asset_id=sold.asset_id,
        provider_id=sold.provider_id,
        buyer_id=sold.buyer_id,
        digest=file.digest,
        size=file.size,
        filename=file.filename,
        media_type=file.media_type,
        policy=sold.policy,
        policy_digest=sold.policy_digest,
        term_from=sold.term_from,
        term_until=sold.term_until,
        fetch_days=sold.fetch_days,
        fetch_until=None,
        funded=False,
        holds=list(sold.holds),
        state=sold.state,
        transfer=TransferState.REQUESTED,
    )
    if sold.funded:
        service.start(row, step.time)
    service.put(session, row)
    return row


def may_add(session: Session, trade_id: uuid.UUID, digest: str) -> bool:
    """Tell whether a file can be given: the grants are not closed, and none is for this file already."""
    had = exists().where(AccessGrant.trade_id == trade_id, AccessGrant.digest == digest)
    return service.grant_of(session, trade_id).state is not GrantState.CLOSED and not session.scalar(
        select(had)
    )


def updates_of(session: Session, trade_id: uuid.UUID) -> Sequence[AccessGrant]:
    """Return the grants of a trade's updates, to read, the newest first."""
    query = select(AccessGrant).where(AccessGrant.trade_id == trade_id, AccessGrant.ordinal > 0)
    return session.scalars(query.order_by(AccessGrant.ordinal.desc())).all()
