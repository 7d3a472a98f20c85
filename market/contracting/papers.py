"""What can be signed, as signing sees it: a contract here, a standing offer in :mod:`market.contracting.standing`."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import DocumentMismatch
from contracts.negotiation import State
from contracts.service import Signed
from contracts.vocabulary import Role as Party
from market import jobs, permissions, steps
from market.actor import Actor
from market.approvals.models import Approval
from market.contracting import approving, claiming, waiving
from market.contracting.reading import Agreed, found, party_of, relation
from market.contracting.refusing import refuse_hindered, refuse_late, refuse_signing
from market.contracting.requesting import tell
from market.contracting.standing import counting
from market.errors import Conflict
from market.i18n import gettext as _
from market.steps import Kind, Step


class Paper(Protocol):
    """A document that waits for a signature, as one session read it."""

    @property
    def id(self) -> uuid.UUID:
        """What a preparation names it by."""

    @property
    def owner_id(self) -> uuid.UUID:
        """The organisation that signs."""

    @property
    def role(self) -> Party:
        """For which party."""

    @property
    def order(self) -> Sequence[Party]:
        """Who signs this document, first to last."""

    @property
    def statement(self) -> str:
        """What the signer agrees to, canonical JSON."""

    @property
    def document_digest(self) -> str:
        """SHA-256 of the document as rendered."""

    @property
    def newest_digest(self) -> str:
        """SHA-256 of the file as it stands, which the signature is added to."""

    def repeated(self, session: Session, actor: Actor, given: dict[str, str]) -> Step | None:
        """Return the step by which it was signed before, for the same actor and input."""

    def refuse(self, session: Session, document_digest: str) -> None:
        """Return when it may be signed now by whom it names, who was shown this document."""

    def keep(self, session: Session, actor: Actor, made: Signed, given: dict[str, str]) -> Step:
        """Keep a signature by one step; nothing else has changed since :meth:`refuse` in this transaction."""


Find: TypeAlias = Callable[[Session, Actor, str, bool], Paper]
"""Returns what the actor may sign by its number; the last argument asks for it locked."""


@dataclass(frozen=True)
class ContractPaper:
    """A contract for one of its parties, whose rule may ask for a second person's approval."""

    one: Agreed
    role: Party
    actor: Actor
    lock: bool

    @property
    def id(self) -> uuid.UUID:
        """The contract's id."""
        return self.one.contract.id

    @property
    def owner_id(self) -> uuid.UUID:
        """The organisation of the role."""
        return self.one.request.party_id(self.role)

    @property
    def order(self) -> Sequence[Party]:
        """Both parties, or the buyer alone where a standing offer is accepted."""
        return contracts.service.signers(self.one.contract)

    @property
    def statement(self) -> str:
        """What this role agrees to."""
        return contracts.service.statement(self.one.contract, self.role)

    @property
    def document_digest(self) -> str:
        """The rendered document."""
        return self.one.contract.document_digest

    @property
    def newest_digest(self) -> str:
        """The file with every signature there is."""
        return contracts.service.newest_digest(self.one.contract)

    def repeated(self, session: Session, actor: Actor, given: dict[str, str]) -> Step | None:
        """Return the step by which this party signed before, for the same actor and input."""
        if any(signature.role is self.role for signature in self.one.contract.signatures):
            return steps.repeat(session, actor, Kind.CONTRACT_SIGNED, self.one.request.handle, given)
        return None

    def refuse(self, session: Session, document_digest: str) -> None:
        """Return when it is this party's turn, nothing hinders the trade, and an offer it accepts is still open.

        The listing is not sold to another, if it is sold once, and a second person has approved it, where the party's
        rule asks for that.
        """
        refuse_late(self.one)
        refuse_signing(self.one, self.role, document_digest)
        refuse_hindered(session, self.one)
        waiving.refuse_over(session, self.one)
        counting.refuse(session, self.one.request, lock=self.lock)
        claiming.refuse(session, self.one.request, lock=self.lock)
        self._approval(session)

    def keep(self, session: Session, actor: Actor, made: Signed, given: dict[str, str]) -> Step:
        """Keep the signature; the buyer's queues the job ``contract.verified`` and counts an offer's acceptance.

        From it on a listing that is sold once has its buyer (R3.5).
        """
        contract, approval = self.one.contract, self._approval(session)
        step = steps.begin(actor, Kind.CONTRACT_SIGNED, self.one.request.handle)
        try:
            contracts.service.sign(session, step.id, contract, made, step.time)
        except DocumentMismatch as error:
            raise outdated() from error
        tell(session, step, self.one.request, contract)
        if contract.state is State.VERIFIED:
            counting.count(session, step, self.one.request)
            claiming.claim(session, step, self.one.request)
            jobs.queue(session, "contract.verified", contract_id=contract.id)
            if any(not signature.stamped for signature in contract.signatures):
                jobs.queue(session, "contract.stamp", contract_id=contract.id)
        note = {"role": self.role.value, **({} if approval is None else {"approval": approval.id})}
        return steps.record(session, step, given=given, note=note)

    def _approval(self, session: Session) -> Approval | None:
        return approving.require(session, self.actor, self.one, self.role, lock=self.lock)


def contract(session: Session, actor: Actor, number: str, lock: bool = False) -> ContractPaper:
    """Return a contract for the party whom the actor may sign for.

    Raises:
        NotFound: there is none, or it is other parties'.
        Forbidden: the actor may not sign.
    """
    one = found(session, actor, number, lock=lock)
    whose = relation(actor, one.request)
    permissions.require(actor, "contract.sign", whose)
    return ContractPaper(one, party_of(whose), actor, lock)


def outdated() -> Conflict:
    """Return the refusal of a signature on a file that has changed since."""
    return Conflict(
        "signature.outdated",
        _(
            "The file has changed since the signature was prepared. Look at it and prepare the signature again."
        ),
    )
