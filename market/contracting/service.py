"""The steps of a contract after it was requested. Each is one transaction of its caller's and one entry."""

from typing import Any

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import DocumentMismatch, StateError
from contracts.models import Contract
from contracts.negotiation import State
from contracts.vocabulary import Role as Party
from market import clock, jobs, permissions, steps
from market.actor import Actor
from market.contracting.reading import OPEN, Agreed, agreed, by_number, found, party_of, relation
from market.contracting.requesting import refuse_suspended, request
from market.db import read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.keys import service as keys
from market.permissions import Relation
from market.registry import offering
from market.steps import Kind, Pending, Step
from market.words import state_label

__all__ = ["agreed", "decline", "expire", "finalize", "found", "on_deadline", "request", "sign", "withdraw"]


def sign(session: Session, actor: Actor, number: str, document_digest: str) -> Step:
    """Sign for the actor's organisation, with the key the exchange holds for it (R4.2, R4.3).

    The provider signs first; with the buyer's signature the job ``contract.verified`` is queued.

    Args:
        session: the session of the transaction.
        actor: a member of the provider or the buyer.
        number: the contract's number.
        document_digest: SHA-256 of the document the actor was shown.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: another document (``contract.other_document``), not this party's turn
            (``contract.wrong_state``), too late (``contract.expired``), signed already by somebody else, the
            asset is not registered any more, or the key is not published yet.
        Forbidden: not in this role, or a party is suspended.
    """
    one = found(session, actor, number, lock=True)
    whose = relation(actor, one.request)
    permissions.require(actor, "contract.sign", whose)
    role = party_of(whose)
    given = {"document_digest": document_digest}
    if any(signature.role is role for signature in one.contract.signatures):
        return steps.repeat(session, actor, Kind.CONTRACT_SIGNED, one.request.handle, given)
    _refuse_late(one)
    _refuse_signing(one, role, document_digest)
    _refuse_hindered(session, one)
    step = steps.begin(actor, Kind.CONTRACT_SIGNED, one.request.handle)
    owner = one.request.provider_id if whose is Relation.PROVIDER else one.request.buyer_id
    key = keys.party_key(session, owner)
    signed = contracts.service.Signed(
        role=role,
        document_digest=document_digest,
        key_id=key.id,
        public_key=key.public_key,
        signature=keys.sign_statement(key, contracts.service.statement(one.contract, role)),
    )
    contracts.service.sign(session, step.id, one.contract, signed, step.time)
    if one.contract.state is State.VERIFIED:
        jobs.queue(session, "contract.verified", contract_id=one.contract.id)
    return steps.record(session, step, given=given, note={"role": role.value})


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
    _refuse_unless(one, State.REQUESTED)
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
    _refuse_unless(one, *OPEN)
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
        raise _wrong_state(contract) from error


def _end(session: Session, step: Pending, one: Agreed, given: dict[str, Any] | None) -> Step:
    contracts.service.terminate(session, step.id, one.contract)
    return steps.record(session, step, given=given, note=given)


def _refuse_late(one: Agreed) -> None:
    if one.contract.state in OPEN and one.request.expires_at <= clock.now():
        raise Conflict("contract.expired", _("The time to sign is over. Ask for a new contract."))


def _refuse_unless(one: Agreed, *states: State) -> None:
    if one.contract.state not in states:
        raise _wrong_state(one.contract)


def _refuse_hindered(session: Session, one: Agreed) -> None:
    """Refuse to sign while a party or the asset may not be traded (R1.2, R2.6)."""
    for organisation_id in (one.request.provider_id, one.request.buyer_id):
        refuse_suspended(session, organisation_id)
    offering.tradable(session, one.contract.asset_id)


def _refuse_signing(one: Agreed, role: Party, document_digest: str) -> None:
    try:
        contracts.service.refuse_signing(one.contract, role, document_digest)
    except DocumentMismatch as error:
        raise Conflict(
            error.code,
            _("You were shown a document other than the one on file. Read the current one and sign that."),
            document_digest=one.contract.document_digest,
        ) from error
    except StateError as error:
        raise _wrong_state(one.contract) from error


def _wrong_state(contract: Contract) -> Conflict:
    return Conflict(
        "contract.wrong_state",
        _(
            "The state of the contract is “%(state)s”; this step cannot be taken now.",
            state=state_label(contract.state, "negotiation"),
        ),
        state=contract.state.value,
    )
