"""The steps of a contract after it was requested. Each is one transaction of its caller's and one entry."""

import uuid

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import StateError
from contracts.models import Contract
from contracts.negotiation import Ending, State
from market import clock, permissions, steps
from market.actor import Actor
from market.contracting import claiming, letters
from market.contracting.reading import OPEN, Agreed, agreed, by_number, found, named, party_of, relation
from market.contracting.refusing import wrong_state
from market.contracting.requesting import request
from market.contracting.signing import complete, prepare, sign, signed
from market.db import read, transaction
from market.permissions import Relation
from market.steps import Kind, Pending, Step

__all__ = [
    "agreed", "complete", "decline", "expire", "finalize", "found", "on_deadline", "on_sold", "prepare", "request",
    "sign", "signed", "withdraw",
]  # fmt: skip

_OURS = frozenset({Kind.CONTRACT_EXPIRED, Kind.CONTRACT_LAPSED})
"""How the exchange's own jobs end a negotiation: nobody gave anything."""


def decline(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Refuse what the other side put forward, before one's own signature; both are told why (R4.4).

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: nothing of the other side's waits for this one, or the negotiation has ended.
        Forbidden: the actor may not act for a party.
    """
    one = found(session, actor, number, lock=True)
    permissions.require(actor, "contract.decline", relation(actor, one.request))
    given = named(one, {"reason": reason})
    if one.contract.state is State.TERMINATED:
        return steps.repeat(session, actor, Kind.CONTRACT_DECLINED, one.request.handle, given)
    step = steps.begin(actor, Kind.CONTRACT_DECLINED, one.request.handle)
    return _end(session, step, one, Ending.DECLINED, reason)


def withdraw(session: Session, actor: Actor, number: str) -> Step:
    """Take one's request or offer back, before one's own signature (R4.4).

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: this side has signed already or has nothing to take back, or the negotiation has ended.
        Forbidden: the actor may not act for a party.
    """
    one = found(session, actor, number, lock=True)
    permissions.require(actor, "contract.withdraw", relation(actor, one.request))
    if one.contract.state is State.TERMINATED:
        return steps.repeat(session, actor, Kind.CONTRACT_WITHDRAWN, one.request.handle, named(one))
    step = steps.begin(actor, Kind.CONTRACT_WITHDRAWN, one.request.handle)
    return _end(session, step, one, Ending.WITHDRAWN)


def expire(session: Session, number: str) -> Step | None:
    """End a request that was not signed by both in time (R4.4); None when there is nothing to end."""
    one = by_number(session, number, lock=True)
    if one.contract.state not in OPEN or one.request.expires_at > clock.now():
        return None
    step = steps.begin(Actor.system("deadline"), Kind.CONTRACT_EXPIRED, one.request.handle)
    return _end(session, step, one, Ending.EXPIRED)


def on_deadline(number: str) -> None:
    """Job: the time to sign is over."""
    with read() as session:
        if by_number(session, number).contract.state not in OPEN:
            return
    with transaction() as session:
        expire(session, number)


def on_sold(listing_id: str) -> None:
    """Job: a listing that is sold once has its buyer; the other negotiations end, and their parties are told (R3.5)."""
    with read() as session:
        numbers = claiming.beaten(session, uuid.UUID(listing_id))
    for number in numbers:
        with transaction() as session:
            one = by_number(session, number, lock=True)
            if one.contract.state not in OPEN or not claiming.taken(session, one.request):
                continue  # it has ended, or the listing is free again
            step = steps.begin(Actor.system("sale"), Kind.CONTRACT_LAPSED, one.request.handle)
            _end(session, step, one, Ending.SOLD)


def finalize(session: Session, step: Pending, contract: Contract) -> None:
    """Put a contract in force within the step that begins its trade; the caller records it.

    Args:
        session: the session of the transaction.
        step: the step ``contract.finalized`` on the request's handle.
        contract: the locked row, from :func:`agreed`.

    Raises:
        Conflict: a signature is missing, or the negotiation has ended.
    """
    try:
        contracts.service.finalize(session, step.id, contract)
    except StateError as error:
        raise wrong_state(contract) from error


def _end(session: Session, step: Pending, one: Agreed, ending: Ending, reason: str | None = None) -> Step:
    """End a negotiation by the step's actor, or by the exchange's own job."""
    whose = relation(step.actor, one.request)
    role = None if whose is Relation.OTHER else party_of(whose)
    try:
        contracts.service.terminate(session, step.id, one.contract, ending, role, reason)
    except StateError as error:
        raise wrong_state(one.contract) from error
    letters.ended(session, step, one.request, role)
    note = None if reason is None else {"reason": reason}
    return steps.record(session, step, given=None if step.kind in _OURS else named(one, note), note=note)
