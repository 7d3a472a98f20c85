"""The page on which an accredited body attaches an inspection of its own to registered data."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.db import transaction
from market.errors import Conflict, Invalid, NotFound
from market.i18n import _
from market.participants.web import current_actor, require_actor
from market.permissions import Relation
from market.registry.attestations import schemas, service

pages = Blueprint("attestations", __name__)


@pages.get("/attestations/new")
@require_actor
def new() -> ResponseReturnValue:
    """Show the form for a signed inspection."""
    permissions.require(current_actor(), "asset.attest", Relation.OTHER)
    return _page({"number": request.args.get("number", "")[:11]})


@pages.post("/attestations")
@require_actor
def attest() -> ResponseReturnValue:
    """Attach a signed inspection to the data of a registration number."""
    actor = current_actor()
    permissions.require(actor, "asset.attest", Relation.OTHER)
    try:
        number = forms.load(schemas.AttestedIn())["number"]
        file = request.files.get("file")
        attested = service.opened(service.read(file) if file else b"")
        with transaction() as session:
            service.attest(session, actor, number, attested)
    except (ValidationError, Invalid, Conflict, NotFound) as error:
        faults = forms.faults(error)
        return _page(forms.sent(), faults, None if faults else str(error)), 422
    flash(_("The inspection is attached."), "done")
    return redirect(url_for("registry.certificate", number=number), 303)


def _page(values: dict[str, Any], faults: dict[str, Any] | None = None, message: str | None = None) -> str:
    return render_template("pages/registry/attest.html", values=values, faults=faults or {}, message=message)
