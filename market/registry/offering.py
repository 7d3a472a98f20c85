"""What the catalogue and contracts need to know of an asset, as values."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.actor import Actor
from market.db import locked
from market.errors import Conflict, NotFound
from market.i18n import _
from market.inspection import report as reports
from market.registry.models import Asset, Inspection, Revision
from market.registry.reading import asset_of, measured_in, offered_of
from market.registry.states import RegistrationState


@dataclass(frozen=True)
class RegisteredAsset:
    """A registered asset with the file that is offered and what was measured in it.

    Attributes:
        id: of the asset.
        number: its registration number.
        handle: its public handle.
        title: what its provider calls it.
        provider_id: the organisation that registered it.
        revision_id: the file's row.
        digest: SHA-256 of the file.
        size: of the file in bytes.
        filename: of the file.
        media_type: of the file.
        report: the measured facts, without values.
        report_digest: SHA-256 of the report's canonical text.
        authority: whose public data they are registered as (R2.10); None for nobody's.
        authority_basis: on what ground.
    """

    id: uuid.UUID
    number: str
    handle: str
    title: str
    provider_id: uuid.UUID
    revision_id: uuid.UUID
    digest: str
    size: int
    filename: str
    media_type: str
    report: reports.Report
    report_digest: str
    authority: str | None = None
    authority_basis: str | None = None


def registered(session: Session, actor: Actor, asset_id: uuid.UUID) -> RegisteredAsset:
    """Return a registered asset that the actor may see.

    Raises:
        Conflict: it is not registered (``asset.not_registered``, rule R3.1).
        NotFound: no such asset.
    """
    return _facts(session, asset_of(session, actor, asset_id))


def tradable(
    session: Session, asset_id: uuid.UUID, revision_id: uuid.UUID | None = None, *, lock: bool = False
) -> RegisteredAsset:
    """Return a registered asset, whoever asks.

    Args:
        session: a session.
        asset_id: which asset.
        revision_id: which of its files; the one on offer unless given.
        lock: whether it must stay registered until the end of the transaction.

    Raises:
        Conflict: its registration is suspended, cancelled or expired (``asset.not_registered``, rule R2.6).
    """
    asset = locked(session, Asset, asset_id) if lock else session.get_one(Asset, asset_id)
    return _facts(session, asset, revision_id)


def measured(session: Session, asset_id: uuid.UUID, revision_id: uuid.UUID | None = None) -> RegisteredAsset:
    """Return an asset that once was registered, whatever became of it; for showing its old listings."""
    return _facts(session, session.get_one(Asset, asset_id), revision_id, demand=False)


def named(session: Session, asset_id: uuid.UUID, digest: str) -> RegisteredAsset:
    """Return an asset that once was registered with the file of this SHA-256, as a contract names it.

    Raises:
        NotFound: the asset has no such file (``asset.not_found``).
    """
    query = select(Revision.id).where(Revision.asset_id == asset_id, Revision.digest == digest)
    revision_id = session.scalars(query.order_by(Revision.ordinal)).first()
    if revision_id is None:
        raise NotFound("asset.not_found", _("There is no such asset."))
    return measured(session, asset_id, revision_id)


def is_newest(session: Session, asset_id: uuid.UUID, revision_id: uuid.UUID) -> bool:
    """Tell whether a file is the one that its asset offers now."""
    return offered_of(session, session.get_one(Asset, asset_id)).id == revision_id


def briefs(session: Session, revision_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, reports.Report]:
    """Return what was measured in many files at once, for lists; a file not measured is left out."""
    rows = session.execute(
        select(Inspection.revision_id, Inspection.report)
        .where(Inspection.revision_id.in_(revision_ids), Inspection.report.is_not(None))
        .order_by(Inspection.ordinal)  # the last of a file counts
    )
    return {revision_id: reports.parse(report) for revision_id, report in rows if report is not None}


def _facts(
    session: Session, asset: Asset, revision_id: uuid.UUID | None = None, *, demand: bool = True
) -> RegisteredAsset:
    revision = session.get_one(Revision, revision_id) if revision_id else offered_of(session, asset)
    inspection = measured_in(session, revision.id)
    if demand and asset.state is not RegistrationState.REGISTERED:
        raise Conflict(
            "asset.not_registered",
            _("Only an asset whose registration is in force can be listed or traded."),
            rule="R3.1" if asset.number is None else "R2.6",
            state=asset.state.value,
        )
    if (
        asset.number is None
        or inspection is None
        or inspection.report is None
        or inspection.report_digest is None
    ):
        raise RuntimeError(f"asset {asset.id} is registered without number or inspection")
    return RegisteredAsset(
        id=asset.id,
        number=asset.number,
        handle=asset.handle,
        title=asset.title,
        provider_id=asset.provider_id,
        revision_id=revision.id,
        digest=revision.digest,
        size=revision.size,
        filename=revision.filename,
        media_type=revision.media_type,
        report=reports.parse(inspection.report),
        report_digest=inspection.report_digest,
        authority=asset.authority,
        authority_basis=asset.authority_basis,
    )
