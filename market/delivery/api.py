"""Fetching the file and its receipt, for programs."""

from typing import Any

from flask import Response

from market.actor import Scope
from market.db import read
from market.delivery import answer, sending
from market.delivery.schemas import ReceiptOut
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor

blueprint = Blueprint("delivery_api", __name__, url_prefix="/api/v1/trades", description="Delivery")


@blueprint.get("/<number>/delivery")
@blueprint.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file; with a Range header 206 and one part of it. The strong ETag is its SHA-256.",
)
def fetch(number: str) -> Response:
    """Fetch the file that was bought. HEAD answers without bytes and counts nothing."""
    return answer.answer(current_actor(Scope.DELIVERY), number)


@blueprint.get("/<number>/updates/<int:ordinal>")
@blueprint.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file; with a Range header 206 and one part of it. The strong ETag is its SHA-256.",
)
def fetch_update(number: str, ordinal: int) -> Response:
    """Fetch an update of the file that was bought, under the same contract. HEAD counts nothing."""
    return answer.answer(current_actor(Scope.DELIVERY), number, ordinal)


@blueprint.get("/<number>/receipt")
@blueprint.response(200, ReceiptOut)
def receipt(number: str) -> dict[str, Any]:
    """Return the receipt of a completed delivery; 404 until the whole file was handed over."""
    actor = current_actor()
    with read() as session:
        return sending.receipt(session, actor, number)
