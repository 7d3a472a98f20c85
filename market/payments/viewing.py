"""Who may see which operation, and the operator's list."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from market import clock, permissions
from market.actor import Actor
from market.errors import NotFound
from market.i18n import gettext as _
from market.paging import Beginning, Page, beginning, page
from market.payments.models import Operation
from market.payments.outcomes import CHARGED_BACK
from market.payments.states import OperationKind, OperationState, Processor
from market.steps import Step

PATIENCE: Final = timedelta(minutes=10)
"""How long a call may be without an answer before somebody looks."""

_OWED: Final = (OperationKind.TRANSFER, OperationKind.REFUND)

REMEMBERED: Final = timedelta(days=30)
"""How long money that funds nothing stays among what is to be looked at."""


def listed(session: Session, actor: Actor, cursor: str | None = None) -> Page[Operation]:
    """Return a page of all operations, the latest planned first.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "operation.list", permissions.Relation.OTHER)
    return page(session, select(Operation), Operation.planned_at, Operation.id, cursor)


def doubtful(session: Session, actor: Actor) -> Beginning[Row[Operation, datetime]]:
    """Return the operations that a person must look at, each with since when, the longest first.

    There is nothing for who may not list them.

    Money that funds nothing, a call without an answer for a while, and a transfer or refund that failed with
    no attempt after it. A reversal that was given up is none of them: the provider owes what it should have brought.
    """
    if not permissions.allowed(actor, "operation.list", permissions.Relation.OTHER):
        return Beginning([], 0)
    later = aliased(Operation)
    again = (
        select(later.id)
        .where(
            later.source_id == Operation.source_id,
            later.kind == Operation.kind,
            later.cause_id == Operation.cause_id,
            later.attempt > Operation.attempt,
        )
        .exists()
    )
    now, void = clock.now(), func.coalesce(Operation.failure, "") == CHARGED_BACK
    query = select(Operation, Step.time).join(Step, Step.id == Operation.step_id)
    query = query.where(
        or_(
            and_(Operation.state == OperationState.STRAY, Operation.planned_at > now - REMEMBERED),
            and_(
                Operation.state == OperationState.PLANNED,
                Operation.processor == Processor.STRIPE,
                Operation.planned_at < now - PATIENCE,
            ),
            and_(Operation.state == OperationState.FAILED, Operation.kind.in_(_OWED), ~again, ~void),
        )
    )
    return beginning(session, query, Step.time, Operation.id)


def seen(session: Session, actor: Actor, operation_id: uuid.UUID) -> Operation:
    """Return an operation that concerns the actor's organisation, or any for operator and auditor.

    Raises:
        NotFound: there is none, or the actor may not know of it; the answer is the same.
    """
    found = session.get(Operation, operation_id)
    staff = permissions.allowed(actor, "operation.list", permissions.Relation.OTHER)
    own = found is not None and actor.organisation_id == found.organisation_id
    if found is None or not (own or staff):
        raise NotFound("operation.not_found", _("There is no such payment operation."))
    return found


def shown(row: Operation) -> dict[str, Any]:
    """Return what the API shows of an operation; the pay page's address is the buyer's alone."""
    return {
        "id": row.id,
        "kind": row.kind.value,
        "processor": row.processor.value,
        "trade": row.number,
        "attempt": row.attempt,
        "amount": row.amount,
        "fee": row.fee,
        "currency": row.currency,
        "state": row.state.value,
        "failure": row.failure,
        "reference": row.reference,
        "stripe_id": row.stripe_id,
        "request_id": row.request_id,
        "planned_at": row.planned_at,
        "entry_id": row.step_id,
    }
