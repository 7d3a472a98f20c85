"""A listing that is sold once, and many buyers who sign at the same moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Flask

from contracts.pades import Signer
from market import jobs
from market.actor import Role
from market.catalog import service as catalog
from market.contracting import papers, signing
from market.db import read, transaction
from market.keys import held
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


def ready(deal: Deal) -> Callable[[], object]:
    """Return what is left of a buyer's signing once the file is made: the transaction that decides.

    The file of a buyer who is refused can be brought again, since nothing of its contract has changed.
    """
    with read() as session:
        paper = papers.contract(session, deal.buyer, deal.number)
    held.hold(paper.owner_id)
    with read() as session:
        key = held.key_of(session, paper.owner_id)
        signer = Signer(paper.role, key.certificate, key.chain)
        ground = signing._ground(session, paper, key.id, signer)
    made = signing._prepared(ground)
    completed = signing._completed(made, key.sign(made.to_sign))
    shown = paper.document_digest
    given = {"document_digest": shown}
    return partial(signing._keep, papers.contract, deal.buyer, deal.number, ground, completed, shown, given)


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
