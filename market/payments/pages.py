"""Where the buyer comes back to after paying, and the operator's list of operations."""

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from market.db import read
from market.participants.web import current_actor
from market.payments import viewing

pages = Blueprint("payments", __name__)


@pages.get("/payments")
def operations() -> ResponseReturnValue:
    """List operations, the latest first."""
    actor = current_actor()
    with read() as session:
        page = viewing.listed(session, actor, request.args.get("cursor"))
    return render_template("pages/payments/operations.html", page=page)


@pages.get("/payments/<uuid:operation_id>")
def operation(operation_id: uuid.UUID) -> ResponseReturnValue:
    """Show how a payment stands. Coming here proves nothing: the platform's own word is waited for."""
    actor = current_actor()
    with read() as session:
        found = viewing.seen(session, actor, operation_id)
    return render_template("pages/payments/operation.html", operation=found)
