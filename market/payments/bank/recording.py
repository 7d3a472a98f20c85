"""The first person: what the bank's statement says, before anything follows from it."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from contracts.errors import ContractError
from contracts.identifiers import parse_number
from market import clock, permissions, steps
from market.actor import Actor
from market.db import locked
from market.errors import Conflict, Invalid, NotFound
from market.i18n import CHINA
from market.i18n import gettext as _
from market.payments.bank.models import BankLine
from market.payments.bank.states import Entry, LineEvent, LineState, advance_line
from market.payments.models import Operation
from market.payments.states import OperationKind, OperationState, Processor
from market.permissions import Relation
from market.steps import Kind, Pending, Step

_NUMBERS: Final = re.compile(r"[0-9A-Z]{11}")


@dataclass(frozen=True)
class Told:
    """What somebody says of one line.

    Attributes:
        entry: what happened.
        reference: the bank's text of the line, with our reference in it where the payer wrote one.
        value_date: the bank's day.
        serial: the bank's number of the line; None for a refusal, which has none.
        amount: minor units; 0 for a refusal, which is of the whole order.
        currency: ISO 4217, upper case.
        counterparty: who paid, or was paid, as the bank says.
        reason: why the bank refused; None otherwise.
    """

    entry: Entry
    reference: str
    value_date: date
    serial: str | None
    amount: int
    currency: str
    counterparty: str = ""
    reason: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The input, as it is recorded."""
        return {**asdict(self), "entry": self.entry.value, "value_date": self.value_date.isoformat()}


def record(session: Session, actor: Actor, told: Told) -> tuple[BankLine, Step]:
    """Write down one line by hand; nothing follows from it before another person confirms it (R7.7).

    Returns:
        The line, and the step that wrote it last; the same line told again by the same person changes nothing.

    Raises:
        Forbidden: not an operator.
        Invalid: ``bank_line.day``: it has not come yet; ``bank_line.no_order``: there is no such order;
            ``bank_line.amount``: the order is over another amount.
        Conflict: ``bank_line.known``: the serial, or the order, is recorded already.
    """
    permissions.require(actor, "bank.act", Relation.OTHER)
    alone(session)
    if told.value_date > clock.now().astimezone(CHINA).date():
        sentence = _("This day has not come yet.")
        raise Invalid("bank_line.day", sentence, fields={"value_date": [sentence]})
    operation = about(session, told.entry, told.reference)
    if told.entry is not Entry.ARRIVED:
        _demand_order(operation, told)
        operation = locked(session, Operation, operation.id) if operation else None
    if known := _known(session, told, operation):
        if known.recorded_by == actor.user_id and _same(known, told):
            return known, session.get_one(Step, known.step_id)
        raise Conflict(
            "bank_line.known", _("This line of the statement, or this order, is recorded already.")
        )
    if operation is not None:
        locked(session, Operation, operation.id)
    handle = operation.handle if operation else steps.new_handle()
    step = steps.begin(actor, Kind.LINE_RECORDED, handle, version=operation.rules if operation else None)
    row = written(session, step, told, operation)
    return row, steps.record(session, step, given=told.given)


def written(
    session: Session,
    step: Pending,
    told: Told,
    operation: Operation | None,
    statement_id: uuid.UUID | None = None,
) -> BankLine:
    """Add the row of a line within a step."""
    row = BankLine(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=operation.handle if operation else steps.new_handle() if statement_id else step.handle,
        statement_id=statement_id,
        entry=told.entry,
        operation_id=operation.id if operation else None,
        serial=told.serial,
        value_date=told.value_date.isoformat(),
        amount=told.amount or (operation.amount if operation else 0),
        currency=told.currency,
        counterparty=told.counterparty,
        reference=told.reference,
        reason=told.reason,
        state=LineState.RECORDED,
        recorded_by=step.actor.user_id,
        recorded_at=step.time,
    )
    session.add(row)
    return row


