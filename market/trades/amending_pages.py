"""Amendments and renewals for people: form and act that ask for them, and the contract as it was in force on a day."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from contracts import library, versions
from contracts.errors import ContractError
from contracts.library import Model
from market import clock, forms
from market.contracting import filling, reading, refusing
from market.contracting import service as contracting
from market.contracting.reading import Agreed
from market.contracting.schemas import OfferIn
from market.db import read
from market.errors import Invalid
from market.i18n import CHINA, _
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key
from market.texts import form
from market.trades import amending, consolidated, renewing, showing
from market.trades.showing import Shown

pages = Blueprint("amending", __name__)


@pages.get("/trades/<number>/amendment")
def draft(number: str) -> ResponseReturnValue:
    """Show the form of an amendment, filled with the terms in force."""
    found, parent = _found(number)
    return _form(found, parent, _values(parent), parent.contract.terms_digest)


@pages.post("/trades/<number>/amendment")
def propose(number: str) -> ResponseReturnValue:
    """Propose the amendment, or show the form again as the answers ask for it."""
    found, parent = _found(number)
    model = library.load(parent.contract.model)
    fixed = filling.settled(_values(parent))
    values = fixed | form.read(model, request.form, fixed)
    base = request.form.get("base", "")
    if form.MORE in request.form or form.REFRESH in request.form:
        return _form(found, parent, values, base, more=request.form.get(form.MORE, ""))
    try:
        told = OfferIn().load({"base": base, "comment": request.form.get("comment", ""), "changes": {}})
        made = amending.propose(current_actor(), number, base, values, told["comment"], idempotency_key())
    except (Invalid, ValidationError) as error:
        return _form(found, parent, values, base, error), 422
    flash(_("Your proposal is on the table. The other side answers next."), "done")
    return redirect(url_for("contracting.show", number=made.number), 303)


@pages.post("/trades/<number>/renewal")
def renew(number: str) -> ResponseReturnValue:
    """Ask for a new contract with the terms in force."""
    made = renewing.renew(current_actor(), number, idempotency_key())
    flash(_("The renewal is drawn up. The provider signs first."), "done")
    return redirect(url_for("contracting.show", number=made.number), 303)


@pages.get("/contracts/<number>/at")
def choose_moment(number: str) -> ResponseReturnValue:
    """Lead to the day that was chosen."""
    with read() as session:
        reading.found(session, current_actor(), number)
    day = request.args.get("day", "") or clock.now().astimezone(CHINA).date().isoformat()
    return redirect(url_for("amending.at", number=number, moment=day[:40]), 303)


@pages.get("/contracts/<number>/at/<moment>")
def at(number: str, moment: str) -> ResponseReturnValue:
    """Show what was in force on a day, and where the agreement stood."""
    when = consolidated.moment_of(moment)
    with read() as session:
        then = consolidated.at(session, current_actor(), number, when)
        newest = then.line[-1].agreed if then.line else None
        sides = {newest.request.provider_id, newest.request.buyer_id} if newest else set()
        return render_template(
            "pages/trades/consolidated.html",
            then=then,
            asked=moment,
            label=consolidated.LABELS[then.state],
            newest=newest,
            pages=len(reading.page_digests(newest.contract)) if newest else 0,
            names=participants.names(session, sides),
            day=when.astimezone(CHINA).date(),
        )


def _found(number: str) -> tuple[Shown, Agreed]:
    with read() as session:
        found = showing.shown(session, current_actor(), number)
        return found, contracting.agreed(session, found.rows.agreement.contract_id)


def _values(parent: Agreed) -> dict[str, Any]:
    try:
        return dict(versions.negotiable(parent.terms).values)
    except ContractError as error:
        refusing.answer(error, parent.contract)


def _form(
    found: Shown,
    parent: Agreed,
    values: dict[str, Any],
    base: str,
    error: Exception | None = None,
    more: str = "",
) -> str:
    model: Model = library.load(parent.contract.model)
    faults = forms.faults(error) if error else {}
    return render_template(
        "pages/trades/amend.html",
        trade=found.rows.trade,
        possible={act.value for act in found.possible},
        groups=form.fields(model, values, faults, more, filling.unasked(model)),
        labels=form.labels(model),
        base=base,
        faults=faults,
        message=error.message if isinstance(error, Invalid) else None,
        values=request.form,
    )
