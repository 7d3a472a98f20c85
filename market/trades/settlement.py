"""The money of a trade: due, held by the payment processor, then released or refunded; one for each instalment."""

from collections.abc import Collection, Mapping
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


PAID = frozenset({SettlementState.FUNDED, SettlementState.RELEASED, SettlementState.PARTIAL})
"""States in which an instalment was paid and did not go back."""

_FIRST = (
    SettlementState.FUNDED,
    SettlementState.DUE,
    SettlementState.PARTIAL,
    SettlementState.RELEASED,
    SettlementState.REFUNDED,
    SettlementState.CANCELLED,
)


def whole(states: Collection[SettlementState]) -> SettlementState | None:
    """Return where the money of a trade is as a whole; None when nothing is paid.

    What is held comes first, then what is still due; after that, a part to each side is PARTIAL, and what was
    cancelled counts only where nothing was paid.
    """
    if {SettlementState.RELEASED, SettlementState.REFUNDED} <= set(states) and not {*_FIRST[:2]} & set(
        states
    ):
        return SettlementState.PARTIAL
    return next((state for state in _FIRST if state in states), None)


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
