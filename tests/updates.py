"""Updates for tests: newer files of a registered asset, and contracts that give a right to them."""

import uuid
from typing import Any

from contracts.money import Money
from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.delivery import sending
from market.delivery.ranges import Span
from market.registry import updating
from tests import assets, deals, people, trades
from tests.deals import Deal

NEWEST = "城市,气温,备注\n济南,12.5,晴\n青岛,8,\n烟台,9,阴\n威海,7,晴\n日照,6,雨\n".encode()
"""After :data:`tests.assets.NEWER`: one row is new."""


def signed(
    price: int = 128_000,
    *,
    cycle: str = "monthly",
    beside: Deal | None = None,
    between: tuple[Actor, Actor] | None = None,
) -> Deal:
    """Return a contract with a cycle of updates that both have signed; the job that begins the trade waits.

    Args:
        price: fen.
        cycle: what stands in its blank ``data.update``.
        beside: a trade over whose asset this is one more, for another buyer.
        between: its provider, who registers an asset of its own for it, and its buyer.
    """
    provider, buyer = between or (
        beside.provider if beside else assets.provider(),
        people.verified(Role.BUYER),
    )
    content = deals.content() if between else assets.CONTENT
    asset = (
        assets.found(trades.rows(beside).trade.asset_id) if beside else assets.registered(provider, content)
    )
    terms = {"price": Money(price)} if price else deals.free()
    listing = assets.listed(provider, asset, **terms, further={"data.update": cycle})
    deal = deals.requested(provider, buyer, listing)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    return deal


def in_force(price: int = 128_000, **how: Any) -> Deal:
    """Return such a trade that has just begun; see :func:`signed`."""
    deal = signed(price, **how)
    jobs.drain()
    return deal


def decided(
    provider: Actor, asset_id: uuid.UUID, content: bytes = assets.NEWER, *, approve: bool = True
) -> None:
    """Let a newer file be decided on; the job that follows waits."""
    assets.revision_submitted(provider, asset_id, content)
    reviewer = people.operator()
    with transaction() as session:
        updating.review(session, reviewer, asset_id, approve=approve, reason="plausible")


def approved(deal: Deal, content: bytes = assets.NEWER) -> Deal:
    """Let a newer file of a trade's asset be approved, and its buyer be told."""
    decided(deal.provider, trades.rows(deal).trade.asset_id, content)
    jobs.drain()
    return deal


def fetch(deal: Deal, ordinal: int = 1) -> bytes:
    """Fetch an update through the gate and return what came; the receipt waits as a job."""
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number, ordinal)
    return b"".join(sending.stream(permit, Span(0, permit.size)))
