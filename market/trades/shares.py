"""Who gets which part of a price that is divided, or paid back after its release: pure, exact to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.money import split

WHOLE = 10_000
"""Basis points of the whole price."""


@dataclass(frozen=True)
class Shares:
    """How a price is divided; the three add up to it.

    Attributes:
        refund: minor units back to the buyer.
        net: minor units to the provider.
        fee: minor units that the exchange keeps.
    """

    refund: int
    net: int
    fee: int


def divided(amount: int, refund: int, points: int) -> Shares:
    """Divide a price: the refund comes off it first, then the fee is taken from the part released (R5.4, R6.3).

    Args:
        amount: minor units of the price.
        refund: minor units of it that go back to the buyer.
        points: the platform fee in basis points of what is released.

    Raises:
        ValueError: the refund is negative or more than the price.
    """
    if not 0 <= refund <= amount:
        raise ValueError(f"{refund} of {amount} minor units cannot be given back")
    net, fee = split(amount - refund, [WHOLE - points, points])
    return Shares(refund, net, fee)


def divided_over(amounts: Sequence[int], refund: int, points: int) -> list[Shares]:
    """Divide what is held of a price over its instalments: together they are just the division of the whole.

    Args:
        amounts: minor units of each instalment that is held.
        refund: minor units of all of them that go back to the buyer.
        points: the platform fee in basis points of what is released.

    Raises:
        ValueError: the refund is negative or more than what is held.
    """
    whole = divided(sum(amounts), refund, points)
    if not amounts:
        return []
    backs = split(refund, amounts) if sum(amounts) else [0 for _ in amounts]
    rests = [amount - back for amount, back in zip(amounts, backs, strict=True)]
    fees = split(whole.fee, rests) if sum(rests) else [0 for _ in rests]
    return [Shares(back, rest - fee, fee) for back, rest, fee in zip(backs, rests, fees, strict=True)]


def fee_back(released: int, fee: int, before: int, amount: int) -> int:
    """Return what the exchange gives of its fee when a part of a released price is paid back (R6.4).

    The fee given back in all is its share of all that was paid back so far, by largest remainder; so several
    parts add up to just the fee when everything is paid back, in whatever pieces.

    Args:
        released: minor units that were released, the fee with them.
        fee: minor units of it that the exchange kept.
        before: minor units that were paid back earlier.
        amount: minor units that are paid back now.

    Raises:
        ValueError: more would be paid back than was released.
    """
    after = before + amount
    if not 0 <= before <= after <= released or released == 0:
        raise ValueError(f"{amount} after {before} of {released} minor units cannot be paid back")
    return split(fee, [after, released - after])[0] - split(fee, [before, released - before])[0]
