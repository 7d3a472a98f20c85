"""Taking grants for a change, so that no byte of them leaves meanwhile: everybody takes them in one order."""

import uuid
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from market import db
from market.delivery.gate import Hold
from market.delivery.grant import GrantState
from market.delivery.models import AccessGrant, GrantUsage
from market.errors import NotFound
from market.i18n import _

Row = TypeVar("Row", AccessGrant, GrantUsage)


def of_trade(session: Session, trade_id: uuid.UUID) -> list[AccessGrant]:
    """Return the grants of a trade for a change, that of the file sold first: no byte leaves meanwhile.

    The first one's lock is taken before the others are looked up, so that none can be added unseen.
    """
    sold = _of(session, trade_id)
    rows = select(AccessGrant).where(AccessGrant.trade_id == trade_id, AccessGrant.ordinal > 0)
    updates = session.scalars(_for_change(rows.order_by(AccessGrant.ordinal))).all()
    counters = select(GrantUsage).where(GrantUsage.grant_id.in_([row.id for row in updates]))
    session.scalars(_for_change(counters.order_by(GrantUsage.grant_id))).all()
    return [sold, *updates]


def touched(session: Session, why: Hold, subject: uuid.UUID) -> list[AccessGrant]:
    """Return the open and suspended grants that a reason for a hold touches, for a change."""
    column = {
        Hold.ASSET: AccessGrant.asset_id,
        Hold.PROVIDER: AccessGrant.provider_id,
        Hold.BUYER: AccessGrant.buyer_id,
        Hold.DISPUTE: AccessGrant.trade_id,
        Hold.BREACH: AccessGrant.trade_id,
        Hold.CHARGEBACK: AccessGrant.trade_id,
        Hold.OVERDUE: AccessGrant.trade_id,
        Hold.RECOVERED: AccessGrant.trade_id,
    }[why]
    return locked(session, column == subject)


def locked(session: Session, which: ColumnElement[bool]) -> list[AccessGrant]:
    """Return the grants that are not closed, for a change, locked in the one order."""
    found = select(AccessGrant.trade_id).where(which, AccessGrant.state != GrantState.CLOSED).distinct()
    trade_ids = session.scalars(found.order_by(AccessGrant.trade_id)).all()
    rows = [row for trade_id in trade_ids for row in of_trade(session, trade_id)]
    # One may have been closed while its lock was waited for.
    return [row for row in rows if row.state is not GrantState.CLOSED]


def _of(session: Session, trade_id: uuid.UUID) -> AccessGrant:
    """Return the grant of the file sold for a change, its row and its counter locked.

    Always in this order: whoever locked the counter first would wait for ever for who locked the row first.
    """
    query = select(AccessGrant.id).where(AccessGrant.trade_id == trade_id, AccessGrant.ordinal == 0)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("grant.not_found", _("There is no such delivery."))
    row = db.locked(session, AccessGrant, found)
    db.locked(session, GrantUsage, row.id)
    return row


def _for_change(query: Select[Row]) -> Select[Row]:
    return query.with_for_update().execution_options(populate_existing=True)
