"""Proposals to amend a contract in force: requests with a number of their own and the trade's handle.

Whether a trade may be amended now, and what follows when an amendment comes into force, is for ``trades`` to say. Once
a proposal stands it is negotiated, accepted, signed, declined, withdrawn and expires as every contract does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import contracts.service
from contracts import amending, library, versions
from contracts.document import Draft, compose
from contracts.errors import ContractError
from contracts.identifiers import new_number
from contracts.models import Contract
from contracts.negotiation import Ending, State
from contracts.render import Rendered
from contracts.vocabulary import Role as Party
from market.contracting import letters, refusing, workable
from market.contracting.models import Request
from market.contracting.reading import OPEN, Agreed
from market.contracting.requesting import Deal, tell, today, write
from market.db import locked
from market.steps import Pending


@dataclass(frozen=True)
class Proposal:
    """What one side proposes.

    Attributes:
        role: whose proposal it is.
        draft: the filled text.
        rendered: the document set from it, stored already.
        comment: what is said to it.
    """

    role: Party
    draft: Draft
    rendered: Rendered
    comment: str


def drafted(session: Session, parent: Agreed, values: Mapping[str, Any]) -> Draft:
    """Fill the text of a contract in force anew, as an amendment of it.

    Raises:
        Conflict: nothing is changed (``contract.unchanged``), the contract has a fixed form, or the asset is not
            registered any more.
        Forbidden: a party is suspended.
        Invalid: a blank is filled wrongly, is not changed by an amendment, or the exchange cannot act upon it.
    """
    refusing.refuse_hindered(session, parent)
    contract = parent.contract
    try:
        old = versions.negotiable(parent.terms)
        model = library.load(contract.model)
        kept = versions.fitting(model, values)
        workable.require_filled(model, kept)
        made = amending.amendment(
            model, old, kept, number=new_number(), day=today(), document_digest=str(contract.final_digest)
        )
        draft = compose(model, made)
    except ContractError as error:
        refusing.answer(error, contract)
    workable.require(session, made, parent.request.handle)
    return draft


def put(session: Session, step: Pending, parent: Agreed, made: Proposal) -> Request:
    """Keep a proposal within the step that makes it; the caller records it."""
    refusing.refuse_hindered(session, parent)
    asked = parent.request
    deal = Deal(
        asked.listing_id, asked.provider_id, asked.buyer_id, parent.contract.asset_id, asked.title,
        role=made.role, comment=made.comment, amends_id=parent.contract.id,
    )  # fmt: skip
    row, contract = write(session, step, deal, made.draft, made.rendered)
    tell(session, step, row, contract)
    return row


def open_of(session: Session, handle: str) -> Request | None:
    """Return the proposal of a trade that is not in force and has not ended; there is one at most."""
    query = (
        select(Request)
        .join(Contract, Contract.id == Request.contract_id)
        .where(Request.handle == handle, Request.amends_id.is_not(None))
        .where(Contract.state.in_((*OPEN, State.VERIFIED)))
    )
    return session.scalars(query).one_or_none()


def lapse(session: Session, step: Pending) -> None:
    """End the open proposal of a trade within the step that ends or suspends its agreement; often there is none."""
    found = open_of(session, step.handle)
    if found is None:
        return
    contract = locked(session, Contract, found.contract_id)
    if contract.state in OPEN or contract.state is State.VERIFIED:
        contracts.service.terminate(session, step.id, contract, Ending.LAPSED)
        letters.ended(session, step, found, None)


def line(session: Session, handle: str) -> list[tuple[Request, Contract]]:
    """Return the first contract of a trade and every proposal to amend it, oldest first."""
    query = (
        select(Request, Contract)
        .join(Contract, Contract.id == Request.contract_id)
        .where(Request.handle == handle)
        .order_by(Request.amends_id.is_not(None), Request.requested_at, Request.number)
    )
    return [(request, contract) for request, contract in session.execute(query)]
