"""JSON routes of listings, under ``/api/v1/listings``."""

from typing import Any

from sqlalchemy.orm import Session

from market.catalog import reading, schemas, service, showing, waivers
from market.catalog.inspection_schemas import ListingInspectionOut
from market.catalog.models import Benefit
from market.catalog.reading import Filters, PriceFilter
from market.catalog.sectors import Sector
from market.catalog.warning_schemas import judged
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key, optional_actor
from market.registry import inspected
from market.steps import Step, index_of

blueprint = Blueprint("catalog_api", __name__, url_prefix="/api/v1/listings", description="Listings")


@blueprint.get("")
@blueprint.arguments(schemas.ListingsQuery, location="query")
@blueprint.response(200, schemas.ListingsOut)
@blueprint.doc(security=[])
def search(query: dict[str, Any]) -> dict[str, Any]:
    """Search the public catalogue, newest first; a query must match all of its words."""
    with read() as session:
        page = reading.page_of(session, filters(query), query.get("cursor"))
        names = participants.names(session, {listing.provider_id for listing in page.items})
        offers = reading.offers_of(session, page.items)
        sold = reading.sold(session, page.items)
        items = [showing.item(row, names, offers.get(row.id), sold=row.id in sold) for row in page.items]
        return {"items": items, "next": page.next}


@blueprint.post("")
@blueprint.arguments(schemas.ListingIn)
@blueprint.response(201, schemas.ListingStepOut)
def draft(data: dict[str, Any]) -> dict[str, Any]:
    """Draft a listing of a registered asset."""
    actor, key = current_actor(), idempotency_key()
    with transaction() as session:
        return showing.whole(session, service.draft(session, actor, **data, key=key))


@blueprint.get("/<string:number>")
@blueprint.response(200, schemas.ListingShownOut)
@blueprint.doc(security=[])
def show(number: str) -> dict[str, Any]:
    """Return a listing: its terms and what the exchange measured."""
    actor = optional_actor()
    with read() as session:
        listing = reading.found(session, actor, number)
        found = waivers.for_reader(session, actor, reading.shown(session, listing))
        return {**showing.whole(session, listing), "waiver": judged(found)}


@blueprint.get("/<string:number>/inspection")
@blueprint.response(200, ListingInspectionOut)
@blueprint.doc(security=[])
def inspection(number: str) -> dict[str, Any]:
    """Return what the exchange measured in the listed file, and those values of it that are public."""
    actor = optional_actor()
    with read() as session:
        return inspected.inspected(session, reading.found(session, actor, number).revision_id).document()


@blueprint.post("/<string:number>/publication")
@blueprint.response(200, schemas.ListingStepOut)
def publish(number: str) -> dict[str, Any]:
    """Show a drafted listing to everybody; its promises must hold against what was measured."""
    actor = current_actor()
    with transaction() as session:
        return _after(session, number, service.publish(session, actor, number))


@blueprint.post("/<string:number>/revision")
@blueprint.response(200, schemas.ListingStepOut)
def move(number: str) -> dict[str, Any]:
    """Offer the asset's newest approved file; the promises must hold against what was measured in it."""
    actor = current_actor()
    with transaction() as session:
        return _after(session, number, service.move(session, actor, number))


@blueprint.post("/<string:number>/suspension")
@blueprint.arguments(schemas.ReasonIn)
@blueprint.response(200, schemas.ListingStepOut)
def suspend(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Take a listing out of the catalogue for the time being (the operator)."""
    actor = current_actor()
    with transaction() as session:
        return _after(session, number, service.suspend(session, actor, number, data["reason"]))


@blueprint.post("/<string:number>/restoration")
@blueprint.arguments(schemas.ReasonIn)
@blueprint.response(200, schemas.ListingStepOut)
def restore(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Put a suspended listing back (the operator)."""
    actor = current_actor()
    with transaction() as session:
        return _after(session, number, service.restore(session, actor, number, data["reason"]))


@blueprint.post("/<string:number>/withdrawal")
@blueprint.response(200, schemas.ListingStepOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take a listing back for good; contracts in force are not touched."""
    actor = current_actor()
    with transaction() as session:
        return _after(session, number, service.withdraw(session, actor, number))


def filters(query: dict[str, Any]) -> Filters:
    """Return what a loaded :class:`~market.catalog.schemas.ListingsQuery` looks for."""
    return Filters(
        query=query.get("q", ""),
        sector=Sector(query["sector"]) if "sector" in query else None,
        benefit=Benefit(query["benefit"]) if "benefit" in query else None,
        price=PriceFilter(query["price"]) if "price" in query else None,
    )


def _after(session: Session, number: str, step: Step) -> dict[str, Any]:
    shown = showing.whole(session, reading.by_number(session, number))
    return {**shown, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
