"""The buyer's side of a bank transfer: announce it, show a proof of it, or take the announcement back.

Each function is one step in the caller's transaction, who has checked the permission and holds the settlement's lock.
An announced transfer is a payment that is OPEN, so the database lets it stand beside no other open payment, and no
two payments fund one settlement whichever way they came.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from market import steps
from market.actor import Actor
from market.db import locked
from market.errors import Conflict
from market.i18n import gettext as _
from market.payments.bank import accounts
from market.payments.bank.models import BankAccount, BankLine
from market.payments.bank.states import LineState
from market.payments.models import Operation
from market.payments.planning import Bill, payment_of, planned
from market.payments.states import OperationEvent, OperationKind, OperationState, Processor, advance
from market.steps import Kind, Step

WAITING = frozenset({OperationState.PLANNED, OperationState.OPEN})


@dataclass(frozen=True)
class Announced:
    """An announced transfer.

    Attributes:
        operation: the payment, with its reference and amount.
        into: the account to pay to; None where the operator has closed it meanwhile.
    """

    operation: Operation
    into: BankAccount | None


def announce(session: Session, actor: Actor, bill: Bill) -> tuple[Announced, Step]:
    """Choose bank transfer for a settlement that is due.

    Returns:
        The announced transfer (the one of before, for a second click or a colleague), and the step that began it.

    Raises:
        Conflict: ``payment.settled``, ``payment.page_open``: a pay page stands open; ``bank.not_offered`` or
            ``bank.provider_without_account``.
    """
    latest = payment_of(session, bill.settlement_id)
    if latest is not None and latest.state is OperationState.OK:
        raise Conflict("payment.settled", _("This is already paid."))
    if latest is not None and latest.state in WAITING:
        if latest.processor is not Processor.BANK:
            message = _("A pay page is open for this. Pay there, or try again once it is closed.")
            raise Conflict("payment.page_open", message)
        into = accounts.receiving(session, bill.currency)
        return Announced(latest, into), session.get_one(Step, latest.step_id)
    into = accounts.demand_payable(session, bill.provider_id, bill.currency)
    step = steps.begin(actor, Kind.PAYMENT_OPENED, bill.handle, version=bill.rules)
    made = planned(
        session, step, bill, OperationKind.CHECKOUT, bill.amount,
        state=OperationState.OPEN, processor=Processor.BANK, reference=new_number(),
    )  # fmt: skip
    note = {"amount": made.amount, "currency": made.currency}
    return Announced(made, into), steps.record(session, step, note=note)


def announced(session: Session, settlement_id: uuid.UUID) -> Announced | None:
    """Return the transfer that is announced for a settlement, or None."""
    found = payment_of(session, settlement_id)
    if found is None or found.processor is not Processor.BANK or found.state is not OperationState.OPEN:
        return None
    return Announced(found, accounts.receiving(session, found.currency))


def arriving(session: Session, operation: Operation) -> bool:
    """Tell whether somebody has recorded money for a payment that nobody has confirmed yet."""
    waits = exists().where(BankLine.operation_id == operation.id, BankLine.state == LineState.RECORDED)
    return bool(session.scalar(select(waits)))


def withdraw(session: Session, actor: Actor, settlement_id: uuid.UUID) -> Step:
    """Take an announcement back while nothing has arrived, so that it can be paid otherwise.

    Raises:
        Conflict: ``payment.not_announced``; ``payment.arriving``: the operator has seen money for it.
    """
    latest = payment_of(session, settlement_id)
    if latest is None or latest.processor is not Processor.BANK:
        raise _not_announced()
    found = locked(session, Operation, latest.id)
    given = {"operation": str(found.id)}
    if found.state is OperationState.EXPIRED:
        return steps.repeat(session, actor, Kind.PAYMENT_WITHDRAWN, found.handle, given)
    if found.state is not OperationState.OPEN:
        raise _not_announced()
    if arriving(session, found):
        message = _("Your transfer has been seen on the account and is being confirmed.")
        raise Conflict("payment.arriving", message)
    step = steps.begin(actor, Kind.PAYMENT_WITHDRAWN, found.handle, version=found.rules)
    found.state, found.step_id = advance(found.state, OperationEvent.EXPIRE), step.id
    return steps.record(session, step, given=given)


def show_proof(session: Session, actor: Actor, settlement_id: uuid.UUID, digest: str, form: str) -> Step:
    """Keep a file by which the buyer shows that the transfer was sent: where to look, never a fact.

    Args:
        session: the session of the transaction.
        actor: a buyer of the buying organisation.
        settlement_id: of the announced transfer.
        digest: SHA-256 of the stored file.
        form: its format.

    Raises:
        Conflict: ``payment.not_announced``.
    """
    latest = payment_of(session, settlement_id)
    if latest is None or latest.processor is not Processor.BANK:
        raise _not_announced()
    found = locked(session, Operation, latest.id)
    given = {"digest": digest}
    if found.proof_digest == digest:
        return steps.repeat(session, actor, Kind.PAYMENT_EVIDENCED, found.handle, given)
    if found.state is not OperationState.OPEN:
        raise _not_announced()
    step = steps.begin(actor, Kind.PAYMENT_EVIDENCED, found.handle, version=found.rules)
    found.proof_digest, found.proof_format, found.step_id = digest, form, step.id
    return steps.record(session, step, given=given)


def _not_announced() -> Conflict:
    return Conflict("payment.not_announced", _("No bank transfer is announced for this now."))
