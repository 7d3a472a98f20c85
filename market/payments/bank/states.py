"""The machines of a bank account and of a line of a bank's statement."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class BankAccountState(StrEnum):
    """Where a bank account stands; money goes to or is expected on an OPEN one alone."""

    PROPOSED = "PROPOSED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class BankAccountEvent(StrEnum):
    """What people do with it."""

    CONFIRM = "confirm"
    CLOSE = "close"


class LineState(StrEnum):
    """Where a line stands: one person says so, two say so, or it is none of the exchange's money."""

    RECORDED = "RECORDED"
    CONFIRMED = "CONFIRMED"
    DISMISSED = "DISMISSED"


class LineEvent(StrEnum):
    """What people do with it."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"


class Entry(StrEnum):
    """What a line tells."""

    ARRIVED = "arrived"
    """Money came in."""
    EXECUTED = "executed"
    """The bank made a payment order: money left."""
    REFUSED = "refused"
    """The bank refused a payment order: no money moved."""


ACCOUNT_TRANSITIONS: Mapping[tuple[BankAccountState, BankAccountEvent], BankAccountState] = {
    (BankAccountState.PROPOSED, BankAccountEvent.CONFIRM): BankAccountState.OPEN,
    (BankAccountState.PROPOSED, BankAccountEvent.CLOSE): BankAccountState.CLOSED,
    (BankAccountState.OPEN, BankAccountEvent.CLOSE): BankAccountState.CLOSED,
}

LINE_TRANSITIONS: Mapping[tuple[LineState, LineEvent], LineState] = {
    (LineState.RECORDED, LineEvent.CONFIRM): LineState.CONFIRMED,
    (LineState.RECORDED, LineEvent.DISMISS): LineState.DISMISSED,
}


def advance_account(state: BankAccountState, event: BankAccountEvent) -> BankAccountState:
    """Return the state of a bank account after an event.

    Raises:
        Conflict: it is not at the point where this could happen.
    """
    try:
        return ACCOUNT_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "bank_account.wrong_state",
            _(
                "The state of the bank account is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "bank_account"),
            ),
            state=state.value,
        ) from None


def advance_line(state: LineState, event: LineEvent) -> LineState:
    """Return the state of a line after an event.

    Raises:
        Conflict: it was confirmed or set aside already.
    """
    try:
        return LINE_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "bank_line.wrong_state",
            _(
                "The state of the line is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "bank_line"),
            ),
            state=state.value,
        ) from None
