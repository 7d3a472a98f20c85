"""The operator's money desk: what of the money must be looked at and since when, and what the books add up to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from market import clock, permissions, rules
from market.actor import Actor
from market.payments import inbox, viewing
from market.payments.chargebacks.states import PENDING
from market.payments.models import Chargeback, Operation, Posting, Reconciliation
from market.payments.reconciliation.states import ReconciliationState
from market.payments.states import OperationKind, OperationState, Processor
from market.permissions import Relation
from market.rules import windows

MOST: Final = 200
"""Chargebacks that the desk shows."""
LATE: Final = timedelta(days=2)
"""How long after the end of the last report the next one is missed."""


class AlarmKind(StrEnum):
    """What must be looked at."""

    UNKNOWN = "unknown"
    HELD = "held"
    REFUND = "refund"
    DOUBT = "doubt"
    EVENTS = "events"
    LATE = "late"
    DIFFERENCES = "differences"
    RECEIVABLE = "receivable"
    CHARGEBACK = "chargeback"


@dataclass(frozen=True)
class Alarm:
    """Something that must be looked at.

    Attributes:
        kind: what.
        count: how many of it there are.
        since: since when the first of them stands so.
        href: where to look; empty where that is here.
    """

    kind: AlarmKind
    count: int
    since: datetime
    href: str


@dataclass(frozen=True)
class Total:
    """What the accounts of one name add up to: debits less credits, minor units of ``currency``."""

    account: str
    currency: str
    amount: int


def alarms(session: Session, actor: Actor) -> list[Alarm]:
    """Return what must be looked at, what has stood longest first.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "reconciliation.look", Relation.OTHER)
    found = [
        *_operations(session, actor),
        *_holds(session),
        *_receivables(session),
        *_chargebacks(session),
        *_inbox(session),
        *_reports(session),
    ]
    return sorted(found, key=lambda alarm: (alarm.since, alarm.kind.value))


def totals(session: Session, actor: Actor) -> list[Total]:
    """Return what the books add up to, all accounts of one name together; by currency it comes to nothing.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "reconciliation.look", Relation.OTHER)
    sides = union_all(
        select(_name(session, Posting.debit).label("name"), Posting.currency, Posting.amount),
        select(_name(session, Posting.credit).label("name"), Posting.currency, -Posting.amount),
    ).subquery()
    _, currency, amount = sides.c
    query = select(sides.c.name, currency, func.sum(amount)).group_by(sides.c.name, currency)
    return [
        Total(name, unit, int(total))
        for name, unit, total in session.execute(query.order_by(currency, sides.c.name))
    ]


def _name(session: Session, account: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return an account's name without whose it is: ``order_hold`` of ``order_hold:K7Q2M8X4TB9``."""
    if session.get_bind().dialect.name == "postgresql":
        return func.split_part(account, ":", 1)
    return func.substr(account, 1, func.instr(account + ":", ":") - 1)


def _operations(session: Session, actor: Actor) -> Iterator[Alarm]:
    book, now = rules.book(), clock.now()
    doubt = now - timedelta(minutes=book.value("doubt.minutes"))
    unknown = select(func.count(), func.min(Operation.planned_at)).where(
        Operation.state == OperationState.PLANNED,
        Operation.processor == Processor.STRIPE,
        Operation.planned_at < doubt,
    )
    yield from _counted(session, unknown, AlarmKind.UNKNOWN, "/payments")
    slow = (
        select(func.min(Operation.planned_at).label("since"))
        .where(Operation.kind == OperationKind.REFUND)
        .group_by(Operation.source_id)
        .having(
            func.sum(case((Operation.state == OperationState.OK, 1), else_=0)) == 0,
            func.min(Operation.planned_at) < now - timedelta(days=book.value("refund.pending_days")),
        )
        .subquery()
    )
    refunds = select(func.count(), func.min(slow.c.since)).select_from(slow)
    yield from _counted(session, refunds, AlarmKind.REFUND, "/payments")
    doubtful = viewing.doubtful(session, actor)
    if doubtful.items:
        since: datetime = doubtful.items[0][1]
        yield Alarm(AlarmKind.DOUBT, len(doubtful.items) + doubtful.more, since, "/payments")


