"""Both sides answer each other: offers, counter-offers, comments, suggestions, acceptance. Each is a step.

Whoever answers names the digest of the terms that are answered. A new version's document is made outside any
transaction and stored by its digest; one transaction then puts it on the table, if nothing changed meanwhile. With
each version the time to answer begins anew.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from contracts import library, offers, versions
from contracts.document import Draft, compose
from contracts.errors import ContractError
from contracts.models import Remark, Version
from contracts.negotiation import State
from contracts.vocabulary import Role as Party
from market import jobs, permissions, steps
from market.actor import Actor, Scope
from market.contracting import asking, letters, refusing, workable
from market.contracting.reading import Agreed, found, named, party_of, relation
from market.contracting.requesting import kept
from market.db import read, transaction
from market.errors import NotFound
from market.i18n import gettext as _
from market.rules import book
from market.steps import Kind, Pending, Step

LAID: Final = {Party.PROVIDER: Kind.CONTRACT_OFFERED, Party.BUYER: Kind.CONTRACT_COUNTERED}
"""What a version is called, by whose it is."""


def offer(
    actor: Actor, number: str, base: str, values: Mapping[str, Any], comment: str = "", key: str | None = None
) -> uuid.UUID:
    """Answer the terms on the table with others.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a member of the side whose turn it is.
        number: the contract's number.
        base: SHA-256 of the terms that are answered.
        values: what stands in all blanks of the text.
        comment: what is said to it.
        key: the ``Idempotency-Key``; the same key and input give the version made the first time.

    Returns:
        The id of the step and of its entry.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: other terms are on the table (``contract.other_version``), not this side's turn, too late, or
            nothing is changed.
        Forbidden: not in this role, or a party is suspended.
        Invalid: a blank is filled wrongly, or the exchange cannot act upon the terms.
    """
    permissions.require_scope(actor, Scope.CONTRACTS)
    given = {"number": number, "base": base, "values": dict(values), "comment": comment}
    with read() as session:
        one, role = _mine(session, actor, number)
        if (made := _made(session, actor, key, one, role, given)) is not None:
            return made
        draft = _draft(session, one, role, base, values)
    rendered = kept(draft)
    with transaction() as session:
        one, role = _mine(session, actor, number, lock=True)
        if (made := _made(session, actor, key, one, role, given)) is not None:
            return made
        refusing.refuse_late(one)
        refusing.refuse_hindered(session, one)
        step = steps.begin(actor, LAID[role], one.request.handle)
        version = _lay(session, step, one, base, offers.Offer(role, draft, rendered, step.time, comment))
        steps.remember(session, actor, key, LAID[role], given, version.id)
        return _recorded(session, step, one, given)


def adopt(actor: Actor, number: str, remark_id: uuid.UUID) -> uuid.UUID:
    """Take up the other side's suggestion as it stands; it becomes the version on the table.

    Opens its own doors, as :func:`offer` does.

    Returns:
        The id of the step and of its entry.

    Raises:
        NotFound: no such contract or suggestion, or other parties'.
        Conflict: the suggestion was made on another version, is the actor's own, or the time is over.
        Forbidden: not in this role, or a party is suspended.
    """
    permissions.require_scope(actor, Scope.CONTRACTS)
    given = {"suggestion": str(remark_id)}
    with read() as session:
        one, role = _mine(session, actor, number)
        if (before := _taken(session, actor, Kind.CONTRACT_ADOPTED, one, given)) is not None:
            return before.entry_id
        refusing.refuse_late(one)
        row = _remark(one, remark_id)
        model = library.load(one.contract.model)
        try:
            draft = compose(model, offers.result(model, one.contract, row))
        except ContractError as error:
            refusing.answer(error, one.contract)
    rendered = kept(draft)
    with transaction() as session:
        one, role = _mine(session, actor, number, lock=True)
        if (before := _taken(session, actor, Kind.CONTRACT_ADOPTED, one, given)) is not None:
            return before.entry_id
        refusing.refuse_late(one)
        refusing.refuse_hindered(session, one)
        step = steps.begin(actor, Kind.CONTRACT_ADOPTED, one.request.handle)
        row = _remark(one, remark_id)
        made = offers.Offer(row.role, draft, rendered, step.time, row.comment, row.id)
        try:
            offers.take_up(session, step.id, one.contract, row, role, made)
        except ContractError as error:
            refusing.answer(error, one.contract)
        _begin_anew(session, step, one)
        return _recorded(session, step, one, given)


def say(
    actor: Actor,
    number: str,
    on_digest: str,
    clause: str,
    comment: str,
    changes: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> uuid.UUID:
    """Comment on a clause of the version on the table, or suggest how it should read.

    Args:
        actor: a member of either side; a suggestion comes from the side whose turn it is.
        number: the contract's number.
        on_digest: SHA-256 of the terms it is about.
        clause: id of the article or schedule.
        comment: the words.
        changes: a suggestion: blank -> value, None to take out.
        key: the ``Idempotency-Key``.

    Returns:
        The id of the step and of its entry.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: other terms are on the table, they are fixed, or it is not this side's turn to suggest.
        Forbidden: not in this role.
        Invalid: a blank is not of this clause or filled wrongly.
    """
    kind = Kind.CONTRACT_COMMENTED if changes is None else Kind.CONTRACT_SUGGESTED
    given = {"number": number, "on": on_digest, "clause": clause, "comment": comment, "changes": changes}
    with transaction() as session:
        one, role = _mine(session, actor, number, lock=True)
        made = steps.once(session, actor, key, kind, given)
        if made is not None:
            return session.get_one(Remark, made).step_id
        refusing.refuse_late(one)
        step = steps.begin(actor, kind, one.request.handle)
        saying = offers.Saying(role, on_digest, clause, comment, step.time, changes)
        try:
            model = library.load(one.contract.model)
            result = offers.suggested(model, one.contract, saying)
            if result is not None:
                workable.require(session, result, one.request.handle)
            row = offers.remark(session, step.id, one.contract, model, saying)
        except ContractError as error:
            refusing.answer(error, one.contract)
        steps.remember(session, actor, key, kind, given, row.id)
        steps.record(session, step, given=given)
        return step.id


def accept(session: Session, actor: Actor, number: str, terms_digest: str) -> Step:
    """Accept the offer on the table by the digest of its terms (R4.8); from now on they are fixed.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: other terms are on the table, no offer of the other side's is open, or the time is over.
        Forbidden: not the buyer, or a party is suspended.
    """
    one = found(session, actor, number, lock=True)
    permissions.require(actor, "contract.accept", relation(actor, one.request))
    given = named(one, {"terms_digest": terms_digest})
    if one.contract.state is State.ACCEPTED:
        return steps.repeat(session, actor, Kind.CONTRACT_ACCEPTED, one.request.handle, given)
    refusing.refuse_late(one)
    refusing.refuse_hindered(session, one)
    step = steps.begin(actor, Kind.CONTRACT_ACCEPTED, one.request.handle)
    try:
        offers.accept(session, step.id, one.contract, Party.BUYER, terms_digest)
    except ContractError as error:
        refusing.answer(error, one.contract)
    letters.turn(session, step, one.request, one.contract)
    asking.ask(session, one.request, one.contract)
    return steps.record(session, step, given=given, note={"version": one.contract.version})


def changed(one: Agreed, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of all blanks when some are changed; None takes one out.

    Raises:
        Conflict: the contract has a fixed form.
    """
    try:
        values = {**versions.negotiable(one.terms).values, **changes}
    except ContractError as error:
        refusing.answer(error, one.contract)
    return {name: value for name, value in values.items() if value is not None}


