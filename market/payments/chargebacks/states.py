"""The machine of a chargeback, and the platform's words for its states."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class ChargebackState(StrEnum):
    """Where a chargeback stands; in an INQUIRY the bank only asks and has taken nothing."""

    INQUIRY = "INQUIRY"
    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"
    CLOSED = "CLOSED"


class ChargebackEvent(StrEnum):
    """What the platform says about it."""

    ESCALATE = "escalate"
    WIN = "win"
    LOSE = "lose"
    CLOSE = "close"


class Answer(StrEnum):
    """What the operator says to the bank."""

    CONTEST = "contest"
    CONCEDE = "concede"


PENDING: Final = frozenset({ChargebackState.INQUIRY, ChargebackState.OPEN})
"""States in which nothing of the payment leaves."""

SAID: Final[Mapping[str, ChargebackState]] = {
    "warning_needs_response": ChargebackState.INQUIRY,
    "warning_under_review": ChargebackState.INQUIRY,
    "needs_response": ChargebackState.OPEN,
    "under_review": ChargebackState.OPEN,
    "won": ChargebackState.WON,
    "lost": ChargebackState.LOST,
    "warning_closed": ChargebackState.CLOSED,
    "prevented": ChargebackState.CLOSED,
}
"""The platform's word for a status (Stripe, "Dispute object") and the state that it means here."""

TRANSITIONS: Mapping[tuple[ChargebackState, ChargebackEvent], ChargebackState] = {
    (ChargebackState.INQUIRY, ChargebackEvent.ESCALATE): ChargebackState.OPEN,
    (ChargebackState.INQUIRY, ChargebackEvent.WIN): ChargebackState.WON,
    (ChargebackState.INQUIRY, ChargebackEvent.LOSE): ChargebackState.LOST,
    (ChargebackState.INQUIRY, ChargebackEvent.CLOSE): ChargebackState.CLOSED,
    (ChargebackState.OPEN, ChargebackEvent.WIN): ChargebackState.WON,
    (ChargebackState.OPEN, ChargebackEvent.LOSE): ChargebackState.LOST,
    (ChargebackState.OPEN, ChargebackEvent.CLOSE): ChargebackState.CLOSED,
}


def advance(state: ChargebackState, event: ChargebackEvent) -> ChargebackState:
    """Return the state after an event.

    Raises:
        Conflict: the bank has decided; nothing follows.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "chargeback.wrong_state",
            _(
                "The state of the chargeback is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "chargeback"),
            ),
            state=state.value,
        ) from None
