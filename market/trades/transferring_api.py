"""Paying by bank transfer, for programs."""

from typing import Any

from flask import Response

from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, require_actor
from market.payments.bank import proofs
from market.payments.bank.schemas import AnnouncedOut, ProofIn
from market.steps import index_of
from market.trades import schemas, transferring
from market.trades.api import taken

blueprint = Blueprint("transferring_api", __name__, url_prefix="/api/v1", description="Bank transfer")


@blueprint.post("/trades/<number>/bank-transfer")
@blueprint.response(200, AnnouncedOut)
def announce(number: str) -> dict[str, Any]:
    """Choose to pay by bank transfer: the answer says what to write into it and where to pay."""
    made = transferring.announce(current_actor(), number)
    found = made.announced.operation
    with read() as session:
        return {
            "number": number,
            "reference": found.reference,
            "amount": found.amount,
            "currency": found.currency,
            "due_at": made.due_at,
            "proof": found.proof_digest is not None,
            "account": made.announced.into,
            "entry_id": made.step.entry_id,
            "index": index_of(session, made.step.entry_id),
        }


@blueprint.post("/trades/<number>/bank-transfer/withdrawal")
@blueprint.response(200, schemas.TradeStepOut)
def withdraw(number: str) -> dict[str, Any]:
    """Take the announcement back while nothing has arrived, to pay otherwise."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, transferring.withdraw(session, actor, number))


@blueprint.post("/trades/<number>/bank-transfer/proof")
@require_actor  # before the file is read
@blueprint.arguments(ProofIn, location="files")
@blueprint.response(200, schemas.TradeStepOut)
def show_proof(sent: dict[str, Any], number: str) -> dict[str, Any]:
    """Send a PDF, PNG or JPEG that shows the transfer: it tells the operator where to look, and proves nothing."""
    step = transferring.show_proof(current_actor(), number, sent["file"])
    with read() as session:
        return taken(session, number, step)


@blueprint.get("/trades/<number>/bank-transfer/proof")
@blueprint.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file as it was sent",
)
def fetch_proof(number: str) -> Response:
    """Return the proof that the buyer sent (the buyer, operators and auditors)."""
    actor = current_actor()
    with read() as session:
        found = transferring.proved(session, actor, number)
    return proofs.answer(found)
