"""Looking up contracts: who may see which, and everything a page shows of one."""

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, not_, or_, select
from sqlalchemy.orm import Session

from contracts.models import Contract, Version
from contracts.negotiation import EXITS, ON_THE_TABLE, TURNS, Ending, State
from contracts.terms import AnyTerms, Terms, parse
from contracts.vocabulary import Role as Party
from market import clock
from market.actor import Actor, Role
from market.approvals import gate
from market.approvals.gate import Matter, Standing
from market.contracting.models import Request, Waiver
from market.contracting.waiver_reading import waiver_of
from market.db import locked
from market.errors import NotFound
from market.i18n import gettext as _
from market.keys import service as keys
from market.paging import Beginning, Page, beginning, page
from market.participants import service as participants
from market.permissions import Relation, allowed
from market.steps import Step, is_frozen

_PERMITS = {"comment": "offer", "adopt": "offer"}
"""Acts that go with the permission to make an offer."""

Turn = Row[Request, State, datetime]
"""A request, its contract's state, and the time of the step that led there."""

STAFF = (Role.OPERATOR, Role.AUDITOR)
"""Roles of the operator's organisation that see every contract."""

OPEN = frozenset(TURNS)
"""States in which a signature is still missing."""

SIGNED_NEXT = OPEN - {State.OFFERED}
"""States in which the side whose turn it is may sign."""

SIDES = (Relation.PROVIDER, Relation.BUYER)
"""How a party stands to a contract."""


@dataclass(frozen=True)
class Agreed:
    """A contract with its request and its terms as values.

    Attributes:
        request: the buyer's request; its handle is that of the whole trade.
        contract: the row of the contracts room.
        terms: what the parties agreed.
    """

    request: Request
    contract: Contract
    terms: AnyTerms


@dataclass(frozen=True)
class Signed:
    """One signature as it is shown; ``holder`` says who has the key: ``exchange`` or ``party``."""

    role: str
    signed_at: datetime
    algorithm: str
    key_id: uuid.UUID
    holder: str
    stamped: bool
    file_digest: str


@dataclass(frozen=True)
class Detail:
    """Everything the actor sees of a contract.

    Attributes:
        agreed: the rows and the terms.
        signatures: in the order they were made.
        pages: number of pages of the document.
        acts: which of ``offer``, ``comment``, ``adopt``, ``accept``, ``sign``, ``approve``, ``disapprove``,
            ``decline`` and ``withdraw`` the actor may do now.
        approval: how the actor's own organisation stands to the document by its rule; None for everybody else.
        waiver: the startup waiver that its trade is under; None for none.
    """

    agreed: Agreed
    signatures: list[Signed]
    pages: int
    acts: frozenset[str]
    approval: Standing | None
    waiver: Waiver | None = None


def relation(actor: Actor, request: Request) -> Relation:
    """Return how the actor's organisation stands to a contract."""
    if actor.organisation_id == request.provider_id:
        return Relation.PROVIDER
    return Relation.BUYER if actor.organisation_id == request.buyer_id else Relation.OTHER


def visible_to(actor: Actor) -> Select[Request]:
    """Select the requests the actor may see: the own organisation's; operator and auditors see all."""
    if actor.has(*STAFF):
        return select(Request)
    return select(Request).where(
        or_(Request.provider_id == actor.organisation_id, Request.buyer_id == actor.organisation_id)
    )


def visible(session: Session, actor: Actor, number: str) -> bool:
    """Tell whether there is a contract of this number that the actor may see."""
    return session.scalar(visible_to(actor).where(Request.number == number).limit(1)) is not None


