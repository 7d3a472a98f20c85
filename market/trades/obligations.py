"""What binds an organisation still: trades whose money, delivery or dispute has not ended."""

import uuid
from collections.abc import Collection

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from market.steps import is_frozen
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState
from market.trades.duty import DutyState
from market.trades.models import Acceptance, Agreement, Dispute, Duty, Settlement, Trade
from market.trades.settlement import SettlementState


def running(session: Session, organisations: Collection[uuid.UUID]) -> list[str]:
    """Return the numbers of the trades that still bind one of some organisations, oldest first.

    A trade binds while its price is due or held (what is due after the end binds the buyer alone), while a delivery
    under an agreement in force waits for the buyer's word, while a dispute is not closed, and while data are still to
    be deleted after its end. A licence that merely runs on binds nobody to anything further, nor does a frozen trade,
    which is settled elsewhere and would bind for ever here.
    """
    in_force = Agreement.state.in_((AgreementState.ACTIVE, AgreementState.SUSPENDED))
    held = exists().where(Settlement.trade_id == Trade.id, Settlement.state == SettlementState.FUNDED)
    due = exists().where(Settlement.trade_id == Trade.id, Settlement.state == SettlementState.DUE)
    money = or_(held, and_(due, or_(in_force, Trade.buyer_id.in_(organisations))))
    word = and_(Acceptance.state == AcceptanceState.PENDING, in_force)
    query = (
        select(Trade.number, Trade.handle)
        .join(Agreement, Agreement.trade_id == Trade.id)
        .join(Acceptance, Acceptance.trade_id == Trade.id)
        .outerjoin(Dispute, Dispute.trade_id == Trade.id)
        .outerjoin(Duty, Duty.trade_id == Trade.id)
        .where(or_(Trade.provider_id.in_(organisations), Trade.buyer_id.in_(organisations)))
        .where(or_(money, word, Dispute.state != DisputeState.CLOSED, Duty.state != DutyState.PERFORMED))
        .order_by(Trade.began_at, Trade.number)
    )
    return [number for number, handle in session.execute(query) if not is_frozen(session, handle)]
