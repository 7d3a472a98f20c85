"""The webhook endpoint, the list of operations, and statements. The buyer pays through the trade's routes."""

from typing import Any

from flask import request

from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants import web
from market.payments import inbox, schemas, statement, viewing
from market.payments.months import Month

blueprint = Blueprint("payments_api", __name__, description="Webhooks and payment operations")

LARGEST_WEBHOOK = 256 * 1024
"""Bytes; an event carries one object."""


@blueprint.post("/webhooks/stripe")
@blueprint.response(200, schemas.WebhookOut)
@blueprint.doc(security=[])
def webhook() -> dict[str, bool]:
    """Take an event of the payment platform: signed, kept once, worked on later.

    Without STRIPE_WEBHOOK_SECRET this address does not exist; there is no unsigned way in.
    """
    request.max_content_length = LARGEST_WEBHOOK
    body = request.get_data(cache=False)
    event = inbox.verified(body, request.headers.get("Stripe-Signature", ""))
    with transaction() as session:
        return {"received": inbox.keep(session, event, body)}


@blueprint.get("/api/v1/operations")
@blueprint.arguments(schemas.OperationsQuery, location="query")
@blueprint.response(200, schemas.OperationsOut)
def list_operations(query: dict[str, Any]) -> dict[str, Any]:
    """List what was asked of the payment platform, the latest first (operators and auditors)."""
    actor = web.current_actor()
    with read() as session:
        page = viewing.listed(session, actor, query.get("cursor"))
        return {"items": [viewing.shown(row) for row in page.items], "next": page.next}


@blueprint.get("/api/v1/statements/<month>")
@blueprint.arguments(schemas.StatementQuery, location="query")
@blueprint.response(200, schemas.StatementOut)
def show_statement(query: dict[str, Any], month: str) -> dict[str, Any]:
    """Return a month of an organisation's money as the books have it; operators and auditors name any."""
    actor = web.current_actor()
    with read() as session:
        owner = statement.whose(session, actor, query.get("organisation"))
        return statement.plain(statement.of_month(session, owner, Month.parse(month)))
