"""The page of an asset's newer files: upload, how each differs, and the decision."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.db import read, transaction
from market.errors import Conflict, Invalid, TooLarge
from market.i18n import _
from market.inspection import comparison
from market.inspection.report import TYPE_LABELS
from market.participants.web import current_actor, idempotency_key, require_actor
from market.registry import reading, schemas, update_reading, updating, uploading
from market.registry.states import RegistrationState, UpdateState
from market.registry.update_reading import Updated

pages = Blueprint("updates", __name__)


@pages.get("/assets/<uuid:asset_id>/updates")
@require_actor
def updates(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the newer files of an asset, how each differs, and the forms for what the reader may do."""
    return _page(asset_id)


@pages.post("/assets/<uuid:asset_id>/updates")
@require_actor
def revise(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Upload a newer file."""
    actor = current_actor()
    with read() as session:
        updating.may_revise(session, actor, asset_id)
    try:
        data = forms.load(schemas.UpdateIn())
        upload = uploading.store(request.files.get("file"))
        with transaction() as session:
            updating.revise(session, actor, asset_id, **data, upload=upload, key=idempotency_key())
    except (ValidationError, Invalid, TooLarge, Conflict) as error:
        faults = forms.faults(error)
        return _page(asset_id, forms.sent(), faults, None if faults else str(error)), 422
    flash(_("The file is stored."), "done")
    return _back(asset_id)


@pages.post("/assets/<uuid:asset_id>/updates/submission")
@require_actor
def submit(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Hand the newer file to the reviewers."""
    actor = current_actor()
    with transaction() as session:
        updating.submit(session, actor, asset_id)
    flash(_("The newer file is with the reviewers."), "done")
    return _back(asset_id)


@pages.post("/assets/<uuid:asset_id>/updates/withdrawal")
@require_actor
def withdraw(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Take the newer file back."""
    actor = current_actor()
    with transaction() as session:
        updating.withdraw(session, actor, asset_id)
    flash(_("The newer file is withdrawn."), "done")
    return _back(asset_id)


@pages.post("/assets/<uuid:asset_id>/updates/review")
@require_actor
def review(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Approve or reject the newer file."""
    actor = current_actor()
    try:
        data = forms.load(schemas.ReviewIn())
    except ValidationError as error:
        return _page(asset_id, forms.sent(), forms.faults(error)), 422
    with transaction() as session:
        approve = data["decision"] == "approve"
        updating.review(session, actor, asset_id, approve=approve, reason=data["reason"])
    flash(_("The decision is recorded."), "done")
    return _back(asset_id)


def _back(asset_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("updates.updates", asset_id=asset_id), 303)


def _page(
    asset_id: uuid.UUID,
    values: dict[str, Any] | None = None,
    faults: dict[str, Any] | None = None,
    message: str | None = None,
) -> str:
    actor = current_actor()
    with read() as session:
        detail = reading.detail(session, actor, asset_id)
        found = update_reading.updates(session, actor, asset_id)
    relation = reading.relation(actor, detail.asset)
    state = detail.update.state if detail.update else None
    owner = permissions.allowed(actor, "asset.submit", relation)
    return render_template(
        "pages/registry/updates.html",
        asset=detail.asset,
        detail=detail,
        updates=[(one, _comparison(one)) for one in found],
        types=TYPE_LABELS,
        may_revise=detail.asset.state is RegistrationState.REGISTERED
        and permissions.allowed(actor, "asset.draft", relation),
        may_submit=owner
        and state is UpdateState.DRAFT
        and detail.measuring == "measured"
        and not (detail.screened and detail.screened.stops),
        may_withdraw=owner and detail.update is not None and detail.is_undecided,
        may_review=state is UpdateState.SUBMITTED and permissions.allowed(actor, "asset.review", relation),
        awaits=state is UpdateState.SUBMITTED or detail.measuring == "pending",
        **uploading.accepted(),
        values=values or {},
        faults=faults or {},
        message=message,
    )


def _comparison(one: Updated) -> comparison.Comparison | None:
    found = one.update.comparison
    return comparison.from_document(found) if found else None
