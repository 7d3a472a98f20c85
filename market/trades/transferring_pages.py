"""Paying by bank transfer, for people: what to write into it, the proof, and the way back."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from market import forms, permissions
from market.db import read, transaction
from market.errors import Invalid, TooLarge
from market.i18n import _
from market.participants.web import current_actor, require_actor
from market.payments.bank import announcing, proofs
from market.trades import service, transferring

pages = Blueprint("transferring", __name__)


@pages.post("/trades/<number>/bank-transfer")
def announce(number: str) -> ResponseReturnValue:
    """Choose bank transfer."""
    transferring.announce(current_actor(), number)
    return redirect(url_for("transferring.show", number=number), 303)


@pages.get("/trades/<number>/bank-transfer")
def show(number: str) -> ResponseReturnValue:
    """Show what to write into the transfer and where to pay; without one lead to the trade."""
    return _page(number)


@pages.post("/trades/<number>/bank-transfer/withdrawal")
def withdraw(number: str) -> ResponseReturnValue:
    """Take the announcement back."""
    actor = current_actor()
    with transaction() as session:
        transferring.withdraw(session, actor, number)
    flash(_("The bank transfer is taken back; pay otherwise."), "done")
    return redirect(url_for("trades.one", number=number), 303)


@pages.post("/trades/<number>/bank-transfer/proof")
@require_actor  # before the file is read
def show_proof(number: str) -> ResponseReturnValue:
    """Keep a proof of the transfer."""
    try:
        transferring.show_proof(current_actor(), number, request.files.get("file"))
    except (Invalid, TooLarge) as error:
        return _page(number, error)
    flash(_("The proof is kept; the operator sees where to look."), "done")
    return redirect(url_for("transferring.show", number=number), 303)


@pages.get("/trades/<number>/bank-transfer/proof")
def fetch_proof(number: str) -> Response:
    """Send the proof as a file."""
    actor = current_actor()
    with read() as session:
        found = transferring.proved(session, actor, number)
    return proofs.answer(found)


def _page(number: str, error: Invalid | TooLarge | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with read() as session:
        rows = service.seen(session, actor, number)
        relation = service.relation_of(actor, rows.trade)
        permissions.require(actor, "proof.read", relation)
        found = transferring.chosen(session, rows)
        if found is None:
            return redirect(url_for("trades.one", number=number), 303)
        page = render_template(
            "pages/trades/transfer.html",
            trade=rows.trade,
            settlement=transferring.payable(rows),
            operation=found.operation,
            account=found.into,
            arriving=announcing.arriving(session, found.operation),
            may_act=permissions.allowed(actor, "payment.begin", relation),
            endings=proofs.ENDINGS,
            most=proofs.MOST_BYTES,
            faults=forms.faults(error) if error else {},
            message=error.message if isinstance(error, TooLarge) else None,
        )
    status = 413 if isinstance(error, TooLarge) else 422
    return page, status if error else 200
