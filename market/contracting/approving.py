"""Approving a contract before a colleague signs it (four eyes): decisions, and whom they wait for.

A decision is about exactly the document on the table, so a new version needs a new one. It is taken while it is the
organisation's turn to sign; what counts at the signature is decided by :mod:`market.approvals.gate`.
"""

from typing import Any, Final

from sqlalchemy import not_
from sqlalchemy.orm import Session

from contracts.errors import DocumentMismatch
from contracts.models import Contract
from contracts.terms import parse
from contracts.vocabulary import Role as Party
from market import permissions, steps
from market.actor import Actor
from market.approvals import gate, ruling
from market.approvals.asks import Asks
from market.approvals.models import Approval
from market.contracting import reading, refusing
from market.contracting.models import Request
from market.contracting.reading import Agreed, Detail, Turn
from market.errors import Conflict
from market.i18n import gettext as _
from market.paging import SIZE, Beginning
from market.participants import members
from market.steps import Kind, Step

SCANNED: Final = 200
"""How many contracts are held against a rule that asks from a price on, so that a first page never reads them all."""


def approve(session: Session, actor: Actor, number: str, document_digest: str) -> Step:
    """Approve that a colleague signs this very document.

    Args:
        session: the session of the transaction.
        actor: an approver or administrator of the party whose turn it is to sign.
        number: the contract's number.
        document_digest: SHA-256 of the document the actor was shown.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: another document (``contract.other_document``), not this party's turn, too late, no approval is
            asked for (``approval.not_needed``), or somebody else approved it already.
        Forbidden: neither approver nor administrator of a party.
    """
    return _decide(session, actor, number, document_digest, None)


def disapprove(session: Session, actor: Actor, number: str, document_digest: str, reason: str) -> Step:
    """Refuse to approve this very document, or take an approval back; the organisation then cannot sign it.

    Args:
        session: the session of the transaction.
        actor: as in :func:`approve`.
        number: the contract's number.
        document_digest: SHA-256 of the document the actor was shown.
        reason: why; the own organisation and auditors see it.

    Raises:
        NotFound, Conflict, Forbidden: as in :func:`approve`.
    """
    return _decide(session, actor, number, document_digest, reason)


def require(
    session: Session, actor: Actor, one: Agreed, role: Party, *, lock: bool = False
) -> Approval | None:
    """Let the actor sign a contract for a side, or refuse, as :func:`market.approvals.gate.require` does."""
    return gate.require(session, actor, one.request.party_id(role), reading.matter(one), lock=lock)


def waiting(session: Session, actor: Actor) -> Beginning[Turn]:
    """Return the contracts that wait for an approver of the actor's organisation, the nearest deadline first."""
    if actor.organisation_id is None or not any(
        permissions.allowed(actor, "contract.approve", side) for side in reading.SIDES
    ):
        return Beginning([], 0)
    rule = ruling.rule_of(session, actor.organisation_id)
    if rule.asks is Asks.NEVER:
        return Beginning([], 0)
    decided = gate.decided(actor.organisation_id, Request.number, Contract.document_digest)
    found = reading.to_be_signed(session, actor, not_(decided), size=SCANNED)
    if rule.threshold is None:
        return Beginning(found.items[:SIZE], len(found.items[SIZE:]) + found.more)
    kept = [
        row
        for row in found.items
        if rule.asks_for(parse(session.get_one(Contract, row[0].contract_id).terms.encode()).price)
    ]
    return Beginning(kept[:SIZE], len(kept[SIZE:]) + found.more)


def awaited(session: Session, actor: Actor, request: Request) -> bool:
    """Tell whether the actor's organisation cannot sign yet, for want of an approval by its own rule."""
    if actor.organisation_id is None or ruling.rule_of(session, actor.organisation_id).asks is Asks.NEVER:
        return False
    contract = session.get_one(Contract, request.contract_id)
    one = Agreed(request, contract, parse(contract.terms.encode()))
    return not gate.standing(session, actor.organisation_id, reading.matter(one)).met


def told(session: Session, actor: Actor, one: Detail) -> dict[str, Any] | None:
    """Return who may approve and what people are called, for a page; None where there is nothing to say."""
    found, organisation_id = one.approval, actor.organisation_id
    signed = {signature.role for signature in one.signatures}
    side = reading.party_of(reading.relation(actor, one.agreed.request))
    over = side in signed or one.agreed.contract.state not in reading.OPEN
    if found is None or organisation_id is None or (found.decision is None and (over or found.met)):
        return None
    people = [user.name for user in ruling.approvers(session, organisation_id)]
    decided = set() if found.decision is None else {found.decision.user_id}
    return {"approvers": people, "names": members.names(session, decided), "over": over}


def _decide(session: Session, actor: Actor, number: str, document_digest: str, reason: str | None) -> Step:
    one = reading.found(session, actor, number, lock=True)
    whose = reading.relation(actor, one.request)
    permissions.require(actor, "contract.approve", whose)
    kind = Kind.CONTRACT_APPROVED if reason is None else Kind.CONTRACT_DISAPPROVED
    given = {"document_digest": document_digest, **({} if reason is None else {"reason": reason})}
    if document_digest != one.contract.document_digest:
        refusing.answer(DocumentMismatch("another document was shown"), one.contract)
    matter = reading.matter(one)
    role = reading.party_of(whose)
    found = gate.standing(session, one.request.party_id(role), matter)
    if found.decision is not None and found.decision.approved is (reason is None):
        return steps.repeat(session, actor, kind, one.request.handle, given)
    if one.contract.state not in reading.SIGNED_NEXT or reading.turn(one.contract.state) is not whose:
        raise refusing.wrong_state(one.contract)
    refusing.refuse_late(one)
    if not found.needed:
        raise Conflict(
            "approval.not_needed",
            _("Your organisation asks for no approval of this contract, so there is nothing to decide."),
        )
    step = steps.begin(actor, kind, one.request.handle)
    gate.keep(session, step, role, matter, approved=reason is None, reason=reason or "")
    return steps.record(session, step, given=given)
