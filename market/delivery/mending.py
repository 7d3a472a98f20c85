"""After steps were brought back from a journal: the counters of grants, which no step writes, as far as steps tell."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from market.delivery.models import AccessGrant, GrantUsage, Receipt


def mend(session: Session) -> None:
    """Give every grant its counters, and those of a receipt at least what the receipt says.

    What was fetched since the backup without a receipt is forgotten: the buyer may fetch it again.

    Args:
        session: the session of the transaction.
    """
    without = select(AccessGrant.id).where(~exists().where(GrantUsage.grant_id == AccessGrant.id))
    session.add_all(GrantUsage(grant_id=grant_id, bytes_sent=0) for grant_id in session.scalars(without))
    session.flush()
    told = select(GrantUsage, Receipt).join(Receipt, Receipt.grant_id == GrantUsage.grant_id)
    for usage, receipt in session.execute(told.where(GrantUsage.covered_at.is_(None))):
        usage.bytes_sent = max(usage.bytes_sent, receipt.size)
        usage.first_at, usage.last_at = receipt.first_byte_at, receipt.completed_at
        usage.covered_at = receipt.completed_at
    session.flush()
