"""A rejected delivery: the money is held until the operator rules, one way, the other way, or divided."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class DisputeState(StrEnum):
    """How far the dispute is."""

    OPEN = "OPEN"
    EVIDENCE = "EVIDENCE"
    RULED = "RULED"
    CLOSED = "CLOSED"


class DisputeEvent(StrEnum):
    """What can happen to it; it closes when the money has gone where the ruling sends it."""

    HEAR = "hear"
    RULE = "rule"
    CLOSE = "close"


class Ruling(StrEnum):
    """Whom the operator gives the amount: the provider, back to the buyer, or a part to each."""

    RELEASE = "release"
    REFUND = "refund"
    DIVIDE = "divide"


TRANSITIONS: Mapping[tuple[DisputeState, DisputeEvent], DisputeState] = {
    (DisputeState.OPEN, DisputeEvent.HEAR): DisputeState.EVIDENCE,
    (DisputeState.OPEN, DisputeEvent.RULE): DisputeState.RULED,
    (DisputeState.EVIDENCE, DisputeEvent.RULE): DisputeState.RULED,
    (DisputeState.RULED, DisputeEvent.CLOSE): DisputeState.CLOSED,
}


def advance(state: DisputeState, event: DisputeEvent) -> DisputeState:
    """Return the state after an event.

    Raises:
        Conflict: the dispute is not at the point where this could happen.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "dispute.wrong_state",
            _(
                "The state of the dispute is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "dispute"),
            ),
            state=state.value,
        ) from None
