"""The steps of an update: a newer file of a registered asset, on its way to be the one on offer (rule R2.8).

Its provider uploads it, the exchange measures it and compares it with the file on offer, a reviewer decides. Contracts
and listings go on naming the file that they named; whoever has a right to updates gets the new one
(:mod:`market.trades.updating`), and its provider may move a listing to it.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import jobs, steps
from market.actor import Actor
from market.errors import Conflict
from market.i18n import _
from market.permissions import require
from market.registry import duplicates
from market.registry.files import UNDER_WAY, last_ordinal
from market.registry.models import Asset, Inspection, Revision, Update
from market.registry.reading import asset_of, measured_in, not_inspected, offered_of, relation
from market.registry.screened import demand_unstopped
from market.registry.service import Upload
from market.registry.states import RegistrationState, UpdateEvent, UpdateState, advance_update, wrong_state
from market.steps import Kind, Pending, Step

RULE = "R2.8"


def may_revise(session: Session, actor: Actor, asset_id: uuid.UUID) -> Asset:
    """Return an asset that the actor may give a newer file now; asked before a large one is stored for nothing.

    Raises:
        Conflict: it is not registered (``asset.wrong_state``).
        Forbidden: the actor may not.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id)
    require(actor, "asset.draft", relation(actor, asset))
    if asset.state is not RegistrationState.REGISTERED:
        raise wrong_state(asset.state)
    return asset


def revise(
    session: Session,
    actor: Actor,
    asset_id: uuid.UUID,
    *,
    changes: str,
    upload: Upload,
    key: str | None = None,
) -> Update:
    """Bring a newer file of a registered asset; one that was under way is withdrawn in the same step.

    Args:
        session: the session of the transaction.
        actor: a member of the provider.
        asset_id: which asset.
        changes: what differs from the file on offer; reviewers and buyers read it.
        upload: the stored file.
        key: the ``Idempotency-Key``.

    Raises:
        Conflict: the asset is not registered (``asset.wrong_state``), the file is the one on offer
            (``update.unchanged``) or another asset's (``asset.duplicate``, rule R2.5), or the key was used for
            something else.
        Forbidden: the actor may not.
        NotFound: no such asset.
    """
    given = {"changes": changes, "file": upload.blob.digest, "filename": upload.filename}
    asset_of(session, actor, asset_id, lock=True)
    asset = may_revise(session, actor, asset_id)
    made = steps.once(session, actor, key, Kind.ASSET_REVISED, {"asset": str(asset_id), **given})
    if made is not None:
        return session.get_one(Update, made)
    after = offered_of(session, asset)
    if after.digest == upload.blob.digest:
        raise Conflict("update.unchanged", _("This is the file that is on offer; upload the newer one."))
    duplicates.refuse_file(session, upload.blob.digest, asset.provider_id, asset.id)
    step = steps.begin(actor, Kind.ASSET_REVISED, asset.handle)
    _give_up(session, step, asset)
    revision = Revision(
        id=uuid.uuid4(),
        step_id=step.id,
        asset_id=asset.id,
        ordinal=last_ordinal(session, asset.id) + 1,
        digest=upload.blob.digest,
        size=upload.blob.size,
        media_type=upload.media_type,
        filename=upload.filename,
    )
    session.add(revision)
    session.flush()
    update = Update(
        id=uuid.uuid4(),
        step_id=step.id,
        asset_id=asset.id,
        revision_id=revision.id,
        after_id=after.id,
        changes=changes,
        uploaded_at=step.time,
    )
    session.add(update)
    steps.remember(session, actor, key, Kind.ASSET_REVISED, {"asset": str(asset_id), **given}, update.id)
    jobs.queue(session, "revision.uploaded", revision=revision.id)
    steps.record(session, step, given=given)
    return update


