"""The steps of a contract after it was requested. Each is one transaction of its caller's and one entry."""

from typing import Any

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import StateError
from contracts.models import Contract
from contracts.negotiation import State
from market import clock, permissions, steps
from market.actor import Actor
from market.contracting.reading import OPEN, Agreed, agreed, by_number, found, relation
from market.contracting.refusing import refuse_unless, wrong_state
from market.contracting.requesting import request
from market.contracting.signing import complete, prepare, sign, signed
from market.db import read, transaction
from market.steps import Kind, Pending, Step

__all__ = [
    "agreed", "complete", "decline", "expire", "finalize", "found", "on_deadline", "prepare", "request", "sign",
    "signed", "withdraw",
]  # fmt: skip


def decline(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Refuse a request that the provider has not signed (R4.4).

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: the provider has signed already, or the negotiation has ended.
        Forbidden: the actor is not of the provider.
    """
    one = found(session, actor, number, lock=True)
    permissions.require(actor, "contract.decline", relation(actor, one.request))
    given = {"reason": reason}
    if one.contract.state is State.TERMINATED:
        return steps.repeat(session, actor, Kind.CONTRACT_DECLINED, one.request.handle, given)
    refuse_unless(one, State.REQUESTED)
    step = steps.begin(actor, Kind.CONTRACT_DECLINED, one.request.handle)
    one.request.reason = reason
    one.request.step_id = step.id
    return _end(session, step, one, given)


def withdraw(session: Session, actor: Actor, number: str) -> Step:
    """Take a request back before the buyer has signed (R4.4).

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: the buyer has signed already, or the negotiation has ended.
        Forbidden: the actor is not of the buyer.
    """
    one = found(session, actor, number, lock=True)
    permissions.require(actor, "contract.withdraw", relation(actor, one.request))
    if one.contract.state is State.TERMINATED:
        return steps.repeat(session, actor, Kind.CONTRACT_WITHDRAWN, one.request.handle)
    refuse_unless(one, *OPEN)
    step = steps.begin(actor, Kind.CONTRACT_WITHDRAWN, one.request.handle)
    return _end(session, step, one, None)


def expire(session: Session, number: str) -> Step | None:
    """End a request that was not signed by both in time (R4.4); None when there is nothing to end."""
    one = by_number(session, number, lock=True)
    if one.contract.state not in OPEN or one.request.expires_at > clock.now():
        return None
    step = steps.begin(Actor.system("deadline"), Kind.CONTRACT_EXPIRED, one.request.handle)
    return _end(session, step, one, None)


def on_deadline(number: str) -> None:
    """Job: the time to sign is over."""
    with read() as session:
        if by_number(session, number).contract.state not in OPEN:
            return
    with transaction() as session:
        expire(session, number)


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


def _end(session: Session, step: Pending, one: Agreed, given: dict[str, Any] | None) -> Step:
    contracts.service.terminate(session, step.id, one.contract)
    return steps.record(session, step, given=given, note=given)
