"""A notice that ends an agreement early: given, taken back while it runs, effective on its day."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class NoticeState(StrEnum):
    """How far a notice is; LAPSED means that the agreement ended another way before its day."""

    GIVEN = "GIVEN"
    RETRACTED = "RETRACTED"
    EFFECTIVE = "EFFECTIVE"
    LAPSED = "LAPSED"


class NoticeEvent(StrEnum):
    """What can happen to it; all but ``retract`` come from a day or from another step."""

    RETRACT = "retract"
    TAKE_EFFECT = "take_effect"
    LAPSE = "lapse"


TRANSITIONS: Mapping[tuple[NoticeState, NoticeEvent], NoticeState] = {
    (NoticeState.GIVEN, NoticeEvent.RETRACT): NoticeState.RETRACTED,
    (NoticeState.GIVEN, NoticeEvent.TAKE_EFFECT): NoticeState.EFFECTIVE,
    (NoticeState.GIVEN, NoticeEvent.LAPSE): NoticeState.LAPSED,
}


def advance(state: NoticeState, event: NoticeEvent) -> NoticeState:
    """Return the state after an event.

    Raises:
        Conflict: the notice has run out, or was taken back.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "notice.wrong_state",
            _(
                "The state of the notice is “%(state)s”; that cannot be changed.",
                state=state_label(state, "notice"),
            ),
            state=state.value,
        ) from None
