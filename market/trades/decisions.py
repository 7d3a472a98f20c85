"""What people decide in a running trade: accept, reject, cancel, rule. One function, one step each.

Each may be repeated: the same actor with the same input is answered with the step that was taken, another
input or another actor with a conflict.
"""

from typing import Any

from sqlalchemy.orm import Session

from market import jobs, permissions
from market.actor import Actor
from market.contracting import claiming
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.errors import Conflict, Invalid
from market.i18n import gettext as _
from market.rules import book
from market.steps import Kind, Pending, Step, record, repeat
from market.trades import acceptance, acts, agreement, dispute, exits, instalments, service
from market.trades.acceptance import AcceptanceEvent, AcceptanceState
from market.trades.acts import Act
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.dispute import DisputeEvent, DisputeState, Ruling
from market.trades.models import Dispute
from market.trades.service import Life
from market.trades.shares import divided_over

DIVIDING = "R6.3"
"""The rule without which a ruling divides nothing: a trade keeps the rule book that it began with."""


def accept(session: Session, actor: Actor, number: str) -> Step:
    """Accept the delivery: the price less the platform fee goes to the provider (rule book R5.3, R5.4).

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation.
        Conflict: nothing was delivered in full, or the buyer or the deadline has spoken.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "acceptance.accept", service.relation_of(actor, trade))
    if rows.acceptance.state is AcceptanceState.ACCEPTED:
        return repeat(session, actor, Kind.ACCEPTANCE_ACCEPTED, trade.handle)
    acts.demand(service.standing(session, rows), Act.ACCEPT)
    step = service.step_of(actor, Kind.ACCEPTANCE_ACCEPTED, trade)
    rows.acceptance.state = acceptance.advance(rows.acceptance.state, AcceptanceEvent.ACCEPT)
    rows.acceptance.step_id = step.id
    jobs.queue(session, "trade.settle", number=number)
    return record(session, step)


def reject(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Reject what was delivered: the money is held and the delivery rests until the operator rules (R6.1).

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation.
        Conflict: nothing was fetched yet, or the buyer or the deadline has spoken.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "acceptance.reject", service.relation_of(actor, trade))
    given = {"reason": reason}
    if rows.acceptance.state is AcceptanceState.REJECTED:
        return repeat(session, actor, Kind.ACCEPTANCE_REJECTED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.REJECT)
    step = service.step_of(actor, Kind.ACCEPTANCE_REJECTED, trade)
    rows.acceptance.state = acceptance.advance(rows.acceptance.state, AcceptanceEvent.REJECT)
    rows.acceptance.reason = reason
    rows.acceptance.step_id = step.id
    session.add(Dispute(trade_id=trade.id, step_id=step.id, state=DisputeState.OPEN, reason=reason))
    delivery.hold(session, step, Hold.DISPUTE, trade.id)
    return record(session, step, given=given, note=given)


def cancel(session: Session, actor: Actor, number: str, reason: str) -> Step:
    """Cancel a trade of which nothing was delivered, which voids the contract; what was paid goes back (R4.17, R5.5).

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation.
        Conflict: the delivery has begun, or the agreement has ended.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "trade.cancel", service.relation_of(actor, trade))
    given = {"reason": reason}
    if rows.agreement.state is AgreementState.TERMINATED:
        return repeat(session, actor, Kind.TRADE_CANCELLED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.CANCEL)
    return undo(session, actor, rows, reason)


def rule(
    session: Session, actor: Actor, number: str, ruling: Ruling, reason: str, refund: int | None = None
) -> Step:
    """Rule on a dispute: what is held of the price is released or refunded, or divided between both (R6.2, R6.3).

    The ruling is on all instalments that are held. A refund ends the trade, so that what is unpaid is due no more;
    otherwise it stays owed.

    Args:
        session: the session of the transaction.
        actor: an operator.
        number: the trade's number.
        ruling: which way the price goes.
        reason: why.
        refund: minor units that go back to the buyer when the price is divided; None otherwise.

    Raises:
        NotFound: no such trade, or not one the actor may see.
        Forbidden: the actor is not an operator, or its organisation is a party (R1.5).
        Conflict: there is no dispute, it was ruled otherwise, or the trade's rule book divides nothing.
        Invalid: ``ruling.no_part``: a divided price needs a part that is more than nothing and less than all of it.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade, found = rows.trade, rows.dispute
    permissions.require(actor, "dispute.rule", service.relation_of(actor, trade))
    given: dict[str, Any] = {"ruling": ruling.value, "reason": reason}
    if refund is not None:
        given |= {"refund": refund}
    if found is not None and found.state in {DisputeState.RULED, DisputeState.CLOSED}:
        return repeat(session, actor, Kind.DISPUTE_RULED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.RULE)
    _demand_part(ruling, refund, rows)
    step = service.step_of(actor, Kind.DISPUTE_RULED, trade)
    if refund is not None:
        _divide(step, rows, refund)
    if ruling is Ruling.REFUND:
        instalments.cancel(session, step, rows.settlements)
    if found is not None:
        found.state = dispute.advance(found.state, DisputeEvent.RULE)
        found.ruling = ruling
        found.ruling_reason = reason
        found.step_id = step.id
    jobs.queue(session, "trade.settle", number=number)
    return record(session, step, given=given, note=given)


def undo(session: Session, actor: Actor, rows: Life, reason: str) -> Step:
    """Take the step ``trade.cancelled``: agreement and grant end, money not yet paid is no longer due.

    A listing that is sold once is free again (R3.5).

    Args:
        session: the session of the transaction.
        actor: the buyer, or the exchange's own deadline.
        rows: the locked rows of the trade; nothing of it was delivered.
        reason: why.
    """
    trade = rows.trade
    step = service.step_of(actor, Kind.TRADE_CANCELLED, trade)
    rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.TERMINATE)
    rows.agreement.step_id = step.id
    delivery.close(session, step, trade.id)
    exits.begin(session, step, rows)
    claiming.free(session, step)
    instalments.cancel(session, step, rows.settlements)
    jobs.queue(session, "trade.settle", number=trade.number)
    return record(session, step, given={"reason": reason}, note={"reason": reason})


def _divide(step: Pending, rows: Life, refund: int) -> None:
    """Divide what is held over its instalments."""
    funded = instalments.held(rows.settlements)
    points = book(rows.trade.rules).value("fee.basis_points")
    shares = divided_over([one.amount - one.charged_back for one in funded], refund, points)
    for one, share in zip(funded, shares, strict=True):
        one.refund, one.fee = share.refund, share.fee
        one.step_id = step.id


def _demand_part(ruling: Ruling, refund: int | None, rows: Life) -> None:
    """Refuse a part that divides nothing, or that stands beside a ruling which gives the whole price one way."""
    if ruling is Ruling.DIVIDE and not service.has_rule(rows.trade, DIVIDING):
        raise Conflict(
            "ruling.not_in_rules", _("The rule book of this trade lets the price go one way only, undivided.")
        )
    total = sum(one.amount - one.charged_back for one in instalments.held(rows.settlements))
    if ruling is Ruling.DIVIDE and refund is not None and 0 < refund < total:
        return
    if ruling is not Ruling.DIVIDE and refund is None:
        return
    sentence = (
        _("State the part that goes back to the buyer: more than nothing and less than the whole price.")
        if ruling is Ruling.DIVIDE
        else _("This ruling gives the whole price one way; leave the amount out.")
    )
    raise Invalid("ruling.no_part", sentence, fields={"amount": [sentence]})
