"""Invoices for people: the list, those of a trade, one with its forms, and the tax data of the organisation."""

import uuid
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import clock, forms, permissions, sheets
from market.actor import Role
from market.db import read, transaction
from market.errors import Conflict, Invalid, TooLarge
from market.i18n import CHINA, _, lazy
from market.invoicing import (
    answers,
    bringing,
    exporting,
    files,
    letters,
    profiles,
    reading,
    schemas,
    service,
    tax,
)
from market.invoicing.reading import View
from market.invoicing.states import Form, InvoiceState, Matter
from market.participants import service as participants
from market.participants.web import current_actor, require_actor
from market.permissions import Relation
from market.rules import book

pages = Blueprint("invoicing", __name__)

FORMS = {Form.GENERAL: lazy("General VAT invoice"), Form.SPECIAL: lazy("Special VAT invoice")}
"""The reader's word for each form."""

VIEWS = {
    View.ALL: lazy("All"),
    View.TO_ISSUE: lazy("To issue"),
    View.REQUESTED: lazy("Invoice asked for"),
    View.ISSUED: lazy("Issued"),
    View.OVERDUE: lazy("Overdue"),
}
"""The reader's word for each list."""

REASONS = {service.WENT_BACK: lazy("Money of this trade went back; ask again for what was left of it.")}
"""The reader's words for reasons that the exchange gives itself."""


@pages.get("/invoices")
@require_actor
def listed() -> ResponseReturnValue:
    """Show the invoices of one's organisation, the newest first."""
    actor = current_actor()
    wanted = request.args.get("view", View.ALL)
    view = View(wanted) if wanted in set(View) else View.ALL
    exports = permissions.allowed(actor, "invoice.export", _exporter(actor.has(Role.OPERATOR)))
    with read() as session:
        page = reading.listed(session, actor, view, request.args.get("cursor"))
        names = participants.names(session, {one.seller_id for one in page.items})
        return render_template(
            "pages/invoicing/list.html",
            rows=[(one, reading.is_late(one, clock.now())) for one in page.items],
            names=names,
            next=page.next,
            view=view,
            views=VIEWS,
            matters=letters.MATTERS,
            exports=exports,
            month=clock.now().astimezone(CHINA).strftime("%Y-%m"),
        )


@pages.get("/invoices/export")
@require_actor
def export() -> ResponseReturnValue:
    """Return the table of a month for the tax system."""
    actor, month = current_actor(), request.args.get("month", "")
    with read() as session:
        return sheets.attachment(exporting.exported(session, actor, month), f"fapiao-{month}.csv")


@pages.get("/trades/<number>/invoices")
@require_actor
def of_trade(number: str) -> ResponseReturnValue:
    """Show the invoices of a trade, and the form by which one is asked for."""
    return _trade(number)


@pages.post("/trades/<number>/invoices")
@require_actor
def ask(number: str) -> ResponseReturnValue:
    """Ask for an invoice."""
    actor = current_actor()
    try:
        given = forms.load(schemas.InvoiceRequestIn())
        with transaction() as session:
            matter, form = Matter(given["matter"]), Form(given["form"])
            service.request(session, actor, number, matter, form, given.get("instalment"))
    except ValidationError as error:
        return _trade(number, forms.faults(error), status=422)
    except Conflict as error:
        return _trade(number, {"_schema": [error.message]}, status=409)
    flash(_("The invoice is asked for; the seller was told."), "done")
    return redirect(url_for("invoicing.of_trade", number=number), 303)


