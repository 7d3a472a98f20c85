"""Standing offers, for programs."""

from typing import Any

from flask import Response

from market.contracting import reading as contracts
from market.contracting import schemas as contract_schemas
from market.contracting import signing
from market.contracting.standing import accepting, drafting, ending, files, opening, reading, schemas
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key, optional_actor
from market.steps import index_of

blueprint = Blueprint("offers_api", __name__, url_prefix="/api/v1/offers", description="Standing offers")


@blueprint.get("")
@blueprint.arguments(schemas.StandingQuery, location="query")
@blueprint.response(200, schemas.StandingsOut)
def list_offers(query: dict[str, Any]) -> dict[str, Any]:
    """List the standing offers of your organisation, drafts apart, newest first."""
    actor = current_actor()
    with read() as session:
        page = reading.own(session, actor, query.get("cursor"))
        drafts = [schemas.item(row) for row in reading.drafts(session, actor)]
        return {"drafts": drafts, "items": [schemas.item(row) for row in page.items], "next": page.next}


@blueprint.post("")
@blueprint.arguments(schemas.StandingIn)
@blueprint.response(201, schemas.StandingOut)
def draft(data: dict[str, Any]) -> dict[str, Any]:
    """Draw up a standing offer over a listing of yours; it binds nobody before you sign it, within a day."""
    actor = current_actor()
    number = drafting.draft(actor, **data).number
    with read() as session:
        return schemas.shown(reading.detail(session, actor, number), public=False)


@blueprint.get("/<string:number>")
@blueprint.response(200, schemas.StandingOut)
@blueprint.doc(security=[])
def show(number: str) -> dict[str, Any]:
    """Show a standing offer; anybody sees how long it is open while its listing is public."""
    actor = optional_actor()
    with read() as session:
        return schemas.shown(reading.detail(session, actor, number), public=actor.user_id is None)


@blueprint.get("/<string:number>/document.pdf")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def document(number: str) -> Response:
    """Fetch the document. Its SHA-256 is the strong ETag and the digest to name when signing."""
    return files.document(current_actor(), number)


@blueprint.get("/<string:number>/contract.json")
@blueprint.response(200, {"type": "object", "additionalProperties": True}, content_type="application/json")
def terms(number: str) -> Response:
    """Fetch the terms in canonical JSON, as they are attached to the document."""
    return files.terms(current_actor(), number)


@blueprint.get("/<string:number>/pages/<int:place>.svg")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/svg+xml")
def page(number: str, place: int) -> Response:
    """Fetch one page of the document as a picture, counted from 1."""
    return files.page(current_actor(), number, place)


@blueprint.get("/<string:number>/signed.pdf")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def signed(number: str) -> Response:
    """Fetch the file that the provider signed; it is attached to every contract that accepts the offer."""
    return files.signed(current_actor(), number)


@blueprint.post("/<string:number>/signature/preparation")
@blueprint.arguments(contract_schemas.PreparationIn)
@blueprint.response(200, contract_schemas.PreparationOut)
def prepare(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Prepare the signature of a draft by a key of your own: get the bytes to sign."""
    begun = signing.prepare(current_actor(), number, data["document_digest"], data["key"], find=opening.paper)
    return contract_schemas.begun(begun)


@blueprint.post("/<string:number>/signature")
@blueprint.arguments(contract_schemas.SignatureIn)
@blueprint.response(200, schemas.StandingStepOut)
def sign(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Sign your draft, as you would a contract: from now on whoever accepts it in time has a contract."""
    actor = current_actor()
    step = signing.signed(actor, number, data, find=opening.paper)
    with read() as session:
        body = schemas.shown(reading.detail(session, actor, number), public=False)
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.post("/<string:number>/withdrawal")
@blueprint.response(200, schemas.StandingStepOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take your standing offer back; contracts that were signed before are not touched."""
    actor = current_actor()
    with transaction() as session:
        step = ending.withdraw(session, actor, number)
        body = schemas.shown(reading.detail(session, actor, number), public=False)
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.post("/<string:number>/acceptances")
@blueprint.response(201, contract_schemas.ContractStepOut)
def accept(number: str) -> dict[str, Any]:
    """Accept a standing offer: your contract is drawn up at once, and binds when you sign it."""
    actor = current_actor()
    made = accepting.accept(actor, number, idempotency_key())
    with read() as session:
        body = contract_schemas.shown(contracts.detail(session, actor, made.number))
        return {**body, "entry_id": made.step_id, "index": index_of(session, made.step_id)}
