"""The steps of a listing. Each is one transaction of its caller's and one ledger entry."""

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from contracts.money import Money
from contracts.terms import Offered
from market import steps
from market.actor import Actor
from market.catalog import search
from market.catalog.benefits import require_benefit
from market.catalog.models import Listing, ListingOffer, ListingSale
from market.catalog.reading import (
    Facts,
    by_number,
    facts_of,
    found,
    is_listed,
    is_sold_once,
    offers_of,
    page_of,
    relation,
    sold,
    sold_already,
)
from market.catalog.sectors import NAMES
from market.catalog.states import ListingEvent, ListingState, advance, wrong_state
from market.catalog.terms import Proposal, check, check_promises
from market.errors import Conflict
from market.i18n import _
from market.permissions import Relation, require
from market.registry import offering
from market.steps import Kind, Pending, Step

__all__ = [
    "Facts",
    "by_number",
    "draft",
    "facts_of",
    "found",
    "is_listed",
    "is_sold_once",
    "move",
    "offers_of",
    "page_of",
    "publish",
    "relation",
    "restore",
    "restore_all",
    "show_no_offers",
    "show_nothing_sold",
    "show_offer",
    "show_sold",
    "sold",
    "sold_already",
    "suspend",
    "suspend_all",
    "suspend_named",
    "withdraw",
    "withdraw_all",
]


def draft(
    session: Session, actor: Actor, *, asset_id: uuid.UUID, proposal: Proposal, key: str | None = None
) -> Listing:
    """Draft a listing of a registered asset (rule R3.1).

    Args:
        session: the session of the transaction.
        actor: a member of the asset's provider.
        asset_id: what is offered.
        proposal: what the provider says.
        key: the ``Idempotency-Key``.

    Raises:
        Conflict: the asset is not registered, or the key was used for something else.
        Forbidden: the actor may not list, or a public-benefit listing asks for more than its cost or permits
            commercial use (R3.3).
        Invalid: no contract could be made of it.
        NotFound: no such asset.
    """
    asset = offering.registered(session, actor, asset_id)
    require(
        actor, "listing.draft", Relation.OWN if actor.organisation_id == asset.provider_id else Relation.OTHER
    )
    given = {
        "asset": str(asset_id), "title": proposal.title, "summary": proposal.summary,
        "sector": proposal.sector.value, "benefit": proposal.benefit.value, "price": proposal.price.amount,
        "currency": proposal.price.currency, "model": proposal.model, "terms": proposal.said(),
        **({} if proposal.cost is None else {"cost": proposal.cost, "cost_basis": proposal.cost_basis}),
        "exclusive": proposal.exclusive,
    }  # fmt: skip
    made = steps.once(session, actor, key, Kind.LISTING_DRAFTED, given)
    if made is not None:
        return session.get_one(Listing, made)
    check(proposal)
    step = steps.begin(actor, Kind.LISTING_DRAFTED, steps.new_handle())
    listing = Listing(
        id=uuid.uuid4(),
        step_id=step.id,
        number=new_number(),
        handle=step.handle,
        asset_id=asset.id,
        revision_id=asset.revision_id,
        provider_id=asset.provider_id,
        title=proposal.title,
        summary=proposal.summary,
        sector=proposal.sector,
        benefit=proposal.benefit,
        price=proposal.price.amount,
        currency=proposal.price.currency,
        cost=proposal.cost,
        cost_basis=proposal.cost_basis,
        model=proposal.model,
        terms=proposal.values(),
        exclusive=proposal.exclusive,
        drafted_at=step.time,
    )
    session.add(listing)
    steps.remember(session, actor, key, Kind.LISTING_DRAFTED, given, listing.id)
    steps.record(session, step, given=given)
    return listing


