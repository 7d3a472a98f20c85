"""The machines of an operation and of a connected account.

An operation is planned, open at the platform, then done, failed, expired or astray. A lost answer leaves it
PLANNED: its outcome is unknown, and the same call is repeated with the same key until it is known. What is
over is not beyond the platform: money may still be found on a pay page that failed or expired, and a
transfer, refund or reversal that was given up may turn out to have been made.
"""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class Processor(StrEnum):
    """Who moves the money: the payment platform, asked over the wire, or a bank, through people and its statement."""

    STRIPE = "stripe"
    BANK = "bank"


class OperationKind(StrEnum):
    """What is asked of the payment platform or the bank."""

    CHECKOUT = "checkout"
    TRANSFER = "transfer"
    REFUND = "refund"
    REVERSAL = "reversal"
    """Takes back from a provider's account what a transfer brought there."""


class OperationState(StrEnum):
    """Where an operation stands.

    OPEN is a pay page, or an announced bank transfer, that waits for the buyer; STRAY is one on which money came in
    that funds nothing (late, or not what was planned) and is sent back.
    """

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    OK = "OK"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    STRAY = "STRAY"


class OperationEvent(StrEnum):
    """What can happen to it."""

    OPEN = "open"
    SUCCEED = "succeed"
    FAIL = "fail"
    EXPIRE = "expire"
    STRAY = "stray"


class AccountState(StrEnum):
    """Where a provider's connected account stands.

    PENDING exists at the platform, which does not let money be transferred to it (yet, or any more).
    """

    PLANNED = "PLANNED"
    PENDING = "PENDING"
    OPEN = "OPEN"


class AccountEvent(StrEnum):
    """What the platform says about it."""

    RESTRICT = "restrict"
    OPEN = "open"


TRANSITIONS: Mapping[tuple[OperationState, OperationEvent], OperationState] = {
    (OperationState.PLANNED, OperationEvent.OPEN): OperationState.OPEN,
    (OperationState.PLANNED, OperationEvent.SUCCEED): OperationState.OK,
    (OperationState.PLANNED, OperationEvent.FAIL): OperationState.FAILED,
    (OperationState.PLANNED, OperationEvent.EXPIRE): OperationState.EXPIRED,
    (OperationState.OPEN, OperationEvent.SUCCEED): OperationState.OK,
    (OperationState.OPEN, OperationEvent.FAIL): OperationState.FAILED,
    (OperationState.OPEN, OperationEvent.EXPIRE): OperationState.EXPIRED,
    (OperationState.OPEN, OperationEvent.STRAY): OperationState.STRAY,
    (OperationState.EXPIRED, OperationEvent.STRAY): OperationState.STRAY,
    (OperationState.FAILED, OperationEvent.STRAY): OperationState.STRAY,
    (OperationState.FAILED, OperationEvent.SUCCEED): OperationState.OK,
}

ACCOUNT_TRANSITIONS: Mapping[tuple[AccountState, AccountEvent], AccountState] = {
    (AccountState.PLANNED, AccountEvent.RESTRICT): AccountState.PENDING,
    (AccountState.PLANNED, AccountEvent.OPEN): AccountState.OPEN,
    (AccountState.PENDING, AccountEvent.OPEN): AccountState.OPEN,
    (AccountState.OPEN, AccountEvent.RESTRICT): AccountState.PENDING,
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


def advance_account(state: AccountState, event: AccountEvent) -> AccountState:
    """Return the state of a connected account after an event.

    Raises:
        Conflict: the platform says nothing new.
    """
    try:
        return ACCOUNT_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "account.wrong_state",
            _(
                "The state of the payment account is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "account"),
            ),
            state=state.value,
        ) from None
