"""A report's three steps: planned (daily or asked for), made by a job, signed off by a person.

The platform is asked outside any transaction, between the first step and the second. After a crash in between, the
job asks again: a report says how both sides stood when it was made, so nothing is lost by that.
"""

import json
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import canonical
from market import clock, jobs, permissions, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.errors import Forbidden, Invalid, NotFound
from market.i18n import gettext as _
from market.payments.models import Reconciliation
from market.payments.reconciliation import gathering
from market.payments.reconciliation.gathering import Account, Found
from market.payments.reconciliation.matching import DIFFERENT, Line, Outcome
from market.payments.reconciliation.states import ReconciliationEvent, ReconciliationState, advance
from market.permissions import Relation
from market.steps import Kind, Step

JOB = "reconciliation.make"
LONGEST: Final = 31
"""Days that one report may cover."""
RULE: Final = "R7.6"
"""Who signs off what (rule book)."""
KEPT: Final = 5_000
"""Lines that a report keeps; the summary counts all of them."""


def ask(session: Session, actor: Actor, first: date, last: date, key: str | None) -> Reconciliation:
    """Plan a report on whole days (UTC, as the platform counts them); a job makes it.

    Args:
        session: the session of the transaction.
        actor: an operator.
        first: the first day.
        last: the last day; of a day that is not over, what has happened so far.
        key: the ``Idempotency-Key``, if any.

    Raises:
        Forbidden: not an operator.
        Invalid: ``reconciliation.window``: the days are in the wrong order, too many, or not begun yet.
    """
    permissions.require(actor, "reconciliation.ask", Relation.OTHER)
    given = {"first": first.isoformat(), "last": last.isoformat()}
    made = steps.once(session, actor, key, Kind.RECONCILIATION_PLANNED, given)
    if made is not None:
        return session.get_one(Reconciliation, made)
    begins_at = datetime.combine(first, time(), UTC)
    ends_at = datetime.combine(last, time(), UTC) + timedelta(days=1)
    if not (first <= last <= clock.now().date() and (last - first).days < LONGEST):
        message = _("Choose at most %(count)s days that have begun, the first one first.", count=LONGEST)
        raise Invalid("reconciliation.window", message, fields={"last": [message]})
    planned = plan(session, actor, begins_at, ends_at, given)
    steps.remember(session, actor, key, Kind.RECONCILIATION_PLANNED, given, planned.id)
    return planned


def plan(
    session: Session, actor: Actor, begins_at: datetime, ends_at: datetime, given: dict[str, Any]
) -> Reconciliation:
    """Take the step ``reconciliation.planned`` and queue the making of the report."""
    step = steps.begin(actor, Kind.RECONCILIATION_PLANNED, steps.new_handle())
    row = Reconciliation(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=step.handle,
        begins_at=begins_at,
        ends_at=ends_at,
        state=ReconciliationState.PLANNED,
        planned_at=step.time,
    )
    session.add(row)
    jobs.queue(session, JOB, reconciliation_id=row.id)
    steps.record(session, step, given=given)
    return row


