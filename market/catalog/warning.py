"""What is said of terms before money moves: whether it could still go back when it may have to (R5.7)."""

from dataclasses import dataclass
from typing import Final

from contracts.terms import AnyTerms, Filled
from market.i18n import _, lazy
from market.rules import book, windows
from market.rules.windows import Short, Window

_NAMES: Final = {Window.ALIPAY: lazy("Alipay"), Window.WECHAT_PAY: lazy("WeChat Pay")}


@dataclass(frozen=True)
class Warned:
    """One thing that both sides should know.

    Attributes:
        code: stable word: ``window.alipay``, ``window.wechat_pay`` or ``window.hold``.
        message: the sentence, in the reader's language.
        days: how long the window is.
        needed: how many days the money may be held.
        rule: of the rule book.
    """

    code: str
    message: str
    days: int
    needed: int
    rule: str = windows.RULE


def warnings(terms: Filled | AnyTerms) -> list[Warned]:
    """Return what is to be said of terms over data that cost something; nothing where they are free of charge."""
    days = held_days(terms)
    return [] if days is None else [_warned(one) for one in windows.short(days, book())]


def held_days(terms: Filled | AnyTerms) -> int | None:
    """Return for how many days a payment under terms may be held; None where nothing is paid or fetched."""
    if isinstance(terms, Filled):
        fetch, accept = (terms.values.get(name) for name in ("delivery.days", "acceptance.days"))
        if terms.values.get("price.model", "free") == "free":
            return None
        if not isinstance(fetch, int) or not isinstance(accept, int):
            return None
        return windows.needed(fetch, accept, book())
    if not terms.price.amount:
        return None
    return windows.needed(terms.delivery.days, terms.delivery.acceptance_days, book())


def _warned(one: Short) -> Warned:
    if one.window is Window.HOLD:
        message = _(
            "Fetching, acceptance and a ruling may take %(needed)s days; the payment platform lets money be held for"
            " %(days)s. Agree on shorter times.",
            needed=one.needed,
            days=one.days,
        )
    else:
        message = _(
            "Fetching, acceptance and a ruling may take %(needed)s days; %(wallet)s refunds within %(days)s. The price"
            " will not be payable by it.",
            needed=one.needed,
            days=one.days,
            wallet=str(_NAMES[one.window]),
        )
    return Warned(f"window.{one.window.value}", message, one.days, one.needed)
