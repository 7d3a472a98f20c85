"""What the buyer still owes when an agreement has ended: to delete the data, and to certify it where agreed."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class DutyState(StrEnum):
    """Whether the data are deleted; MISSED means that the time to do it ran out, and it can still be made good."""

    OWED = "OWED"
    MISSED = "MISSED"
    PERFORMED = "PERFORMED"


class DutyEvent(StrEnum):
    """What can happen to it; ``miss`` comes from the deadline alone."""

    PERFORM = "perform"
    MISS = "miss"


TRANSITIONS: Mapping[tuple[DutyState, DutyEvent], DutyState] = {
    (DutyState.OWED, DutyEvent.PERFORM): DutyState.PERFORMED,
    (DutyState.OWED, DutyEvent.MISS): DutyState.MISSED,
    (DutyState.MISSED, DutyEvent.PERFORM): DutyState.PERFORMED,
}


def advance(state: DutyState, event: DutyEvent) -> DutyState:
    """Return the state after an event.

    Raises:
        Conflict: the duty was performed, or missed already.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "duty.wrong_state",
            _(
                "The state of the duty is “%(state)s”; that cannot be changed.",
                state=state_label(state, "duty"),
            ),
            state=state.value,
        ) from None
