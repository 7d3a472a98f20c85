"""Finding chargebacks: those of a trade, those of a payment, and whether money of it may leave."""

import uuid

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.payments.chargebacks.states import PENDING, ChargebackState
from market.payments.models import Chargeback, Operation
from market.payments.outcomes import CHARGED_BACK
from market.payments.states import OperationKind, OperationState

STOPPED = frozenset({OperationKind.TRANSFER, OperationKind.REFUND})
"""Movements that wait while their payment is questioned; what is taken back from a provider does not."""


def of_trade(session: Session, number: str) -> list[Chargeback]:
    """Return the chargebacks of a trade, the first one first."""
    query = select(Chargeback).where(Chargeback.number == number)
    return list(session.scalars(query.order_by(Chargeback.opened_at, Chargeback.id)))


def found(session: Session, chargeback_id: uuid.UUID) -> Chargeback:
    """Return a chargeback.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Chargeback, chargeback_id)
    if row is None:
        raise NotFound("chargeback.not_found", _("There is no such chargeback."))
    return row


def is_questioned(session: Session, settlement_id: uuid.UUID) -> bool:
    """Tell whether a payment of a settlement is questioned now, so that nothing of it leaves."""
    return _is_pending(session, _about(settlement_id))


def is_taken_back(session: Session, settlement_id: uuid.UUID) -> bool:
    """Tell whether a bank has taken a payment of a settlement back while it decides; an inquiry takes nothing."""
    wanted = exists().where(_about(settlement_id), Chargeback.state == ChargebackState.OPEN)
    return bool(session.scalar(select(wanted)))


def stops(session: Session, operation: Operation) -> bool:
    """Tell whether a movement waits, because the payment it is about is questioned now."""
    about = Chargeback.operation_id == operation.source_id
    return operation.kind in STOPPED and _is_pending(session, about)


def demand_unquestioned(session: Session, paid: Operation) -> None:
    """Refuse to plan what leaves a payment that is questioned.

    Raises:
        Conflict: ``chargeback.open``.
    """
    if _is_pending(session, Chargeback.operation_id == paid.id):
        message = _(
            "The buyer's bank questions this payment; nothing of it is released or refunded until it decides."
        )
        raise Conflict("chargeback.open", message)


def covered(session: Session, paid_id: uuid.UUID) -> int:
    """Return the minor units of a payment's held money that banks have taken back for good."""
    query = select(Chargeback.covered).where(
        Chargeback.operation_id == paid_id, Chargeback.state == ChargebackState.LOST
    )
    return sum(session.scalars(query))


def waiting(session: Session, paid_id: uuid.UUID) -> list[Operation]:
    """Return the transfers and refunds of a payment that are planned, or failed and to be tried again."""
    query = select(Operation).where(
        Operation.source_id == paid_id,
        Operation.kind.in_(STOPPED),
        Operation.state.in_([OperationState.PLANNED, OperationState.FAILED]),
    )
    rows = list(session.scalars(query.order_by(Operation.planned_at, Operation.attempt)))
    done = select(Operation).where(
        Operation.source_id == paid_id, Operation.kind.in_(STOPPED), Operation.state == OperationState.OK
    )
    over = {(one.kind, one.cause_id) for one in session.scalars(done)}
    return [row for row in rows if row.failure != CHARGED_BACK and (row.kind, row.cause_id) not in over]


def _about(settlement_id: uuid.UUID) -> ColumnElement[bool]:
    """Return the condition of a chargeback of what funded a settlement; money astray beside it stops nothing else."""
    funding = select(Operation.id).where(
        Operation.settlement_id == settlement_id, Operation.state == OperationState.OK
    )
    return Chargeback.operation_id.in_(funding)


def _is_pending(session: Session, about: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(about, Chargeback.state.in_(PENDING)))))
