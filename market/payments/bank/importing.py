"""The bank's statement, imported: a first person's record of many lines at once.

The lines are matched to announced transfers and payment orders by reference and amount; each still waits for its
second person. A file that was imported before, or lines that are known, change nothing.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, permissions, steps
from market.actor import Actor
from market.errors import Conflict, Invalid
from market.i18n import CHINA
from market.i18n import gettext as _
from market.payments.bank import parsing, recording
from market.payments.bank.models import BankAccount, BankLine, BankStatement
from market.payments.bank.recording import Told
from market.payments.bank.states import BankAccountState, Entry, LineState
from market.payments.models import Operation
from market.payments.states import OperationState
from market.permissions import Relation
from market.steps import Kind, Step


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        statement: the import that has the lines; None where every line was known already from elsewhere.
        added: how many lines were new.
        known: how many were here already.
        step: what was written; None where nothing was new.
    """

    statement: BankStatement | None
    added: int
    known: int
    step: Step | None


def currency_of(session: Session) -> str:
    """Return the currency of the receiving account that is in use or was last.

    Raises:
        Conflict: ``bank.not_offered``: there never was one.
    """
    query = select(BankAccount).where(
        BankAccount.receiving.is_(True), BankAccount.state != BankAccountState.PROPOSED
    )
    found = session.scalars(query.order_by(BankAccount.state.desc(), BankAccount.proposed_at.desc()).limit(1))
    account = found.one_or_none()
    if account is None:
        raise Conflict("bank.not_offered", _("There is no receiving account whose statement this could be."))
    return account.currency


def import_statement(session: Session, actor: Actor, content: bytes, closing: int | None) -> Imported:
    """Take the lines of a statement that are not known yet, all in one step, or none of them.

    Args:
        session: the session of the transaction.
        actor: an operator; another one confirms each line.
        content: the file, see :mod:`market.payments.bank.parsing`.
        closing: what it says the account holds at the end of its last day, minor units; None where it does not say.

    Raises:
        Forbidden: not an operator.
        Conflict: ``bank.not_offered``.
        Invalid: ``bank_statement.wrong``: says what is wrong by line number.
    """
    permissions.require(actor, "bank.act", Relation.OTHER)
    recording.alone(session)
    digest = hashlib.sha256(content).hexdigest()
    before = session.scalars(select(BankStatement).where(BankStatement.digest == digest)).one_or_none()
    if before is not None:
        return Imported(before, 0, before.lines, None)
    currency = currency_of(session)
    try:
        told = parsing.parse(content, currency)
        new = _new(session, told)
    except parsing.StatementFault as fault:
        sentence = _("Nothing was imported. Correct the file and send it again.")
        fields = {"file": fault.faults}
        raise Invalid("bank_statement.wrong", sentence, fields=fields) from fault
    if not new:
        return Imported(None, 0, len(told), None)
    step = steps.begin(actor, Kind.STATEMENT_IMPORTED, steps.new_handle())
    row = BankStatement(
        id=uuid.uuid4(),
        step_id=step.id,
        digest=digest,
        currency=currency,
        lines=len(new),
        last_day=max(one.value_date for one in told).isoformat(),
        closing=closing,
        imported_by=actor.user_id,
        imported_at=step.time,
    )
    session.add(row)
    session.flush()
    taken: set[uuid.UUID] = set()
    for one in new:
        operation = _matched(session, one, taken)
        recording.written(session, step, one, operation, row.id)
    return Imported(
        row, len(new), len(told) - len(new), steps.record(session, step, given={"digest": digest})
    )


def _new(session: Session, told: Sequence[Told]) -> list[Told]:
    """Return the lines that are not here yet.

    Raises:
        StatementFault: a line is here with another amount, or of a day that has not come.
    """
    serials = [one.serial for one in told]
    known: dict[str | None, list[BankLine]] = {}
    for row in session.scalars(select(BankLine).where(BankLine.serial.in_(serials))):
        known.setdefault(row.serial, []).append(row)
    today = clock.now().astimezone(CHINA).date()
    faults, new = [], []
    for one in told:
        rows = known.get(one.serial, [])
        if one.value_date > today:
            faults.append(_("Serial %(serial)s: this day has not come yet.", serial=one.serial))
        elif any(
            (row.entry, row.amount, row.currency) == (one.entry, one.amount, one.currency) for row in rows
        ):
            continue
        elif any(row.state is not LineState.DISMISSED for row in rows):
            faults.append(_("Serial %(serial)s is recorded already with other figures.", serial=one.serial))
        else:
            new.append(one)
    if faults:
        raise parsing.StatementFault(faults[: parsing.MOST_FAULTS])
    return new


def _matched(session: Session, told: Told, taken: set[uuid.UUID]) -> Operation | None:
    """Return what a line is about; an order only if it waits, is over this amount and nobody has recorded it."""
    found = recording.about(session, told.entry, told.reference)
    if found is None or told.entry is Entry.ARRIVED:
        return found
    fits = found.state is OperationState.PLANNED and (found.amount, found.currency) == (
        told.amount,
        told.currency,
    )
    recorded = select(BankLine.id).where(
        BankLine.operation_id == found.id,
        BankLine.entry != Entry.ARRIVED,
        BankLine.state == LineState.RECORDED,
    )
    if not fits or found.id in taken or session.scalar(recorded.limit(1)) is not None:
        return None
    taken.add(found.id)
    return found
