"""Whether a standing offer can still be accepted, and the count of those who did.

An acceptance counts when the buyer signs, in the transaction that keeps the signature: the contract is locked first,
then the offer. So of two buyers who race for the last one exactly one gets it.
"""

from sqlalchemy.orm import Session

from market import clock
from market.catalog import service as catalog
from market.contracting.models import Request, StandingOffer
from market.contracting.standing.states import OfferEvent, OfferState, advance
from market.db import locked
from market.errors import Conflict
from market.i18n import gettext as _
from market.steps import Pending


def refuse(session: Session, request: Request, *, lock: bool = False) -> None:
    """Return while the offer that a contract accepts is open, and its listing on offer; at once where there is none.

    Args:
        session: a session.
        request: the buyer's.
        lock: whether the acceptance is about to be counted; the contract is locked already.

    Raises:
        Conflict: ``offer.withdrawn``, ``offer.expired``, ``offer.exhausted``; the listing is not listed, or its asset
            not registered.
    """
    if request.offer_id is None:
        return
    offer = (
        locked(session, StandingOffer, request.offer_id)
        if lock
        else session.get_one(StandingOffer, request.offer_id)
    )
    refuse_closed(offer)
    catalog.facts_of(session, catalog.by_number(session, offer.listing_number))


def refuse_closed(offer: StandingOffer) -> None:
    """Return while an offer is open.

    Raises:
        Conflict: it was withdrawn, its time is over, or it was accepted as often as it may be.
    """
    over = offer.state is OfferState.OPEN and offer.expires_at <= clock.now()
    if offer.state is OfferState.EXPIRED or over:
        raise Conflict("offer.expired", _("The time to accept this offer is over."))
    if offer.state is OfferState.WITHDRAWN:
        raise Conflict("offer.withdrawn", _("The provider has withdrawn this offer."))
    if offer.state is OfferState.EXHAUSTED:
        raise Conflict(
            "offer.exhausted",
            _("This offer was accepted as often as it may be. Ask the provider for a contract instead."),
        )


def count(session: Session, step: Pending, request: Request) -> None:
    """Count an acceptance within the step that signs it; the last one exhausts the offer."""
    if request.offer_id is None:
        return
    offer = session.get_one(StandingOffer, request.offer_id)
    offer.taken += 1
    offer.step_id = step.id
    if offer.taken >= offer.most:
        close(session, step, offer, OfferEvent.EXHAUST)


def close(session: Session, step: Pending, offer: StandingOffer, event: OfferEvent) -> None:
    """Move an offer out of OPEN within a step, and take it from its listing.

    Raises:
        Conflict: it is not open.
    """
    offer.state = advance(offer.state, event)
    offer.step_id = step.id
    catalog.show_offer(session, offer.listing_id, None)


def wrong_document(digest: str) -> Conflict:
    """Return the refusal of a signer who was shown another document."""
    return Conflict(
        "contract.other_document",
        _("You were shown a document other than the one on file. Read the current one and sign that."),
        document_digest=digest,
    )
