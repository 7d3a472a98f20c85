"""Reports on books and platform, and the money desk, for programs of operators and auditors."""

import uuid
from typing import Any

from flask import Response

from market import sheets
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key
from market.payments.reconciliation import desk, schemas, service, table, viewing

blueprint = Blueprint(
    "reconciliation_api", __name__, url_prefix="/api/v1", description="Books against payment platform"
)


@blueprint.get("/money-desk")
@blueprint.response(200, schemas.MoneyDeskOut)
def show_money_desk() -> dict[str, Any]:
    """Return what of the money must be looked at, and what the books add up to (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        return {"alarms": desk.alarms(session, actor), "totals": desk.totals(session, actor)}


@blueprint.get("/reconciliations")
@blueprint.arguments(schemas.ReconciliationsQuery, location="query")
@blueprint.response(200, schemas.ReconciliationsOut)
def list_reconciliations(query: dict[str, Any]) -> dict[str, Any]:
    """List the reports, the latest planned first (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        found = viewing.listed(session, actor, query.get("cursor"))
        return {"items": [viewing.head(row) for row in found.items], "next": found.next}


@blueprint.post("/reconciliations")
@blueprint.arguments(schemas.ReconciliationIn)
@blueprint.response(202, schemas.ReconciliationOut)
def ask_reconciliation(given: dict[str, Any]) -> dict[str, Any]:
    """Ask for a report on some days (UTC); it is made within moments (operators only)."""
    actor = current_actor()
    with transaction() as session:
        return viewing.head(service.ask(session, actor, given["first"], given["last"], idempotency_key()))


@blueprint.get("/reconciliations/<uuid:reconciliation_id>")
@blueprint.response(200, schemas.WholeReconciliationOut)
def show_reconciliation(reconciliation_id: uuid.UUID) -> dict[str, Any]:
    """Return a report with every line that did not match (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        return viewing.whole(service.found(session, actor, reconciliation_id))


@blueprint.get("/reconciliations/<uuid:reconciliation_id>/lines.csv")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/csv",
    description="The lines that did not match, for a spreadsheet.",
)
def fetch_reconciliation_lines(reconciliation_id: uuid.UUID) -> Response:
    """Return the lines of a report that did not match as a file (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        row = service.found(session, actor, reconciliation_id)
    return sheets.attachment(table.written(service.lines_of(row)), viewing.name_of(row))


@blueprint.post("/reconciliations/<uuid:reconciliation_id>/sign-off")
@blueprint.arguments(schemas.SignOffIn)
@blueprint.response(200, schemas.ReconciliationOut)
def sign_off(given: dict[str, Any], reconciliation_id: uuid.UUID) -> dict[str, Any]:
    """Sign a report off: with differences only with a reason, and by somebody else than asked for it (R7.6)."""
    actor = current_actor()
    with transaction() as session:
        row, _step = service.sign(session, actor, reconciliation_id, given.get("note"))
        return viewing.head(row)
