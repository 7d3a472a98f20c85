"""Whether the signed contract is in force."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class AgreementState(StrEnum):
    """The agreement's standing; EXPIRED means its term ran out, TERMINATED that it was ended early."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"


class AgreementEvent(StrEnum):
    """What can happen to it."""

    SUSPEND = "suspend"
    RESTORE = "restore"
    EXPIRE = "expire"
    TERMINATE = "terminate"


TRANSITIONS: Mapping[tuple[AgreementState, AgreementEvent], AgreementState] = {
    (AgreementState.ACTIVE, AgreementEvent.SUSPEND): AgreementState.SUSPENDED,
    (AgreementState.ACTIVE, AgreementEvent.EXPIRE): AgreementState.EXPIRED,
    (AgreementState.ACTIVE, AgreementEvent.TERMINATE): AgreementState.TERMINATED,
    (AgreementState.SUSPENDED, AgreementEvent.RESTORE): AgreementState.ACTIVE,
    (AgreementState.SUSPENDED, AgreementEvent.EXPIRE): AgreementState.EXPIRED,
    (AgreementState.SUSPENDED, AgreementEvent.TERMINATE): AgreementState.TERMINATED,
}


def advance(state: AgreementState, event: AgreementEvent) -> AgreementState:
    """Return the state after an event.

    Raises:
        Conflict: the agreement has ended, or is not in the state this event starts from.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "agreement.wrong_state",
            _(
                "The state of the agreement is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "agreement"),
            ),
            state=state.value,
        ) from None
