"""Amending the contract of a running trade: either side proposes, and once both have signed the trade follows.

A proposal is a contract of its own (:mod:`market.contracting.proposals`) under the trade's handle. When it comes into
force, one step changes the agreement's contract and end, the grant and the days to accept. The term goes on being
counted from the day the first contract came into force; so are the days to fetch from the day the file could be
fetched. Whoever ends or suspends the agreement first ends the proposal in the same step, so one of the two wins.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.negotiation import State
from contracts.terms import AnyTerms
from market import clock, jobs, permissions, steps
from market.actor import Actor
from market.contracting import proposals, waiving
from market.contracting import service as contracting
from market.contracting.models import Request
from market.contracting.proposals import Proposal
from market.contracting.reading import Agreed, party_of
from market.contracting.requesting import by_id, kept
from market.db import read, transaction
from market.delivery import service as delivery
from market.errors import Conflict, Invalid
from market.i18n import _
from market.steps import Kind
from market.trades import acts, service, updating
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Act
from market.trades.agreement import AgreementState
from market.trades.models import Trade
from market.trades.service import Life

SYSTEM = Actor.system("trade")


def propose(
    actor: Actor, number: str, base: str, values: Mapping[str, Any], comment: str = "", key: str | None = None
) -> Request:
    """Propose to amend the contract in force; the other side answers it as every offer.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a member of either side.
        number: the trade's number.
        base: SHA-256 of the terms in force, as they were shown.
        values: what all blanks hold after the amendment.
        comment: what is said to it.
        key: the ``Idempotency-Key``; the same key and input give the proposal made the first time.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor does not act for a party, or a party is suspended.
        Conflict: the agreement is not active, a proposal is open already, other terms are in force by now
            (``contract.other_version``), nothing is changed, or the contract has a fixed form.
        Invalid: a blank is filled wrongly, is not changed by an amendment, or the exchange cannot act upon it;
            ``amendment.term_over``: the term would be over already.
    """
    given = {"number": number, "base": base, "values": dict(values), "comment": comment}
    with read() as session:
        rows = _mine(session, actor, number)
        if made := steps.once(session, actor, key, Kind.AMENDMENT_PROPOSED, given):
            return by_id(session, made)
        parent = _amendable(session, rows, base)
        draft = proposals.drafted(session, parent, values)
        _require_term(rows, values)
    rendered = kept(draft)
    with transaction() as session:
        rows = _mine(session, actor, number, lock=True)
        if made := steps.once(session, actor, key, Kind.AMENDMENT_PROPOSED, given):
            return by_id(session, made)
        parent = _amendable(session, rows, base)
        step = service.step_of(actor, Kind.AMENDMENT_PROPOSED, rows.trade)
        role = party_of(service.relation_of(actor, rows.trade))
        row = proposals.put(session, step, parent, Proposal(role, draft, rendered, comment))
        steps.remember(session, actor, key, Kind.AMENDMENT_PROPOSED, given, row.id)
        steps.record(session, step, given=given, note={"contract": row.number})
        return row


def on_verified(contract_id: uuid.UUID) -> None:
    """Bring an amendment that both parties signed into force; one that lapsed meanwhile changes nothing."""
    with transaction() as session:
        handle = contracting.agreed(session, contract_id).request.handle
        number = session.scalars(select(Trade.number).where(Trade.handle == handle)).one()
        rows = service.life(session, number, lock=True)
        one = contracting.agreed(session, contract_id, lock=True)
        if one.contract.state is not State.VERIFIED or rows.agreement.state is not AgreementState.ACTIVE:
            return
        step = service.step_of(SYSTEM, Kind.AMENDMENT_FINALIZED, rows.trade)
        contracting.finalize(session, step, one.contract)
        until = rows.agreement.term_from + timedelta(days=one.terms.term_days)
        until = waiving.capped(session, handle, until)
        rows.agreement.contract_id, rows.agreement.term_until = one.contract.id, until
        rows.agreement.step_id = step.id
        _acceptance(step.id, rows, one.terms)
        grant = delivery.amend(
            session,
            step,
            rows.trade.id,
            policy=(one.contract.policy, one.contract.policy_digest),
            until=until,
            fetch_days=one.terms.delivery.days,
            fetchable_since=_fetchable_since(session, rows),
        )
        jobs.queue(session, "agreement.deadline", due_at=until, number=number)
        updating.catch_up(session, rows.trade)
        if grant.fetch_until is not None and rows.settlements:
            jobs.queue(session, "delivery.deadline", due_at=grant.fetch_until, number=number)
        steps.record(session, step, note={"contract": one.contract.number})


def _mine(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Life:
    rows = service.seen(session, actor, number, lock=lock)
    permissions.require(actor, "contract.offer", service.relation_of(actor, rows.trade))
    return rows


def _amendable(session: Session, rows: Life, base: str) -> Agreed:
    """Return the contract in force, if it may be amended now and is the one that was shown."""
    acts.demand(service.standing(session, rows), Act.AMEND)
    parent = contracting.agreed(session, rows.agreement.contract_id)
    if parent.contract.terms_digest != base:
        raise Conflict(
            "contract.other_version",
            _("You named terms other than those in force. Read the present contract first."),
            terms_digest=parent.contract.terms_digest,
            version=parent.contract.version,
        )
    return parent


def _require_term(rows: Life, values: Mapping[str, Any]) -> None:
    """Refuse a term that would be over already: whoever wants to end the agreement says so."""
    until = rows.agreement.term_from + timedelta(days=values["term.days"])
    if until <= clock.now():
        over = _("Counted from the day the contract came into force, this term is over already.")
        raise Invalid("amendment.term_over", over, fields={"terms.term.days": [over]})


def _acceptance(step_id: uuid.UUID, rows: Life, terms: AnyTerms) -> None:
    """Change the days to accept while they have not begun to run."""
    found = rows.acceptance
    days = terms.delivery.acceptance_days
    if found.state is AcceptanceState.PENDING and found.due_at is None and found.days != days:
        found.days, found.step_id = days, step_id


def _fetchable_since(session: Session, rows: Life) -> datetime | None:
    """Return since when the file could be fetched: paid, or in force where nothing is paid; None for not yet."""
    if not rows.settlements:
        return rows.trade.began_at
    paid = [
        step.time
        for step in steps.steps_of(session, rows.trade.handle)
        if step.kind == Kind.SETTLEMENT_FUNDED.value
    ]
    return paid[0] if paid else None