def submit(session: Session, actor: Actor, asset_id: uuid.UUID) -> Step:
    """Hand a measured update to the reviewers.

    Raises:
        Conflict: there is none (``update.none``), it is not measured yet or cannot be (``asset.not_inspected``), holds
            another asset's data (``asset.duplicate``, rule R2.5), what was found in it stops it (``asset.stopped``,
            rule R2.7), or it is not in a state for that.
        Forbidden: the actor may not submit.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.submit", relation(actor, asset))
    update, revision = _newest(session, asset)
    given = {"file": revision.digest}
    if update.state is UpdateState.SUBMITTED:
        return steps.repeat(session, actor, Kind.UPDATE_SUBMITTED, asset.handle, given)
    state = advance_update(update.state, UpdateEvent.SUBMIT)
    inspection = _demand_measured(session, update)
    demand_unstopped(session, inspection)
    if inspection.content_digest is not None:
        duplicates.refuse_submission(session, asset, revision, inspection.content_digest)
    step = steps.begin(actor, Kind.UPDATE_SUBMITTED, asset.handle)
    update.state = state
    update.step_id = step.id
    return steps.record(session, step, given=given)


def review(session: Session, actor: Actor, asset_id: uuid.UUID, *, approve: bool, reason: str) -> Step:
    """Approve or reject a submitted update (rule R2.8); approved, it is the file on offer from now on.

    Args:
        session: the session of the transaction.
        actor: a reviewer, not of the provider's organisation (rule R1.5).
        asset_id: which asset.
        approve: the decision.
        reason: why; the provider reads it.

    Raises:
        Conflict: there is no update (``update.none``), it does not wait for a review or was decided otherwise, or what
            refused the submission does so now.
        Forbidden: the actor may not review this asset.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.review", relation(actor, asset))
    update, revision = _newest(session, asset)
    event, kind = (
        (UpdateEvent.APPROVE, Kind.UPDATE_APPROVED) if approve else (UpdateEvent.REJECT, Kind.UPDATE_REJECTED)
    )
    given = {"approve": approve, "reason": reason, "file": revision.digest}
    if update.state in {UpdateState.APPROVED, UpdateState.REJECTED}:
        return steps.repeat(session, actor, kind, asset.handle, given)
    state = advance_update(update.state, event)
    if approve:
        inspection = _demand_measured(session, update)
        demand_unstopped(session, inspection)
        duplicates.refuse_approval(session, asset, revision, inspection)
    step = steps.begin(actor, kind, asset.handle)
    update.state = state
    update.step_id = step.id
    update.decision = reason
    update.decided_at = step.time
    if approve:
        jobs.queue(session, "update.approved", update=update.id)
    return steps.record(session, step, given=given, note={"reason": reason})


def withdraw(session: Session, actor: Actor, asset_id: uuid.UUID) -> Step:
    """Take back an update that nobody decided on yet.

    Raises:
        Conflict: there is none (``update.none``), or it was decided on.
        Forbidden: the actor may not.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.submit", relation(actor, asset))
    update, revision = _newest(session, asset)
    given = {"file": revision.digest}
    if update.state is UpdateState.WITHDRAWN:
        return steps.repeat(session, actor, Kind.UPDATE_WITHDRAWN, asset.handle, given)
    state = advance_update(update.state, UpdateEvent.WITHDRAW)
    step = steps.begin(actor, Kind.UPDATE_WITHDRAWN, asset.handle)
    update.state = state
    update.step_id = step.id
    return steps.record(session, step, given=given)


def _newest(session: Session, asset: Asset) -> tuple[Update, Revision]:
    query = (
        select(Update, Revision)
        .join(Revision, Revision.id == Update.revision_id)
        .where(Update.asset_id == asset.id)
        .order_by(Revision.ordinal.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise Conflict("update.none", _("No newer file of this asset was uploaded."), rule=RULE)
    return found[0], found[1]


def _give_up(session: Session, step: Pending, asset: Asset) -> None:
    for update in session.scalars(
        select(Update).where(Update.asset_id == asset.id, Update.state.in_(UNDER_WAY))
    ):
        update.state = advance_update(update.state, UpdateEvent.WITHDRAW)
        update.step_id = step.id


def _demand_measured(session: Session, update: Update) -> Inspection:
    inspection = measured_in(session, update.revision_id)
    if inspection is None or inspection.report is None or update.comparison is None:
        raise not_inspected()
    return inspection
