"""The life of a signed standing offer."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class OfferState(StrEnum):
    """Where a standing offer stands."""

    OPEN = "OPEN"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    EXHAUSTED = "EXHAUSTED"


class OfferEvent(StrEnum):
    """What can happen to it."""

    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    EXHAUST = "exhaust"


_State, _Event = OfferState, OfferEvent

TRANSITIONS: Mapping[tuple[OfferState, OfferEvent], OfferState] = {
    (_State.OPEN, _Event.WITHDRAW): _State.WITHDRAWN,
    (_State.OPEN, _Event.EXPIRE): _State.EXPIRED,
    (_State.OPEN, _Event.EXHAUST): _State.EXHAUSTED,
}


def advance(state: OfferState, event: OfferEvent) -> OfferState:
    """Return the state after an event.

    Raises:
        Conflict: the offer is not open any more.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "offer.wrong_state",
            _(
                "The state of the standing offer is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "offer"),
            ),
            state=state.value,
        ) from None