def on_make(reconciliation_id: str) -> None:
    """Job: make a planned report; nothing if that was done.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    with read() as session:
        row = session.get_one(Reconciliation, uuid.UUID(reconciliation_id))
    if row.state is not ReconciliationState.PLANNED:
        return
    record_made(row.id, gathering.gather(row.begins_at, row.ends_at))


def record_made(reconciliation_id: uuid.UUID, found: Found) -> None:
    """Take the step ``reconciliation.made``, unless somebody was faster."""
    with transaction() as session:
        row = locked(session, Reconciliation, reconciliation_id)
        if row.state is not ReconciliationState.PLANNED:
            return
        step = steps.begin(Actor.system("payments"), Kind.RECONCILIATION_MADE, row.handle)
        row.state = advance(row.state, ReconciliationEvent.MAKE)
        row.step_id, row.made_at = step.id, step.time
        told = [line for line in found.lines if line.outcome is not Outcome.MATCHED]
        accounts = _less_explained(session, found.accounts)
        row.differences = sum(line.outcome in DIFFERENT for line in told) + sum(
            account.difference != 0 for account in accounts
        )
        row.summary = canonical.encode(_summary(found.lines, accounts, len(told))).decode()
        row.lines = canonical.encode([_line(line) for line in told[:KEPT]]).decode()
        steps.record(session, step)


def sign(
    session: Session, actor: Actor, reconciliation_id: uuid.UUID, note: str | None
) -> tuple[Reconciliation, Step]:
    """Sign a report off (R7.6): with differences only with a reason, and not by whoever asked for it.

    Returns:
        The report, and the step that signed it off; a repetition gets the first one.

    Raises:
        NotFound: there is no such report.
        Forbidden: not an operator; ``reconciliation.same_person``.
        Invalid: ``reconciliation.reason_missing``.
        Conflict: it is not made yet, or was signed off by somebody else or otherwise.
    """
    permissions.require(actor, "reconciliation.sign", Relation.OTHER)
    row = _get(session, reconciliation_id, lock=True)
    given = {"note": note or ""}
    if row.state is ReconciliationState.SIGNED:
        return row, steps.repeat(session, actor, Kind.RECONCILIATION_SIGNED, row.handle, given)
    state = advance(row.state, ReconciliationEvent.SIGN)
    if row.differences:
        _demand_grounds(session, actor, row, note)
    step = steps.begin(actor, Kind.RECONCILIATION_SIGNED, row.handle)
    row.state, row.step_id, row.signed_at, row.note = state, step.id, step.time, note
    return row, steps.record(session, step, given=given, note=given)


def may_sign(session: Session, actor: Actor, row: Reconciliation) -> bool:
    """Tell whether the actor may sign a report off now."""
    standing = permissions.allowed(actor, "reconciliation.sign", Relation.OTHER)
    return (
        standing
        and row.state is ReconciliationState.MADE
        and not (row.differences and asked_by(session, row) == actor.user_id)
    )


def asked_by(session: Session, row: Reconciliation) -> uuid.UUID | None:
    """Return who asked for a report; None where it was made by itself."""
    return steps.steps_of(session, row.handle)[0].user_id


def found(session: Session, actor: Actor, reconciliation_id: uuid.UUID) -> Reconciliation:
    """Return a report.

    Raises:
        Forbidden: neither an operator nor an auditor.
        NotFound: ``reconciliation.not_found``.
    """
    permissions.require(actor, "reconciliation.look", Relation.OTHER)
    return _get(session, reconciliation_id)


def lines_of(row: Reconciliation) -> list[dict[str, Any]]:
    """Return what a report keeps of its lines; none before it is made."""
    return list(json.loads(row.lines)) if row.lines else []


def summary_of(row: Reconciliation) -> dict[str, Any]:
    """Return what a report counts; nothing before it is made."""
    nothing: dict[str, Any] = {"outcomes": [], "accounts": [], "left_off": 0}
    return dict(json.loads(row.summary)) if row.summary else nothing


def _get(session: Session, reconciliation_id: uuid.UUID, *, lock: bool = False) -> Reconciliation:
    row = session.get(Reconciliation, reconciliation_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("reconciliation.not_found", _("There is no such report."))
    return row


def _demand_grounds(session: Session, actor: Actor, row: Reconciliation, note: str | None) -> None:
    if asked_by(session, row) == actor.user_id:
        message = _("There are differences: somebody else than who asked for the report signs it off.")
        raise Forbidden("reconciliation.same_person", message, rule=RULE)
    if not note:
        message = _("There are differences: say what was found out about them.")
        raise Invalid("reconciliation.reason_missing", message, fields={"note": [message]}, rule=RULE)


def _less_explained(session: Session, accounts: list[Account]) -> list[Account]:
    """Return the balances with what a person has explained at the last sign-off: it is not told for ever."""
    last = session.scalar(
        select(Reconciliation)
        .where(Reconciliation.state == ReconciliationState.SIGNED)
        .order_by(Reconciliation.made_at.desc(), Reconciliation.id.desc())
        .limit(1)
    )
    told = summary_of(last)["accounts"] if last is not None else []
    explained = {one["currency"]: one["explained"] + one["difference"] for one in told}
    return [replace(one, explained=explained.get(one.currency, 0)) for one in accounts]


def _summary(lines: list[Line], accounts: list[Account], told: int) -> dict[str, Any]:
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        name = (line.outcome.value, line.currency)
        one = sums.setdefault(
            name,
            {
                "outcome": name[0], "currency": name[1],
                "count": 0, "platform": 0, "books": 0, "platform_fee": 0, "books_fee": 0,
            },
        )  # fmt: skip
        one["count"] += 1
        for side in ("platform", "books", "platform_fee", "books_fee"):
            one[side] += getattr(line, side) or 0
    return {
        "outcomes": [sums[name] for name in sorted(sums)],
        "accounts": [_account(one) for one in accounts],
        "left_off": max(told - KEPT, 0),
    }


def _account(one: Account) -> dict[str, Any]:
    return {
        "currency": one.currency, "platform": one.platform, "books": one.books,
        "in_flight": one.in_flight, "explained": one.explained, "difference": one.difference,
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return {
        "outcome": line.outcome.value,
        "source": line.source,
        "type": line.type,
        "operation": line.operation or None,
        "trade": line.number or None,
        "currency": line.currency,
        "at": clock.text(datetime.fromtimestamp(line.at, UTC)),
        "platform": line.platform,
        "books": line.books,
        "platform_fee": line.platform_fee,
        "books_fee": line.books_fee,
        "difference": line.difference,
    }
