"""One entry with its proof: the public part for everybody, and opened as far as this reader may see."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ledger.checkpoint import parse_checkpoint
from ledger.errors import NotLoggedError
from ledger.merkle import leaf_hash
from ledger.note import parse_note
from market import permissions
from market.actor import Actor
from market.contracting import reading as contracting
from market.errors import NotFound
from market.i18n import gettext as _
from market.oversight import drawing, service
from market.oversight.drawing import Drawing
from market.oversight.service import Seen
from market.oversight.visibility import Viewer
from market.permissions import Relation
from market.registry import reading as registry


@dataclass(frozen=True)
class Proven:
    """An entry as one reader sees it.

    Attributes:
        seen: the entry, its proof, and what the reader may open.
        leaf_hash: RFC 6962 hash of the leaf, hex.
        size: entries under the checkpoint that the proof leads to; None while none covers it.
        origin: the log that signed that checkpoint.
        drawing: the path to that checkpoint's root; None while none covers it.
        viewer: as whom the reader looks; None for everybody else.
        place: address and name of the page of what the entry is about, where the reader may go there.
    """

    seen: Seen
    leaf_hash: str
    size: int | None
    origin: str
    drawing: Drawing | None
    viewer: Viewer | None
    place: tuple[str, str] | None


def proven(session: Session, actor: Actor, entry_id: uuid.UUID) -> Proven:
    """Return an entry with its proof.

    Raises:
        NotFound: the log has no such entry.
    """
    seen = public(session, entry_id)
    viewer, place = _standing(session, actor, seen.entry.handle)
    if viewer is not None:
        [seen] = service.of_steps(session, actor, viewer, [entry_id])
    head = parse_checkpoint(parse_note(seen.proof.checkpoint)[0]) if seen.proof else None
    return Proven(
        seen=seen,
        leaf_hash=leaf_hash(seen.leaf).hex(),
        size=head.size if head else None,
        origin=head.origin if head else "",
        drawing=_drawn(seen, head.size) if head else None,
        viewer=viewer,
        place=place,
    )


def _drawn(seen: Seen, size: int) -> Drawing | None:
    if seen.proof is None:
        return None
    return drawing.inclusion(leaf_hash(seen.leaf), seen.proof.index, size, seen.proof.hashes)


def public(session: Session, entry_id: uuid.UUID) -> Seen:
    """Return what anybody may see of an entry.

    Raises:
        NotFound: the log has no such entry.
    """
    try:
        return service.entry(session, entry_id)
    except NotLoggedError as error:
        raise NotFound("ledger.not_logged", _("The ledger has no such entry.")) from error


def _standing(session: Session, actor: Actor, handle: str) -> tuple[Viewer | None, tuple[str, str] | None]:
    """Return as whom the actor may open the entries of an object, and where its page is."""
    auditor = permissions.allowed(actor, "trade.audit", Relation.OTHER)
    viewer = Viewer.AUDITOR if auditor else None
    request = contracting.by_handle(session, actor, handle)
    if request is not None:
        sides = {Relation.PROVIDER: Viewer.PROVIDER, Relation.BUYER: Viewer.BUYER}
        place = (f"/contracts/{request.number}", request.title)
        return sides.get(contracting.relation(actor, request), viewer), place
    asset = registry.by_handle(session, actor, handle)
    if asset is not None:
        own = registry.relation(actor, asset) is Relation.OWN
        return Viewer.PROVIDER if own else viewer, (f"/assets/{asset.id}", asset.title)
    return viewer, (f"/audit/{handle}", handle) if auditor else None
