"""Ending an agreement before its term is over, and resting it: notices, and the provider's suspension for a breach.

What a side may do stands in the signed terms (:mod:`market.trades.grounds`). A notice with days to run is a row of its
own that can be taken back; one that is effective at once is the end itself. The money must have gone where it belongs
first: an end neither pays nor refunds.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from market import clock, jobs, permissions
from market.actor import Actor
from market.contracting import proposals
from market.db import transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.errors import Conflict, Forbidden
from market.i18n import _
from market.permissions import Relation
from market.steps import Kind, Pending, Step, record, repeat, taken
from market.trades import acts, agreement, exits, grounds, instalments, notice, service
from market.trades.acts import Act
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.grounds import Cause, Ground
from market.trades.models import Notice
from market.trades.notice import NoticeEvent, NoticeState
from market.trades.service import Life

SYSTEM = Actor.system("deadline")


def end(session: Session, actor: Actor, number: str, ground: Ground, reason: str) -> Step:
    """Give notice, or end the agreement at once where the ground needs no days (article ``term`` or ``change``).

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor does not act for a party.
        Conflict: the agreement has ended, a notice runs, or the money is not where it belongs yet;
            ``termination.not_agreed``: the signed text does not give this side this ground.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade, side = rows.trade, service.relation_of(actor, rows.trade)
    permissions.require(actor, "agreement.end", side)
    given = {"ground": ground.value, "reason": reason}
    if rows.notice is not None:
        return repeat(session, actor, Kind.NOTICE_GIVEN, trade.handle, given)
    if rows.agreement.state is AgreementState.TERMINATED:
        return repeat(session, actor, Kind.AGREEMENT_TERMINATED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.END)
    days = grounds.ends(service.terms_of(session, rows), side).get(ground)
    if days is None:
        raise Conflict(
            "termination.not_agreed",
            _(
                "The signed contract does not let you end it on this ground; read its article on term and end."
            ),
        )
    step = service.step_of(actor, Kind.NOTICE_GIVEN if days else Kind.AGREEMENT_TERMINATED, trade)
    found = _notice(step, rows, side, ground, reason, days)
    session.add(found)
    if days:
        jobs.queue(session, "notice.deadline", due_at=found.effective_at, number=number)
    else:
        _terminate(session, step, rows)
    return record(session, step, given=given, note=given)


def retract(session: Session, actor: Actor, number: str) -> Step:
    """Take back one's own notice while it runs: the agreement goes on.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor does not act for a party; ``notice.not_yours``: the other side gave it.
        Conflict: no notice runs.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade, side = rows.trade, service.relation_of(actor, rows.trade)
    permissions.require(actor, "agreement.end", side)
    before = taken(session, actor, Kind.NOTICE_RETRACTED, trade.handle) if rows.notice is None else None
    if before is not None:
        return before
    acts.demand(service.standing(session, rows), Act.RETRACT)
    step = service.step_of(actor, Kind.NOTICE_RETRACTED, trade)
    if rows.notice is not None:
        if rows.notice.side is not side:
            raise Forbidden(
                "notice.not_yours",
                _("The other side gave this notice; only it can take it back."),
                rule="R1.3",
            )
        rows.notice.state = notice.advance(rows.notice.state, NoticeEvent.RETRACT)
        rows.notice.step_id = step.id
    return record(session, step)


def on_notice_over(number: str) -> None:
    """End an agreement whose notice has run out; a notice taken back, or overtaken by another end, ends nothing."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        found = rows.notice
        if found is None or found.effective_at > clock.now():
            return
        step = service.step_of(SYSTEM, Kind.AGREEMENT_TERMINATED, rows.trade)
        found.state = notice.advance(found.state, NoticeEvent.TAKE_EFFECT)
        found.step_id = step.id
        _terminate(session, step, rows)
        record(session, step, note={"ground": found.ground.value, "side": found.side.value})


def suspend(session: Session, actor: Actor, number: str, cause: Cause, reason: str) -> Step:
    """Suspend the buyer's use while a cause lasts that the article on change names; no byte leaves from now on.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a provider of the providing organisation.
        Conflict: the agreement has ended or is suspended; ``suspension.not_agreed``: the text does not allow it.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "agreement.suspend", service.relation_of(actor, trade))
    given = {"cause": cause.value, "reason": reason}
    if rows.agreement.state is AgreementState.SUSPENDED:
        return repeat(session, actor, Kind.AGREEMENT_SUSPENDED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.SUSPEND)
    if not grounds.suspends(service.terms_of(session, rows)):
        raise Conflict(
            "suspension.not_agreed",
            _("The signed contract does not let you suspend it; read its article on change."),
        )
    step = service.step_of(actor, Kind.AGREEMENT_SUSPENDED, trade)
    rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.SUSPEND)
    rows.agreement.step_id = step.id
    delivery.hold(session, step, Hold.BREACH, trade.id)
    proposals.lapse(session, step)
    return record(session, step, given=given, note=given)


def restore(session: Session, actor: Actor, number: str) -> Step:
    """Let a suspended agreement go on, since its cause is gone.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a provider of the providing organisation.
        Conflict: the agreement is not suspended.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade = rows.trade
    permissions.require(actor, "agreement.suspend", service.relation_of(actor, trade))
    active = rows.agreement.state is AgreementState.ACTIVE
    before = taken(session, actor, Kind.AGREEMENT_RESTORED, trade.handle) if active else None
    if before is not None:
        return before
    acts.demand(service.standing(session, rows), Act.RESTORE)
    step = service.step_of(actor, Kind.AGREEMENT_RESTORED, trade)
    rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.RESTORE)
    rows.agreement.step_id = step.id
    delivery.lift(session, step, Hold.BREACH, trade.id)
    return record(session, step)


def _notice(step: Pending, rows: Life, side: Relation, ground: Ground, reason: str, days: int) -> Notice:
    return Notice(
        trade_id=rows.trade.id,
        step_id=step.id,
        state=NoticeState.GIVEN if days else NoticeState.EFFECTIVE,
        side=side,
        ground=ground,
        reason=reason,
        given_at=step.time,
        effective_at=step.time + timedelta(days=days),
    )


def _terminate(session: Session, step: Pending, rows: Life) -> None:
    rows.agreement.state = agreement.advance(rows.agreement.state, AgreementEvent.TERMINATE)
    rows.agreement.step_id = step.id
    delivery.close(session, step, rows.trade.id)
    instalments.cancel(session, step, rows.settlements, later=True)
    exits.begin(session, step, rows)
