"""What is left to do when an agreement has ended: the buyer deletes the data and states it, by a day and on record.

:func:`begin` is called within every step that ends an agreement, so that no end leaves the duty out.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from market import clock, jobs, permissions
from market.actor import Actor
from market.contracting import proposals
from market.db import transaction
from market.delivery import service as delivery
from market.errors import Invalid
from market.i18n import _
from market.steps import Kind, Pending, Step, record, repeat
from market.trades import acts, duty, grounds, notice, service
from market.trades.acts import Act
from market.trades.duty import DutyEvent, DutyState
from market.trades.models import Duty
from market.trades.notice import NoticeEvent
from market.trades.service import Life

SYSTEM = Actor.system("deadline")


@dataclass(frozen=True)
class Statement:
    """What the buyer states of the deletion.

    Attributes:
        deleted_on: the day by which every copy was gone.
        copies: which copies, in whose hands.
        method: how they were deleted.
        kept: what the law requires to be kept, on what ground and for how long; None when nothing is kept.
    """

    deleted_on: date
    copies: str | None = None
    method: str | None = None
    kept: str | None = None


def begin(session: Session, step: Pending, rows: Life) -> None:
    """Let follow what the end of an agreement brings, within the step that ends it.

    A notice that still runs lapses, and so does a proposal to amend the contract. Where the signed terms ask for
    deletion and any byte was handed over, the buyer owes it from now on; the days are counted from the step.

    Args:
        session: the session of the step.
        step: the step that ends the agreement.
        rows: the locked rows of the trade.
    """
    if rows.notice is not None and rows.notice.step_id != step.id:
        rows.notice.state = notice.advance(rows.notice.state, NoticeEvent.LAPSE)
        rows.notice.step_id = step.id
    proposals.lapse(session, step)
    begun, _delivered = delivery.progress(session, rows.trade.id)
    terms = service.terms_of(session, rows)
    owed = grounds.deletion(terms)
    if rows.duty is not None or owed is None or not begun:
        return
    days, certified = owed
    due_at = step.time + timedelta(days=days)
    session.add(
        Duty(
            trade_id=rows.trade.id, step_id=step.id, state=DutyState.OWED, due_at=due_at, certified=certified
        )
    )
    jobs.queue(session, "duty.deadline", due_at=due_at, number=rows.trade.number)


def perform(session: Session, actor: Actor, number: str, said: Statement) -> Step:
    """State that the data are deleted; late is better than never, and the record shows which it was.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation.
        Conflict: nothing is to be deleted, or it was stated otherwise.
        Invalid: ``duty.not_yet``: the day lies ahead; ``duty.not_certified``: the contract asks for a certificate,
            which says what was deleted and how.
    """
    rows = service.seen(session, actor, number, lock=True)
    trade, owed = rows.trade, rows.duty
    permissions.require(actor, "duty.perform", service.relation_of(actor, trade))
    given = {
        "deleted_on": said.deleted_on.isoformat(),
        "copies": said.copies,
        "method": said.method,
        "kept": said.kept,
    }
    if owed is not None and owed.state is DutyState.PERFORMED:
        return repeat(session, actor, Kind.DUTY_PERFORMED, trade.handle, given)
    acts.demand(service.standing(session, rows), Act.DELETE)
    step = service.step_of(actor, Kind.DUTY_PERFORMED, trade)
    if owed is not None:
        _demand_complete(said, owed)
        owed.state = duty.advance(owed.state, DutyEvent.PERFORM)
        owed.deleted_on = said.deleted_on.isoformat()
        owed.copies, owed.method, owed.kept = said.copies, said.method, said.kept
        owed.step_id = step.id
    return record(session, step, given=given)


def on_duty_deadline(number: str) -> None:
    """Enter that a deletion was not stated in time, for the other side and the auditor to see."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        owed = rows.duty
        if owed is None or owed.state is not DutyState.OWED or owed.due_at > clock.now():
            return
        step = service.step_of(SYSTEM, Kind.DUTY_MISSED, rows.trade)
        owed.state = duty.advance(owed.state, DutyEvent.MISS)
        owed.step_id = step.id
        record(session, step)


def _demand_complete(said: Statement, owed: Duty) -> None:
    # A day begins in China eight hours before it does in UTC.
    if said.deleted_on > (clock.now() + timedelta(hours=8)).date():
        ahead = _("This day lies ahead; state the deletion when it is done.")
        raise Invalid("duty.not_yet", ahead, fields={"deleted_on": [ahead]})
    if owed.certified and not (said.copies and said.method):
        missing = _("The contract asks for a deletion certificate: say which copies were deleted, and how.")
        raise Invalid(
            "duty.not_certified", missing, fields={"copies" if not said.copies else "method": [missing]}
        )
