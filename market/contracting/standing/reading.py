"""Looking up standing offers: who may see which, and what a page shows of one."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.errors import TermsError
from contracts.terms import Standing, Terms, parse
from market import clock
from market.actor import Actor
from market.catalog import service as catalog
from market.contracting.models import OfferDraft, Request, StandingOffer
from market.contracting.reading import STAFF
from market.contracting.standing.states import OfferState
from market.db import locked
from market.errors import NotFound
from market.i18n import gettext as _
from market.paging import Page, page
from market.permissions import Relation, allowed
from market.steps import is_frozen

AnyOffer = OfferDraft | StandingOffer


@dataclass(frozen=True)
class Detail:
    """Everything the actor sees of an offer.

    Attributes:
        row: the draft or the signed offer.
        terms: what is offered.
        standing: its last day and how often it can be accepted.
        state: ``DRAFT``, or that of the signed offer, EXPIRED as soon as its time is over.
        pages: number of pages of the document.
        acts: which of ``sign``, ``withdraw`` and ``accept`` the actor may do now.
    """

    row: AnyOffer
    terms: Terms
    standing: Standing
    state: str
    pages: int
    acts: frozenset[str]

    @property
    def signed(self) -> StandingOffer | None:
        """The signed offer; None while it is a draft."""
        return self.row if isinstance(self.row, StandingOffer) else None


def found(session: Session, actor: Actor, number: str, *, lock: bool = False) -> AnyOffer:
    """Return an offer that the actor may see; drafts their provider alone.

    An offer is public while its listing is; its provider, the operator's staff, and whoever accepts it see it always.

    Args:
        session: a session.
        actor: who asks; may be the public.
        number: the offer's number.
        lock: whether it is about to be changed.

    Raises:
        NotFound: there is none, or it is not this actor's to see.
    """
    row: AnyOffer | None = session.scalars(
        select(StandingOffer).where(StandingOffer.number == number)
    ).one_or_none()
    row = (
        row
        or session.scalars(
            select(OfferDraft).where(OfferDraft.number == number, OfferDraft.expires_at > clock.now())
        ).one_or_none()
    )
    if row is None or not _may_see(session, actor, row):
        raise not_found()
    if not lock:
        return row
    # A draft that somebody else has just signed is not there any more.
    return locked(session, type(row), row.id)


def signed(session: Session, actor: Actor, number: str, *, lock: bool = False) -> StandingOffer:
    """Return an offer that its provider has signed.

    Raises:
        NotFound: as in :func:`found`, or it is a draft.
    """
    row = found(session, actor, number, lock=lock)
    if not isinstance(row, StandingOffer):
        raise not_found()
    return row


def not_found() -> NotFound:
    """Return the refusal of a number that names no offer for this actor."""
    return NotFound("offer.not_found", _("There is no such standing offer."))


def own(session: Session, actor: Actor, cursor: str | None = None) -> Page[StandingOffer]:
    """Return the signed offers of the actor's organisation, newest first; all of them for the operator's staff."""
    query = select(StandingOffer)
    if not actor.has(*STAFF):
        query = query.where(StandingOffer.provider_id == actor.organisation_id)
    return page(session, query, StandingOffer.signed_at, StandingOffer.id, cursor)


def drafts(session: Session, actor: Actor) -> list[OfferDraft]:
    """Return the drafts of the actor's organisation that can still be signed, by number."""
    query = select(OfferDraft).where(
        OfferDraft.provider_id == actor.organisation_id, OfferDraft.expires_at > clock.now()
    )
    return list(session.scalars(query.order_by(OfferDraft.number)))


def number_of(session: Session, offer_id: uuid.UUID | None) -> str | None:
    """Return the number of the offer that a request accepts."""
    return None if offer_id is None else session.get_one(StandingOffer, offer_id).number


def detail(session: Session, actor: Actor, number: str) -> Detail:
    """Return an offer with everything the actor may see of it.

    Raises:
        NotFound: as in :func:`found`.
    """
    row = found(session, actor, number)
    terms = terms_of(row)
    if terms.standing is None:
        raise TermsError("standing", "is missing from an offer")
    state = state_of(row)
    possible: frozenset[str] = frozenset()
    if isinstance(row, OfferDraft) or not is_frozen(session, row.handle):
        possible = _acts(session, actor, row, state)
    return Detail(row, terms, terms.standing, state, len(page_digests(row)), possible)


def terms_of(row: AnyOffer) -> Terms:
    """Return what is offered."""
    terms = parse(row.terms.encode())
    if not isinstance(terms, Terms):
        raise TermsError("model", "is too old for a standing offer")
    return terms


def state_of(row: AnyOffer) -> str:
    """Return where an offer stands now, whether or not the job has come yet that ends it."""
    if isinstance(row, OfferDraft):
        return "DRAFT"
    over = row.state is OfferState.OPEN and row.expires_at <= clock.now()
    return (OfferState.EXPIRED if over else row.state).value


def relation(actor: Actor, row: AnyOffer) -> Relation:
    """Return how the actor's organisation stands to an offer."""
    return Relation.OWN if actor.organisation_id == row.provider_id else Relation.OTHER


def page_digests(row: AnyOffer) -> list[str]:
    """Return the SHA-256 digests of the pages as SVG, by which they are stored."""
    digests: list[str] = json.loads(row.rendering)["pages"]
    return digests


def _acts(session: Session, actor: Actor, row: AnyOffer, state: str) -> frozenset[str]:
    whose = relation(actor, row)
    listed = catalog.is_listed(session, row.listing_number)
    possible = {
        "sign": state == "DRAFT" and allowed(actor, "offer.open", whose),
        "withdraw": state == OfferState.OPEN and allowed(actor, "offer.withdraw", whose),
        "accept": state == OfferState.OPEN and listed and allowed(actor, "contract.request", whose),
    }
    return frozenset(name for name, now in possible.items() if now)


def _may_see(session: Session, actor: Actor, row: AnyOffer) -> bool:
    if actor.organisation_id is not None and actor.organisation_id == row.provider_id:
        return True
    if isinstance(row, OfferDraft):
        return False
    if actor.has(*STAFF) or catalog.is_listed(session, row.listing_number):
        return True
    accepts = select(Request.id).where(Request.offer_id == row.id, Request.buyer_id == actor.organisation_id)
    return session.scalar(accepts.limit(1)) is not None
