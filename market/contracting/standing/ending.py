"""The ends of a standing offer that are nobody's acceptance; contracts that were signed before are not touched."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, permissions, steps
from market.actor import Actor
from market.catalog import service as catalog
from market.contracting.models import StandingOffer
from market.contracting.standing import counting, reading
from market.contracting.standing.states import OfferEvent, OfferState
from market.db import locked, read, transaction
from market.steps import Kind, Step


def withdraw(session: Session, actor: Actor, number: str) -> Step:
    """Take an offer back: whoever has not signed by now cannot accept it any more.

    Raises:
        NotFound: there is no such offer, or this actor may not see it.
        Conflict: it is not open any more (``offer.wrong_state``), or somebody else withdrew it.
        Forbidden: the actor is not of its provider.
    """
    row = reading.signed(session, actor, number, lock=True)
    permissions.require(actor, "offer.withdraw", reading.relation(actor, row))
    if row.state is OfferState.WITHDRAWN:
        return steps.repeat(session, actor, Kind.OFFER_WITHDRAWN, row.handle)
    step = steps.begin(actor, Kind.OFFER_WITHDRAWN, row.handle)
    counting.close(session, step, row, OfferEvent.WITHDRAW)
    return steps.record(session, step)


def on_deadline(number: str) -> None:
    """Job: the last day of an offer is over."""
    query = select(StandingOffer).where(StandingOffer.number == number)
    with read() as session:
        if session.scalars(query).one().state is not OfferState.OPEN:
            return
    with transaction() as session:
        row = locked(session, StandingOffer, session.scalars(query).one().id)
        if row.state is not OfferState.OPEN or row.expires_at > clock.now():
            return
        step = steps.begin(Actor.system("deadline"), Kind.OFFER_EXPIRED, row.handle)
        counting.close(session, step, row, OfferEvent.EXPIRE)
        steps.record(session, step)


def mend(session: Session) -> None:
    """Let listings say again which of them can be accepted at once, after rows were brought back."""
    catalog.show_no_offers(session)
    for row in session.scalars(select(StandingOffer).where(StandingOffer.state == OfferState.OPEN)):
        catalog.show_offer(session, row.listing_id, row.number)
