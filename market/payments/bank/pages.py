"""The operator's bank desk, its lines and statements, and the bank accounts of whoever has one."""

import uuid
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.db import read, transaction
from market.errors import Conflict, Invalid
from market.i18n import _, lazy
from market.participants import service as participants
from market.participants.web import current_actor, require_actor
from market.payments.bank import accounts, confirming, desk, recording, schemas, service
from market.payments.bank.states import Entry
from market.permissions import Relation

pages = Blueprint("bank", __name__)

ENTRIES: Final = {
    Entry.ARRIVED: lazy("Money came in"),
    Entry.EXECUTED: lazy("The bank made an order"),
    Entry.REFUSED: lazy("The bank refused an order"),
}


@pages.get("/bank")
def bank_desk() -> ResponseReturnValue:
    """Show what is expected, ordered and recorded at the bank."""
    return _desk(forms.Sent())


@pages.post("/bank/lines")
def record() -> ResponseReturnValue:
    """Record a line by hand."""
    actor = current_actor()
    permissions.require(actor, "bank.act", Relation.OTHER)
    try:
        given = forms.load(schemas.BankLineForm())
        with transaction() as session:
            row, _step = service.record(session, actor, service.typed(session, given))
    except (ValidationError, Invalid) as error:
        return _desk(forms.sent(), forms.faults(error)), 422
    flash(_("The line is recorded; another operator confirms it."), "done")
    return redirect(url_for("bank.line", line_id=row.id), 303)


@pages.get("/bank/lines/<uuid:line_id>")
def line(line_id: uuid.UUID) -> ResponseReturnValue:
    """Show a line, with what its second person may do."""
    return _line(line_id)


@pages.post("/bank/lines/<uuid:line_id>/confirmation")
def confirm(line_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm a line as another person than recorded it."""
    actor = current_actor()
    with transaction() as session:
        confirming.confirm(session, actor, line_id)
    flash(_("The line is confirmed, and the money is booked."), "done")
    return redirect(url_for("bank.bank_desk"), 303)


@pages.post("/bank/lines/<uuid:line_id>/dismissal")
def dismiss(line_id: uuid.UUID) -> ResponseReturnValue:
    """Set a line aside with a reason."""
    actor = current_actor()
    permissions.require(actor, "bank.act", Relation.OTHER)
    try:
        given = forms.load(schemas.ReasonIn())
    except ValidationError as error:
        return _line(line_id, forms.faults(error)), 422
    with transaction() as session:
        recording.dismiss(session, actor, line_id, given["reason"])
    flash(_("The line is set aside."), "done")
    return redirect(url_for("bank.bank_desk"), 303)


@pages.post("/bank/statements")
@require_actor  # before the file is read
def import_statement() -> ResponseReturnValue:
    """Import the bank's statement."""
    actor = current_actor()
    permissions.require(actor, "bank.act", Relation.OTHER)
    try:
        given = forms.load(schemas.StatementFactsIn())
        made = service.import_file(actor, request.files.get("file"), given.get("closing"))
    except (ValidationError, Invalid) as error:
        return _desk(forms.sent(), forms.faults(error)), 422
    flash(_("New lines: %(added)s. Known already: %(known)s.", added=made.added, known=made.known), "done")
    return redirect(url_for("bank.bank_desk"), 303)


@pages.get("/bank/accounts")
def bank_accounts() -> ResponseReturnValue:
    """Show bank accounts, one's own or for the operator all, and the form that enters one."""
    return _accounts(forms.Sent())


@pages.post("/bank/accounts")
def enter() -> ResponseReturnValue:
    """Enter an account."""
    actor = current_actor()
    permissions.require_scope(actor, permissions.ACTIONS["bank_account.read"].scope)
    try:
        given = forms.load(schemas.BankAccountForm())
        with transaction() as session:
            accounts.propose(session, actor, given)  # type: ignore[arg-type]  # the schema makes it
    except (ValidationError, Invalid) as error:
        return _accounts(forms.sent(), forms.faults(error)), 422
    flash(
        _("The account is entered; it is in use once an operator, another person, has confirmed it."), "done"
    )
    return redirect(url_for("bank.bank_accounts"), 303)


@pages.get("/bank/accounts/<uuid:account_id>")
def account(account_id: uuid.UUID) -> ResponseReturnValue:
    """Show one account, with what may be done about it."""
    return _account(account_id)


@pages.post("/bank/accounts/<uuid:account_id>/confirmation")
def confirm_account(account_id: uuid.UUID) -> ResponseReturnValue:
    """Take an account into use."""
    actor = current_actor()
    with transaction() as session:
        accounts.confirm(session, actor, account_id)
    flash(_("The account is in use."), "done")
    return redirect(url_for("bank.bank_accounts"), 303)


@pages.post("/bank/accounts/<uuid:account_id>/closure")
def close_account(account_id: uuid.UUID) -> ResponseReturnValue:
    """Take an account out of use with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.ReasonIn())
    except ValidationError as error:
        return _account(account_id, forms.faults(error)), 422
    with transaction() as session:
        accounts.close(session, actor, account_id, given["reason"])
    flash(_("The account is closed."), "done")
    return redirect(url_for("bank.bank_accounts"), 303)


def _desk(values: dict[str, Any], faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        return render_template(
            "pages/bank/desk.html",
            found=desk.shown(session, actor),
            statements=desk.statements(session, actor),
            offered=_is_offered(session),
            entries=ENTRIES,
            reasons=desk.REASONS,
            may_act=permissions.allowed(actor, "bank.act", Relation.OTHER),
            values=values,
            faults=faults or {},
        )


def _is_offered(session: Any) -> bool:
    try:
        service.currency_of(session)
    except Conflict:
        return False
    return True


def _line(line_id: uuid.UUID, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        return render_template(
            "pages/bank/line.html",
            found=desk.one(session, actor, line_id),
            entries=ENTRIES,
            reasons=desk.REASONS,
            may_act=permissions.allowed(actor, "bank.act", Relation.OTHER),
            values=forms.sent(),
            faults=faults or {},
        )


def _accounts(values: dict[str, Any], faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        rows = accounts.listed(session, actor)
        operating = permissions.allowed(actor, "bank.act", Relation.OTHER)
        return render_template(
            "pages/bank/accounts.html",
            rows=rows,
            names=participants.names(session, {row.organisation_id for row in rows}),
            operating=operating,
            may_enter=operating or permissions.allowed(actor, "bank_account.propose"),
            currencies=[(one, one) for one in schemas.CURRENCIES],
            values=values,
            faults=faults or {},
        )


def _account(account_id: uuid.UUID, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        row = accounts.one(session, actor, account_id)
        operating = permissions.allowed(actor, "bank.act", Relation.OTHER)
        return render_template(
            "pages/bank/account.html",
            row=row,
            names=participants.names(session, {row.organisation_id})[row.organisation_id],
            operating=operating,
            own=row.proposed_by == actor.user_id,
            may_close=operating or permissions.allowed(actor, "bank_account.propose"),
            values=forms.sent(),
            faults=faults or {},
        )
