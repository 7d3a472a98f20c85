"""The second person: only what two people have said moves a state and books money (R7.7).

The step that confirms a line is the outcome of its operation, with its postings; what follows is queued as after an
answer of the payment platform. Whoever is faster confirms; a second one finds the line confirmed.
"""

import uuid

import structlog
from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from market import permissions, steps
from market.actor import Actor
from market.db import locked
from market.errors import Conflict, Forbidden
from market.i18n import gettext as _
from market.participants import service as participants
from market.payments import books, outcomes
from market.payments.bank.accounts import RULE
from market.payments.bank.models import BankLine
from market.payments.bank.recording import locked_line
from market.payments.bank.states import Entry, LineEvent, LineState, advance_line
from market.payments.models import Operation
from market.payments.states import OperationEvent, OperationKind, OperationState, Processor, advance
from market.permissions import Relation
from market.steps import Kind, Step

REFUSED, UNKNOWN, AGAIN = "bank_refused", "unknown", "paid_twice"
"""Why an order failed; why money that came in funds nothing, beside what may happen at the platform too."""

_DONE = {OperationKind.TRANSFER: Kind.TRANSFER_MADE, OperationKind.REFUND: Kind.REFUND_MADE}
_FAILED = {OperationKind.TRANSFER: Kind.TRANSFER_FAILED, OperationKind.REFUND: Kind.REFUND_FAILED}

log = structlog.get_logger()


def confirm(session: Session, actor: Actor, line_id: uuid.UUID) -> tuple[BankLine, Step]:
    """Confirm a line as another person than recorded it, with all that follows from it.

    Raises:
        NotFound: there is no such line.
        Forbidden: not an operator; ``bank_line.same_person``.
        Conflict: ``bank_line.wrong_state``: somebody else confirmed it, or it was set aside;
            ``bank_line.order_gone``: it names no order that waits (set it aside, or record it again with a reference).
    """
    permissions.require(actor, "bank.act", Relation.OTHER)
    row = locked_line(session, line_id)
    if row.state is LineState.CONFIRMED and row.confirmed_by == actor.user_id:
        return row, session.get_one(Step, row.step_id)
    state = advance_line(row.state, LineEvent.CONFIRM)
    if row.recorded_by == actor.user_id:
        message = _("Somebody else than who recorded the line, or imported the statement, confirms it.")
        raise Forbidden("bank_line.same_person", message, rule=RULE)
    found = locked(session, Operation, row.operation_id) if row.operation_id else None
    if row.entry is Entry.ARRIVED:
        return row, _arrived(session, actor, row, found, state)
    if found is None or found.state is not OperationState.PLANNED:
        message = _("It names no payment order that waits. Set it aside with a reason.")
        raise Conflict("bank_line.order_gone", message)
    return row, _ordered(session, actor, row, found, state)


def _arrived(
    session: Session, actor: Actor, row: BankLine, found: Operation | None, state: LineState
) -> Step:
    """Book money that came in: to the trade's hold if it is just what was announced, else apart, to be sent back."""
    as_planned = found is not None and (row.amount, row.currency) == (found.amount, found.currency)
    if found is not None and as_planned and found.state is OperationState.OPEN:
        step = steps.begin(actor, Kind.PAYMENT_SETTLED, found.handle, version=found.rules)
        found.state, found.step_id = advance(found.state, OperationEvent.SUCCEED), step.id
        _close(row, actor, step, state)
        books.arrived(session, step, found, row.amount, books.hold_of(found.number))
        outcomes.follow(session, "payment.settled", found)
        return steps.record(session, step, note=_note(row))
    handle, rules = (found.handle, found.rules) if found is not None else (row.handle, None)
    step = steps.begin(actor, Kind.PAYMENT_STRAYED, handle, version=rules)
    if found is None or found.state not in outcomes.UNPAID or found.currency != row.currency:
        stray = _beside(session, step, row, found)
    else:
        stray = found
        stray.failure = outcomes.LATE if as_planned else outcomes.MISMATCH
        stray.state, stray.step_id = advance(found.state, OperationEvent.STRAY), step.id
    row.operation_id = stray.id
    _close(row, actor, step, state)
    log.error("payment.strayed", operation=str(stray.id), why=stray.failure)
    books.arrived(session, step, stray, row.amount, books.suspense_of(stray.number))
    outcomes.plan_return(session, step, stray, row.amount)
    return steps.record(session, step, note={**_note(row), "why": stray.failure})


def _beside(session: Session, step: steps.Pending, row: BankLine, found: Operation | None) -> Operation:
    """Add the payment that money is which nobody announced: a second one for a trade, or one that names none."""
    if found is not None:
        owner, number, settlement = found.organisation_id, found.number, found.settlement_id
    else:
        operator = participants.operator(session)
        owner = operator.id if operator else uuid.UUID(int=0)
        number, settlement = new_number(), uuid.uuid4()
    made = Operation(
        id=uuid.uuid4(),
        step_id=step.id,
        kind=OperationKind.CHECKOUT,
        processor=Processor.BANK,
        handle=step.handle,
        number=number,
        settlement_id=settlement,
        organisation_id=owner,
        cause_id=settlement,
        attempt=outcomes.next_attempt(session, settlement, OperationKind.CHECKOUT),
        amount=row.amount,
        fee=0,
        netted=0,
        currency=row.currency,
        title=found.title if found is not None else row.reference,
        rules=step.rules,
        state=OperationState.STRAY,
        failure=AGAIN if found is not None else UNKNOWN,
        planned_at=step.time,
    )
    session.add(made)
    session.flush()
    return made


def _ordered(session: Session, actor: Actor, row: BankLine, found: Operation, state: LineState) -> Step:
    """Record that the bank made an order, or refused it and it is planned again."""
    done = row.entry is Entry.EXECUTED
    stray = found.kind is OperationKind.REFUND and _of_stray(session, found)
    kind = _DONE[found.kind] if done else _FAILED[found.kind]
    if stray and done:
        kind = Kind.PAYMENT_RETURNED
    step = steps.begin(actor, kind, found.handle, version=found.rules)
    found.step_id = step.id
    _close(row, actor, step, state)
    if not done:
        outcomes.do_failed(session, found, REFUSED, outcomes.FIRST_LOOK)
        return steps.record(session, step, note={"failure": row.reason})
    if found.kind is OperationKind.TRANSFER:
        outcomes.do_transferred(session, step, found)
    else:
        outcomes.do_refunded(session, step, found, stray=stray)
    return steps.record(session, step, note=_note(row))


def _close(row: BankLine, actor: Actor, step: steps.Pending, state: LineState) -> None:
    """Write the line under the step of its outcome, all at once: no query may come between state and step."""
    row.state, row.confirmed_by, row.step_id = state, actor.user_id, step.id


def _of_stray(session: Session, found: Operation) -> bool:
    source = session.get(Operation, found.source_id)
    return source is not None and source.state is OperationState.STRAY


def _note(row: BankLine) -> dict[str, str]:
    return {"line": str(row.id)}