def _mine(session: Session, actor: Actor, number: str, *, lock: bool = False) -> tuple[Agreed, Party]:
    one = found(session, actor, number, lock=lock)
    whose = relation(actor, one.request)
    permissions.require(actor, "contract.offer", whose)
    return one, party_of(whose)


def _made(
    session: Session, actor: Actor, key: str | None, one: Agreed, role: Party, given: dict[str, Any]
) -> uuid.UUID | None:
    """Return the step that made this very version, by its key or as the side's last one."""
    made = steps.once(session, actor, key, LAID[role], given)
    if made is not None:
        return session.get_one(Version, made).step_id
    if one.contract.terms_digest == given["base"]:
        return None
    before = _taken(session, actor, LAID[role], one, given)
    return None if before is None else before.entry_id


def _taken(session: Session, actor: Actor, kind: Kind, one: Agreed, given: dict[str, Any]) -> Step | None:
    return steps.taken(session, actor, kind, one.request.handle, given)


def _draft(session: Session, one: Agreed, role: Party, base: str, values: Mapping[str, Any]) -> Draft:
    """Fill the text with other values, if they may answer the terms on the table."""
    refusing.refuse_late(one)
    try:
        model = library.load(one.contract.model)
        old = versions.negotiable(one.terms)
        workable.require_filled(model, versions.fitting(model, values))
        terms = versions.with_values(model, old, values)
        draft = compose(model, terms)
        offers.refuse_offer(one.contract, role, base, draft)
    except ContractError as error:
        refusing.answer(error, one.contract)
    workable.require(session, terms, one.request.handle)
    return draft


def _lay(session: Session, step: Pending, one: Agreed, base: str, made: offers.Offer) -> Version:
    try:
        version = offers.offer(session, step.id, one.contract, base, made)
    except ContractError as error:
        refusing.answer(error, one.contract)
    _begin_anew(session, step, one)
    asking.ask(session, one.request, one.contract)
    return version


def _begin_anew(session: Session, step: Pending, one: Agreed) -> None:
    """Let the time to answer begin anew; the job of the version before finds nothing to end."""
    one.request.expires_at = step.time + timedelta(days=book(step.rules).value("request.days"))
    one.request.step_id = step.id
    jobs.queue(session, "contract.deadline", due_at=one.request.expires_at, number=one.request.number)
    letters.turn(session, step, one.request, one.contract)


def _recorded(session: Session, step: Pending, one: Agreed, given: dict[str, Any]) -> uuid.UUID:
    contract = one.contract
    note = {"version": contract.version, "document": contract.document_digest}
    return steps.record(session, step, given=given, note=note).entry_id


def _remark(one: Agreed, remark_id: uuid.UUID) -> Remark:
    for row in one.contract.remarks:
        if row.id == remark_id:
            return row
    raise NotFound("contract.no_remark", _("There is no such comment on this contract."))
