"""Pages of assets: the provider's list and upload form, one asset, the reviewers' queue."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.actor import Role
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound, TooLarge
from market.i18n import _, in_language, lazy
from market.inspection.grading import INDICATORS
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS, LEVEL_LABELS
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key, optional_actor, require_actor
from market.registry import (
    cleaning_reading,
    finding_pages,
    inspected,
    offering,
    progress,
    reading,
    schemas,
    sealed,
    service,
    uploading,
)
from market.registry.models import Asset, Right
from market.registry.reading import Detail
from market.registry.states import STANDING, RegistrationState
from market.steps import Kind, Step
from market.steps.reader import story as story_of
from market.steps.telling import told

pages = Blueprint("registry", __name__)

RIGHT_LABELS = {
    Right.HOLD: lazy("right to hold the data"),
    Right.PROCESS: lazy("right to process and use the data"),
    Right.OPERATE: lazy("right to operate data products"),
}


@pages.get("/assets")
@require_actor
def assets() -> ResponseReturnValue:
    """Show the own assets, or to staff all that were submitted."""
    actor = current_actor()
    wanted = request.args.get("state", "")
    state = RegistrationState(wanted) if wanted in RegistrationState.__members__ else None
    with read() as session:
        page = reading.assets(session, actor, request.args.get("cursor"), state)
        names = participants.names(session, {asset.provider_id for asset in page.items})
    return render_template(
        "pages/registry/assets.html",
        page=page,
        names=names,
        state=wanted,
        states=list(RegistrationState),
        staff=actor.has(*reading.STAFF),
        may_draft=permissions.allowed(actor, "asset.draft"),
    )


@pages.get("/assets/new")
@require_actor
def new() -> ResponseReturnValue:
    """Show the form for a new asset."""
    service.may_draft(current_actor())
    return _form({"rights": []})


@pages.post("/assets")
@require_actor
def draft() -> ResponseReturnValue:
    """Draft an asset with its file."""
    actor = current_actor()
    service.may_draft(actor)
    try:
        data = forms.load(schemas.AssetIn(), "rights")
        upload = uploading.store(request.files.get("file"))
        with transaction() as session:
            asset = service.draft(session, actor, **data, upload=upload, key=idempotency_key())
    except (ValidationError, Invalid, TooLarge, Conflict) as error:
        faults = forms.faults(error)
        return _form(forms.sent("rights"), faults, None if faults else str(error)), 422
    flash(_("The file is stored."), "done")
    return redirect(url_for("registry.asset", asset_id=asset.id), 303)


@pages.get("/assets/<uuid:asset_id>")
@require_actor
def asset(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show one asset: what was stated, what was measured, what is next."""
    return _asset(asset_id)


