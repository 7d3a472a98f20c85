"""Contracts, for programs."""

from collections.abc import Callable
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from market.contracting import files, reading, schemas, service
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key
from market.steps import Step, index_of

blueprint = Blueprint("contracting_api", __name__, url_prefix="/api/v1/contracts", description="Contracts")


@blueprint.post("")
@blueprint.arguments(schemas.RequestIn)
@blueprint.response(201, schemas.ContractStepOut)
def request_contract(data: dict[str, Any]) -> dict[str, Any]:
    """Ask for a contract over a listing; the document is made at once, ready to be signed."""
    actor = current_actor()
    made = service.request(actor, data["listing"], idempotency_key())
    with read() as session:
        body = schemas.shown(reading.detail(session, actor, made.number))
        return {**body, "entry_id": made.step_id, "index": index_of(session, made.step_id)}


@blueprint.get("")
@blueprint.arguments(schemas.CursorIn, location="query")
@blueprint.response(200, schemas.ContractsOut)
def list_contracts(query: dict[str, Any]) -> dict[str, Any]:
    """List the contracts you may see, newest first."""
    actor = current_actor()
    with read() as session:
        page = reading.listed(session, actor, query.get("cursor"))
        states = reading.states(session, page.items)
        items = [
            {
                "number": row.number,
                "title": row.title,
                "state": states[row.contract_id].value,
                "provider_id": row.provider_id,
                "buyer_id": row.buyer_id,
                "requested_at": row.requested_at,
                "expires_at": row.expires_at,
            }
            for row in page.items
        ]
        return {"items": items, "next": page.next}


@blueprint.get("/<string:number>")
@blueprint.response(200, schemas.ContractOut)
def show_contract(number: str) -> dict[str, Any]:
    """Show a contract with its terms and signatures."""
    actor = current_actor()
    with read() as session:
        return schemas.shown(reading.detail(session, actor, number))


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
    """Fetch the file with every signature there is in it."""
    return files.signed(current_actor(), number)


@blueprint.post("/<string:number>/signature/preparation")
@blueprint.arguments(schemas.PreparationIn)
@blueprint.response(200, schemas.PreparationOut)
def prepare(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Prepare a signature by a key of your own, naming the document you were shown: get the bytes to sign."""
    begun = service.prepare(current_actor(), number, data["document_digest"], data["key"])
    return schemas.begun(begun)


@blueprint.post("/<string:number>/signature")
@blueprint.arguments(schemas.SignatureIn)
@blueprint.response(200, schemas.ContractStepOut)
def sign(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Sign for your organisation: complete what you prepared, or let the exchange sign where it holds the key."""
    actor = current_actor()
    step = service.signed(actor, number, data)
    with read() as session:
        body = schemas.shown(reading.detail(session, actor, number))
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.post("/<string:number>/refusal")
@blueprint.arguments(schemas.RefusalIn)
@blueprint.response(200, schemas.ContractStepOut)
def decline(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Decline a request, as its provider, with a reason."""
    actor = current_actor()
    return _stepped(number, lambda session: service.decline(session, actor, number, data["reason"]))


@blueprint.post("/<string:number>/withdrawal")
@blueprint.response(200, schemas.ContractStepOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take your request back before you have signed."""
    actor = current_actor()
    return _stepped(number, lambda session: service.withdraw(session, actor, number))


def _stepped(number: str, act: Callable[[Session], Step]) -> dict[str, Any]:
    actor = current_actor()
    with transaction() as session:
        step = act(session)
        body = schemas.shown(reading.detail(session, actor, number))
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
