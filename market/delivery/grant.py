"""Whether a buyer may fetch: the grant, and the transfer process that the Dataspace Protocol names."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class GrantState(StrEnum):
    """The standing of a grant; CLOSED is final (the agreement ended or was undone)."""

    OPEN = "OPEN"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class TransferState(StrEnum):
    """The transfer process, with exactly the states of the Dataspace Protocol."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class GrantEvent(StrEnum):
    """What can happen to a grant."""

    SUSPEND = "suspend"
    RESTORE = "restore"
    CLOSE = "close"


class TransferEvent(StrEnum):
    """What can happen to a transfer."""

    START = "start"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETE = "complete"
    TERMINATE = "terminate"


GRANT_TRANSITIONS: Mapping[tuple[GrantState, GrantEvent], GrantState] = {
    (GrantState.OPEN, GrantEvent.SUSPEND): GrantState.SUSPENDED,
    (GrantState.OPEN, GrantEvent.CLOSE): GrantState.CLOSED,
    (GrantState.SUSPENDED, GrantEvent.RESTORE): GrantState.OPEN,
    (GrantState.SUSPENDED, GrantEvent.CLOSE): GrantState.CLOSED,
}

TRANSFER_TRANSITIONS: Mapping[tuple[TransferState, TransferEvent], TransferState] = {
    (TransferState.REQUESTED, TransferEvent.START): TransferState.STARTED,
    (TransferState.REQUESTED, TransferEvent.TERMINATE): TransferState.TERMINATED,
    (TransferState.STARTED, TransferEvent.SUSPEND): TransferState.SUSPENDED,
    (TransferState.STARTED, TransferEvent.COMPLETE): TransferState.COMPLETED,
    (TransferState.STARTED, TransferEvent.TERMINATE): TransferState.TERMINATED,
    (TransferState.SUSPENDED, TransferEvent.RESUME): TransferState.STARTED,
    (TransferState.SUSPENDED, TransferEvent.COMPLETE): TransferState.COMPLETED,
    (TransferState.SUSPENDED, TransferEvent.TERMINATE): TransferState.TERMINATED,
}
"""A suspended transfer may still complete: the last byte can have left before the suspension."""


def advance(state: GrantState, event: GrantEvent) -> GrantState:
    """Return the state of a grant after an event.

    Raises:
        Conflict: the grant is closed, or already in the state the event leads to.
    """
    try:
        return GRANT_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "grant.wrong_state",
            _(
                "The state of the grant is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "grant"),
            ),
            state=state.value,
        ) from None


def advance_transfer(state: TransferState, event: TransferEvent) -> TransferState:
    """Return the state of a transfer after an event.

    Raises:
        Conflict: the transfer has ended, or has not started.
    """
    try:
        return TRANSFER_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "transfer.wrong_state",
            _(
                "The state of the delivery is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "transfer"),
            ),
            state=state.value,
        ) from None
