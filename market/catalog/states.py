"""The life of a listing."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class ListingState(StrEnum):
    """Where a listing stands."""

    DRAFT = "DRAFT"
    LISTED = "LISTED"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


class ListingEvent(StrEnum):
    """What can happen to it."""

    PUBLISH = "publish"
    SUSPEND = "suspend"
    RESTORE = "restore"
    WITHDRAW = "withdraw"


_State, _Event = ListingState, ListingEvent

TRANSITIONS: Mapping[tuple[ListingState, ListingEvent], ListingState] = {
    (_State.DRAFT, _Event.PUBLISH): _State.LISTED,
    (_State.DRAFT, _Event.WITHDRAW): _State.WITHDRAWN,
    (_State.LISTED, _Event.SUSPEND): _State.SUSPENDED,
    (_State.LISTED, _Event.WITHDRAW): _State.WITHDRAWN,
    (_State.SUSPENDED, _Event.RESTORE): _State.LISTED,
    (_State.SUSPENDED, _Event.WITHDRAW): _State.WITHDRAWN,
}


def advance(state: ListingState, event: ListingEvent) -> ListingState:
    """Return the state after an event.

    Raises:
        Conflict: the listing is not where this event could move it.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise wrong_state(state) from None


def wrong_state(state: ListingState) -> Conflict:
    """Return the refusal of a step that a listing does not allow as it stands."""
    return Conflict(
        "listing.wrong_state",
        _(
            "The state of the listing is “%(state)s”; this step cannot be taken now.",
            state=state_label(state, "listing"),
        ),
        state=state.value,
    )
