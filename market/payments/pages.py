"""Where the buyer comes back to after paying, the operator's list of operations, and statements."""

import uuid

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from market import clock, permissions
from market.actor import Actor
from market.db import read
from market.errors import NotFound
from market.i18n import gettext as _
from market.participants import service as participants
from market.participants.web import current_actor
from market.payments import naming, payouts, statement, statement_sheet, viewing
from market.payments.months import Month

pages = Blueprint("payments", __name__)

MOST = 200
"""Movements of a section that a page shows; the file has all of them."""


@pages.get("/payments")
def operations() -> ResponseReturnValue:
    """List operations, the latest first."""
    actor = current_actor()
    with read() as session:
        page = viewing.listed(session, actor, request.args.get("cursor"))
    return render_template("pages/payments/operations.html", page=page, kind_of=naming.operation_label)


@pages.get("/payments/<uuid:operation_id>")
def operation(operation_id: uuid.UUID) -> ResponseReturnValue:
    """Show how a payment stands. Coming here proves nothing: the platform's own word is waited for."""
    actor = current_actor()
    with read() as session:
        found = viewing.seen(session, actor, operation_id)
    return render_template(
        "pages/payments/operation.html", operation=found, name=naming.operation_label(found.kind.value)
    )


@pages.get("/payouts")
def payout_account() -> ResponseReturnValue:
    """Show how the organisation's account at the payment platform stands, and what the platform must be told."""
    return render_template("pages/payments/payouts.html", found=payouts.standing(current_actor()))


@pages.post("/payouts/onboarding")
def onboard() -> ResponseReturnValue:
    """Go to the payment platform, by an address that is made for this click."""
    return redirect(payouts.way(current_actor()), 303)


@pages.get("/payouts/onboarding")
def onboard_again() -> ResponseReturnValue:
    """Come back from the platform with an address that was used or too old: another is made."""
    return redirect(payouts.way(current_actor()), 303)


@pages.get("/statements")
def statements() -> ResponseReturnValue:
    """Show a month of an organisation's money, the present one unless another is named."""
    actor = current_actor()
    if not request.args.get("organisation") and permissions.allowed(
        actor, "statement.read", permissions.Relation.OTHER
    ):
        return render_template("pages/payments/statements.html")
    written = request.args.get("month")
    with read() as session:
        owner = _whose(session, actor)
        month = Month.parse(written) if written else Month.of(clock.now())
        found = statement.of_month(session, owner, month)
        return render_template(
            "pages/payments/statement.html",
            found=found,
            months=statement.months(session, owner),
            names=participants.names(session, {owner})[owner],
            own=owner == actor.organisation_id,
            books=statement.BOOKS,
            held=statement.HELD,
            movements=statement.MOVEMENTS,
            most=MOST,
        )


@pages.get("/statements/<month>/statement.csv")
def statement_file(month: str) -> Response:
    """Send the statement of a month as a file for a spreadsheet."""
    actor = current_actor()
    with read() as session:
        owner = _whose(session, actor)
        found = statement.of_month(session, owner, Month.parse(month))
        return statement_sheet.statement(found, participants.names(session, {owner})[owner])


def _whose(session: Session, actor: Actor) -> uuid.UUID:
    """Return whose statement the address asks for."""
    named = request.args.get("organisation")
    try:
        organisation_id = uuid.UUID(named) if named else None
    except ValueError as error:
        raise NotFound("organisation.not_found", _("There is no such organisation.")) from error
    return statement.whose(session, actor, organisation_id)
