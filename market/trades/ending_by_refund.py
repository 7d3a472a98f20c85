"""The end of an agreement whose price went back to the buyer: by the exchange, or by the buyer's bank."""

from sqlalchemy.orm import Session

from market.contracting import claiming
from market.delivery import service as delivery
from market.steps import Pending
from market.trades import agreement, exits
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.service import Life
from market.trades.settlement import PAID


def terminate(session: Session, rows: Life, step: Pending) -> None:
    """End agreement and grant within a step that gives back what was held, if they have not ended yet.

    A listing that is sold once is free again, unless the provider has kept an instalment or one is still held (R3.5);
    the last of those that goes back frees it then.
    """
    if not any(one.state in PAID for one in rows.settlements):
        claiming.free(session, step)
    if rows.agreement.state in {AgreementState.ACTIVE, AgreementState.SUSPENDED}:
        rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.TERMINATE)
        rows.agreement.step_id = step.id
        exits.begin(session, step, rows)
    delivery.close(session, step, rows.trade.id)
