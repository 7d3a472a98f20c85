"""What a public-benefit listing may ask for and permit (R3.3). Pure: by the rule book it is or was made under."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

RULE: Final = "R3.3"
COSTED: Final = 4
"""The first rule book under which a public-benefit listing may carry a price, up to its stated cost."""
COMMERCIAL_PURPOSES: Final = frozenset({"product-development", "any-lawful-purpose"})
COMMERCIAL_ACTIONS: Final = frozenset({"sell"})
"""Words of the contract's vocabulary that are, or include, commercial use."""


class Fault(StrEnum):
    """What is wrong with a public-benefit listing."""

    PRICED = "priced"
    """It carries a price under a book that lets it carry none."""
    NO_COST = "no_cost"
    """It carries a price and does not state what it costs."""
    ABOVE_COST = "above_cost"
    """The price is above the stated cost."""
    COMMERCIAL = "commercial"
    """It permits commercial use."""


def fault(
    price: int, cost: int | None, purposes: Collection[str], permitted: Collection[str], version: int
) -> Fault | None:
    """Return what is wrong with terms over a public-benefit listing, or None.

    Args:
        price: minor units.
        cost: what the provider states that it costs, in the same; None where nothing is stated.
        purposes: what the data may be used for.
        permitted: what may be done with them.
        version: of the rule book that the terms are made under.
    """
    if version < COSTED:
        return Fault.PRICED if price else None
    if price and cost is None:
        return Fault.NO_COST
    if price > (cost or 0):
        return Fault.ABOVE_COST
    if COMMERCIAL_PURPOSES & set(purposes) or COMMERCIAL_ACTIONS & set(permitted):
        return Fault.COMMERCIAL
    return None
