"""The steps about what was found in a file: a reviewer corrects, a provider appeals, the operator decides (R2.7)."""

import uuid

from sqlalchemy.orm import Session

from market import steps
from market.actor import Actor
from market.errors import Conflict
from market.i18n import _
from market.inspection.sensitive.classes import Sensitive
from market.permissions import require
from market.registry.models import Appeal, Asset, Correction, Decision, Inspection, Update
from market.registry.reading import (
    asset_of,
    is_undecided,
    measured_in,
    not_inspected,
    relation,
    revision_for,
    update_of,
)
from market.registry.screened import RULE, Screened, screened
from market.registry.states import wrong_state
from market.steps import Kind, Step


def correct(
    session: Session, actor: Actor, asset_id: uuid.UUID, *, column: str, kind: Sensitive | None, reason: str
) -> Step:
    """Say what a column holds, over what was measured; only until the registration is decided on.

    Args:
        session: the session of the transaction.
        actor: a reviewer, not of the provider's organisation (rule R1.5).
        asset_id: which asset.
        column: its name.
        kind: the class it holds, None for nothing sensitive.
        reason: why; the provider reads it.

    Raises:
        Conflict: the asset is not measured (``asset.not_inspected``), decided on, has no such column
            (``finding.no_column``), or the column already counts as that (``finding.unchanged``).
        Forbidden: the actor may not correct.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.correct", relation(actor, asset))
    inspection, found = _screened(session, actor, asset)
    given = {"column": column, "class": kind, "reason": reason}
    of_column = [one for one in found.corrections if one.column == column]
    if of_column and of_column[-1].kind is kind:
        return steps.repeat(session, actor, Kind.FINDING_CORRECTED, asset.handle, given)
    _demand_undecided(asset, update_of(session, inspection.revision_id))
    before = _kind_in_force(found, column)
    if before is kind:
        raise Conflict(
            "finding.unchanged", _("The column counts as that already; nothing is to be corrected.")
        )
    step = steps.begin(actor, Kind.FINDING_CORRECTED, asset.handle)
    session.add(
        Correction(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=inspection.revision_id,
            ordinal=len(found.corrections) + 1,
            column=column,
            kind=kind,
            instead_of=before,
            reason=reason,
            corrected_at=step.time,
        )
    )
    return steps.record(session, step, given=given)


def appeal(session: Session, actor: Actor, asset_id: uuid.UUID, reason: str) -> Step:
    """Ask the operator to let a stopped registration go on; the operator's people see the draft from then on.

    Args:
        session: the session of the transaction.
        actor: a member of the provider.
        asset_id: which asset.
        reason: why it should.

    Raises:
        Conflict: nothing stops it (``asset.not_stopped``), it is not measured or decided on already, or another
            appeal waits.
        Forbidden: the actor may not appeal.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.appeal", relation(actor, asset))
    inspection, found = _screened(session, actor, asset)
    given = {"reason": reason}
    if found.appeal is not None:
        return steps.repeat(session, actor, Kind.ASSET_APPEALED, asset.handle, given)
    _demand_undecided(asset, update_of(session, inspection.revision_id))
    if not found.stops:
        raise Conflict("asset.not_stopped", _("Nothing that was found stops this registration."))
    step = steps.begin(actor, Kind.ASSET_APPEALED, asset.handle)
    session.add(
        Appeal(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=inspection.revision_id,
            ordinal=len(found.appeals) + 1,
            stops=[one.document() for one in found.stops],
            reason=reason,
            appealed_at=step.time,
        )
    )
    return steps.record(session, step, given=given)


def decide(session: Session, actor: Actor, asset_id: uuid.UUID, *, decision: Decision, reason: str) -> Step:
    """Release a stopped registration from exactly what stood in its way at the appeal, or hold it.

    Args:
        session: the session of the transaction.
        actor: the operator, not of the provider's organisation (rule R1.5).
        asset_id: which asset.
        decision: release or hold.
        reason: why; the provider reads it.

    Raises:
        Conflict: no appeal waits (``asset.not_appealed``), or it was decided otherwise.
        Forbidden: the actor may not decide.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.release", relation(actor, asset))
    kind = Kind.ASSET_RELEASED if decision is Decision.RELEASE else Kind.ASSET_HELD
    _inspection, found = _screened(session, actor, asset)
    given = {"decision": decision, "reason": reason}
    waiting = found.appeal
    if waiting is None and found.appeals:
        return steps.repeat(session, actor, kind, asset.handle, given)
    if waiting is None:
        raise Conflict("asset.not_appealed", _("Its provider did not ask for a decision."), rule=RULE)
    step = steps.begin(actor, kind, asset.handle)
    waiting.step_id = step.id
    waiting.decision = decision
    waiting.decision_reason = reason
    waiting.decided_at = step.time
    return steps.record(session, step, given=given, note={"reason": reason})


def _screened(session: Session, actor: Actor, asset: Asset) -> tuple[Inspection, Screened]:
    inspection = measured_in(session, revision_for(session, actor, asset).id)
    if inspection is None or inspection.report is None:
        raise not_inspected()
    return inspection, screened(session, inspection)


def _demand_undecided(asset: Asset, update: Update | None) -> None:
    if not is_undecided(asset, update):
        raise wrong_state(asset.state)


def _kind_in_force(found: Screened, column: str) -> Sensitive | None:
    if column not in found.findings.columns:
        raise Conflict("finding.no_column", _("The file has no column of this name; copy it from the list."))
    finding = found.findings.of(column)
    return finding.kind if finding else None