@pages.get("/assets/<uuid:asset_id>/inspection")
@require_actor
def inspection(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show what was measured in an asset's file as everybody will see it once it is listed."""
    actor = current_actor()
    with read() as session:
        row = reading.asset_of(session, actor, asset_id)
        found = inspected.inspected(session, reading.revision_for(session, actor, row).id)
    return render_template(
        "pages/registry/inspection.html",
        found=found,
        title=row.title,
        path=[
            (url_for("registry.assets"), _("Assets")),
            (url_for("registry.asset", asset_id=row.id), row.title),
        ],
        sealed=url_for("registry.sealed_inspection", asset_id=row.id),
        **inspected.words(),
    )


@pages.get("/assets/<uuid:asset_id>/inspection.pdf")
@require_actor
def sealed_inspection(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Return the report as a PDF that the exchange sealed."""
    actor = current_actor()
    with read() as session:
        row = reading.asset_of(session, actor, asset_id)
        found = sealed.sealable(session, reading.revision_for(session, actor, row).id)
    return sealed.download(found, f"{asset_id}-inspection")


@pages.get("/certificates/<string:number>")
def certificate(number: str) -> ResponseReturnValue:
    """Show what a registration number stands for, and whether it is in force, to whoever has the number."""
    actor = optional_actor()
    with read() as session:
        asset = reading.by_number(session, number.upper()[:11])
        if asset is None:
            raise NotFound("asset.not_found", _("There is no such registration number."))
        page = render_template(
            "pages/registry/certificate.html",
            asset=asset,
            file=offering.measured(session, asset.id),
            provider=participants.names(session, {asset.provider_id}).get(asset.provider_id, {}),
            rights=RIGHT_LABELS,
            entry=_registered(story_of(session, asset.handle)),
            may_attest=permissions.allowed(actor, "asset.attest", reading.relation(actor, asset)),
        )
    return page


@pages.post("/assets/<uuid:asset_id>/submission")
@require_actor
def submit(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Hand a measured draft to the reviewers."""
    actor = current_actor()
    with transaction() as session:
        service.submit(session, actor, asset_id)
    flash(_("The registration is with the reviewers."), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


@pages.post("/assets/<uuid:asset_id>/review")
@require_actor
def review(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Approve or reject a registration."""
    actor = current_actor()
    try:
        data = forms.load(schemas.ReviewIn())
    except ValidationError as error:
        return _asset(asset_id, forms.sent(), forms.faults(error)), 422
    with transaction() as session:
        approve = data["decision"] == "approve"
        service.review(session, actor, asset_id, approve=approve, reason=data["reason"])
    flash(_("The decision is recorded."), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def _form(values: dict[str, Any], faults: dict[str, Any] | None = None, message: str | None = None) -> str:
    return render_template(
        "pages/registry/new.html",
        values=values,
        faults=faults or {},
        message=message,
        **uploading.accepted(),
        rights=[(right.value, RIGHT_LABELS[right]) for right in Right],
    )


def _asset(
    asset_id: uuid.UUID, values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None
) -> str:
    actor = current_actor()
    with read() as session:
        detail = reading.detail(session, actor, asset_id)
        relation = reading.relation(actor, detail.asset)
        names = participants.names(session, {detail.asset.provider_id})
        done = progress.done(session, detail.revision.id)
        asked = cleaning_reading.asked(session, actor, detail.asset, detail.revision)
        cleaned = cleaning_reading.done(session, detail.revision.id)
        story = told(session, detail.asset.handle, _who(detail.asset, names))
    waits = detail.asset.state is RegistrationState.SUBMITTED
    cleans = asked is not None and asked.refusal is None
    return render_template(
        "pages/registry/asset.html",
        detail=detail,
        provider=names.get(detail.asset.provider_id, {}),
        story=story,
        done=done,
        cleans=cleans,
        refused_recipe=cleaning_reading.why(asked) if asked else None,
        cleaned=cleaned,
        indicators=INDICATORS,
        awaits=_awaited(detail) or cleans,
        rights=RIGHT_LABELS,
        types=TYPE_LABELS,
        may_submit=detail.asset.state is RegistrationState.DRAFT
        and not cleans
        and not (detail.screened and detail.screened.stops)
        and detail.measuring == "measured"
        and permissions.allowed(actor, "asset.submit", relation),
        may_review=waits and permissions.allowed(actor, "asset.review", relation),
        may_revise=detail.asset.state is RegistrationState.REGISTERED
        and permissions.allowed(actor, "asset.draft", relation),
        may_declare=detail.is_draft
        and detail.measuring == "measured"
        and permissions.allowed(actor, "asset.declare", relation),
        may_clean=detail.is_draft
        and not cleans
        and detail.measuring == "measured"
        and permissions.allowed(actor, "asset.clean", relation),
        stops=detail.screened.stops if detail.screened else (),
        acts=finding_pages.open_to(actor, detail),
        basis=finding_pages.BASIS,
        classes=LABELS,
        levels=LEVEL_LABELS,
        may_list=detail.asset.state is RegistrationState.REGISTERED
        and permissions.allowed(actor, "listing.draft", relation),
        may_decide=detail.asset.state in STANDING
        and any(
            permissions.allowed(actor, f"asset.{act}", relation) for act in ("suspend", "restore", "cancel")
        ),
        sees_values=relation is permissions.Relation.OWN or actor.has(Role.REVIEWER),
        values=values or {},
        faults=faults or {},
    )


def _who(asset: Asset, names: Mapping[uuid.UUID, Mapping[str, str]]) -> Callable[[Step], str]:
    """Return what names the taker of a step of an asset: its provider, the operator's people, or the exchange."""

    def who(step: Step) -> str:
        if step.organisation_id == asset.provider_id:
            return f"{_('Provider')} · {in_language(names[asset.provider_id])}"
        return _("Operator") if step.organisation_id else _("The exchange")

    return who


def _awaited(detail: Detail) -> bool:
    """Tell whether the exchange or a reviewer is about to do something, so that the page looks again."""
    moving = {RegistrationState.SUBMITTED, RegistrationState.REVIEWED, RegistrationState.NOTICE}
    return detail.measuring == "pending" or detail.asset.state in moving


def _registered(story: Sequence[tuple[Step, int | None]]) -> tuple[Step, int | None]:
    """Return the step that gave the number, with its place in the log."""
    return next(one for one in story if one[0].kind == Kind.ASSET_REGISTERED)
