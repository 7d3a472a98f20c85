"""The buyer's word on the delivery: accepted, rejected, or deemed accepted when the deadline passes."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class AcceptanceState(StrEnum):
    """What the buyer has said."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    DEEMED = "DEEMED"


class AcceptanceEvent(StrEnum):
    """What can happen to it; ``deem`` comes from the deadline alone."""

    ACCEPT = "accept"
    REJECT = "reject"
    DEEM = "deem"


TRANSITIONS: Mapping[tuple[AcceptanceState, AcceptanceEvent], AcceptanceState] = {
    (AcceptanceState.PENDING, AcceptanceEvent.ACCEPT): AcceptanceState.ACCEPTED,
    (AcceptanceState.PENDING, AcceptanceEvent.REJECT): AcceptanceState.REJECTED,
    (AcceptanceState.PENDING, AcceptanceEvent.DEEM): AcceptanceState.DEEMED,
}


def advance(state: AcceptanceState, event: AcceptanceEvent) -> AcceptanceState:
    """Return the state after an event.

    Raises:
        Conflict: the buyer, or the deadline, has spoken already.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "acceptance.wrong_state",
            _(
                "The state of the acceptance is “%(state)s”; that cannot be changed.",
                state=state_label(state, "acceptance"),
            ),
            state=state.value,
        ) from None
