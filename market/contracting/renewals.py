"""Renewals of a contract in force: requests with a number and a handle of their own, which begin a trade of their own.

Whether a trade may be renewed now is for ``trades`` to say. Once it is asked for, a renewal is negotiated, accepted,
signed, declined, withdrawn and expires as every request does.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts import library, renewing, versions
from contracts.document import Draft, compose
from contracts.errors import ContractError
from contracts.identifiers import new_number
from contracts.models import Contract
from contracts.negotiation import State
from contracts.render import Rendered
from market import clock
from market.contracting import refusing, workable
from market.contracting.models import Request
from market.contracting.reading import Agreed, first_number
from market.contracting.requesting import Deal, tell, today, write
from market.rules import CURRENT
from market.steps import Pending


def drafted(session: Session, old: Agreed, until: datetime) -> Draft:
    """Fill the text of a contract anew, as its renewal, dated today and under the present rule book.

    Args:
        session: a session that reads.
        old: the contract in force, or in force until its end.
        until: the end of its term (aware UTC).

    Raises:
        Conflict: the contract has a fixed form (``contract.fixed_form``), or the asset is not registered any more.
        Forbidden: a party is suspended.
        Invalid: the exchange cannot act upon the terms any more.
    """
    refusing.refuse_hindered(session, old)
    contract = old.contract
    try:
        made = renewing.renewal(
            versions.negotiable(old.terms),
            number=new_number(),
            day=today(),
            rules_version=CURRENT,
            document_digest=str(contract.final_digest),
            until=clock.text(until),
        )
        draft = compose(library.load(contract.model), made)
    except ContractError as error:
        refusing.answer(error, contract)
    workable.require(session, made)
    return draft


def put(session: Session, step: Pending, old: Agreed, draft: Draft, rendered: Rendered) -> Request:
    """Keep a renewal within the step that asks for it; the caller records it."""
    refusing.refuse_hindered(session, old)
    asked = old.request
    deal = Deal(
        asked.listing_id, asked.provider_id, asked.buyer_id, old.contract.asset_id, asked.title,
        renews_id=old.contract.id,
    )  # fmt: skip
    row, contract = write(session, step, deal, draft, rendered)
    tell(session, step, row, contract)
    return row


def of(session: Session, handle: str) -> list[Request]:
    """Return every renewal of a trade's contracts that is open or came into force, the newest first."""
    own = select(Request.contract_id).where(Request.handle == handle)
    query = (
        select(Request)
        .join(Contract, Contract.id == Request.contract_id)
        .where(Request.renews_id.in_(own), Contract.state != State.TERMINATED)
        .order_by(Request.requested_at.desc(), Request.number)
    )
    return list(session.scalars(query))


def renewed_by(session: Session, handle: str) -> str | None:
    """Return the number of the newest renewal of a trade's contract; None when there is none."""
    return next((one.number for one in of(session, handle)), None)


def renews(session: Session, handle: str) -> str | None:
    """Return the number of the trade that a trade goes on from; None when it goes on from none."""
    first = session.scalars(
        select(Request).where(Request.handle == handle, Request.renews_id.is_not(None))
    ).one_or_none()
    if first is None:
        return None
    old = select(Request).where(Request.contract_id == first.renews_id)
    return first_number(session, session.scalars(old).one())
