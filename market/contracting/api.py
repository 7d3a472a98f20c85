"""Contracts, for programs."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from contracts.negotiation import State
from market.contracting import (
    approval_schemas,
    approving,
    bargaining,
    comparing,
    files,
    reading,
    schemas,
    service,
    waiver_schemas,
)
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key
from market.steps import Step, index_of

blueprint = Blueprint("contracting_api", __name__, url_prefix="/api/v1/contracts", description="Contracts")


@blueprint.post("")
@blueprint.arguments(waiver_schemas.RequestIn)
@blueprint.response(201, schemas.ContractStepOut)
def request_contract(data: dict[str, Any]) -> dict[str, Any]:
    """Ask for a contract over a listing; the document is made at once, ready to be signed."""
    actor = current_actor()
    made = service.request(actor, data["listing"], idempotency_key(), waiver=waiver_schemas.wanted(data))
    with read() as session:
        body = schemas.shown(reading.detail(session, actor, made.number))
        return {**body, "entry_id": made.step_id, "index": index_of(session, made.step_id)}


@blueprint.get("")
@blueprint.arguments(schemas.ContractsQuery, location="query")
@blueprint.response(200, schemas.ContractsOut)
def list_contracts(query: dict[str, Any]) -> dict[str, Any]:
    """List the contracts you may see, newest first; all of them, or those that words and a state fit."""
    actor = current_actor()
    with read() as session:
        state = State(query["state"]) if "state" in query else None
        page = reading.listed(session, actor, query.get("cursor"), words=query["q"], state=state)
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


@blueprint.post("/<string:number>/approval")
@blueprint.arguments(approval_schemas.ApprovalIn)
@blueprint.response(200, schemas.ContractStepOut)
def approve(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Approve, as the second person, that a colleague signs this very document."""
    actor = current_actor()
    return _stepped(
        number, lambda session: approving.approve(session, actor, number, data["document_digest"])
    )


@blueprint.post("/<string:number>/disapproval")
@blueprint.arguments(approval_schemas.DisapprovalIn)
@blueprint.response(200, schemas.ContractStepOut)
def disapprove(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Refuse to approve this very document, or take an approval back, with a reason."""
    actor = current_actor()
    return _stepped(number, lambda session: approving.disapprove(session, actor, number, **data))


@blueprint.post("/<string:number>/refusal")
@blueprint.arguments(schemas.RefusalIn)
@blueprint.response(200, schemas.ContractStepOut)
def decline(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Decline what the other side put forward, before you have signed, with a reason told to both."""
    actor = current_actor()
    return _stepped(number, lambda session: service.decline(session, actor, number, data["reason"]))


@blueprint.post("/<string:number>/withdrawal")
@blueprint.response(200, schemas.ContractStepOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take your request or offer back before you have signed."""
    actor = current_actor()
    return _stepped(number, lambda session: service.withdraw(session, actor, number))


@blueprint.get("/<string:number>/versions/<int:seq>")
@blueprint.response(200, schemas.VersionOut)
def show_version(number: str, seq: int) -> dict[str, Any]:
    """Show a version with its terms and what it changed, clause by clause, in both languages."""
    actor = current_actor()
    with read() as session:
        return schemas.compared(comparing.version(session, actor, number, seq))


@blueprint.get("/<string:number>/versions/<int:seq>/document.pdf")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def version_document(number: str, seq: int) -> Response:
    """Fetch the document of a version; old ones stay readable."""
    return files.document(current_actor(), number, seq)


@blueprint.post("/<string:number>/offers")
@blueprint.arguments(schemas.OfferIn)
@blueprint.response(201, schemas.ContractStepOut)
def make_offer(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Answer the terms on the table with others; the document is made at once."""
    actor = current_actor()
    with read() as session:
        values = bargaining.changed(reading.found(session, actor, number), data["changes"])
    return _made(
        number, bargaining.offer(actor, number, data["base"], values, data["comment"], idempotency_key())
    )


@blueprint.post("/<string:number>/acceptance")
@blueprint.arguments(schemas.AcceptanceIn)
@blueprint.response(200, schemas.ContractStepOut)
def accept(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Accept the provider's offer by the digest of its terms, which then change no more."""
    actor = current_actor()
    return _stepped(number, lambda session: bargaining.accept(session, actor, number, data["terms_digest"]))


@blueprint.post("/<string:number>/remarks")
@blueprint.arguments(schemas.RemarkIn)
@blueprint.response(201, schemas.ContractStepOut)
def remark(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Comment on a clause, or suggest how it should read: the other side can take that up as it stands."""
    return _made(number, bargaining.say(current_actor(), number, **data, key=idempotency_key()))


@blueprint.post("/<string:number>/remarks/<uuid:remark_id>/adoption")
@blueprint.response(200, schemas.ContractStepOut)
def adopt(number: str, remark_id: uuid.UUID) -> dict[str, Any]:
    """Take up the other side's suggestion; it becomes the version on the table."""
    return _made(number, bargaining.adopt(current_actor(), number, remark_id))


def _made(number: str, entry_id: uuid.UUID) -> dict[str, Any]:
    actor = current_actor()
    with read() as session:
        body = schemas.shown(reading.detail(session, actor, number))
        return {**body, "entry_id": entry_id, "index": index_of(session, entry_id)}


def _stepped(number: str, act: Callable[[Session], Step]) -> dict[str, Any]:
    actor = current_actor()
    with transaction() as session:
        step = act(session)
        body = schemas.shown(reading.detail(session, actor, number))
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
