"""The row of an intended call: what a trade's bill makes of it."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from market.payments.models import Operation
from market.payments.outcomes import next_attempt, reference_for
from market.payments.states import OperationKind, OperationState, Processor
from market.steps import Pending

_OF_PROVIDER: Final = frozenset({OperationKind.TRANSFER, OperationKind.REVERSAL})


@dataclass(frozen=True)
class Bill:
    """What of a trade and its settlement this room must know.

    Attributes:
        handle: the trade's handle in the ledger.
        number: the trade's number; also names its group at the payment platform.
        settlement_id: one charge for each, and what leaves of it adds up to the charge.
        provider_id: organisation that is paid.
        buyer_id: organisation that pays.
        amount: minor units of ``currency`` that the buyer pays.
        fee: minor units of it that the exchange keeps on release.
        held_days: for how many days the payment may be held at the longest (R5.7); 0 where nobody asked.
        refund: minor units of it that go back to the buyer beside a release; 0 where all goes one way.
        currency: ISO 4217, upper case.
        title: what the payer reads on the pay page, at most 200 characters.
        rules: version of the rule book that the trade keeps.
        charged_back: minor units of the amount that the buyer's bank took back for good while they were held.
    """

    handle: str
    number: str
    settlement_id: uuid.UUID
    provider_id: uuid.UUID
    buyer_id: uuid.UUID
    amount: int
    fee: int
    currency: str
    title: str
    rules: int
    refund: int = 0
    charged_back: int = 0
    held_days: int = 0


def payment_of(session: Session, settlement_id: uuid.UUID) -> Operation | None:
    """Return the payment that a settlement was funded by, else the one that waits, else the latest; None before any.

    A buyer who sends a bank transfer twice makes a second payment, which is astray, after the one that funded, or
    beside one that is announced anew.
    """
    query = select(Operation).where(
        Operation.settlement_id == settlement_id, Operation.kind == OperationKind.CHECKOUT
    )
    waits = Operation.state.in_([OperationState.PLANNED, OperationState.OPEN])
    first = case((Operation.state == OperationState.OK, 0), (waits, 1), else_=2)
    return session.scalars(query.order_by(first, Operation.attempt.desc()).limit(1)).one_or_none()


def planned(
    session: Session,
    step: Pending,
    bill: Bill,
    kind: OperationKind,
    amount: int,
    source: Operation | None = None,
    **values: Any,
) -> Operation:
    """Write the row of an intended call; its id and attempt are the call's idempotency key.

    Args:
        session: the session of the step.
        step: the step that was begun.
        bill: what it is about.
        kind: what is asked of the platform.
        amount: minor units of the bill's currency.
        source: the paid checkout, for everything but a checkout.
        values: columns that are not as they are for most.
    """
    processor = source.processor if source else Processor.STRIPE
    columns = {
        "cause_id": bill.settlement_id, "fee": 0, "netted": 0,
        "state": OperationState.PLANNED, "processor": processor, "reference": reference_for(processor), **values,
    }  # fmt: skip
    made = Operation(
        id=uuid.uuid4(),
        step_id=step.id,
        kind=kind,
        handle=bill.handle,
        number=bill.number,
        settlement_id=bill.settlement_id,
        organisation_id=bill.provider_id if kind in _OF_PROVIDER else bill.buyer_id,
        source_id=source.id if source else None,
        attempt=next_attempt(session, bill.settlement_id, kind),
        amount=amount,
        currency=bill.currency,
        title=bill.title,
        rules=bill.rules,
        planned_at=step.time,
        **columns,
    )
    session.add(made)
    return made
