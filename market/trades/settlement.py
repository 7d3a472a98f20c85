"""The money of a trade: due, held by the payment processor, then released or refunded."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class SettlementState(StrEnum):
    """Where the money of one instalment is."""

    DUE = "DUE"
    FUNDED = "FUNDED"
    RELEASED = "RELEASED"
    REFUNDED = "REFUNDED"
    PARTIAL = "PARTIAL"
    CANCELLED = "CANCELLED"


class SettlementEvent(StrEnum):
    """What can happen to it; PARTIAL is reached by a ruling that divides the amount and ends there."""

    FUND = "fund"
    RELEASE = "release"
    REFUND = "refund"
    DIVIDE = "divide"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[SettlementState, SettlementEvent], SettlementState] = {
    (SettlementState.DUE, SettlementEvent.FUND): SettlementState.FUNDED,
    (SettlementState.DUE, SettlementEvent.CANCEL): SettlementState.CANCELLED,
    (SettlementState.FUNDED, SettlementEvent.RELEASE): SettlementState.RELEASED,
    (SettlementState.FUNDED, SettlementEvent.REFUND): SettlementState.REFUNDED,
    (SettlementState.FUNDED, SettlementEvent.DIVIDE): SettlementState.PARTIAL,
}


def advance(state: SettlementState, event: SettlementEvent) -> SettlementState:
    """Return the state after an event.

    Raises:
        Conflict: the money is not where this event could move it.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "settlement.wrong_state",
            _(
                "The state of the settlement is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "settlement"),
            ),
            state=state.value,
        ) from None