def publish(session: Session, actor: Actor, number: str) -> Step:
    """Show a drafted listing to everybody.

    Raises:
        Conflict: the asset is not registered (R2.6), or the listing is not a draft.
        Forbidden: the actor may not publish, or the listing is not of public benefit as it says (R3.3).
        Invalid: a promise does not hold against what was measured (``listing.promise_not_held``, R3.2).
        NotFound: no such listing.
    """
    listing = found(session, actor, number, lock=True)
    require(actor, "listing.publish", relation(actor, listing))
    before = steps.taken(session, actor, Kind.LISTING_LISTED, listing.handle)
    if before is not None:
        return before
    state = advance(listing.state, ListingEvent.PUBLISH)
    asset = offering.tradable(session, listing.asset_id, listing.revision_id, lock=True)
    offer = Offered(listing.terms)
    check_promises(offer.quality, asset.report)
    require_benefit(listing.benefit, Money(listing.price, listing.currency), listing.cost, offer.use)
    step = steps.begin(actor, Kind.LISTING_LISTED, listing.handle)
    listing.step_id = step.id
    listing.state = state
    listing.listed_at = step.time
    written = steps.record(session, step)
    _index(session, listing)
    return written


def suspend(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Take a listing out of the catalogue for the time being; the operator's act (R3.4).

    Raises:
        Conflict: the listing is not listed.
        Forbidden: the actor is not the operator.
        NotFound: no such listing.
    """
    return _decide(session, actor, number, "suspend", reason)


def restore(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Put a suspended listing back; the operator's act (R3.4).

    Raises:
        Conflict: the listing is not suspended, or its asset is not registered any more (R2.6).
        Forbidden: the actor is not the operator.
        NotFound: no such listing.
    """
    return _decide(session, actor, number, "restore", reason)


def withdraw(session: Session, actor: Actor, number: str) -> Step:
    """Take a listing back for good; contracts in force are not touched (R3.4).

    Raises:
        Conflict: it was withdrawn by somebody else.
        Forbidden: the actor is not of the provider.
        NotFound: no such listing.
    """
    return _decide(session, actor, number, "withdraw", None)


def move(session: Session, actor: Actor, number: str) -> Step:
    """Let a listing offer the asset's newest approved file instead of the one it was drafted over (rule R2.8).

    Contracts and negotiations name the file that they named.

    Raises:
        Conflict: it offers that file already (``listing.newest``), is suspended or withdrawn, a standing offer over it
            is open (``listing.offered``), or the asset is not registered (R2.6).
        Forbidden: the actor is not of the provider.
        Invalid: a promise does not hold against what was measured in that file (``listing.promise_not_held``, R3.2).
        NotFound: no such listing.
    """
    listing = found(session, actor, number, lock=True)
    require(actor, "listing.publish", relation(actor, listing))
    asset = offering.tradable(session, listing.asset_id, lock=True)
    given = {"file": asset.digest}
    if listing.revision_id == asset.revision_id:
        made = steps.taken(session, actor, Kind.LISTING_CHANGED, listing.handle, given)
        if made is None:
            raise Conflict("listing.newest", _("The listing offers the newest approved file already."))
        return made
    if listing.state not in {ListingState.DRAFT, ListingState.LISTED}:
        raise wrong_state(listing.state)
    if session.get(ListingOffer, listing.id) is not None:
        raise Conflict(
            "listing.offered",
            _("A standing offer over this listing is open and names the older file; take it back first."),
        )
    check_promises(Offered(listing.terms).quality, asset.report)
    step = steps.begin(actor, Kind.LISTING_CHANGED, listing.handle)
    listing.step_id = step.id
    listing.revision_id = asset.revision_id
    return steps.record(session, step, given=given)


def suspend_all(session: Session, step: Pending, asset_id: uuid.UUID) -> None:
    """Suspend the listings of an asset that is being suspended, within that step (R2.6)."""
    _follow(session, step, asset_id, ListingEvent.SUSPEND, Listing.state == ListingState.LISTED)


def suspend_named(session: Session, step: Pending, handles: Collection[str]) -> None:
    """Suspend the listings of some handles within a step of another object; those on offer, and no others."""
    query = select(Listing).where(Listing.handle.in_(handles), Listing.state == ListingState.LISTED)
    for listing in session.scalars(query.with_for_update()).all():
        listing.state = advance(listing.state, ListingEvent.SUSPEND)
        listing.step_id = step.id
        _index(session, listing)


def restore_all(session: Session, step: Pending, asset_id: uuid.UUID) -> None:
    """Restore the listings that were suspended with their asset, within the step that restores it.

    What the operator suspended apart stays suspended.
    """
    with_asset = select(Step.id).where(Step.kind == Kind.ASSET_SUSPENDED.value)
    condition = and_(Listing.state == ListingState.SUSPENDED, Listing.step_id.in_(with_asset))
    _follow(session, step, asset_id, ListingEvent.RESTORE, condition)


def withdraw_all(session: Session, step: Pending, asset_id: uuid.UUID) -> None:
    """Withdraw the listings of an asset that is being cancelled, within that step."""
    _follow(session, step, asset_id, ListingEvent.WITHDRAW, Listing.state != ListingState.WITHDRAWN)


_ACTS = {
    "suspend": (ListingEvent.SUSPEND, ListingState.SUSPENDED, Kind.LISTING_SUSPENDED),
    "restore": (ListingEvent.RESTORE, ListingState.LISTED, Kind.LISTING_RESTORED),
    "withdraw": (ListingEvent.WITHDRAW, ListingState.WITHDRAWN, Kind.LISTING_WITHDRAWN),
}


def _decide(session: Session, actor: Actor, number: str, act: str, reason: str | None) -> Step:
    listing = found(session, actor, number, lock=True)
    require(actor, f"listing.{act}", relation(actor, listing))
    event, target, kind = _ACTS[act]
    given = None if reason is None else {"reason": reason}
    if listing.state is target:
        return steps.repeat(session, actor, kind, listing.handle, given)
    state = advance(listing.state, event)
    if state is ListingState.LISTED:
        offering.tradable(session, listing.asset_id, listing.revision_id, lock=True)
    step = steps.begin(actor, kind, listing.handle)
    listing.step_id = step.id
    listing.state = state
    written = steps.record(session, step, given=given, note=given)
    _index(session, listing)
    return written


def _follow(
    session: Session, step: Pending, asset_id: uuid.UUID, event: ListingEvent, condition: ColumnElement[bool]
) -> None:
    query = select(Listing).where(Listing.asset_id == asset_id, condition).with_for_update()
    for listing in session.scalars(query).all():
        listing.state = advance(listing.state, event)
        listing.step_id = step.id
        _index(session, listing)


def show_offer(session: Session, listing_id: uuid.UUID, number: str | None) -> None:
    """Say that a listing can be accepted at once by a standing offer's number, or that it cannot any more (None)."""
    row = session.get(ListingOffer, listing_id)
    if number is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(ListingOffer(listing_id=listing_id, number=number))
    else:
        row.number = number


def show_no_offers(session: Session) -> None:
    """Forget which listings can be accepted at once, before it is said again."""
    session.execute(delete(ListingOffer))


def show_sold(session: Session, listing_id: uuid.UUID, sold: bool) -> None:
    """Say that a listing that is sold once has its buyer, or is free again."""
    row = session.get(ListingSale, listing_id)
    if row is None and sold:
        session.add(ListingSale(listing_id=listing_id))
    elif row is not None and not sold:
        session.delete(row)


def show_nothing_sold(session: Session) -> None:
    """Forget which listings have their one buyer, before it is said again."""
    session.execute(delete(ListingSale))


def reindex(session: Session) -> None:
    """Let every listing be found as its row says, after rows were brought back."""
    for listing in session.scalars(select(Listing)):
        _index(session, listing)


def _index(session: Session, listing: Listing) -> None:
    """Let a listing be found exactly while it can be bought."""
    if listing.state is not ListingState.LISTED:
        search.remove(session, listing.id)
        return
    names = NAMES[listing.sector].values()
    search.put(session, listing.id, "\n".join([listing.title, listing.summary, *names]))
