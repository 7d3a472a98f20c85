"""How a trade begins: the contract comes into force, and the buyer pays."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from contracts.negotiation import State
from market import jobs, permissions, steps
from market.actor import Actor
from market.contracting import service as contracting
from market.contracting import waiving
from market.contracting.reading import Agreed
from market.db import read, transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.errors import Conflict
from market.participants import service as participants
from market.participants.states import OrganisationState
from market.payments import service as payments
from market.registry import offering
from market.registry.states import RegistrationState
from market.rules import book, windows
from market.steps import Kind, Pending
from market.trades import acts, amending, instalments, service, updating
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Act
from market.trades.agreement import AgreementState
from market.trades.billing import bill
from market.trades.following import SYSTEM
from market.trades.models import Acceptance, Agreement, Trade


@dataclass(frozen=True)
class Opened:
    """A pay page that is ready, with the step that opened it."""

    url: str
    kind: str
    entry_id: uuid.UUID
    index: int | None


def on_verified(contract_id: str) -> None:
    """Bring a contract that both parties signed into force: the trade begins (rule book R4.3).

    One step makes the trade, its agreement, a settlement for each instalment (none when the price is 0), its acceptance
    and its grant (which is funded at once when the price is 0). The term of a renewal begins when that of the
    contract renewed ends. Under the startup waiver it ends with that, and where that is over the contract does not come
    into force any more (R4.18). An amendment begins no trade: the trade follows it.
    """
    with read() as session:
        amends = contracting.agreed(session, uuid.UUID(contract_id)).request.amends_id is not None
    if amends:
        return amending.on_verified(uuid.UUID(contract_id))
    with transaction() as session:
        one = contracting.agreed(session, uuid.UUID(contract_id), lock=True)
        if one.contract.state is not State.VERIFIED:
            return
        if waiving.lapse(session, SYSTEM, one):
            return
        rules = one.terms.rules_version
        step = steps.begin(SYSTEM, Kind.CONTRACT_FINALIZED, one.request.handle, version=rules)
        contracting.finalize(session, step, one.contract)
        trade = _trade(session, step, one)
        agreement = _machines(session, step, one, trade)
        _grant(session, step, one, trade, (agreement.term_from, agreement.term_until))
        jobs.queue(session, "agreement.deadline", due_at=agreement.term_until, number=trade.number)
        updating.catch_up(session, trade)
        steps.record(session, step)


def pay(actor: Actor, number: str) -> Opened:
    """Begin to pay the earliest instalment that is due, or go on with a payment; call it outside any transaction.

    Args:
        actor: a buyer of the buying organisation.
        number: the trade's number.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation, or it is suspended.
        Conflict: nothing is due, or the provider cannot be paid yet.
        Unavailable: the payment platform does not answer; nothing is lost.
    """
    with transaction() as session:
        rows = service.seen(session, actor, number, lock=True)
        permissions.require(actor, "payment.begin", service.relation_of(actor, rows.trade))
        acts.demand(service.standing(session, rows), Act.PAY)
        due = instalments.payable(rows.settlements)
        if due is None:
            raise Conflict("settlement.nothing_due", str(acts.REFUSALS["settlement.nothing_due"]))
        fetch_days = contracting.agreed(session, rows.agreement.contract_id).terms.delivery.days
        held_days = windows.needed(fetch_days, rows.acceptance.days, book())
        owed = replace(bill(rows.trade, due, len(rows.settlements)), held_days=held_days)
        operation = payments.plan_payment(session, actor, owed)
    page = payments.open_page(operation.id)
    with read() as session:
        return Opened(
            url=page.url,
            kind=Kind.PAYMENT_OPENED.value,
            entry_id=page.entry_id,
            index=steps.index_of(session, page.entry_id),
        )


def _trade(session: Session, step: Pending, one: Agreed) -> Trade:
    trade = Trade(
        id=uuid.uuid4(),
        step_id=step.id,
        number=one.request.number,
        handle=one.request.handle,
        contract_id=one.contract.id,
        provider_id=one.request.provider_id,
        buyer_id=one.request.buyer_id,
        listing_id=one.request.listing_id,
        asset_id=one.contract.asset_id,
        title=one.terms.subject.title,
        amount=one.terms.price.amount,
        currency=one.terms.price.currency,
        rules=step.rules,
        began_at=step.time,
    )
    session.add(trade)
    session.flush()
    return trade


def _machines(session: Session, step: Pending, one: Agreed, trade: Trade) -> Agreement:
    begins, ends = one.terms.term(step.time)
    ends = waiving.capped(session, step.handle, ends)
    agreement = Agreement(
        step_id=step.id,
        trade_id=trade.id,
        state=AgreementState.ACTIVE,
        term_from=begins,
        term_until=ends,
        contract_id=one.contract.id,
    )
    session.add(agreement)
    session.add(
        Acceptance(
            step_id=step.id,
            trade_id=trade.id,
            state=AcceptanceState.PENDING,
            days=one.terms.delivery.acceptance_days,
        )
    )
    instalments.open_all(session, step, trade, one.terms)
    return agreement


def _grant(
    session: Session, step: Pending, one: Agreed, trade: Trade, term: tuple[datetime, datetime]
) -> None:
    subject = one.terms.subject
    delivery.open_grant(
        session,
        step,
        trade_id=trade.id,
        number=trade.number,
        parties=delivery.Parties(trade.asset_id, trade.provider_id, trade.buyer_id),
        file=delivery.File(subject.content_digest, subject.size, subject.filename, subject.media_type),
        policy=one.contract.policy,
        policy_digest=one.contract.policy_digest,
        term=term,
        fetch_days=one.terms.delivery.days,
    )
    _hold_what_is_suspended(session, step, trade)
    if not trade.amount:
        delivery.fund(session, step, trade.id)


def _hold_what_is_suspended(session: Session, step: Pending, trade: Trade) -> None:
    """Put on the holds of suspensions that came between the last signature and this step."""
    try:
        offering.tradable(session, trade.asset_id, lock=True)
    except Conflict as error:
        if error.extra.get("state") == RegistrationState.SUSPENDED.value:
            delivery.hold(session, step, Hold.ASSET, trade.asset_id)
        else:
            jobs.queue(session, "asset.cancelled", number=trade.number)
    for why, organisation_id in ((Hold.PROVIDER, trade.provider_id), (Hold.BUYER, trade.buyer_id)):
        if participants.found(session, organisation_id, lock=True).state is OrganisationState.SUSPENDED:
            delivery.hold(session, step, why, organisation_id)
