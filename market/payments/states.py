"""The machine of an operation: planned, open at the platform, then done, failed or expired.

A lost answer leaves an operation PLANNED: its outcome is unknown, and the same call is repeated with the
same key until it is known.
"""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class OperationKind(StrEnum):
    """What is asked of the payment platform."""

    CHECKOUT = "checkout"
    TRANSFER = "transfer"
    REFUND = "refund"


class OperationState(StrEnum):
    """Where an operation stands; OPEN is a pay page that waits for the buyer."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    OK = "OK"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class OperationEvent(StrEnum):
    """What can happen to it."""

    OPEN = "open"
    SUCCEED = "succeed"
    FAIL = "fail"
    EXPIRE = "expire"


class AccountState(StrEnum):
    """Where a provider's connected account stands."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"


TRANSITIONS: Mapping[tuple[OperationState, OperationEvent], OperationState] = {
    (OperationState.PLANNED, OperationEvent.OPEN): OperationState.OPEN,
    (OperationState.PLANNED, OperationEvent.SUCCEED): OperationState.OK,
    (OperationState.PLANNED, OperationEvent.FAIL): OperationState.FAILED,
    (OperationState.PLANNED, OperationEvent.EXPIRE): OperationState.EXPIRED,
    (OperationState.OPEN, OperationEvent.SUCCEED): OperationState.OK,
    (OperationState.OPEN, OperationEvent.FAIL): OperationState.FAILED,
    (OperationState.OPEN, OperationEvent.EXPIRE): OperationState.EXPIRED,
}


def advance(state: OperationState, event: OperationEvent) -> OperationState:
    """Return the state after an event.

    Raises:
        Conflict: the operation is over; what comes late changes nothing.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "operation.wrong_state",
            _(
                "The state of the payment operation is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "payment"),
            ),
            state=state.value,
        ) from None
