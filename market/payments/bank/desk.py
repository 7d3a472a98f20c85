"""The operator's bank desk: transfers that are expected, orders to be made, lines that wait, and the balance."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from market import permissions
from market.actor import Actor
from market.errors import NotFound
from market.i18n import gettext as _
from market.i18n import lazy
from market.payments import books
from market.payments.bank import accounts
from market.payments.bank.models import BankLine, BankStatement
from market.payments.bank.states import Entry, LineState
from market.payments.models import Operation, Posting
from market.payments.states import OperationKind, OperationState, Processor
from market.permissions import Relation

MOST: Final = 200
"""Rows of each list."""

REASONS: Final = {
    "matched": lazy("Fits"),
    "unknown": lazy("Its text names no reference of ours"),
    "amount": lazy("It is not the amount that was announced"),
    "over": lazy("Nothing is waited for under this reference any more"),
}
"""How a line stands to what is known; a test holds it complete."""


@dataclass(frozen=True)
class Order:
    """A payment order that waits for somebody to make it at the bank.

    Attributes:
        operation: what was planned, with its reference and amount.
        payee: whom to pay; None where the provider has no account in use now.
        bank: the payee's bank; empty where the money goes back to the account that it came from.
        number: the payee's account; for money that goes back the serial of the line by which it came.
    """

    operation: Operation
    payee: str | None
    bank: str
    number: str


@dataclass(frozen=True)
class Waiting:
    """A line that waits for its second person.

    Attributes:
        line: what the first one said.
        operation: what it is about; None where that is not known.
        match: a key of :data:`REASONS`.
        own: whether the reader recorded it, and so cannot confirm it.
    """

    line: BankLine
    operation: Operation | None
    match: str
    own: bool


@dataclass(frozen=True)
class Balance:
    """The book account ``bank`` in one currency, against the statement; minor units.

    Attributes:
        currency: ISO 4217.
        books: what the books say now.
        closing: what the last statement with a closing balance says; None where there is none.
        day: the day of that closing balance.
        confirmed: of lines up to that day, what is booked.
        waiting: of lines up to that day, what waits for its second person.
        set_aside: of imported lines up to that day, what was set aside: the bank's own fees, money of others.
    """

    currency: str
    books: int
    closing: int | None
    day: str | None
    confirmed: int
    waiting: int
    set_aside: int

    @property
    def difference(self) -> int | None:
        """What of the closing balance no line explains; None without one."""
        return None if self.closing is None else self.closing - self.confirmed - self.waiting - self.set_aside


@dataclass(frozen=True)
class Desk:
    """What stands on the bank desk, the oldest first."""

    expected: Sequence[Operation]
    orders: list[Order]
    lines: list[Waiting]
    balances: list[Balance]


def shown(session: Session, actor: Actor) -> Desk:
    """Return the bank desk.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "bank.look", Relation.OTHER)
    bank = select(Operation).where(Operation.processor == Processor.BANK)
    bank = bank.order_by(Operation.planned_at, Operation.id).limit(MOST)
    coming = Operation.kind == OperationKind.CHECKOUT
    expected = session.scalars(bank.where(coming, Operation.state == OperationState.OPEN)).all()
    planned = session.scalars(
        bank.where(~coming, Operation.state == OperationState.PLANNED, Operation.amount > 0)
    ).all()
    waits = select(BankLine, Operation).outerjoin(Operation, Operation.id == BankLine.operation_id)
    waits = waits.where(BankLine.state == LineState.RECORDED)
    lines = session.execute(waits.order_by(BankLine.recorded_at, BankLine.id).limit(MOST)).all()
    return Desk(
        expected=expected,
        orders=[order(session, one) for one in planned],
        lines=[
            Waiting(line, operation, match(line, operation), line.recorded_by == actor.user_id)
            for line, operation in lines
        ],
        balances=balances(session),
    )


def one(session: Session, actor: Actor, line_id: uuid.UUID) -> Waiting:
    """Return one line, whatever its state.

    Raises:
        Forbidden: neither an operator nor an auditor.
        NotFound: ``bank_line.not_found``.
    """
    permissions.require(actor, "bank.look", Relation.OTHER)
    row = session.get(BankLine, line_id)
    if row is None:
        raise NotFound("bank_line.not_found", _("There is no such line of a bank statement."))
    operation = session.get(Operation, row.operation_id) if row.operation_id else None
    return Waiting(row, operation, match(row, operation), row.recorded_by == actor.user_id)


