"""The page on which the operator accredits an organisation to inspect others' data, or withdraws that."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.db import read, transaction
from market.i18n import gettext as _
from market.participants import accrediting, schemas, service
from market.participants.web import current_actor, require_actor

pages = Blueprint("accreditation", __name__)


@pages.get("/organisations/<uuid:organisation_id>/accreditation")
@require_actor
def accrediting_one(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Show whether an organisation is accredited, and the form that changes it."""
    return _page(organisation_id)


@pages.post("/organisations/<uuid:organisation_id>/accreditation")
@require_actor
def accredit(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Accredit an organisation to inspect others' data, or withdraw that, with a reason."""
    try:
        data = forms.load(schemas.AccreditationIn())
    except ValidationError as error:
        return _page(organisation_id, forms.faults(error)), 422
    give = data["accreditation"] == "give"
    with transaction() as session:
        accrediting.accredit(session, current_actor(), organisation_id, give=give, reason=data["reason"])
    flash(_("The decision is recorded."), "done")
    return redirect(url_for("participants.organisation", organisation_id=organisation_id), 303)


def _page(organisation_id: uuid.UUID, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        row = service.seen(session, actor, organisation_id)
        permissions.require(actor, "organisation.accredit", service.relation(actor, row))
    return render_template(
        "pages/participants/accreditation.html",
        organisation=row,
        values=forms.sent(),
        faults=faults or {},
    )
