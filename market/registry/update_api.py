"""JSON routes of newer files of an asset, under ``/api/v1/assets/<id>``."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key, require_actor
from market.registry import schemas, update_reading, updating, uploading
from market.registry.update_reading import Updated
from market.steps import index_of

blueprint = Blueprint("update_api", __name__, url_prefix="/api/v1/assets", description="Assets")

COLUMNS = "state", "changes", "comparison", "decision", "uploaded_at", "decided_at"


@blueprint.get("/<uuid:asset_id>/updates")
@blueprint.response(200, schemas.UpdatesOut)
def updates(asset_id: uuid.UUID) -> dict[str, Any]:
    """List the newer files of an asset, with how each differs from the one on offer when it came."""
    actor = current_actor()
    with read() as session:
        found = update_reading.updates(session, actor, asset_id)
        return {"items": [_update(session, one) for one in found]}


@blueprint.post("/<uuid:asset_id>/updates")
@require_actor  # before the file is read
@blueprint.arguments(schemas.UpdateIn, location="form")
@blueprint.arguments(schemas.FileIn, location="files")
@blueprint.response(201, schemas.UpdateOut)
def revise(data: dict[str, Any], files: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Upload a newer file of a registered asset; it is measured and compared with the one on offer."""
    actor, key = current_actor(), idempotency_key()
    with read() as session:
        updating.may_revise(session, actor, asset_id)
    upload = uploading.store(files["file"])
    with transaction() as session:
        update = updating.revise(session, actor, asset_id, **data, upload=upload, key=key)
        return _update(session, update_reading.update_at(session, actor, update.id))


@blueprint.post("/<uuid:asset_id>/updates/submission")
@blueprint.response(200, schemas.UpdateOut)
def submit(asset_id: uuid.UUID) -> dict[str, Any]:
    """Hand the newest file to the reviewers."""
    actor = current_actor()
    with transaction() as session:
        updating.submit(session, actor, asset_id)
        return _newest(session, asset_id)


@blueprint.post("/<uuid:asset_id>/updates/review")
@blueprint.arguments(schemas.ReviewIn)
@blueprint.response(200, schemas.UpdateOut)
def review(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Approve or reject the newest file, with a reason (reviewers only)."""
    actor = current_actor()
    approve = data["decision"] == "approve"
    with transaction() as session:
        updating.review(session, actor, asset_id, approve=approve, reason=data["reason"])
        return _newest(session, asset_id)


@blueprint.post("/<uuid:asset_id>/updates/withdrawal")
@blueprint.response(200, schemas.UpdateOut)
def withdraw(asset_id: uuid.UUID) -> dict[str, Any]:
    """Take the newest file back before a decision."""
    actor = current_actor()
    with transaction() as session:
        updating.withdraw(session, actor, asset_id)
        return _newest(session, asset_id)


def _newest(session: Session, asset_id: uuid.UUID) -> dict[str, Any]:
    return _update(session, update_reading.updates(session, current_actor(), asset_id)[0])


def _update(session: Session, one: Updated) -> dict[str, Any]:
    return {
        **{name: getattr(one.update, name) for name in COLUMNS},
        "ordinal": one.revision.ordinal,
        "file": one.revision,
        "after": one.after,
        "entry_id": one.update.step_id,
        "index": index_of(session, one.update.step_id),
    }
