"""What payments are told of a trade: the one place where a settlement becomes a bill."""

from market.payments.service import Bill
from market.trades.models import Settlement, Trade

_LONGEST = 200
"""Most characters that the payer's line may have."""


def bill(trade: Trade, due: Settlement, of: int = 1) -> Bill:
    """Return what payments must know of a trade and one of its instalments.

    Args:
        trade: the trade.
        due: the instalment.
        of: how many the trade has; the payer reads which one it is where there are several.
    """
    place = f" · {due.ordinal}/{of}" if of > 1 else ""
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
        title=trade.title[: _LONGEST - len(place)] + place,
        rules=trade.rules,
    )
