"""Redress: a price that was released is paid back, in full or in part, because the operator says so (R6.4).

The settlement stays RELEASED or PARTIAL, since that is what happened to it; what happened after it stands here.
The buyer has its money first; only then is the provider's part taken back.
"""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class RedressState(StrEnum):
    """How far it is."""

    ORDERED = "ORDERED"
    REPAID = "REPAID"
    CLOSED = "CLOSED"


class RedressEvent(StrEnum):
    """What can happen to it; it closes when the provider's part is taken back, or owed by the provider."""

    REPAY = "repay"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[RedressState, RedressEvent], RedressState] = {
    (RedressState.ORDERED, RedressEvent.REPAY): RedressState.REPAID,
    (RedressState.REPAID, RedressEvent.CLOSE): RedressState.CLOSED,
}


def advance(state: RedressState, event: RedressEvent) -> RedressState:
    """Return the state after an event.

    Raises:
        Conflict: it is not at the point where this could happen.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "redress.wrong_state",
            _(
                "The state of the redress is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "redress"),
            ),
            state=state.value,
        ) from None
