"""The moves of a negotiation on a given session.  They flush, never commit, and write no entry.

The caller holds the contract row locked, has decided who may act, and writes the step whose id it gives.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from contracts import offers, signing, standing
from contracts.document import Draft
from contracts.errors import DocumentMismatch, StateError
from contracts.models import Contract, Signature
from contracts.negotiation import Ending, Move, State, advance, ended
from contracts.render import Rendered
from contracts.terms import Terms, parse
from contracts.vocabulary import Role

_MOVES = {Role.PROVIDER: Move.AGREE, Role.BUYER: Move.VERIFY}


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signer brings: a file that :func:`contracts.pades.complete` made, which has checked the signature.

    Attributes:
        document_digest: SHA-256 of the document the signer was shown.
        base_digest: SHA-256 of the file that the signature was added to.
        key_id: row of the certificate that signed.
        file_digest: SHA-256 of the file with the signature.
        stamped: whether it carries a time stamp.
        assertion: of a passkey, canonical JSON, or None.
    """

    role: Role
    document_digest: str
    base_digest: str
    key_id: uuid.UUID
    algorithm: str
    file_digest: str
    stamped: bool
    assertion: str | None = None


def request(
    session: Session,
    step_id: uuid.UUID,
    draft: Draft,
    rendered: Rendered,
    *,
    provider_id: uuid.UUID,
    buyer_id: uuid.UUID,
    asset_id: uuid.UUID,
    at: datetime,
    comment: str = "",
    role: Role = Role.BUYER,
) -> Contract:
    """Insert a contract with the document of its first version and return it.

    It is REQUESTED where the buyer begins; where the provider proposes to amend one, it is OFFERED.
    """
    terms = parse(draft.terms)
    contract = Contract(
        step_id=step_id,
        number=terms.number,
        model=terms.model,
        state=State.REQUESTED if role is Role.BUYER else State.OFFERED,
        provider_id=provider_id,
        buyer_id=buyer_id,
        asset_id=asset_id,
    )
    first = offers.Offer(role, draft, rendered, at, comment)
    offers.lay(session, step_id, contract, first)
    return contract


def agree(session: Session, step_id: uuid.UUID, contract: Contract) -> None:
    """Let the provider's signature in a standing offer stand for one of its own: REQUESTED → AGREED.

    Raises:
        StateError: the contract accepts no standing offer, or it was agreed before.
    """
    if signers(contract) != standing.ACCEPTED:
        raise StateError("the provider has signed no standing offer that this contract accepts")
    contract.state = advance(contract.state, Move.AGREE)
    contract.step_id = step_id
    session.flush()


def signers(contract: Contract) -> tuple[Role, ...]:
    """Return who signs the document of a contract, first to last: both, or the buyer of a standing offer."""
    return standing.signers(parse(contract.terms.encode()))


def statement(contract: Contract, role: Role) -> str:
    """Return the statement that ``role`` signs for this contract."""
    return signing.statement(
        contract.number,
        role,
        terms=contract.terms_digest,
        document=contract.document_digest,
        template=contract.template_digest,
    )


def refuse_signing(contract: Contract, role: Role, document_digest: str) -> None:
    """Return when ``role`` may sign this contract now and named the stored document.

    Raises:
        DocumentMismatch: the signer was shown another document; nothing was signed.
        StateError: it is not this role's turn.
    """
    offers.require_unaltered(contract)
    if role not in signers(contract):
        raise StateError(f"the {role} signed the offer that this contract accepts")
    if document_digest != contract.document_digest:
        raise DocumentMismatch(
            "the document named is not the one stored: read the present document and sign that"
        )
    advance(contract.state, _MOVES[role])


def newest_digest(contract: Contract) -> str:
    """Return the SHA-256 of the file as it stands: with every signature there is, or the document as rendered."""
    return contract.signatures[-1].file_digest if contract.signatures else contract.document_digest


def sign(session: Session, step_id: uuid.UUID, contract: Contract, signed: Signed, at: datetime) -> Signature:
    """Keep a signature: REQUESTED → AGREED (provider), AGREED → VERIFIED (buyer).

    Raises:
        DocumentMismatch: as in :func:`refuse_signing`; or the file was signed meanwhile (``signature.outdated``).
        StateError: as in :func:`refuse_signing`.
    """
    refuse_signing(contract, signed.role, signed.document_digest)
    if signed.base_digest != newest_digest(contract):
        raise DocumentMismatch("the file has changed since the signature was prepared", "signature.outdated")
    signature = Signature(
        step_id=step_id,
        contract_id=contract.id,
        role=signed.role,
        key_id=signed.key_id,
        algorithm=signed.algorithm,
        statement=statement(contract, signed.role),
        file_digest=signed.file_digest,
        stamped=signed.stamped,
        assertion=signed.assertion,
        signed_at=at,
    )
    contract.signatures.append(signature)
    contract.state = advance(contract.state, _MOVES[signed.role])
    contract.step_id = step_id
    session.flush()
    return signature


def finalize(session: Session, step_id: uuid.UUID, contract: Contract) -> None:
    """Put the contract in force: VERIFIED → FINALIZED, with the digest of the file that both signed.

    Raises:
        StateError: a signature is missing or the negotiation has ended.
    """
    contract.state = advance(contract.state, Move.FINALIZE)
    if {signature.role for signature in contract.signatures} != set(signers(contract)):
        raise StateError("a contract comes into force with every signature it needs")
    contract.final_digest = newest_digest(contract)
    contract.step_id = step_id
    session.flush()


def terminate(
    session: Session,
    step_id: uuid.UUID,
    contract: Contract,
    ending: Ending,
    role: Role | None = None,
    reason: str | None = None,
) -> None:
    """End a negotiation that is not in force.

    Args:
        session: the session of the transaction.
        step_id: the caller's step.
        contract: the locked row.
        ending: the code of the termination.
        role: whose act it is; None for the exchange's.
        reason: what is said to it.

    Raises:
        StateError: the contract is in force or has ended already, or this side is bound; or it would lapse, and is
            neither an amendment of one that could have ended nor under a waiver that could be over.
    """
    terms = parse(contract.terms.encode())
    lapses = isinstance(terms, Terms) and (terms.amends is not None or terms.values.get("use.waiver") is True)
    if ending is Ending.LAPSED and not lapses:
        raise StateError("only a proposal to amend a contract, or one under a waiver, lapses")
    contract.state = ended(contract.state, role, ending)
    contract.ending, contract.reason = ending, reason
    contract.step_id = step_id
    session.flush()