def order(session: Session, found: Operation) -> Order:
    """Return whom a payment order is to: the provider on its account in use, or back where the money came from."""
    if found.kind is OperationKind.TRANSFER:
        account = accounts.of_provider(session, found.organisation_id, found.currency)
        if account is None:
            return Order(found, None, "", "")
        return Order(found, account.holder, f"{account.bank} {account.code}", account.number)
    came = select(BankLine).where(
        BankLine.operation_id == found.source_id,
        BankLine.entry == Entry.ARRIVED,
        BankLine.state == LineState.CONFIRMED,
    )
    line = session.scalars(came.limit(1)).one_or_none()
    return Order(found, line.counterparty if line else "", "", (line.serial or "") if line else "")


def match(line: BankLine, found: Operation | None) -> str:
    """Return how a line stands to what is known: a key of :data:`REASONS`."""
    if found is None:
        return "unknown"
    waiting = OperationState.OPEN if line.entry is Entry.ARRIVED else OperationState.PLANNED
    if found.state is not waiting:
        return "over"
    return "matched" if (line.amount, line.currency) == (found.amount, found.currency) else "amount"


def balances(session: Session) -> list[Balance]:
    """Return the bank's book account against the last closing balance, by currency."""
    signed = case((Posting.debit == books.BANK, Posting.amount), else_=-Posting.amount)
    touched = or_(Posting.debit == books.BANK, Posting.credit == books.BANK)
    query = select(Posting.currency, func.sum(signed)).where(touched).group_by(Posting.currency)
    totals = {currency: int(total) for currency, total in session.execute(query)}
    closings: dict[str, BankStatement] = {}
    last = select(BankStatement).where(BankStatement.closing.is_not(None))
    for one in session.scalars(last.order_by(BankStatement.last_day, BankStatement.imported_at)):
        closings[one.currency] = one
    return [
        _balance(session, currency, totals.get(currency, 0), closings.get(currency))
        for currency in sorted(totals.keys() | closings.keys())
    ]


def _balance(session: Session, currency: str, total: int, closed: BankStatement | None) -> Balance:
    if closed is None:
        return Balance(currency, total, None, None, 0, 0, 0)
    sums: dict[LineState, int] = dict.fromkeys(LineState, 0)
    signed = case((BankLine.entry == Entry.ARRIVED, BankLine.amount), else_=-BankLine.amount)
    query = select(BankLine.state, func.sum(signed)).where(
        BankLine.currency == currency,
        BankLine.value_date <= closed.last_day,
        BankLine.entry != Entry.REFUSED,
        # What a person wrote down and took back was never on a statement.
        or_(BankLine.state != LineState.DISMISSED, BankLine.statement_id.is_not(None)),
    )
    for state, amount in session.execute(query.group_by(BankLine.state)):
        sums[state] = int(amount)
    confirmed, waiting, aside = (
        sums[one] for one in (LineState.CONFIRMED, LineState.RECORDED, LineState.DISMISSED)
    )
    return Balance(currency, total, closed.closing, closed.last_day, confirmed, waiting, aside)


def statements(session: Session, actor: Actor) -> Sequence[BankStatement]:
    """Return the latest imports.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "bank.look", Relation.OTHER)
    latest = select(BankStatement).order_by(BankStatement.imported_at.desc(), BankStatement.id)
    return session.scalars(latest.limit(20)).all()


def plain(found: Desk) -> dict[str, Any]:
    """Return the desk for a program."""
    return {
        "expected": [expected(one) for one in found.expected],
        "orders": [
            {**expected(one.operation), "kind": one.operation.kind.value, "payee": one.payee, "bank": one.bank,
             "account": one.number}
            for one in found.orders
        ],
        "lines": [{**line(one.line), "match": one.match, "own": one.own} for one in found.lines],
        "balances": found.balances,
    }  # fmt: skip


def expected(row: Operation) -> dict[str, Any]:
    """Return what a program reads of a payment or order."""
    return {
        "operation_id": row.id,
        "trade": row.number,
        "reference": row.reference,
        "amount": row.amount,
        "currency": row.currency,
        "since": row.planned_at,
        "proof": row.proof_digest is not None,
    }


def line(row: BankLine) -> dict[str, Any]:
    """Return what a program reads of a line."""
    names = "id", "serial", "value_date", "amount", "currency", "counterparty", "reference", "operation_id"
    return {
        **{name: getattr(row, name) for name in names},
        "entry": row.entry.value,
        "state": row.state.value,
    }
