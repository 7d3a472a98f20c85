"""Which means of payment a pay page offers: none that could not give the money back when it may have to (R5.7)."""

from typing import Final

from market.rules import RuleBook, windows
from market.rules.windows import Window

ALL: Final = ("card", Window.ALIPAY.value, Window.WECHAT_PAY.value)
"""Every means that is offered, by the platform's own names."""


def means_for(held_days: int, book: RuleBook) -> str | None:
    """Return the only means of a pay page, separated by spaces; None where none has to be left out.

    Args:
        held_days: for how many days the payment may be held.
        book: the one in force: how long a wallet refunds is a fact of today, not of the trade's beginning.
    """
    short = {one.window.value for one in windows.short(held_days, book)}
    left = [name for name in ALL if name not in short]
    return None if len(left) == len(ALL) else " ".join(left)
