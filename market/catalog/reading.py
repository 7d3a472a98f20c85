"""Looking up listings: the public catalogue, one listing, and the facts that a contract is made of."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from contracts.facts import Promise, Use
from contracts.money import Money
from contracts.terms import Offered
from market.actor import Actor
from market.catalog import search
from market.catalog.models import Benefit, Listing, ListingOffer, ListingSale
from market.catalog.sectors import Sector
from market.catalog.states import ListingState
from market.db import locked
from market.errors import Conflict, NotFound
from market.i18n import _
from market.inspection.report import Report
from market.paging import Beginning, Page, beginning, page
from market.permissions import STAFF, Relation
from market.registry import offering
from market.registry.offering import RegisteredAsset
from market.steps import Step


class PriceFilter(StrEnum):
    """Whether a listing costs something."""

    FREE = "free"
    PAID = "paid"


@dataclass(frozen=True)
class Facts:
    """Everything that a contract over a listing is made of; a value, safe outside the session.

    Attributes:
        id: of the listing.
        number: of the listing.
        handle: of the listing.
        step_id: the step that made the listing what it is now.
        title: of the listing.
        provider_id: the organisation that offers.
        asset: the registered asset with its file, measured report and report digest.
        model: ``<name>/<version>`` of the model text.
        price: what is paid once; 0 for free data.
        values: what stands in the blanks of the model text, the following among them.
        quality: what is promised.
        use: what the buyer may do.
        term_days: how long.
        benefit: commercial or public.
        cost: what it costs its provider, in the price's minor units; None where that is not stated.
    """

    id: uuid.UUID
    number: str
    handle: str
    step_id: uuid.UUID
    title: str
    provider_id: uuid.UUID
    asset: RegisteredAsset
    model: str
    price: Money
    values: Mapping[str, Any]
    quality: tuple[Promise, ...]
    use: Use
    term_days: int
    benefit: Benefit
    cost: int | None = None

    @property
    def report(self) -> Report:
        """What was measured in the offered file."""
        return self.asset.report


@dataclass(frozen=True)
class Filters:
    """What somebody looks for; None or empty where it does not matter."""

    query: str = ""
    sector: Sector | None = None
    benefit: Benefit | None = None
    price: PriceFilter | None = None


def relation(actor: Actor, listing: Listing) -> Relation:
    """Return how the actor's organisation stands to a listing."""
    return Relation.OWN if listing.provider_id == actor.organisation_id else Relation.OTHER


