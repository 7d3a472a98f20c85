"""What payments are told of a trade: the one place where a settlement becomes a bill."""

from market.payments.service import Bill
from market.trades.models import Settlement, Trade


def bill(trade: Trade, due: Settlement) -> Bill:
    """Return what payments must know of a trade and its settlement."""
    return Bill(
        handle=trade.handle,
        number=trade.number,
        settlement_id=due.id,
        provider_id=trade.provider_id,
        buyer_id=trade.buyer_id,
        amount=due.amount,
        fee=due.fee,
        refund=due.refund,
        charged_back=due.charged_back,
        currency=due.currency,
        title=trade.title,
        rules=trade.rules,
    )
