"""Looking up assets: who may see which, and what stands beside them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select, union
from sqlalchemy.orm import Session

from market.actor import Actor, Role
from market.db import locked
from market.errors import Conflict, NotFound
from market.i18n import _
from market.inspection import findings as finding
from market.inspection import report as reports
from market.inspection.explain import explain
from market.paging import Page, page
from market.permissions import Relation
from market.registry import likeness
from market.registry.declarations import newest
from market.registry.files import GIVEN_UP, UNDER_WAY, is_claiming, newest_file
from market.registry.likeness import Alike
from market.registry.models import Appeal, Asset, Inspection, Revision, Update
from market.registry.screened import Screened, screened
from market.registry.states import CLAIMING, UNDECIDED, RegistrationState, UpdateState

STAFF = (Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)


@dataclass(frozen=True)
class Detail:
    """An asset with its file and what was measured.

    Attributes:
        asset: the row.
        revision: its file that the actor sees (:func:`revision_for`).
        update: the update that this file came with; None for the first.
        inspection: the row, None until the file was measured.
        report: the measured facts, with values only for the provider's people and reviewers, and of sensitive columns
            for nobody; None when the file was not or could not be measured.
        refusal: why the file could not be measured, in the reader's language; else None.
        duplicate: the earlier asset with the same data; None for everybody but reviewers.
        alike: while the asset is not decided on, others with data in common: all of them for reviewers, for the
            provider's people those that are public or their own.
        screened: what was found of sensitive data and what became of it; None as with the report.
        examples: masked values of columns with findings, for the provider's people and reviewers alone.
    """

    asset: Asset
    revision: Revision
    update: Update | None
    inspection: Inspection | None
    report: reports.Report | None
    refusal: str | None
    duplicate: Asset | None
    alike: Sequence[Alike]
    screened: Screened | None
    examples: Mapping[str, Sequence[str]]

    @property
    def is_draft(self) -> bool:
        """Whether the file waits for its provider."""
        return is_draft(self.asset, self.update)

    @property
    def is_undecided(self) -> bool:
        """Whether nobody has decided on the file yet."""
        return is_undecided(self.asset, self.update)

    @property
    def measuring(self) -> str:
        """How far measuring came: ``pending``, ``measured`` or ``refused``."""
        if self.inspection is None:
            return "pending"
        return "refused" if self.inspection.refusal else "measured"


def is_draft(asset: Asset, update: Update | None) -> bool:
    """Tell whether a file of an asset, which came with this update or as its first, waits for its provider."""
    state = asset.state if update is None else update.state
    return state in {RegistrationState.DRAFT, UpdateState.DRAFT}


def is_undecided(asset: Asset, update: Update | None) -> bool:
    """Tell whether nobody has decided yet on a file of an asset, which came with this update or as its first."""
    return asset.state in UNDECIDED if update is None else update.state in UNDER_WAY


def knows_duplicates(actor: Actor) -> bool:
    """Tell whether the actor may learn that somebody else claims the same data."""
    return actor.has(Role.REVIEWER)


def relation(actor: Actor, asset: Asset) -> Relation:
    """Return how the actor's organisation stands to an asset."""
    return Relation.OWN if asset.provider_id == actor.organisation_id else Relation.OTHER


def asset_of(session: Session, actor: Actor, asset_id: uuid.UUID, *, lock: bool = False) -> Asset:
    """Return an asset that the actor may see.

    Args:
        session: a session.
        actor: who asks.
        asset_id: which asset.
        lock: whether it is about to be changed.

    Raises:
        NotFound: there is none, or it is another organisation's.
    """
    asset: Asset | None = session.scalars(_visible(actor).where(Asset.id == asset_id)).one_or_none()
    if asset is None:
        raise NotFound("asset.not_found", _("There is no such asset."))
    return locked(session, Asset, asset_id) if lock else asset


def by_handle(session: Session, actor: Actor, handle: str) -> Asset | None:
    """Return the asset that the actor may see by its handle in the log, or None."""
    found: Asset | None = session.scalars(_visible(actor).where(Asset.handle == handle)).one_or_none()
    return found


def handles_of(organisations: Collection[uuid.UUID]) -> Select[str]:
    """Return the query for the handles of all assets that organisations provide."""
    return select(Asset.handle).where(Asset.provider_id.in_(organisations))


def of_handles(session: Session, handles: Collection[str]) -> list[Asset]:
    """Return the assets of some handles, whoever provides them; handles of other objects are passed over."""
    return list(session.scalars(select(Asset).where(Asset.handle.in_(handles)).order_by(Asset.id)))


def by_number(session: Session, number: str) -> Asset | None:
    """Return the asset with a registration number, whoever asks; None where there is none.

    The number is random and not countable: whoever was given it may check what it stands for.
    """
    found: Asset | None = session.scalars(select(Asset).where(Asset.number == number)).one_or_none()
    return found


