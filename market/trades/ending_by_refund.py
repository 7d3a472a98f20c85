"""The end of an agreement whose price went back to the buyer: by the exchange, or by the buyer's bank."""

from sqlalchemy.orm import Session

from market.delivery import service as delivery
from market.steps import Pending
from market.trades import agreement, exits
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.service import Life


def terminate(session: Session, rows: Life, step: Pending) -> None:
    """End agreement and grant within a step, if they have not ended yet."""
    if rows.agreement.state in {AgreementState.ACTIVE, AgreementState.SUSPENDED}:
        rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.TERMINATE)
        rows.agreement.step_id = step.id
        exits.begin(session, step, rows)
    delivery.close(session, step, rows.trade.id)
