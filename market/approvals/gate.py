"""The gate before a signature: has a second person approved exactly this document?

It takes a document by number, digest and price, so that contracts and whatever else is signed can ask it.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from contracts.money import Money
from contracts.vocabulary import Role as Party
from market.actor import Actor
from market.approvals import ruling
from market.approvals.models import Approval
from market.errors import Conflict, Forbidden
from market.i18n import gettext as _
from market.participants import service as participants
from market.steps import Pending


@dataclass(frozen=True)
class Matter:
    """A document that an organisation is to sign.

    Attributes:
        number: of the contract or offer.
        document_digest: SHA-256 of the document.
        price: what the rule of an organisation may ask about.
    """

    number: str
    document_digest: str
    price: Money


@dataclass(frozen=True)
class Standing:
    """How an organisation stands to a document.

    Attributes:
        needed: whether its rule asks for an approval.
        decision: the newest one about exactly this document, which is the one that counts; None when there is none.
        people: who approved it at any time, so must not sign it.
    """

    needed: bool
    decision: Approval | None
    people: frozenset[uuid.UUID]

    @property
    def met(self) -> bool:
        """Whether nothing is missing for a signature."""
        return not self.needed or (self.decision is not None and self.decision.approved)

    def lets_sign(self, user_id: uuid.UUID | None) -> bool:
        """Tell whether a person may sign as far as this rule goes."""
        return self.met and user_id not in self.people


def standing(session: Session, organisation_id: uuid.UUID, matter: Matter) -> Standing:
    """Return how an organisation stands to a document, by its rule and the decisions at this moment."""
    needed = ruling.rule_of(session, organisation_id).asks_for(matter.price)
    found = decisions(session, organisation_id, matter)
    people = frozenset(row.user_id for row in found if row.approved)
    return Standing(needed, found[-1] if found else None, people)


def decisions(session: Session, organisation_id: uuid.UUID, matter: Matter) -> list[Approval]:
    """Return what was decided about exactly this document, oldest first."""
    query = select(Approval).where(
        Approval.number == matter.number,
        Approval.organisation_id == organisation_id,
        Approval.document_digest == matter.document_digest,
    )
    return list(session.scalars(query.order_by(Approval.place)))


def decided(
    organisation_id: uuid.UUID,
    number: InstrumentedAttribute[str],
    document_digest: InstrumentedAttribute[str],
) -> ColumnElement[bool]:
    """Return the condition that an organisation decided about the documents of a query.

    Args:
        organisation_id: which organisation.
        number: the query's column of their numbers.
        document_digest: the query's column of their digests.
    """
    return exists().where(
        Approval.number == number,
        Approval.organisation_id == organisation_id,
        Approval.document_digest == document_digest,
    )


def require(
    session: Session, actor: Actor, organisation_id: uuid.UUID, matter: Matter, *, lock: bool = False
) -> Approval | None:
    """Let a person sign for an organisation, or refuse.

    Args:
        session: a session; in the transaction of the signature, whatever the decisions are about is locked.
        actor: who is to sign.
        organisation_id: for whom.
        matter: what.
        lock: whether the signature follows in this transaction: the rule then stays as it is until its end.

    Returns:
        The approval that lets the signature through; None when none is needed.

    Raises:
        Conflict: ``contract.approval_needed``; ``approvers`` names who can approve.
        Forbidden: ``approval.own``: this person approved the document, so another one signs it.
    """
    if lock:
        participants.hold(session, organisation_id)
    found = standing(session, organisation_id, matter)
    if not found.met:
        raise _needed(session, actor, organisation_id, found)
    if actor.user_id in found.people:
        raise Forbidden(
            "approval.own",
            _("You approved this document; another person of your organisation signs it."),
            rule="R4.10",
        )
    return found.decision if found.needed else None


def keep(
    session: Session, step: Pending, party: Party, matter: Matter, *, approved: bool, reason: str = ""
) -> Approval:
    """Write a decision within a step that the caller records; whether it may be taken was decided before.

    Args:
        session: the session of the transaction, in which whatever it is about is locked.
        step: of a person.
        party: for which side.
        matter: about what.
        approved: yes or no.
        reason: why not.
    """
    organisation_id, user_id = step.actor.organisation_id, step.actor.user_id
    if organisation_id is None or user_id is None:
        raise ValueError("a person approves for an organisation")
    query = select(Approval.place).where(
        Approval.number == matter.number, Approval.organisation_id == organisation_id
    )
    row = Approval(
        id=uuid.uuid4(),
        step_id=step.id,
        number=matter.number,
        organisation_id=organisation_id,
        place=max(session.scalars(query), default=0) + 1,
        party=party.value,
        document_digest=matter.document_digest,
        user_id=user_id,
        approved=approved,
        reason=reason,
        decided_at=step.time,
    )
    session.add(row)
    session.flush()
    return row


def _needed(session: Session, actor: Actor, organisation_id: uuid.UUID, found: Standing) -> Conflict:
    """Return the refusal of a signature that nobody else has approved, with who can do so."""
    names = [user.name for user in ruling.approvers(session, organisation_id) if user.id != actor.user_id]
    if found.decision is not None:
        told = _("A colleague refused to approve this document: %(reason)s", reason=found.decision.reason)
    elif names:
        told = _(
            "Another person of your organisation must approve this document before you sign it: %(people)s.",
            people=_(", ").join(names),
        )
    else:
        told = _(
            "Another person must approve this document before you sign it, and nobody else may. "
            "Ask an administrator of your organisation to make somebody an approver."
        )
    return Conflict("contract.approval_needed", told, approvers=names)