@pages.get("/invoices/<uuid:invoice_id>")
@require_actor
def one(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """Show one invoice, and to the seller the forms by which it is answered."""
    return _invoice(invoice_id)


@pages.post("/invoices/<uuid:invoice_id>/issue")
@require_actor
def issue(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """Enter what was issued."""
    actor = current_actor()
    try:
        given = forms.load(schemas.InvoiceIssueIn())
        brought = bringing.bring(actor, invoice_id, given, request.files.get("file"))
        with transaction() as session:
            service.issue(session, actor, invoice_id, brought)
    except (ValidationError, Invalid, TooLarge, Conflict) as error:
        return _refused(invoice_id, error)
    return _done(invoice_id, _("The invoice is entered; the payer was told."))


@pages.post("/invoices/<uuid:invoice_id>/refusal")
@require_actor
def refuse(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """Refuse a request with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.InvoiceRefusalIn())
        with transaction() as session:
            service.refuse(session, actor, invoice_id, given["reason"])
    except (ValidationError, Conflict) as error:
        return _refused(invoice_id, error)
    return _done(invoice_id, _("The request is refused; the payer was told."))


@pages.post("/invoices/<uuid:invoice_id>/red-letter")
@require_actor
def redden(invoice_id: uuid.UUID) -> ResponseReturnValue:
    """Enter a red-letter invoice."""
    actor = current_actor()
    try:
        given = forms.load(schemas.RedLetterIn())
        brought = bringing.bring(actor, invoice_id, given, request.files.get("file"))
        with transaction() as session:
            service.redden(session, actor, invoice_id, brought)
    except (ValidationError, Invalid, TooLarge, Conflict) as error:
        return _refused(invoice_id, error)
    return _done(invoice_id, _("The red-letter invoice is entered; the payer was told."))


@pages.get("/invoices/<uuid:invoice_id>/documents/<int:place>")
@require_actor
def fetch(invoice_id: uuid.UUID, place: int) -> ResponseReturnValue:
    """Return the file of a document."""
    return answers.file(current_actor(), invoice_id, place)


@pages.get("/tax-profile")
@require_actor
def profile() -> ResponseReturnValue:
    """Show the tax data of one's organisation, and to an administrator the form by which they are set."""
    return _profile()


@pages.post("/tax-profile")
@require_actor
def set_profile() -> ResponseReturnValue:
    """Set them."""
    actor = current_actor()
    try:
        data: Any = forms.load(schemas.TaxProfileIn())
        with transaction() as session:
            profiles.put(session, actor, data)
    except ValidationError as error:
        return _profile(forms.sent(), forms.faults(error)), 422
    except Conflict as error:
        return _profile(forms.sent(), {"_schema": [error.message]}), 409
    flash(_("The data are set. They count for invoices that are asked for from now on."), "done")
    return redirect(url_for("invoicing.profile"), 303)


def _trade(number: str, faults: dict[str, Any] | None = None, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    with read() as session:
        rows, found, asks = reading.of_trade(session, actor, number)
        page = render_template(
            "pages/invoicing/trade.html",
            trade=rows.trade,
            found=found,
            asks=[ask for ask in asks if ask.may],
            billed=bool(rows.settlements),
            several=len(rows.settlements) > 1,
            matters=letters.MATTERS,
            options=[(form.value, words) for form, words in FORMS.items()],
            days=book().value("invoice.days"),
            profile=profiles.row_of(session, actor.organisation_id) if actor.organisation_id else None,
            may_change=permissions.allowed(actor, "tax_profile.change"),
            faults=faults or {},
            values=forms.sent(),
        )
    return page, status


def _invoice(
    invoice_id: uuid.UUID, faults: dict[str, Any] | None = None, message: str | None = None, status: int = 200
) -> ResponseReturnValue:
    actor = current_actor()
    rate = book().value("vat.basis_points")
    with read() as session:
        found = reading.detail(session, actor, invoice_id)
        row = found.invoice
        page = render_template(
            "pages/invoicing/invoice.html",
            found=found,
            row=row,
            reason=REASONS.get(row.reason or "", row.reason),
            matters=letters.MATTERS,
            forms=FORMS,
            percent=tax.percent,
            expected=tax.taxed(row.amount, rate),
            rates=[(text, f"{text} %") for text in schemas.RATES],
            rate=tax.percent(rate),
            most=files.most(),
            endings=files.ENDINGS,
            red=row.state is InvoiceState.RED_OWED,
            faults=faults or {},
            message=message,
            values=forms.sent(),
        )
    return page, status


def _refused(invoice_id: uuid.UUID, error: Exception) -> ResponseReturnValue:
    """Show a refused form again with what was wrong; a file has to be chosen again."""
    faults = forms.faults(error)
    if isinstance(error, TooLarge):
        faults = {"file": [error.message]}
    status = 409 if isinstance(error, Conflict) else 413 if isinstance(error, TooLarge) else 422
    return _invoice(invoice_id, faults, None if faults else str(error), status)


def _profile(values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        credit_code, row = profiles.own(session, actor)
        organisation = participants.found(session, actor.organisation_id) if actor.organisation_id else None
    blank = {"title": organisation.name_zh if organisation else "", "email": ""}
    return render_template(
        "pages/invoicing/profile.html",
        credit_code=credit_code,
        row=row,
        may_change=permissions.allowed(actor, "tax_profile.change"),
        values=values or forms.Sent(asdict(profiles.data_of(row)) if row else blank),
        faults=faults or {},
    )


def _exporter(operator: bool) -> Relation:
    return Relation.OTHER if operator else Relation.OWN


def _done(invoice_id: uuid.UUID, sentence: str) -> ResponseReturnValue:
    flash(sentence, "done")
    return redirect(url_for("invoicing.one", invoice_id=invoice_id), 303)
