"""Updates for tests: newer files of a registered asset, and contracts that give a right to them."""

import uuid

from contracts.money import Money
from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.delivery import sending
from market.delivery.ranges import Span
from market.registry import updating
from tests import assets, deals, people, trades
from tests.deals import Deal

NEWER = "城市,气温,备注\n济南,12.5,晴\n青岛,8,\n烟台,9,阴\n威海,7,晴\n".encode()
"""After the content of :mod:`tests.assets`."""
NEWEST = "城市,气温,备注\n济南,12.5,晴\n青岛,8,\n烟台,9,阴\n威海,7,晴\n日照,6,雨\n".encode()
CHANGES = "威海 was added"


def signed(price: int = 128_000, *, cycle: str = "monthly", beside: Deal | None = None) -> Deal:
    """Return a contract with a cycle of updates that both have signed; the job that begins the trade waits.

    Args:
        price: fen.
        cycle: what stands in its blank ``data.update``.
        beside: a trade over whose asset this is one more.
    """
    provider = beside.provider if beside else assets.provider()
    asset = assets.found(trades.rows(beside).trade.asset_id) if beside else assets.registered(provider)
    terms = {"price": Money(price)} if price else deals.free()
    listing = assets.listed(provider, asset, **terms, further={"data.update": cycle})
    deal = deals.requested(provider, people.verified(Role.BUYER), listing)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    return deal


def in_force(price: int = 128_000, *, cycle: str = "monthly", beside: Deal | None = None) -> Deal:
    """Return such a trade that has just begun."""
    deal = signed(price, cycle=cycle, beside=beside)
    jobs.drain()
    return deal


def submitted(provider: Actor, asset_id: uuid.UUID, content: bytes = NEWER) -> None:
    """Bring a newer file before the reviewers."""
    upload = assets.uploaded(content, "weather-newer.csv")
    with transaction() as session:
        updating.revise(session, provider, asset_id, changes=CHANGES, upload=upload)
    jobs.drain()
    with transaction() as session:
        updating.submit(session, provider, asset_id)


def decided(provider: Actor, asset_id: uuid.UUID, content: bytes = NEWER, *, approve: bool = True) -> None:
    """Let a newer file be decided on; the job that follows waits."""
    submitted(provider, asset_id, content)
    reviewer = people.operator()
    with transaction() as session:
        updating.review(session, reviewer, asset_id, approve=approve, reason="plausible")


def approved(deal: Deal, content: bytes = NEWER) -> Deal:
    """Let a newer file of a trade's asset be approved, and its buyer be told."""
    decided(deal.provider, trades.rows(deal).trade.asset_id, content)
    jobs.drain()
    return deal


def fetch(deal: Deal, ordinal: int = 1) -> bytes:
    """Fetch an update through the gate and return what came; the receipt waits as a job."""
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number, ordinal)
    return b"".join(sending.stream(permit, Span(0, permit.size)))
