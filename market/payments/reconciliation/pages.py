"""The operator's money desk, and the reports on books and payment platform."""

import uuid
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import clock, forms, permissions, sheets
from market.db import read, transaction
from market.errors import Invalid
from market.i18n import _, lazy
from market.participants.web import current_actor, idempotency_key
from market.payments import inbox, naming
from market.payments.reconciliation import desk, schemas, service, table, viewing
from market.payments.reconciliation.desk import AlarmKind
from market.payments.reconciliation.matching import Outcome
from market.payments.reconciliation.states import ReconciliationState
from market.permissions import Relation

pages = Blueprint("reconciliation", __name__)

ALARMS: Final = {
    AlarmKind.UNKNOWN: lazy("Payment operations without a known outcome"),
    AlarmKind.HELD: lazy("Money held for longer than a payment can be refunded"),
    AlarmKind.REFUND: lazy("Refunds that have not arrived"),
    AlarmKind.DOUBT: lazy("Payments in doubt"),
    AlarmKind.EVENTS: lazy("Events of the payment platform that nobody could place"),
    AlarmKind.LATE: lazy("No report on books and platform since"),
    AlarmKind.RECEIVABLE: lazy("Providers that have owed money for long"),
    AlarmKind.CHARGEBACK: lazy("Chargebacks that must be answered soon"),
    AlarmKind.DIFFERENCES: lazy("Reports with differences that wait for a sign-off"),
}
OUTCOMES: Final = {
    Outcome.MATCHED: lazy("Matched"),
    Outcome.AMOUNT: lazy("Amount differs"),
    Outcome.FEE: lazy("Fee differs or is not booked"),
    Outcome.PLATFORM: lazy("Only at the platform"),
    Outcome.BOOKS: lazy("Only in the books"),
    Outcome.PENDING: lazy("In flight"),
}


@pages.get("/payments/desk")
def money_desk() -> ResponseReturnValue:
    """Show what of the money must be looked at, and what the books add up to."""
    actor = current_actor()
    with read() as session:
        return render_template(
            "pages/reconciliation/desk.html",
            alarms=desk.alarms(session, actor),
            chargebacks=desk.chargebacks(session, actor),
            totals=desk.totals(session, actor),
            labels=ALARMS,
            called=naming.account_label,
            may_act=permissions.allowed(actor, "reconciliation.ask", Relation.OTHER),
        )


@pages.post("/payments/desk/events")
def look_again() -> ResponseReturnValue:
    """Look once more at every event that waits."""
    permissions.require(current_actor(), "reconciliation.ask", Relation.OTHER)
    with transaction() as session:
        inbox.look_again(session)
    flash(_("The events are looked at again."), "done")
    return redirect(url_for("reconciliation.money_desk"), 303)


@pages.get("/payments/reconciliations")
def reports() -> ResponseReturnValue:
    """List the reports, the latest first, with the form that asks for one."""
    return _list({"first": _today(), "last": _today()})


@pages.post("/payments/reconciliations")
def ask() -> ResponseReturnValue:
    """Ask for a report on some days."""
    actor = current_actor()
    permissions.require(actor, "reconciliation.ask", Relation.OTHER)
    try:
        given = forms.load(schemas.ReconciliationIn())
        with transaction() as session:
            row = service.ask(session, actor, given["first"], given["last"], idempotency_key())
    except (ValidationError, Invalid) as error:
        return _list(forms.sent(), forms.faults(error)), 422
    return redirect(url_for("reconciliation.report", reconciliation_id=row.id), 303)


@pages.get("/payments/reconciliations/<uuid:reconciliation_id>")
def report(reconciliation_id: uuid.UUID) -> ResponseReturnValue:
    """Show a report: sums, balances, and every line that did not match."""
    return _report(reconciliation_id, {"note": ""})


@pages.get("/payments/reconciliations/<uuid:reconciliation_id>/lines.csv")
def lines(reconciliation_id: uuid.UUID) -> Response:
    """Send the lines that did not match, for a spreadsheet."""
    actor = current_actor()
    with read() as session:
        row = service.found(session, actor, reconciliation_id)
    return sheets.attachment(table.written(service.lines_of(row)), viewing.name_of(row))


@pages.post("/payments/reconciliations/<uuid:reconciliation_id>/sign-off")
def sign_off(reconciliation_id: uuid.UUID) -> ResponseReturnValue:
    """Sign a report off."""
    actor = current_actor()
    permissions.require(actor, "reconciliation.sign", Relation.OTHER)
    try:
        given = forms.load(schemas.SignOffIn())
        with transaction() as session:
            service.sign(session, actor, reconciliation_id, given.get("note"))
    except (ValidationError, Invalid) as error:
        return _report(reconciliation_id, forms.sent(), forms.faults(error)), 422
    flash(_("The report is signed off."), "done")
    return redirect(url_for("reconciliation.report", reconciliation_id=reconciliation_id), 303)


def _today() -> str:
    return clock.now().date().isoformat()


def _list(values: dict[str, Any], faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        found = viewing.listed(session, actor, request.args.get("cursor"))
    return render_template(
        "pages/reconciliation/reports.html",
        items=[viewing.head(row) for row in found.items],
        next=found.next,
        values=values,
        faults=faults or {},
        may_ask=permissions.allowed(actor, "reconciliation.ask", Relation.OTHER),
    )


def _report(
    reconciliation_id: uuid.UUID, values: dict[str, Any], faults: dict[str, Any] | None = None
) -> str:
    actor = current_actor()
    with read() as session:
        row = service.found(session, actor, reconciliation_id)
        may_sign = service.may_sign(session, actor, row)
    return render_template(
        "pages/reconciliation/report.html",
        report=viewing.whole(row),
        state=row.state,
        waits=row.state is ReconciliationState.PLANNED,
        may_sign=may_sign,
        own=not may_sign
        and row.state is ReconciliationState.MADE
        and permissions.allowed(actor, "reconciliation.sign", Relation.OTHER),
        outcomes={outcome.value: label for outcome, label in OUTCOMES.items()},
        values=values,
        faults=faults or {},
    )
