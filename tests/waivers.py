"""Public data of an authority, and contracts over them under the startup waiver, made by the product's own services."""

from market import jobs
from market.actor import Actor, Role
from market.contracting import service as contracting
from market.contracting.models import Waiver
from market.contracting.waiver_reading import waiver_of
from market.db import read, transaction
from market.registry import service
from market.registry.models import Asset, Right
from tests import assets, deals, people
from tests.deals import Deal

AUTHORITY = "齐鲁示例市民政局"
BASIS = "公共数据授权运营协议 2026-1"
LAST = "2027-03-01"
"""The last day of free use of whom :mod:`tests.people` establishes."""


def registered(provider: Actor, content: bytes) -> Asset:
    """Return an asset that is registered as the public data of an authority."""
    upload, reviewer = assets.uploaded(content), people.operator()
    with transaction() as session:
        asset_id = service.draft(
            session,
            provider,
            title="山东天气",
            source="Made from an authority's public records.",
            rights=[Right.PROCESS, Right.OPERATE],
            upload=upload,
            authority=AUTHORITY,
            authority_basis=BASIS,
        ).id
    jobs.drain()
    with transaction() as session:
        service.submit(session, provider, asset_id)
    with transaction() as session:
        service.review(session, reviewer, asset_id, approve=True, reason="the authority's own list names it")
    jobs.drain()
    return assets.found(asset_id)


def listed(provider: Actor, **changes: object) -> str:
    """Return the number of a listing over such data."""
    return assets.listed(provider, registered(provider, deals.content()), **changes)


def asked(
    provider: Actor | None = None,
    buyer: Actor | None = None,
    *,
    wanted: bool | None = None,
    **changes: object,
) -> Deal:
    """Return a contract over such data that nobody has signed."""
    provider = provider or assets.provider()
    listing = listed(provider, **changes)
    buyer = buyer or people.verified(Role.BUYER)
    deals.publish_key(provider)
    deals.publish_key(buyer)
    return Deal(provider, buyer, contracting.request(buyer, listing, waiver=wanted).number)


def of(deal: Deal) -> Waiver | None:
    """Return the waiver of a contract."""
    with read() as session:
        return waiver_of(session, contracting.found(session, deal.buyer, deal.number).request.handle)
