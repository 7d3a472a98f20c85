"""Value added tax out of a price that contains it, in whole minor units: pure, and every sum exact.

The net amount is ``gross ÷ (1 + rate)``, rounded half up to the minor unit; the tax is what remains, so net and tax
always add up to the gross amount. Of a red-letter invoice the tax is the difference that it makes to the tax of what
is reddened altogether: when all of an invoice is reddened, in however many parts, all of its tax is.
"""

from dataclasses import dataclass
from typing import Final

BASE: Final = 10_000
"""Basis points in one."""

RATES: Final = (0, 100, 150, 300, 500, 600, 900, 1300)
"""Rates that an invoice may carry, basis points: exempt (0), simplified (1 %, 1.5 %, 3 %, 5 %) and general (6 %, 9 %,
13 %)."""


@dataclass(frozen=True)
class Taxed:
    """An amount and the tax in it.

    Attributes:
        gross: minor units, tax included: what was paid.
        net: minor units without the tax.
        tax: minor units; ``net + tax == gross``.
        rate: basis points of the net amount.
    """

    gross: int
    net: int
    tax: int
    rate: int


def taxed(gross: int, rate: int) -> Taxed:
    """Divide an amount that contains the tax.

    Args:
        gross: minor units, 0 or more.
        rate: basis points of the net amount, 0 or more.

    Raises:
        ValueError: an argument is negative.
    """
    if gross < 0 or rate < 0:
        raise ValueError("neither amount nor rate can be negative")
    whole = BASE + rate
    net = (2 * gross * BASE + whole) // (2 * whole)
    return Taxed(gross, net, gross - net, rate)


def reddened(gross: int, before: int, rate: int) -> Taxed:
    """Divide the amount of a red-letter invoice.

    Args:
        gross: minor units that it takes back, tax included.
        before: minor units that earlier red-letter invoices of the same invoice took back.
        rate: basis points, those of the invoice that it refers to.
    """
    after = taxed(before + gross, rate)
    earlier = taxed(before, rate)
    return Taxed(gross, after.net - earlier.net, after.tax - earlier.tax, rate)


def percent(rate: int) -> str:
    """Return a rate in per cent as decimal text: ``6``, ``1.5``."""
    whole, rest = divmod(rate, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
