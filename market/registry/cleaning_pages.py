"""The page on which a provider has a draft's file cleaned."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from market import forms, permissions
from market.db import read, transaction
from market.errors import Conflict, Invalid
from market.i18n import _
from market.inspection.cleaning.recipe import CSV, PARQUET, Kind, Otherwise
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS
from market.participants.web import current_actor, idempotency_key, require_actor
from market.registry import cleaning, cleaning_form, reading
from market.registry.cleaning_words import kind_labels, otherwise_labels

pages = Blueprint("cleaning", __name__)


@pages.get("/assets/<uuid:asset_id>/cleaning")
@require_actor
def form(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form of the common operations."""
    return _page(asset_id)


@pages.post("/assets/<uuid:asset_id>/cleaning")
@require_actor
def ask(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Have the file cleaned by what the form says."""
    actor = current_actor()
    try:
        recipe = cleaning_form.recipe_of(request.form)
        with transaction() as session:
            cleaning.ask(session, actor, asset_id, recipe, idempotency_key())
    except (Invalid, Conflict) as error:
        faults = forms.faults(error)
        return _page(asset_id, forms.sent(), faults, None if faults else str(error)), 422
    flash(_("The file is being cleaned; this page will say what was done."), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def _page(
    asset_id: uuid.UUID,
    values: forms.Sent | None = None,
    faults: dict[str, Any] | None = None,
    message: str | None = None,
) -> str:
    actor = current_actor()
    with read() as session:
        detail = reading.detail(session, actor, asset_id)
        permissions.require(actor, "asset.clean", reading.relation(actor, detail.asset))
    drop, stars = cleaning_form.DROP, cleaning_form.STARS
    return render_template(
        "pages/registry/cleaning.html",
        asset=detail.asset,
        detail=detail,
        columns=detail.report.columns if detail.report else [],
        values=values or forms.Sent(),
        faults=faults or {},
        message=message,
        types=TYPE_LABELS,
        hides=[
            ("", _("no")),
            (drop, _("leave the column out")),
            (stars, _("mask every character")),
            *((kind.value, _("mask as %(kind)s", kind=label)) for kind, label in LABELS.items()),
        ],
        casts=[("", _("as it is")), *((kind.value, kind_labels()[kind]) for kind in Kind)],
        otherwises=[(one.value, otherwise_labels()[one]) for one in Otherwise],
        outputs=[(CSV, "CSV"), (PARQUET, "Parquet")],
    )
