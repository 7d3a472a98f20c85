"""Histories: the entries of a trade or another object, each with its proof and what the viewer may open."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import entry as entries
from ledger import reader
from ledger.entry import ERASURE, Entry
from ledger.proof import Proof
from market import steps
from market.actor import Actor
from market.errors import NotFound
from market.i18n import gettext as _
from market.oversight import heads
from market.oversight.visibility import Viewer, shows, viewer_of
from market.permissions import Relation, require
from market.steps import Opening, Step
from market.trades import service as trades


@dataclass(frozen=True)
class Seen:
    """One entry as a viewer sees it.

    Attributes:
        entry: the entry.
        leaf: its published bytes.
        index: its place in the log; None until it is integrated.
        proof: against the newest checkpoint with its witnesses; None until one covers it.
        openings: what the viewer may open.
        withheld: fields that are there but not for this viewer.
        erased: fields whose opening was destroyed, with the index of the entry that says so.
        lost: fields whose opening is not there, and no erasure says why: recovered without its value, or damage.
    """

    entry: Entry
    leaf: bytes
    index: int | None
    proof: Proof | None
    openings: list[Opening]
    withheld: list[str]
    erased: dict[str, int | None]
    lost: list[str]


@dataclass(frozen=True)
class History:
    """The entries of one object in order.

    Attributes:
        reference: number of the trade, or the handle of another object.
        handle: the object's handle in the log.
        viewer: for whom the openings are.
        entries: oldest first.
        asset_id: the asset of a trade; None for other objects.
    """

    reference: str
    handle: str
    viewer: Viewer
    entries: list[Seen]
    asset_id: uuid.UUID | None = None


def of_trade(session: Session, actor: Actor, number: str) -> History:
    """Return the entries of a trade.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        Forbidden: the actor is neither a party nor an auditor.
    """
    trade = trades.seen(session, actor, number).trade
    viewer = viewer_of(actor, trades.relation_of(actor, trade))
    found = of_handle(session, actor, viewer, trade.handle)
    return History(trade.number, trade.handle, viewer, found, trade.asset_id)


def of_object(session: Session, actor: Actor, handle: str) -> History:
    """Return the entries of any object, for auditors.

    Raises:
        Forbidden: the actor is not an auditor.
        NotFound: there is no such object.
    """
    require(actor, "trade.audit", Relation.OTHER)
    found = of_handle(session, actor, Viewer.AUDITOR, handle)
    if not found:
        raise NotFound("object.not_found", _("There is no such object."))
    return History(handle, handle, Viewer.AUDITOR, found)


def of_handle(session: Session, actor: Actor, viewer: Viewer, handle: str) -> list[Seen]:
    """Return the entries of a handle as the viewer sees them."""
    return of_steps(session, actor, viewer, [step.id for step in steps.steps_of(session, handle)])


def of_steps(session: Session, actor: Actor, viewer: Viewer, ids: Sequence[uuid.UUID]) -> list[Seen]:
    """Return entries by their ids, in the log's order, as the viewer sees them."""
    found = reader.by_ids(session, ids)
    proofs = _proofs(session, [item.index for item in found if item.index is not None])
    return [_seen(session, actor, viewer, item, proofs) for item in found]


def entry(session: Session, entry_id: uuid.UUID) -> Seen:
    """Return what anybody may see of an entry: its leaf and its proof.

    Raises:
        NotLoggedError: there is none.
    """
    found = reader.by_id(session, entry_id)
    proof = _proofs(session, [found.index]) if found.index is not None else {}
    return Seen(entries.parse(found.leaf), found.leaf, found.index, proof.get(found.index), [], [], {}, [])


def _seen(
    session: Session, actor: Actor, viewer: Viewer, item: reader.Logged, proofs: Mapping[int | None, Proof]
) -> Seen:
    parsed = entries.parse(item.leaf)
    kept = steps.openings(session, item.id)
    shown = [opening for opening in kept if shows(viewer, actor, opening)]
    missing = set(parsed.commitments) - {opening.field for opening in kept}
    erased = _erased(session, item.id, missing) if missing else {}
    return Seen(
        entry=parsed,
        leaf=item.leaf,
        index=item.index,
        proof=proofs.get(item.index),
        openings=shown,
        withheld=sorted({opening.field for opening in kept} - {opening.field for opening in shown}),
        erased=erased,
        lost=sorted(missing - erased.keys()),
    )


def _erased(session: Session, entry_id: uuid.UUID, fields: set[str]) -> dict[str, int | None]:
    """Return which of the fields an erasure entry names; a field it does not name is simply lost."""
    found: dict[str, int | None] = {}
    erasures = session.scalars(select(Step.id).where(Step.kind == ERASURE)).all()
    for item in reader.by_ids(session, erasures):
        for erased_id, field in entries.parse(item.leaf).erased:
            if erased_id == entry_id and field in fields:
                found[field] = item.index
    return found


def _proofs(session: Session, indexes: list[int]) -> dict[int | None, Proof]:
    head = heads.witnessed(session)
    covered = [index for index in indexes if head is not None and index < head.size]
    return dict(zip(covered, reader.prove(session, covered, head), strict=True)) if covered else {}