def dismiss(session: Session, actor: Actor, line_id: uuid.UUID, reason: str) -> tuple[BankLine, Step]:
    """Set a line aside that was mistyped or is none of any trade's money, with a reason; its serial is free again.

    Raises:
        Forbidden: not an operator.
        NotFound: there is no such line.
        Conflict: it was confirmed.
    """
    permissions.require(actor, "bank.act", Relation.OTHER)
    row = locked_line(session, line_id)
    given = {"line": str(line_id), "reason": reason}
    if row.state is LineState.DISMISSED:
        return row, steps.repeat(session, actor, Kind.LINE_DISMISSED, row.handle, given)
    step = steps.begin(actor, Kind.LINE_DISMISSED, row.handle)
    row.state = advance_line(row.state, LineEvent.DISMISS)
    row.reason, row.step_id = reason, step.id
    return row, steps.record(session, step, given=given, note={"reason": reason})


def locked_line(session: Session, line_id: uuid.UUID) -> BankLine:
    """Return a line, locked until the end of the transaction.

    Raises:
        NotFound: ``bank_line.not_found``.
    """
    row = session.get(BankLine, line_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("bank_line.not_found", _("There is no such line of a bank statement."))
    return row


def about(session: Session, entry: Entry, reference: str) -> Operation | None:
    """Return the bank operation whose reference stands in a bank's text and fits what happened, or None.

    Banks cut and join such texts, so every part of it that could be one of our numbers is tried.
    """
    query = select(Operation).where(
        Operation.processor == Processor.BANK, Operation.reference.in_(numbers_in(reference))
    )
    incoming = Operation.kind == OperationKind.CHECKOUT
    query = query.where(incoming if entry is Entry.ARRIVED else ~incoming)
    found = session.scalars(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def numbers_in(reference: str) -> set[str]:
    """Return what in a bank's text has the form and the check character of a number of this exchange."""
    plain = re.sub(r"[\s-]", "", reference).upper()
    texts: Iterable[str] = (plain[start : start + 11] for start in range(max(len(plain) - 10, 0)))
    return {one for one in texts if _NUMBERS.fullmatch(one) and _is_number(one)}


def alone(session: Session) -> None:
    """Let one person at a time write lines; SQLite has one writer in any case."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('bank_line', 4))"))


def _is_number(text_: str) -> bool:
    try:
        return parse_number(text_) == text_
    except ContractError:
        return False


def _demand_order(operation: Operation | None, told: Told) -> None:
    if operation is None or operation.state is not OperationState.PLANNED:
        sentence = _("There is no payment order with this reference that waits.")
        raise Invalid("bank_line.no_order", sentence, fields={"reference": [sentence]})
    if told.entry is Entry.EXECUTED and (told.amount, told.currency) != (
        operation.amount,
        operation.currency,
    ):
        sentence = _("The order is over another amount. Write what the bank's statement says.")
        raise Invalid("bank_line.amount", sentence, fields={"amount": [sentence]})


def _known(session: Session, told: Told, operation: Operation | None) -> BankLine | None:
    if told.serial is not None:
        query = select(BankLine).where(BankLine.serial == told.serial, BankLine.state != LineState.DISMISSED)
        if found := session.scalars(query).one_or_none():
            return found
    if told.entry is Entry.ARRIVED or operation is None:
        return None
    query = select(BankLine).where(
        BankLine.operation_id == operation.id,
        BankLine.entry != Entry.ARRIVED,
        BankLine.state == LineState.RECORDED,
    )
    return session.scalars(query).one_or_none()


def _same(row: BankLine, told: Told) -> bool:
    said = (row.entry, row.serial, row.value_date, row.reference, row.counterparty, row.currency)
    now = (
        told.entry, told.serial, told.value_date.isoformat(), told.reference, told.counterparty, told.currency,
    )  # fmt: skip
    return said == now and told.amount in {row.amount, 0}
