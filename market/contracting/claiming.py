"""A listing that is sold once: which contract has it (rule R3.5).

The buyer's signature decides, in the transaction that keeps it: the contract is locked first, then the listing, and
``Request.claims_id`` names the listing from then on. The column is unique, so the database itself lets no two
contracts have one listing. Whoever signs later is refused before anything is due, and the job ``listing.sold`` ends the
other negotiations, each by a step of its own. An amendment and a renewal stand under the claim of the first contract.

A trade that is called off before delivery, or refunded in full, gives the listing free again. One that was renewed
keeps it, whatever becomes of the first contract: better a listing that stays sold than one that is sold twice.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.models import Contract
from contracts.negotiation import State
from market import jobs
from market.catalog import service as catalog
from market.contracting.models import Request
from market.contracting.reading import OPEN
from market.steps import Pending


def refuse(session: Session, request: Request, *, lock: bool = False) -> None:
    """Return unless the listing is sold once and another contract has it.

    Args:
        session: a session.
        request: of the contract that is about to be answered or signed.
        lock: whether it is about to have the listing; the contract is locked already.

    Raises:
        Conflict: ``listing.sold``; nothing is due yet on the contract that is refused.
    """
    if taken(session, request, lock=lock):
        raise catalog.sold_already()


def taken(session: Session, request: Request, *, lock: bool = False) -> bool:
    """Tell whether another contract has the listing of a request, and this one cannot come into force."""
    if request.amends_id is not None or not _is_exclusive(session, request, lock=lock):
        return False
    holder = _holder(session, request.listing_id)
    return holder is not None and holder.handle not in _handles(session, request)


def claim(session: Session, step: Pending, request: Request) -> None:
    """Let a contract have the listing that is sold once, within the step of the buyer's signature."""
    if request.amends_id is not None or not _is_exclusive(session, request):
        return
    if _holder(session, request.listing_id) is not None:
        return  # a renewal: the contract that it goes on from has the listing
    request.claims_id = request.listing_id
    request.step_id = step.id
    catalog.show_sold(session, request.listing_id, True)
    jobs.queue(session, "listing.sold", listing_id=request.listing_id)


def free(session: Session, step: Pending) -> None:
    """Give the listing of a trade free again, within the step that calls the trade off or refunds it in full."""
    query = select(Request).where(Request.handle == step.handle, Request.claims_id.is_not(None))
    holder = session.scalars(query.with_for_update()).one_or_none()
    if holder is None or holder.claims_id is None or _renewed(session, step.handle):
        return
    catalog.show_sold(session, holder.claims_id, False)
    holder.claims_id = None
    holder.step_id = step.id


def beaten(session: Session, listing_id: uuid.UUID) -> list[str]:
    """Return the numbers of the open negotiations over a listing that another contract has."""
    query = (
        select(Request)
        .join(Contract, Contract.id == Request.contract_id)
        .where(Request.listing_id == listing_id, Contract.state.in_(OPEN))
        .order_by(Request.requested_at, Request.number)
    )
    return [one.number for one in session.scalars(query) if taken(session, one)]


def mend(session: Session) -> None:
    """Let the catalogue say again what is sold, after rows were brought back."""
    catalog.show_nothing_sold(session)
    for listing_id in session.scalars(select(Request.claims_id).where(Request.claims_id.is_not(None))):
        if listing_id is not None:
            catalog.show_sold(session, listing_id, True)


def _is_exclusive(session: Session, request: Request, *, lock: bool = False) -> bool:
    return catalog.is_sold_once(session, request.listing_id, lock=lock)


def _holder(session: Session, listing_id: uuid.UUID) -> Request | None:
    return session.scalars(select(Request).where(Request.claims_id == listing_id)).one_or_none()


def _handles(session: Session, request: Request) -> set[str]:
    """Return the handle of a trade, and those of the trades it goes on from."""
    found = {request.handle}
    while request.renews_id is not None:
        query = select(Request).where(Request.contract_id == request.renews_id)
        renewed = session.scalars(query).one()
        request = session.scalars(
            select(Request).where(Request.handle == renewed.handle, Request.amends_id.is_(None))
        ).one()
        found.add(request.handle)
    return found


def _renewed(session: Session, handle: str) -> bool:
    own = select(Request.contract_id).where(Request.handle == handle)
    query = (
        select(Request.id)
        .join(Contract, Contract.id == Request.contract_id)
        .where(Request.renews_id.in_(own), Contract.state.in_((State.VERIFIED, State.FINALIZED)))
    )
    return session.scalar(query.limit(1)) is not None
