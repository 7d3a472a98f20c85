"""The steps of a registration. Each is one transaction of its caller's and one ledger entry."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from market import clock, jobs, steps
from market.actor import Actor
from market.db import locked, transaction
from market.permissions import Relation, require
from market.registry import duplicates, inspecting
from market.registry.models import Asset, Revision, Right
from market.registry.reading import asset_of, inspection_of, not_inspected, relation, revision_of
from market.registry.screened import demand_unstopped
from market.registry.states import RegistrationEvent, RegistrationState, advance
from market.rules import book
from market.steps import Kind, Pending, Step
from market.storage import Blob

on_uploaded = inspecting.on_uploaded


@dataclass(frozen=True)
class Upload:
    """A file that is already stored.

    Attributes:
        blob: its digest and size.
        filename: the name it came with, cleaned.
        media_type: what the name promises; whether the bytes keep it is measured.
    """

    blob: Blob
    filename: str
    media_type: str


def may_draft(actor: Actor) -> None:
    """Refuse somebody who may not register assets, before a large file is stored for nothing.

    Raises:
        Forbidden: the actor may not register assets.
    """
    require(actor, "asset.draft", Relation.OWN)


def draft(
    session: Session,
    actor: Actor,
    *,
    title: str,
    source: str,
    rights: Sequence[Right],
    upload: Upload,
    authority: str | None = None,
    authority_basis: str | None = None,
    key: str | None = None,
) -> Asset:
    """Draft an asset with its file; the file is measured by a job afterwards.

    Args:
        session: the session of the transaction.
        actor: a member of the provider.
        title: what it is called.
        source: where the data come from and how they were made (rule R2.1).
        rights: what the provider claims, at least one.
        upload: the stored file.
        authority: whose public data they are declared to be (R2.10); None for nobody's.
        authority_basis: on what ground; None without an authority.
        key: the ``Idempotency-Key``.

    Raises:
        Conflict: the same file is registered already, or the key was used for something else.
        Forbidden: the actor may not register assets.
    """
    may_draft(actor)
    given = {
        "title": title, "source": source, "rights": sorted(rights),
        "file": upload.blob.digest, "filename": upload.filename,
        **({} if authority is None else {"authority": authority, "authority_basis": authority_basis}),
    }  # fmt: skip
    made = steps.once(session, actor, key, Kind.ASSET_DRAFTED, given)
    if made is not None:
        return asset_of(session, actor, made)
    provider_id = _organisation(actor)
    duplicates.refuse_file(session, upload.blob.digest, provider_id)
    step = steps.begin(actor, Kind.ASSET_DRAFTED, steps.new_handle())
    asset = Asset(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=step.handle,
        provider_id=provider_id,
        title=title,
        source=source,
        rights=sorted(rights),
        authority=authority,
        authority_basis=authority_basis,
        drafted_at=step.time,
    )
    revision = Revision(
        id=uuid.uuid4(),
        step_id=step.id,
        asset_id=asset.id,
        ordinal=1,
        digest=upload.blob.digest,
        size=upload.blob.size,
        media_type=upload.media_type,
        filename=upload.filename,
    )
    session.add(asset)
    session.flush()
    session.add(revision)
    steps.remember(session, actor, key, Kind.ASSET_DRAFTED, given, asset.id)
    jobs.queue(session, "revision.uploaded", revision=revision.id)
    steps.record(session, step, given=given)
    return asset


def submit(session: Session, actor: Actor, asset_id: uuid.UUID) -> Step:
    """Hand a measured draft to the reviewers.

    Raises:
        Conflict: not measured yet or not measurable (``asset.not_inspected``, rule R2.2), the same data are
            registered already, or mostly the same (``asset.duplicate``, rule R2.5), what was found in them stops it
            (``asset.stopped``, rule R2.7), or it is no draft any more.
        Forbidden: the actor may not submit.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.submit", relation(actor, asset))
    before = steps.taken(session, actor, Kind.ASSET_SUBMITTED, asset.handle)
    if before is not None:
        return before
    state = advance(asset.state, RegistrationEvent.SUBMIT)
    inspection = inspection_of(session, asset)
    if inspection is None or inspection.content_digest is None:
        raise not_inspected()
    demand_unstopped(session, inspection)
    claim = duplicates.refuse_submission(
        session, asset, revision_of(session, asset), inspection.content_digest
    )
    step = steps.begin(actor, Kind.ASSET_SUBMITTED, asset.handle)
    asset.step_id = step.id
    asset.state = state
    asset.duplicate_of = claim.id if claim else None
    return steps.record(session, step)