def assets(
    session: Session, actor: Actor, cursor: str | None = None, state: RegistrationState | None = None
) -> Page[Asset]:
    """Return the assets that the actor may see, newest first; staff see all that were submitted.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    query = _visible(actor)
    if state is not None:
        query = query.where(Asset.state == state)
    return page(session, query, Asset.drafted_at, Asset.id, cursor)


def detail(session: Session, actor: Actor, asset_id: uuid.UUID) -> Detail:
    """Return an asset with everything that the actor may see of it.

    Raises:
        NotFound: there is none, or it is another organisation's.
    """
    asset = asset_of(session, actor, asset_id)
    revision = revision_for(session, actor, asset)
    update = update_of(session, revision.id)
    inspection = measured_in(session, revision.id)
    insider = relation(actor, asset) is Relation.OWN or actor.has(Role.REVIEWER)
    preview = inspection.preview if inspection is not None and insider else None
    report = found = None
    if inspection is not None and inspection.report is not None:
        found = screened(session, inspection)
        report = reports.parse(inspection.report, preview).hiding(found.findings.sensitive)
    duplicate = (
        session.get(Asset, asset.duplicate_of) if asset.duplicate_of and knows_duplicates(actor) else None
    )
    return Detail(
        asset=asset,
        revision=revision,
        update=update,
        inspection=inspection,
        report=report,
        refusal=explain(inspection.refusal, inspection.facts or {})
        if inspection and inspection.refusal
        else None,
        duplicate=duplicate,
        alike=_alike(session, actor, asset, revision) if is_undecided(asset, update) else [],
        screened=found,
        examples=finding.examples(preview) if preview else {},
    )


def _alike(session: Session, actor: Actor, asset: Asset, revision: Revision) -> list[Alike]:
    own = relation(actor, asset) is Relation.OWN
    if not (own or knows_duplicates(actor)):
        return []
    best: dict[uuid.UUID, Alike] = {}
    for one in likeness.alike(session, asset, revision):  # by file, the most alike first
        best.setdefault(one.asset.id, one)
    found = list(best.values())
    if knows_duplicates(actor) and not own:
        return found
    return [one for one in found if likeness.may_name(one.asset, asset.provider_id)]


def revision_of(session: Session, asset: Asset) -> Revision:
    """Return the file of an asset on which its provider and the reviewers work: the newest that was not given up."""
    return session.scalars(newest_file(asset.id, *GIVEN_UP)).one()


def revision_for(session: Session, actor: Actor, asset: Asset) -> Revision:
    """Return the file of an asset that the actor sees: that which is worked on, for others only once it waits for them.

    An update is shown to the operator's people from its submission on, or from an appeal on.
    """
    working = revision_of(session, asset)
    if relation(actor, asset) is Relation.OWN:
        return working
    update = update_of(session, working.id)
    if update is None or update.state is not UpdateState.DRAFT or _is_appealed(session, working.id):
        return working
    return offered_of(session, asset)


def not_inspected() -> Conflict:
    """Return the refusal of what needs a measured file (rule R2.2)."""
    return Conflict(
        "asset.not_inspected",
        _("The exchange has not measured this file; wait until it has, or upload one that can be measured."),
        rule="R2.2",
    )


def update_of(session: Session, revision_id: uuid.UUID) -> Update | None:
    """Return the update that a file came with; None for the first file of an asset."""
    return session.scalars(select(Update).where(Update.revision_id == revision_id)).one_or_none()


def offered_of(session: Session, asset: Asset) -> Revision:
    """Return the file of a registered asset that is on offer: the newest that was approved."""
    return session.scalars(newest_file(asset.id, *GIVEN_UP, *UNDER_WAY)).one()


def inspection_of(session: Session, asset: Asset) -> Inspection | None:
    """Return what was measured in the file that is worked on; None until that is done."""
    return measured_in(session, revision_of(session, asset).id)


def measured_in(session: Session, revision_id: uuid.UUID) -> Inspection | None:
    """Return what was measured in a file, held against what is declared of it; None until that is done."""
    query = select(Inspection).where(
        Inspection.revision_id == revision_id, Inspection.ordinal == newest(revision_id)
    )
    return session.scalars(query).one_or_none()


def _is_appealed(session: Session, revision_id: uuid.UUID) -> bool:
    return session.scalar(select(exists().where(Appeal.revision_id == revision_id))) is True


def earlier(
    session: Session, asset_id: uuid.UUID | None, file_digest: str, content_digest: str | None
) -> list[Asset]:
    """Return the assets that already claim the same data, oldest first; an update claims once it is approved.

    Args:
        session: a session.
        asset_id: the asset that is being registered, itself left out.
        file_digest: SHA-256 of its bytes.
        content_digest: digest of its table; None while it is not measured.
    """
    same = [select(Revision.asset_id).where(Revision.digest == file_digest)]
    if content_digest is not None:  # each by its own index: joined by OR, every asset would be looked at
        measured = Inspection.content_digest == content_digest
        same.append(select(Revision.asset_id).join(Inspection).where(measured))
    claiming = (
        Asset.id.in_(union(*(query.where(is_claiming()) for query in same))),
        Asset.state.in_(CLAIMING),
        Asset.id != asset_id,
    )
    return list(session.scalars(select(Asset).where(*claiming).order_by(Asset.drafted_at, Asset.id)))


def _visible(actor: Actor) -> Select[Asset]:
    """Select what the actor may see: the own organisation's; for staff what left the draft or was appealed."""
    own = Asset.provider_id == actor.organisation_id
    if actor.has(*STAFF):
        appealed = exists().where(Revision.asset_id == Asset.id, Appeal.revision_id == Revision.id)
        return select(Asset).where(or_(own, Asset.state != RegistrationState.DRAFT, appealed))
    return select(Asset).where(own)