def found(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Agreed:
    """Return a contract that the actor may see.

    Args:
        session: a session.
        actor: who asks.
        number: the contract's number.
        lock: whether it is about to be changed.

    Raises:
        NotFound: there is none, or it is other parties'; the answer is the same.
    """
    query = visible_to(actor).where(Request.number == number)
    return _together(session, session.scalars(query).one_or_none(), lock)


def by_number(session: Session, number: str, *, lock: bool = False) -> Agreed:
    """Return a contract whoever asks; for jobs.

    Raises:
        NotFound: there is no such contract.
    """
    return _together(
        session, session.scalars(select(Request).where(Request.number == number)).one_or_none(), lock
    )


def first_number(session: Session, one: Request) -> str:
    """Return the number of the trade that a contract belongs to: its own, or that of what it would amend."""
    if one.amends_id is None:
        return one.number
    return session.scalars(
        select(Request.number).where(Request.handle == one.handle, Request.amends_id.is_(None))
    ).one()


def named(one: Agreed, given: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Return the input of an act; of one on a proposal with its number, since its handle is shared."""
    return given if one.request.amends_id is None else {**(given or {}), "number": one.request.number}


def by_handle(session: Session, actor: Actor, handle: str) -> Request | None:
    """Return the request that the actor may see by its handle in the log, or None."""
    first = visible_to(actor).where(Request.handle == handle, Request.amends_id.is_(None))
    return session.scalars(first).one_or_none()


def handles_of(organisations: Collection[uuid.UUID]) -> Select[str]:
    """Return the query for the handles of all trades, from the first request on, that organisations are a party to."""
    parties = or_(Request.provider_id.in_(organisations), Request.buyer_id.in_(organisations))
    return select(Request.handle).where(parties)


def numbers(session: Session, handles: Collection[str]) -> dict[str, str]:
    """Return handle -> number of contracts and trades, from the first request on; other handles are passed over."""
    query = select(Request.handle, Request.number).where(
        Request.handle.in_(handles), Request.amends_id.is_(None)
    )
    return {row.handle: row.number for row in session.execute(query)}


def agreed(session: Session, contract_id: uuid.UUID, *, lock: bool = False) -> Agreed:
    """Return a contract by the id that the job ``contract.verified`` names; for ``trades``.

    Raises:
        NotFound: there is no such contract.
    """
    query = select(Request).where(Request.contract_id == contract_id)
    return _together(session, session.scalars(query).one_or_none(), lock)


def listed(
    session: Session, actor: Actor, cursor: str | None = None, *, words: str = "", state: State | None = None
) -> Page[Request]:
    """Return the contracts the actor may see, newest first.

    Args:
        session: a session.
        actor: who looks.
        cursor: where the page begins; None for the first one.
        words: the beginning of a number, a part of a title or of a party's name; nothing for all.
        state: in which state; None for any.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    query = visible_to(actor)
    if words:
        parties = participants.called(session, words)
        query = query.where(
            or_(
                Request.number.startswith(words.upper(), autoescape=True),
                Request.title.contains(words, autoescape=True),
                Request.provider_id.in_(parties),
                Request.buyer_id.in_(parties),
            )
        )
    if state is not None:
        query = query.join(Contract, Contract.id == Request.contract_id).where(Contract.state == state)
    return page(session, query, Request.requested_at, Request.id, cursor)


def states(session: Session, requests: list[Request]) -> dict[uuid.UUID, State]:
    """Return the state of each request's contract, by contract id."""
    query = select(Contract.id, Contract.state).where(Contract.id.in_([one.contract_id for one in requests]))
    return {row.id: row.state for row in session.execute(query)}


def waiting(session: Session, actor: Actor) -> Beginning[Turn]:
    """Return the requests that wait for the actor's signature, the nearest deadline first, with since when."""
    return _open(session, _turn_of(actor))


def elsewhere(session: Session, actor: Actor) -> Beginning[Turn]:
    """Return the open requests of the actor's organisation that wait for somebody else, in the same order."""
    own = or_(Request.provider_id == actor.organisation_id, Request.buyer_id == actor.organisation_id)
    return _open(session, and_(own, not_(_turn_of(actor))))


def to_be_signed(
    session: Session, actor: Actor, *conditions: ColumnElement[bool], size: int
) -> Beginning[Turn]:
    """Return the open requests that wait for a signature of the actor's organisation, in the same order.

    Args:
        session: a session.
        actor: of the organisation.
        conditions: what else must be so.
        size: most returned.
    """
    own = {Relation.PROVIDER: Request.provider_id, Relation.BUYER: Request.buyer_id}
    awaited = or_(
        *(
            and_(Contract.state == state, own[turn(state)] == actor.organisation_id)
            for state in sorted(SIGNED_NEXT)
        )
    )
    turns = _turns(and_(awaited, *conditions))
    return beginning(session, turns, Request.expires_at, Request.id, size=size)


def half_signed(session: Session, organisations: Collection[uuid.UUID]) -> list[str]:
    """Return the numbers of the contracts that are signed but not in force and bind one of some organisations.

    One that is frozen never comes into force.
    """
    query = (
        select(Request.number, Request.handle)
        .join(Contract, Contract.id == Request.contract_id)
        .where(or_(Request.provider_id.in_(organisations), Request.buyer_id.in_(organisations)))
        .where(Contract.state.in_((State.AGREED, State.VERIFIED)))
        .order_by(Request.requested_at)
    )
    return [number for number, handle in session.execute(query) if not is_frozen(session, handle)]


def turn(state: State) -> Relation:
    """Return whose answer or signature an open request waits for."""
    return Relation.PROVIDER if TURNS[state] is Party.PROVIDER else Relation.BUYER


def detail(session: Session, actor: Actor, number: str) -> Detail:
    """Return a contract with everything the actor may see of it.

    Raises:
        NotFound: there is none, or it is other parties'.
    """
    one = found(session, actor, number)
    signatures = [
        Signed(
            role=row.role.value,
            signed_at=row.signed_at,
            algorithm=row.algorithm,
            key_id=row.key_id,
            holder=keys.holder_of(session, row.key_id),
            stamped=row.stamped,
            file_digest=row.file_digest,
        )
        for row in one.contract.signatures
    ]
    approval = _approval(session, actor, one)
    handle, count = one.request.handle, len(page_digests(one.contract))
    possible = frozenset() if is_frozen(session, handle) else _approved(actor, one, approval)
    return Detail(one, signatures, count, possible, approval, waiver_of(session, handle))


def matter(one: Agreed) -> Matter:
    """Return what a rule of approval is asked about: this contract's document."""
    return Matter(one.contract.number, one.contract.document_digest, one.terms.price)


def _approval(session: Session, actor: Actor, one: Agreed) -> Standing | None:
    if actor.organisation_id is None or relation(actor, one.request) is Relation.OTHER:
        return None
    return gate.standing(session, actor.organisation_id, matter(one))


def _approved(actor: Actor, one: Agreed, approval: Standing | None) -> frozenset[str]:
    """Return what the actor may do, as far as approvals inside the own organisation let it."""
    possible, whose, state = acts(actor, one), relation(actor, one.request), one.contract.state
    if approval is None:
        return possible
    if not approval.lets_sign(actor.user_id):
        possible -= {"sign"}
    awaited = state in SIGNED_NEXT and turn(state) is whose and one.request.expires_at > clock.now()
    if not (awaited and approval.needed and allowed(actor, "contract.approve", whose)):
        return possible
    said = None if approval.decision is None else approval.decision.approved
    return possible | {name for name, yes in (("approve", True), ("disapprove", False)) if said is not yes}


def acts(actor: Actor, one: Agreed) -> frozenset[str]:
    """Return what the actor may do with a contract now, approvals inside the own organisation apart."""
    state, whose = one.contract.state, relation(actor, one.request)
    if one.request.expires_at <= clock.now() or state not in OPEN or whose is Relation.OTHER:
        return frozenset()
    side, mine = party_of(whose), turn(state) is whose
    spoken = state in ON_THE_TABLE and isinstance(one.terms, Terms)
    possible = {
        "offer": spoken and mine,
        "comment": spoken,
        "adopt": spoken and not mine,
        "accept": state is State.OFFERED and mine,
        "sign": state is not State.OFFERED and mine,
        "decline": state in EXITS.get((side, Ending.DECLINED), ()),
        "withdraw": state in EXITS.get((side, Ending.WITHDRAWN), ()),
    }
    return frozenset(
        name
        for name, now in possible.items()
        if now and allowed(actor, f"contract.{_PERMITS.get(name, name)}", whose)
    )


def page_digests(contract: Contract | Version) -> list[str]:
    """Return the SHA-256 digests of the pages as SVG, by which they are stored."""
    digests: list[str] = json.loads(contract.rendering)["pages"]
    return digests


def party_of(whose: Relation) -> Party:
    """Return the role in the contract of an organisation that stands so to it."""
    return Party.PROVIDER if whose is Relation.PROVIDER else Party.BUYER


def _turn_of(actor: Actor) -> ColumnElement[bool]:
    """Select the requests that the actor may sign as they stand."""
    signers = {Relation.PROVIDER: Request.provider_id, Relation.BUYER: Request.buyer_id}
    return or_(
        false(),
        *(
            and_(Contract.state == state, signers[turn(state)] == actor.organisation_id)
            for state in sorted(OPEN)
            if allowed(actor, "contract.sign", turn(state))
        ),
    )


def _open(session: Session, condition: ColumnElement[bool]) -> Beginning[Turn]:
    return beginning(session, _turns(condition), Request.expires_at, Request.id)


def _turns(condition: ColumnElement[bool]) -> Select[Request, State, datetime]:
    return (
        select(Request, Contract.state, Step.time)
        .join(Contract, Contract.id == Request.contract_id)
        .join(Step, Step.id == Contract.step_id)
        .where(condition, Contract.state.in_(OPEN), Request.expires_at > clock.now())
    )


def _together(session: Session, request: Request | None, lock: bool) -> Agreed:
    if request is None:
        raise NotFound("contract.not_found", _("There is no such contract."))
    if lock:
        contract = locked(session, Contract, request.contract_id)
    else:
        contract = session.get_one(Contract, request.contract_id)
    return Agreed(request, contract, parse(contract.terms.encode()))
