"""A listing that is sold once, and many buyers who sign at the same moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import Flask

from market import jobs
from market.actor import Role
from market.catalog import service as catalog
from market.db import read, transaction
from market.trades import decisions, opening
from tests import assets, deals, people, trades
from tests.deals import Deal


@dataclass(frozen=True)
class Sale:
    """A listing that is sold once, and a contract over it for each buyer, which the provider has signed."""

    listing: str
    racing: list[Deal]


def prepared(buyers: int) -> Sale:
    """Return a sale that nobody has won."""
    provider = assets.provider()
    deals.publish_key(provider)
    listing = assets.listed(provider, assets.registered(provider, deals.content()), exclusive=True)
    made = [deals.requested(provider, people.verified(Role.BUYER), listing) for _ in range(buyers)]
    for deal in made:
        deals.sign(provider, deal.number)
    return Sale(listing, made)


def raced(app: Flask, racing: Sequence[Deal]) -> list[str]:
    """Let all buyers sign at once; return what each was told."""
    return trades.together(app, *(partial(deals.sign, deal.buyer, deal.number) for deal in racing))


def winner(racing: Sequence[Deal], told: Sequence[str]) -> Deal:
    """Return the one who has it."""
    (found,) = [deal for deal, how in zip(racing, told, strict=True) if how == "done"]
    return found


def begun_and_called_off(won: Deal) -> None:
    """Let a trade begin, and its buyer call it off before the other negotiations have ended."""
    opening.on_verified(str(deals.of(won.number).id))
    with transaction() as session:
        decisions.cancel(session, won.buyer, won.number, "the next round")
    jobs.drain()


def again(sale: Sale, won: Deal) -> None:
    """Let a buyer whose trade was called off ask again, and the provider sign."""
    made = deals.requested(won.provider, won.buyer, sale.listing)
    deals.sign(made.provider, made.number)
    sale.racing[sale.racing.index(won)] = made


def is_sold(sale: Sale) -> bool:
    """Tell what the catalogue shows."""
    with read() as session:
        return bool(catalog.sold(session, [catalog.by_number(session, sale.listing)]))
