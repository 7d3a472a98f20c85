"""Whether money can still go back when it may have to (R5.7): how long it may be held against the time there is.

Pure. A payment may be held from the day it came in until the data are fetched, inspected and, at worst, a dispute is
ruled. A wallet gives money back only within its window, and the payment platform lets it be held only so long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from market.rules import RuleBook

RULE: Final = "R5.7"


class Window(StrEnum):
    """What may end too early."""

    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"
    HOLD = "hold"


DAYS: Final[Mapping[Window, str]] = MappingProxyType(
    {
        Window.ALIPAY: "refund.alipay_days",
        Window.WECHAT_PAY: "refund.wechat_days",
        Window.HOLD: "hold.days",
    }
)
"""The value of the rule book that says how long each is."""


@dataclass(frozen=True)
class Short:
    """A window that ends before the money is sure to have left.

    Attributes:
        window: which.
        days: how long it is.
        needed: how long it may take.
    """

    window: Window
    days: int
    needed: int


def needed(delivery_days: int, acceptance_days: int, book: RuleBook) -> int:
    """Return for how many days a price may be held: until it is fetched, inspected and ruled upon."""
    return delivery_days + acceptance_days + book.value("ruling.days")


def short(days: int, book: RuleBook) -> tuple[Short, ...]:
    """Return the windows that are shorter than a number of days, the shortest first."""
    found = [Short(window, book.value(name), days) for window, name in DAYS.items()]
    return tuple(sorted((one for one in found if one.days < days), key=lambda one: (one.days, one.window)))


def least(book: RuleBook) -> int:
    """Return the shortest of all windows, in days: money that is held for longer must be looked at."""
    return min(book.value(name) for name in DAYS.values())
