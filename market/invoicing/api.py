"""Invoices for programs: the tax data of an organisation, asking, issuing, refusing, reddening, and the export."""

import uuid
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from market import sheets
from market.actor import Actor
from market.db import read, transaction
from market.invoicing import answers, bringing, exporting, profiles, reading, schemas, service
from market.invoicing.models import Invoice, TaxProfile
from market.invoicing.profiles import TaxData
from market.invoicing.reading import View
from market.invoicing.states import Form, Matter
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, require_actor
from market.steps import Step, index_of

blueprint = Blueprint("invoicing_api", __name__, url_prefix="/api/v1", description="Invoices")

_FILE = {"type": "string", "format": "binary"}
_PROFILE = "title", "address", "phone", "bank", "bank_account", "email", "changed_at"


@blueprint.get("/tax-profile")
@blueprint.response(200, schemas.TaxProfileOut)
def show_profile() -> dict[str, Any]:
    """Show the title and tax data that stand on invoices made out to your organisation."""
    actor = current_actor()
    with read() as session:
        return _profile(*profiles.own(session, actor))


@blueprint.put("/tax-profile")
@blueprint.arguments(schemas.TaxProfileIn)
@blueprint.response(200, schemas.TaxProfileStepOut)
def set_profile(data: TaxData) -> dict[str, Any]:
    """Set them (administrators only); they count for invoices that are asked for from now on."""
    actor = current_actor()
    with transaction() as session:
        step = profiles.put(session, actor, data)
        return {**_profile(*profiles.own(session, actor)), **_entry(session, step)}


@blueprint.get("/invoices")
@blueprint.arguments(schemas.InvoicesQuery, location="query")
@blueprint.response(200, schemas.InvoicesOut)
def listed(query: dict[str, Any]) -> dict[str, Any]:
    """List the invoices of your organisation, the newest first; operators and auditors see all."""
    actor = current_actor()
    with read() as session:
        page = reading.listed(session, actor, View(query["view"]), query.get("cursor"))
        return {"items": [reading.row(one) for one in page.items], "next": page.next}


@blueprint.get("/invoices/export")
@require_actor
@blueprint.arguments(schemas.InvoiceMonthQuery, location="query")
@blueprint.response(
    200,
    _FILE,
    content_type="text/csv",
    description="UTF-8 with a byte order mark, one line for each open request and each document",
)
def export(query: dict[str, Any]) -> Response:
    """Return what your organisation was asked for and issued in a month, as CSV for the tax system."""
    actor = current_actor()
    with read() as session:
        month = query["month"]
        return sheets.attachment(exporting.exported(session, actor, month), f"fapiao-{month}.csv")


@blueprint.get("/trades/<number>/invoices")
@blueprint.response(200, schemas.TradeInvoicesOut)
def of_trade(number: str) -> dict[str, Any]:
    """Return the invoices of a trade, and those that your organisation can ask for."""
    actor = current_actor()
    with read() as session:
        rows, found, asks = reading.of_trade(session, actor, number)
        return {
            "items": [reading.shown(session, one) for one in found],
            "open": [
                {
                    "matter": ask.matter.value,
                    "instalment": ask.instalment,
                    "amount": ask.amount,
                    "currency": rows.trade.currency,
                }
                for ask in asks
            ],
        }


@blueprint.post("/trades/<number>/invoices")
@blueprint.arguments(schemas.InvoiceRequestIn)
@blueprint.response(200, schemas.InvoiceStepOut)
def request_invoice(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Ask for an invoice over what your organisation paid: buyers for the data, providers for the platform fee."""
    actor = current_actor()
    with transaction() as session:
        matter, form = Matter(data["matter"]), Form(data["form"])
        made = service.request(session, actor, number, matter, form, data.get("instalment"))
        return _taken(session, actor, *made)


@blueprint.get("/invoices/<uuid:invoice_id>")
@blueprint.response(200, schemas.InvoiceOut)
def one(invoice_id: uuid.UUID) -> dict[str, Any]:
    """Return one invoice with what was issued for it."""
    actor = current_actor()
    with read() as session:
        return reading.shown(session, reading.detail(session, actor, invoice_id))


@blueprint.post("/invoices/<uuid:invoice_id>/issue")
@require_actor  # before the file is read
@blueprint.arguments(schemas.InvoiceIssueIn, location="form")
@blueprint.arguments(schemas.InvoiceFileIn, location="files")
@blueprint.response(200, schemas.InvoiceStepOut)
def issue(data: dict[str, Any], sent: dict[str, Any], invoice_id: uuid.UUID) -> dict[str, Any]:
    """Enter the invoice that you issued in the system of the tax authority (sellers only)."""
    actor = current_actor()
    brought = bringing.bring(actor, invoice_id, data, sent["file"])
    with transaction() as session:
        return _taken(session, actor, *service.issue(session, actor, invoice_id, brought))


@blueprint.post("/invoices/<uuid:invoice_id>/refusal")
@blueprint.arguments(schemas.InvoiceRefusalIn)
@blueprint.response(200, schemas.InvoiceStepOut)
def refuse(data: dict[str, Any], invoice_id: uuid.UUID) -> dict[str, Any]:
    """Refuse a request with a reason (sellers only); it can be made again."""
    actor = current_actor()
    with transaction() as session:
        return _taken(session, actor, *service.refuse(session, actor, invoice_id, data["reason"]))


@blueprint.post("/invoices/<uuid:invoice_id>/red-letter")
@require_actor  # before the file is read
@blueprint.arguments(schemas.RedLetterIn, location="form")
@blueprint.arguments(schemas.InvoiceFileIn, location="files")
@blueprint.response(200, schemas.InvoiceStepOut)
def redden(data: dict[str, Any], sent: dict[str, Any], invoice_id: uuid.UUID) -> dict[str, Any]:
    """Enter the red-letter invoice over what went back after you had issued (sellers only)."""
    actor = current_actor()
    brought = bringing.bring(actor, invoice_id, data, sent["file"])
    with transaction() as session:
        return _taken(session, actor, *service.redden(session, actor, invoice_id, brought))


@blueprint.get("/invoices/<uuid:invoice_id>/documents/<int:place>")
@blueprint.response(
    200, _FILE, content_type="application/octet-stream", description="The file as it was sent"
)
def fetch(invoice_id: uuid.UUID, place: int) -> Response:
    """Return the file of an invoice (place 0) or of a red-letter one."""
    return answers.file(current_actor(), invoice_id, place)


def _profile(credit_code: str, row: TaxProfile | None) -> dict[str, Any]:
    return {"credit_code": credit_code, **{name: getattr(row, name, None) for name in _PROFILE}}


def _taken(session: Session, actor: Actor, invoice: Invoice, step: Step) -> dict[str, Any]:
    session.flush()
    body = reading.shown(session, reading.detail(session, actor, invoice.id))
    return {**body, **_entry(session, step)}


def _entry(session: Session, step: Step) -> dict[str, Any]:
    return {"entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
