"""Pages about what was found in a file: a reviewer's correction, the provider's appeal, the operator's decision."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from market import forms, permissions
from market.actor import Actor
from market.db import read, transaction
from market.i18n import gettext as _
from market.i18n import lazy
from market.inspection.sensitive.classes import LABELS
from market.participants.web import current_actor, require_actor
from market.registry import appealing, reading, schemas
from market.registry.models import Decision
from market.registry.reading import Detail

pages = Blueprint("findings", __name__)

BASIS = {
    "checksum": lazy("check symbols are right"),
    "pattern": lazy("form of the values"),
    "header": lazy("name of the column"),
    "text": lazy("inside other text"),
    "context": lazy("words beside it"),
    "corrected": lazy("corrected by a reviewer"),
}
"""Why something is thought to be sensitive, in the reader's words."""

DECISIONS = {
    Decision.RELEASE: lazy("Release: it may go on with what stands in its way now"),
    Decision.HOLD: lazy("Hold: it stays stopped"),
}


def open_to(actor: Actor, detail: Detail) -> list[str]:
    """Return what the actor may do about what was found: ``correct``, ``appeal``, ``release``."""
    found = detail.screened
    if found is None or not detail.is_undecided:
        return []
    sensible = {
        "correct": True,
        "appeal": bool(found.stops) and found.appeal is None,
        "release": found.appeal is not None,
    }
    relation = reading.relation(actor, detail.asset)
    return [
        act for act, now in sensible.items() if now and permissions.allowed(actor, f"asset.{act}", relation)
    ]


@pages.get("/assets/<uuid:asset_id>/corrections")
@require_actor
def correcting(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form by which a reviewer corrects what a column was taken for."""
    return _page(asset_id, "correct")


@pages.post("/assets/<uuid:asset_id>/corrections")
@require_actor
def correct(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Correct what a column was taken for."""
    data = _given(schemas.CorrectionIn())
    if isinstance(data, ValidationError):
        return _page(asset_id, "correct", data), 422
    with transaction() as session:
        appealing.correct(session, current_actor(), asset_id, **data)
    return _done(asset_id, _("The correction is recorded."))


@pages.get("/assets/<uuid:asset_id>/appeal")
@require_actor
def appealed(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form by which a provider asks the operator to let a stopped registration go on."""
    return _page(asset_id, "appeal")


@pages.post("/assets/<uuid:asset_id>/appeal")
@require_actor
def appeal(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Ask the operator to let a stopped registration go on."""
    data = _given(schemas.AppealIn())
    if isinstance(data, ValidationError):
        return _page(asset_id, "appeal", data), 422
    with transaction() as session:
        appealing.appeal(session, current_actor(), asset_id, **data)
    return _done(asset_id, _("The operator is asked; the decision and its reason will stand here."))


@pages.get("/assets/<uuid:asset_id>/release")
@require_actor
def releasing(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form by which the operator decides about a stopped registration."""
    return _page(asset_id, "release")


@pages.post("/assets/<uuid:asset_id>/release")
@require_actor
def release(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Release a stopped registration, or hold it."""
    data = _given(schemas.ReleaseIn())
    if isinstance(data, ValidationError):
        return _page(asset_id, "release", data), 422
    with transaction() as session:
        appealing.decide(session, current_actor(), asset_id, **data)
    return _done(asset_id, _("The decision is recorded."))


def _given(schema: Schema) -> dict[str, Any] | ValidationError:
    try:
        return forms.load(schema)
    except ValidationError as error:
        return error


def _done(asset_id: uuid.UUID, sentence: str) -> ResponseReturnValue:
    flash(sentence, "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def _page(asset_id: uuid.UUID, act: str, faults: ValidationError | None = None) -> str:
    actor = current_actor()
    with read() as session:
        detail = reading.detail(session, actor, asset_id)
        permissions.require(actor, f"asset.{act}", reading.relation(actor, detail.asset))
    return render_template(
        "pages/registry/finding.html",
        asset=detail.asset,
        found=detail.screened,
        columns=[(name, name) for name in detail.screened.findings.columns] if detail.screened else [],
        act=act if act in open_to(actor, detail) else None,
        decisions=[(decision.value, label) for decision, label in DECISIONS.items()],
        kinds=[
            (schemas.NOTHING, _("nothing sensitive")),
            *((kind.value, label) for kind, label in LABELS.items()),
        ],
        values=forms.sent() if faults else {},
        faults=forms.faults(faults) if faults else {},
    )