def _holds(session: Session) -> Iterator[Alarm]:
    """Tell of money that is held for longer than the shortest time in which it could go back (R5.7)."""
    late = _standing(Posting.credit, Posting.debit, "order_hold:", windows.least(rules.book()))
    yield from _counted(session, late, AlarmKind.HELD, "/trades")


def _receivables(session: Session) -> Iterator[Alarm]:
    """Tell of what providers owe, who began to owe to the exchange longer ago than they should."""
    days = rules.book().value("receivable.days")
    late = _standing(Posting.debit, Posting.credit, "provider_receivable:", days)
    yield from _counted(session, late, AlarmKind.RECEIVABLE, "/payments")


def _standing(
    grows: InstrumentedAttribute[str], shrinks: InstrumentedAttribute[str], prefix: str, days: int
) -> Select[int, Any]:
    """Return the query that counts the accounts that are not at zero and were first booked long ago, and since when.

    Args:
        grows: the side of a posting on which such an account grows.
        shrinks: the other side.
        prefix: how the names of such accounts begin.
        days: how long ago the first posting must be.
    """
    moved = union_all(
        select(grows.label("account"), Posting.currency, Posting.amount, Posting.booked_at).where(
            grows.like(f"{prefix}%")
        ),
        select(shrinks.label("account"), Posting.currency, -Posting.amount, Posting.booked_at).where(
            shrinks.like(f"{prefix}%")
        ),
    ).subquery()
    account, currency, amount, booked_at = moved.c
    late = (
        select(func.min(booked_at).label("since"))
        .group_by(account, currency)
        .having(func.sum(amount) > 0, func.min(booked_at) < clock.now() - timedelta(days=days))
        .subquery()
    )
    return select(func.count(), func.min(late.c.since)).select_from(late)


def _chargebacks(session: Session) -> Iterator[Alarm]:
    """Tell of chargebacks that nobody has answered and whose time to answer ends soon."""
    soon = clock.now() + timedelta(days=rules.book().value("chargeback.answer_days"))
    query = select(func.count(), func.min(Chargeback.opened_at)).where(
        Chargeback.state.in_(PENDING), Chargeback.answer.is_(None), Chargeback.due_at < soon
    )
    yield from _counted(session, query, AlarmKind.CHARGEBACK, "/payments/desk#chargebacks")


def chargebacks(session: Session, actor: Actor) -> list[tuple[Chargeback, int | None]]:
    """Return the chargebacks that wait for the bank, each with the whole days left to answer it; the nearest first.

    The days are None where it is answered, or nobody says until when it can be.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "reconciliation.look", Relation.OTHER)
    query = select(Chargeback).where(Chargeback.state.in_(PENDING)).order_by(Chargeback.due_at, Chargeback.id)
    return [(row, _days_left(row)) for row in session.scalars(query.limit(MOST))]


def _days_left(row: Chargeback) -> int | None:
    if row.answer is not None or row.due_at is None:
        return None
    return max((row.due_at - clock.now()) // timedelta(days=1), 0)


def _inbox(session: Session) -> Iterator[Alarm]:
    count, since = inbox.unhandled(session)
    if since is not None:
        yield Alarm(AlarmKind.EVENTS, count, since, "")


def _reports(session: Session) -> Iterator[Alarm]:
    """Tell of reports that wait for their sign-off with differences, and of the one that is missing."""
    place = "/payments/reconciliations"
    query = select(func.count(), func.min(Reconciliation.made_at)).where(
        Reconciliation.state == ReconciliationState.MADE, Reconciliation.differences > 0
    )
    yield from _counted(session, query, AlarmKind.DIFFERENCES, place)
    made = select(func.max(Reconciliation.ends_at)).where(Reconciliation.state != ReconciliationState.PLANNED)
    last = session.scalar(made) or session.scalar(select(func.min(Operation.planned_at)))
    if last is not None and clock.now() - last > LATE:
        yield Alarm(AlarmKind.LATE, 1, last, place)


def _counted(session: Session, query: Select[int, Any], kind: AlarmKind, href: str) -> Iterator[Alarm]:
    count, since = session.execute(query).one()
    if since is not None:
        yield Alarm(kind, int(count), since, href)