def found(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Listing:
    """Return a listing that the actor may see: listed ones everybody, others their provider and staff.

    Args:
        session: a session.
        actor: who asks; may be the public.
        number: the listing's number.
        lock: whether it is about to be changed.

    Raises:
        NotFound: there is none, or it is not public.
    """
    listing = by_number(session, number)
    if not _may_see(actor, listing):
        raise NotFound("listing.not_found", _("There is no such listing."))
    return locked(session, Listing, listing.id) if lock else listing


def by_number(session: Session, number: str) -> Listing:
    """Return a listing, whoever asks.

    Raises:
        NotFound: there is none.
    """
    listing = session.scalars(select(Listing).where(Listing.number == number)).one_or_none()
    if listing is None:
        raise NotFound("listing.not_found", _("There is no such listing."))
    return listing


def facts_of(session: Session, listing: Listing) -> Facts:
    """Return the facts that a contract over a listing is made of.

    Args:
        session: a session.
        listing: one that the reader of the answer may see (:func:`found`).

    Raises:
        Conflict: the listing is not on offer now (``listing.not_listed``), is sold (``listing.sold``), or its asset is
            not registered.
    """
    if listing.state is not ListingState.LISTED:
        raise Conflict(
            "listing.not_listed", _("This listing is not on offer now."), state=listing.state.value
        )
    if sold(session, [listing]):
        raise sold_already()
    return _facts(listing, offering.tradable(session, listing.asset_id, listing.revision_id))


def sold_already() -> Conflict:
    """Return the refusal of a second contract over a listing that is sold once."""
    return Conflict(
        "listing.sold",
        _("This listing is sold once, and another contract over it was signed. Look for another listing."),
        rule="R3.5",
    )


def is_listed(session: Session, number: str) -> bool:
    """Tell whether there is a listing of this number that everybody sees."""
    query = select(Listing.id).where(Listing.number == number, Listing.state == ListingState.LISTED)
    return session.scalar(query) is not None


def offers_of(session: Session, listings: Collection[Listing]) -> dict[uuid.UUID, str]:
    """Return the number of the standing offer by which each listing can be accepted at once, where there is one."""
    gone = sold(session, listings)
    ids = [row.id for row in listings if row.state is ListingState.LISTED and row.id not in gone]
    rows = session.scalars(select(ListingOffer).where(ListingOffer.listing_id.in_(ids)))
    return {row.listing_id: row.number for row in rows}


def is_sold_once(session: Session, listing_id: uuid.UUID, *, lock: bool = False) -> bool:
    """Tell whether a listing is sold once; with ``lock`` it is locked if it is, until the transaction ends."""
    listing = session.get_one(Listing, listing_id)
    if listing.exclusive and lock:
        locked(session, Listing, listing_id)
    return listing.exclusive


def sold(session: Session, listings: Collection[Listing]) -> set[uuid.UUID]:
    """Return which of the listings are sold once and have their buyer."""
    ids = [row.id for row in listings if row.exclusive]
    if not ids:
        return set()
    return set(session.scalars(select(ListingSale.listing_id).where(ListingSale.listing_id.in_(ids))))


def shown(session: Session, listing: Listing) -> Facts:
    """Return the facts of a listing for showing it, whatever its state."""
    return _facts(listing, offering.measured(session, listing.asset_id, listing.revision_id))


def page_of(session: Session, filters: Filters, cursor: str | None = None) -> Page[Listing]:
    """Return a page of the public catalogue, newest first.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    query = select(Listing).where(Listing.state == ListingState.LISTED)
    if filters.sector is not None:
        query = query.where(Listing.sector == filters.sector)
    if filters.benefit is not None:
        query = query.where(Listing.benefit == filters.benefit)
    if filters.price is not None:
        free = filters.price is PriceFilter.FREE
        query = query.where(Listing.price == 0 if free else Listing.price > 0)
    if filters.query:
        condition = search.matching(session, Listing.id, filters.query)
        if condition is None:
            return Page([], None)
        query = query.where(condition)
    return page(session, query, Listing.listed_at, Listing.id, cursor)


def own(session: Session, actor: Actor, cursor: str | None = None) -> Page[Listing]:
    """Return the listings of the actor's organisation in every state, newest first."""
    query = select(Listing).where(Listing.provider_id == actor.organisation_id)
    return page(session, query, Listing.drafted_at, Listing.id, cursor)


def drafts(session: Session, actor: Actor) -> Beginning[Row[Listing, datetime]]:
    """Return the drafted listings of the actor's organisation, each with since when, the oldest first."""
    query = (
        select(Listing, Step.time)
        .join(Step, Step.id == Listing.step_id)
        .where(Listing.provider_id == actor.organisation_id, Listing.state == ListingState.DRAFT)
    )
    return beginning(session, query, Step.time, Listing.id)


def offered() -> Select[uuid.UUID]:
    """Return the query for the assets of which there is a listing, in whatever state."""
    return select(Listing.asset_id)


def _may_see(actor: Actor, listing: Listing) -> bool:
    inside = actor.organisation_id == listing.provider_id or actor.has(*STAFF)
    return inside or listing.state is ListingState.LISTED


def _facts(listing: Listing, asset: RegisteredAsset) -> Facts:
    terms = Offered(listing.terms)
    return Facts(
        id=listing.id,
        number=listing.number,
        handle=listing.handle,
        step_id=listing.step_id,
        title=listing.title,
        provider_id=listing.provider_id,
        asset=asset,
        model=listing.model,
        price=Money(listing.price, listing.currency),
        values=terms.values,
        quality=terms.quality,
        use=terms.use,
        term_days=terms.term_days,
        benefit=listing.benefit,
        cost=listing.cost,
    )