def review(session: Session, actor: Actor, asset_id: uuid.UUID, *, approve: bool, reason: str) -> Step:
    """Approve or reject a submitted registration (rule R2.3).

    Args:
        session: the session of the transaction.
        actor: a reviewer, not of the provider's organisation (rule R1.5).
        asset_id: which asset.
        approve: the decision.
        reason: why; the provider reads it.

    Raises:
        Conflict: the registration does not wait for a review, was decided otherwise, another one of the same data,
            or mostly the same, is approved already (``asset.duplicate``, rule R2.5), or what was found in its file
            stops it (``asset.stopped``, rule R2.7).
        Forbidden: the actor may not review this asset.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.review", relation(actor, asset))
    given = {"approve": approve, "reason": reason}
    kind = Kind.ASSET_REVIEWED if approve else Kind.ASSET_REJECTED
    before = steps.taken(session, actor, kind, asset.handle, given)
    if before is not None:
        return before
    state = advance(asset.state, RegistrationEvent.APPROVE if approve else RegistrationEvent.REJECT)
    if approve:
        inspection = inspection_of(session, asset)
        duplicates.refuse_approval(session, asset, revision_of(session, asset), inspection)
        if inspection is not None:  # a correction since the submission, or a newer rule book, may stop it
            demand_unstopped(session, inspection)
    step = steps.begin(actor, kind, asset.handle)
    asset.state = state
    asset.step_id = step.id
    asset.decision = reason
    if approve:
        jobs.queue(session, "asset.approved", asset=asset.id)
    return steps.record(session, step, given=given, note={"reason": reason})


def on_approved(asset: str) -> None:
    """Job: put an approved registration up for public notice (rule R2.4)."""
    with transaction() as session:
        row = locked(session, Asset, uuid.UUID(asset))
        if row.state is not RegistrationState.REVIEWED:
            return
        step = steps.begin(Actor.system("notice"), Kind.ASSET_NOTICED, row.handle)
        row.state = advance(row.state, RegistrationEvent.GIVE_NOTICE)
        row.step_id = step.id
        row.notice_until = step.time + timedelta(days=book(step.rules).value("notice.days"))
        jobs.queue(session, "asset.notice_ended", due_at=row.notice_until, asset=row.id)
        steps.record(session, step)


def on_notice_ended(asset: str) -> None:
    """Job: register an asset whose public notice has ended, under a new number (rule R2.4)."""
    with transaction() as session:
        row = locked(session, Asset, uuid.UUID(asset))
        if row.state is not RegistrationState.NOTICE or row.notice_until is None:
            return
        if row.notice_until > clock.now():
            jobs.queue(session, "asset.notice_ended", due_at=row.notice_until, asset=row.id)
            return
        step = steps.begin(Actor.system("notice"), Kind.ASSET_REGISTERED, row.handle)
        row.state = advance(row.state, RegistrationEvent.REGISTER)
        row.step_id = step.id
        row.number = new_number()
        row.registered_at = step.time
        steps.record(session, step)


def change(step: Pending, asset: Asset, event: RegistrationEvent) -> None:
    """Suspend, restore or cancel a registration within a step that its caller records.

    Only :mod:`market.trades.suspension` calls it, since listings and grants must change in the same step.

    Args:
        step: the step, begun on the asset's handle.
        asset: the locked row.
        event: SUSPEND, RESTORE or CANCEL.

    Raises:
        Conflict: the registration is not in a state for that.
    """
    asset.state = advance(asset.state, event)
    asset.step_id = step.id


def _organisation(actor: Actor) -> uuid.UUID:
    if actor.organisation_id is None:
        raise ValueError("an asset belongs to an organisation; only its members draft one")
    return actor.organisation_id
