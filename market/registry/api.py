"""JSON routes of assets, under ``/api/v1/assets``."""

import json
import uuid
from typing import Any

from sqlalchemy.orm import Session

from market.actor import Actor
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key, require_actor
from market.registry import appealing, declaring, progress, reading, schemas, service, uploading
from market.registry.models import Asset, Origin
from market.registry.reading import Detail
from market.registry.states import RegistrationState
from market.steps import index_of

blueprint = Blueprint("registry_api", __name__, url_prefix="/api/v1/assets", description="Assets")


@blueprint.post("")
@require_actor  # before the file is read
@blueprint.arguments(schemas.AssetIn, location="form")
@blueprint.arguments(schemas.FileIn, location="files")
@blueprint.response(201, schemas.AssetOut)
def draft(data: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    """Draft an asset with its file; the exchange measures it at once."""
    actor, key = current_actor(), idempotency_key()
    service.may_draft(actor)
    upload = uploading.store(files["file"])
    with transaction() as session:
        asset = service.draft(session, actor, **data, upload=upload, key=key)
        return _after(session, actor, asset.id, asset.step_id)


@blueprint.get("")
@blueprint.arguments(schemas.AssetsQuery, location="query")
@blueprint.response(200, schemas.AssetsOut)
def list_assets(query: dict[str, Any]) -> dict[str, Any]:
    """List your assets, newest first; the operator's staff see every submitted one."""
    actor = current_actor()
    state = RegistrationState(query["state"]) if "state" in query else None
    with read() as session:
        page = reading.assets(session, actor, query.get("cursor"), state)
        return {"items": [_asset(actor, asset) for asset in page.items], "next": page.next}


@blueprint.get("/<uuid:asset_id>")
@blueprint.response(200, schemas.AssetOut)
def show(asset_id: uuid.UUID) -> dict[str, Any]:
    """Return an asset."""
    actor = current_actor()
    with read() as session:
        asset = reading.asset_of(session, actor, asset_id)
        return _after(session, actor, asset_id, asset.step_id)


@blueprint.get("/<uuid:asset_id>/inspection")
@blueprint.response(200, schemas.InspectionOut)
def inspection(asset_id: uuid.UUID) -> dict[str, Any]:
    """Return what the exchange measured in the asset's file."""
    actor = current_actor()
    with read() as session:
        detail = reading.detail(session, actor, asset_id)
        return _inspection(detail) | {"done": progress.done(session, detail.revision.id)}


@blueprint.get("/<uuid:asset_id>/declaration")
@blueprint.response(200, schemas.DeclarationOut)
def declaration(asset_id: uuid.UUID) -> dict[str, Any]:
    """Return what is declared of the asset's file, or a draft from what was measured."""
    actor = current_actor()
    with read() as session:
        declared, row = declaring.current(session, actor, asset_id)
        return {
            "declared": json.loads(declared.to_json()),
            "digest": declared.digest,
            "origin": row.origin if row else Origin.DRAFT,
            "declared_at": row.declared_at if row else None,
        }


@blueprint.put("/<uuid:asset_id>/declaration")
@blueprint.arguments(schemas.DeclarationIn)
@blueprint.response(200, schemas.AssetOut)
def declare(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Declare what the file of a draft should hold; the exchange measures it again."""
    actor = current_actor()
    declared = declaring.built(data)
    with transaction() as session:
        step = declaring.declare(session, actor, asset_id, declared, Origin.OWN)
        return _after(session, actor, asset_id, step.entry_id)


@blueprint.post("/<uuid:asset_id>/submission")
@blueprint.response(200, schemas.AssetOut)
def submit(asset_id: uuid.UUID) -> dict[str, Any]:
    """Hand a measured draft to the reviewers."""
    actor = current_actor()
    with transaction() as session:
        step = service.submit(session, actor, asset_id)
        return _after(session, actor, asset_id, step.entry_id)


@blueprint.post("/<uuid:asset_id>/review")
@blueprint.arguments(schemas.ReviewIn)
@blueprint.response(200, schemas.AssetOut)
def review(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Approve or reject a registration, with a reason (reviewers only)."""
    actor = current_actor()
    approve = data["decision"] == "approve"
    with transaction() as session:
        step = service.review(session, actor, asset_id, approve=approve, reason=data["reason"])
        return _after(session, actor, asset_id, step.entry_id)


@blueprint.post("/<uuid:asset_id>/corrections")
@blueprint.arguments(schemas.CorrectionIn)
@blueprint.response(200, schemas.AssetOut)
def correct(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Correct what a column was taken for, with a reason (reviewers only)."""
    actor = current_actor()
    with transaction() as session:
        step = appealing.correct(session, actor, asset_id, **data)
        return _after(session, actor, asset_id, step.entry_id)


@blueprint.post("/<uuid:asset_id>/appeal")
@blueprint.arguments(schemas.AppealIn)
@blueprint.response(200, schemas.AssetOut)
def appeal(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Ask the operator to let a stopped registration go on."""
    actor = current_actor()
    with transaction() as session:
        step = appealing.appeal(session, actor, asset_id, **data)
        return _after(session, actor, asset_id, step.entry_id)


@blueprint.post("/<uuid:asset_id>/release")
@blueprint.arguments(schemas.ReleaseIn)
@blueprint.response(200, schemas.AssetOut)
def release(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Release a stopped registration or hold it, with a reason (the operator only)."""
    actor = current_actor()
    with transaction() as session:
        step = appealing.decide(session, actor, asset_id, **data)
        return _after(session, actor, asset_id, step.entry_id)


def _after(session: Session, actor: Actor, asset_id: uuid.UUID, entry_id: uuid.UUID) -> dict[str, Any]:
    detail = reading.detail(session, actor, asset_id)
    return {
        **_asset(actor, detail.asset),
        "inspection": detail.measuring,
        "file": detail.revision,
        "entry_id": entry_id,
        "index": index_of(session, entry_id),
    }


def _asset(actor: Actor, asset: Asset) -> dict[str, Any]:
    shown = {name: getattr(asset, name) for name in schemas.AssetItemOut().fields}
    if not reading.knows_duplicates(actor):
        shown["duplicate_of"] = None
    return shown


def _inspection(detail: Detail) -> dict[str, Any]:
    row, report = detail.inspection, detail.report
    return {
        "entry_id": row.step_id if row else None,
        "state": detail.measuring,
        "code": row.refusal if row else None,
        "message": detail.refusal,
        "inspected_at": row.inspected_at if row else None,
        "report_digest": row.report_digest if row else None,
        "content_digest": row.content_digest if row else None,
        "encoding": report.encoding if report else None,
        "rows": report.rows if report else None,
        "duplicate_rows": report.duplicate_rows if report else None,
        "nulls": report.nulls if report else None,
        "columns": report.columns if report else [],
        "sensitive": _sensitive(detail),
        "alike": [
            {
                "id": one.asset.id,
                "number": one.asset.number,
                "contained": one.contained,
                "contains": one.contains,
            }
            for one in detail.alike
        ],
    }


def _sensitive(detail: Detail) -> dict[str, Any] | None:
    found = detail.screened
    if found is None:
        return None
    names = ("column", "kind", "level", "cells", "filled", "valid", "basis", "declared")
    return {
        "found": [
            {name: getattr(one, name) for name in names} | {"examples": detail.examples.get(one.column, [])}
            for one in found.findings.found
        ],
        "hidden": found.findings.hidden,
        "negative": found.findings.negative,
        "stops": [one.document() | {"code": one.code, "message": str(one)} for one in found.stops],
        "corrections": found.corrections,
        "appeals": found.appeals,
    }
