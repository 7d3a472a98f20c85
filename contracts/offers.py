"""What is on the table: versions, acceptance, remarks and suggestions, on a given session.

They flush, never commit, and write no entry; the caller holds the contract row locked and has decided who speaks for
which side.  Every act names the digest of the terms it is about.  An act on any other text than the one on the table
is refused, so that nobody accepts, answers or signs what they were not shown.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from contracts import canonical, versions
from contracts.document import Draft, compose
from contracts.errors import StateError, VersionError, VersionMismatch
from contracts.library import Model
from contracts.models import Contract, Remark, Version
from contracts.negotiation import ON_THE_TABLE, TURNS, Move, offered, taken
from contracts.render import Rendered
from contracts.terms import Terms, parse
from contracts.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Offer:
    """A version that one side puts on the table.

    Attributes:
        role: whose offer it is.
        draft: the filled model text.
        rendered: the document set from it, stored already.
        at: when.
        comment: what its maker says to it.
        remark_id: the suggestion it takes up.
    """

    role: Role
    draft: Draft
    rendered: Rendered
    at: datetime
    comment: str = ""
    remark_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """What one side says on a clause.

    Attributes:
        role: who says it.
        on_digest: SHA-256 of the terms it is about.
        clause: id of the article or schedule.
        comment: the words.
        at: when.
        changes: a suggestion, blank -> value or None; None for a comment alone.
    """

    role: Role
    on_digest: str
    clause: str
    comment: str
    at: datetime
    changes: Mapping[str, Any] | None = None


def lay(session: Session, step_id: uuid.UUID, contract: Contract, offer: Offer) -> Version:
    """Write a version and let the contract show it; whether it may follow was decided before."""
    terms = parse(offer.draft.terms)
    parent = contract.versions[-1] if contract.versions else None
    contract.version = 1 if parent is None else parent.seq + 1
    contract.terms, contract.terms_digest = offer.draft.terms.decode(), terms.digest()
    contract.terms_sm3 = terms.sm3()
    contract.template_digest = offer.draft.model.digest
    contract.policy, contract.policy_digest = (
        offer.draft.policy.decode(),
        canonical.sha256(offer.draft.policy),
    )
    contract.document_digest = canonical.sha256(offer.rendered.pdf)
    contract.document_size = len(offer.rendered.pdf)
    contract.rendering = offer.rendered.record.decode()
    contract.step_id = step_id
    version = Version(
        step_id=step_id,
        seq=contract.version,
        digest="",
        parent_digest=None if parent is None else parent.digest,
        role=offer.role,
        terms=contract.terms,
        terms_digest=contract.terms_digest,
        document_digest=contract.document_digest,
        document_size=contract.document_size,
        rendering=contract.rendering,
        comment=offer.comment,
        remark_id=offer.remark_id,
        made_at=offer.at,
    )
    version.digest = link(contract, version).digest()
    contract.versions.append(version)
    session.add(contract)
    session.flush()
    return version


def link(contract: Contract, version: Version) -> versions.Link:
    """Return a version as a link of the chain."""
    return versions.Link(
        number=contract.number,
        seq=version.seq,
        role=version.role,
        terms_digest=version.terms_digest,
        document_digest=version.document_digest,
        parent_digest=version.parent_digest,
        comment=version.comment,
        at=version.made_at,
    )


def require_present(contract: Contract, terms_digest: str) -> None:
    """Return when the terms named are those on the table.

    Raises:
        VersionMismatch: they are others; nothing was done.
    """
    if terms_digest != contract.terms_digest:
        raise VersionMismatch("the terms named are not those on the table: read the present version")


def require_unaltered(contract: Contract) -> None:
    """Return when what the contract shows is what was offered last: the same terms, document and digests.

    Raises:
        VersionMismatch: a row was changed behind the parties' backs.
    """
    last = contract.versions[-1]
    shown = (contract.version, canonical.sha256(contract.terms.encode()), contract.document_digest)
    if shown != (last.seq, last.terms_digest, last.document_digest) or shown[1] != contract.terms_digest:
        raise VersionMismatch("the terms on file are not those that were offered: do not rely on them")


def refuse_offer(contract: Contract, role: Role, base: str, draft: Draft) -> None:
    """Return when ``role`` may answer the terms ``base`` with this draft now.

    Raises:
        VersionMismatch: other terms are on the table.
        StateError: it is not this side's turn, or the terms are fixed.
        VersionError: nothing is changed, or the text is not negotiated.
        TermsError: something that is not negotiated differs.
    """
    require_unaltered(contract)
    offered(contract.state, role)
    require_present(contract, base)
    versions.require_successor(parse(contract.terms.encode()), parse(draft.terms))


def offer(session: Session, step_id: uuid.UUID, contract: Contract, base: str, made: Offer) -> Version:
    """Answer the terms on the table with others: → OFFERED by the provider, → REQUESTED by the buyer.

    Args:
        session: the session of the transaction.
        step_id: the caller's step.
        contract: the locked row.
        base: SHA-256 of the terms that are answered.
        made: the new version.

    Raises:
        VersionMismatch, StateError, VersionError, TermsError: as in :func:`refuse_offer`.
    """
    refuse_offer(contract, made.role, base, made.draft)
    contract.state = offered(contract.state, made.role)
    return lay(session, step_id, contract, made)


def refuse_acceptance(contract: Contract, role: Role, terms_digest: str) -> None:
    """Return when ``role`` may accept these terms now.

    Raises:
        VersionMismatch: other terms are on the table.
        StateError: no offer of the other side's is open; a provider accepts a request by signing it.
    """
    require_unaltered(contract)
    taken(contract.state, Move.ACCEPT, role)
    require_present(contract, terms_digest)


def accept(session: Session, step_id: uuid.UUID, contract: Contract, role: Role, terms_digest: str) -> None:
    """Accept the offer on the table by its digest: OFFERED → ACCEPTED; from now on the terms are fixed.

    Raises:
        VersionMismatch, StateError: as in :func:`refuse_acceptance`.
    """
    refuse_acceptance(contract, role, terms_digest)
    contract.state = taken(contract.state, Move.ACCEPT, role)
    contract.step_id = step_id
    session.flush()


def suggested(model: Model, contract: Contract, saying: Saying) -> Terms | None:
    """Return the terms that a suggestion leads to, None for a comment alone.

    Raises:
        VersionMismatch: it is about other terms than those on the table.
        StateError: the terms are fixed, or it is not this side's turn to suggest.
        VersionError: the text has no such clause, or nothing is changed.
        TermsError: a blank is not of this clause, or is filled wrongly.
    """
    if contract.state not in ON_THE_TABLE:
        raise StateError(f"nothing is to be said while the negotiation is {contract.state}")
    require_unaltered(contract)
    require_present(contract, saying.on_digest)
    versions.clause_of(model, saying.clause)
    if saying.changes is None:
        return None
    if TURNS[contract.state] is not saying.role:
        raise StateError("whose offer is on the table waits for the other side's answer")
    terms = versions.negotiable(parse(contract.terms.encode()))
    made = versions.apply(model, terms, saying.clause, saying.changes)
    compose(model, made)
    return made


def remark(session: Session, step_id: uuid.UUID, contract: Contract, model: Model, saying: Saying) -> Remark:
    """Keep what one side says on a clause; a suggestion among it changes nothing until it is taken up.

    Raises:
        VersionMismatch, StateError, VersionError, TermsError: as in :func:`suggested`.
    """
    result = suggested(model, contract, saying)
    row = Remark(
        step_id=step_id,
        place=len(contract.remarks) + 1,
        role=saying.role,
        seq=contract.version,
        on_digest=saying.on_digest,
        clause=saying.clause,
        comment=saying.comment,
        changes=None if saying.changes is None else canonical.encode(dict(saying.changes)).decode(),
        result_digest=None if result is None else result.digest(),
        made_at=saying.at,
    )
    contract.remarks.append(row)
    session.flush()
    return row


def result(model: Model, contract: Contract, row: Remark) -> Terms:
    """Return the terms that a suggestion leads to, exactly as its maker named them.

    Raises:
        VersionMismatch: other terms are on the table by now, or the result would not be what was named.
        VersionError: it is a comment without a suggestion (``contract.no_suggestion``).
    """
    if row.changes is None:
        raise VersionError("this comment suggests nothing", "contract.no_suggestion")
    require_unaltered(contract)
    _require_open(contract, row)
    terms = versions.negotiable(parse(contract.terms.encode()))
    made = versions.apply(model, terms, row.clause, canonical.decode(row.changes.encode()))
    if made.digest() != row.result_digest:
        raise VersionMismatch("the suggestion does not lead to the terms that were named with it")
    return made


def take_up(
    session: Session, step_id: uuid.UUID, contract: Contract, row: Remark, taker: Role, made: Offer
) -> Version:
    """Take up the other side's suggestion as it stands; the version that follows is the suggester's.

    Args:
        session: the session of the transaction.
        step_id: the caller's step.
        contract: the locked row.
        row: the suggestion.
        taker: who takes it up; not who made it.
        made: the version, of the suggester's role, with the document of :func:`result`.

    Raises:
        StateError: the taker made it, or it is not the suggester's turn any more.
        VersionMismatch: other terms are on the table, or ``made`` is not what was suggested.
        VersionError, TermsError: as in :func:`refuse_offer`.
    """
    if taker is row.role or made.role is not row.role or row.contract_id != contract.id:
        raise StateError("a suggestion is taken up by the other side")
    _require_open(contract, row)
    if canonical.sha256(made.draft.terms) != row.result_digest:
        raise VersionMismatch("the version is not the one that was suggested")
    return offer(session, step_id, contract, row.on_digest, made)


def _require_open(contract: Contract, row: Remark) -> None:
    """Refuse a suggestion on an earlier version, even if the terms of it are on the table again."""
    if row.seq != contract.version:
        raise VersionMismatch("the suggestion was made on an earlier version")
    require_present(contract, row.on_digest)
