"""The machine of a report: planned, made, signed off."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class ReconciliationState(StrEnum):
    """Where a report stands."""

    PLANNED = "PLANNED"
    MADE = "MADE"
    SIGNED = "SIGNED"


class ReconciliationEvent(StrEnum):
    """What can happen to it."""

    MAKE = "make"
    SIGN = "sign"


TRANSITIONS: Mapping[tuple[ReconciliationState, ReconciliationEvent], ReconciliationState] = {
    (ReconciliationState.PLANNED, ReconciliationEvent.MAKE): ReconciliationState.MADE,
    (ReconciliationState.MADE, ReconciliationEvent.SIGN): ReconciliationState.SIGNED,
}


def advance(state: ReconciliationState, event: ReconciliationEvent) -> ReconciliationState:
    """Return the state after an event.

    Raises:
        Conflict: the report is not at the point where this could happen.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "reconciliation.wrong_state",
            _(
                "The state of the report is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "reconciliation"),
            ),
            state=state.value,
        ) from None
