"""The life of a registration."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import _
from market.words import state_label


class RegistrationState(StrEnum):
    """Where a registration stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    REVIEWED = "REVIEWED"
    NOTICE = "NOTICE"
    REGISTERED = "REGISTERED"
    REJECTED = "REJECTED"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class RegistrationEvent(StrEnum):
    """What can happen to it."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    GIVE_NOTICE = "give notice"
    REGISTER = "register"
    SUSPEND = "suspend"
    RESTORE = "restore"
    CANCEL = "cancel"
    EXPIRE = "expire"


_State, _Event = RegistrationState, RegistrationEvent

TRANSITIONS: Mapping[tuple[RegistrationState, RegistrationEvent], RegistrationState] = {
    (_State.DRAFT, _Event.SUBMIT): _State.SUBMITTED,
    (_State.DRAFT, _Event.CANCEL): _State.CANCELLED,
    (_State.SUBMITTED, _Event.APPROVE): _State.REVIEWED,
    (_State.SUBMITTED, _Event.REJECT): _State.REJECTED,
    (_State.SUBMITTED, _Event.CANCEL): _State.CANCELLED,
    (_State.REVIEWED, _Event.GIVE_NOTICE): _State.NOTICE,
    (_State.NOTICE, _Event.REGISTER): _State.REGISTERED,
    (_State.NOTICE, _Event.CANCEL): _State.CANCELLED,
    (_State.REGISTERED, _Event.SUSPEND): _State.SUSPENDED,
    (_State.REGISTERED, _Event.CANCEL): _State.CANCELLED,
    (_State.REGISTERED, _Event.EXPIRE): _State.EXPIRED,
    (_State.SUSPENDED, _Event.RESTORE): _State.REGISTERED,
    (_State.SUSPENDED, _Event.CANCEL): _State.CANCELLED,
}


class UpdateState(StrEnum):
    """Where a newer file of a registered asset stands, until it is the one on offer."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class UpdateEvent(StrEnum):
    """What can happen to it."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


UPDATE_TRANSITIONS: Mapping[tuple[UpdateState, UpdateEvent], UpdateState] = {
    (UpdateState.DRAFT, UpdateEvent.SUBMIT): UpdateState.SUBMITTED,
    (UpdateState.DRAFT, UpdateEvent.WITHDRAW): UpdateState.WITHDRAWN,
    (UpdateState.SUBMITTED, UpdateEvent.APPROVE): UpdateState.APPROVED,
    (UpdateState.SUBMITTED, UpdateEvent.REJECT): UpdateState.REJECTED,
    (UpdateState.SUBMITTED, UpdateEvent.WITHDRAW): UpdateState.WITHDRAWN,
}

CLAIMING = frozenset({_State.SUBMITTED, _State.REVIEWED, _State.NOTICE, _State.REGISTERED, _State.SUSPENDED})
"""States in which an asset stands in the way of another one with the same data."""

APPROVED = CLAIMING - {_State.SUBMITTED}
"""Those of them for which a reviewer decided."""

UNDECIDED = frozenset({_State.DRAFT, _State.SUBMITTED})
"""Registrations on which nobody has decided yet."""

STANDING = frozenset({_State.REGISTERED, _State.SUSPENDED})
"""Registrations that stand, so that one can suspend, restore or cancel them."""


def wrong_state(state: RegistrationState) -> Conflict:
    """Return the refusal of a step that a registration does not allow as it stands."""
    return Conflict(
        "asset.wrong_state",
        _(
            "The state of the registration is “%(state)s”; this step cannot be taken now.",
            state=state_label(state, "registration"),
        ),
        state=state.value,
    )


def advance(state: RegistrationState, event: RegistrationEvent) -> RegistrationState:
    """Return the state after an event.

    Raises:
        Conflict: the registration is not where this event could move it.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise wrong_state(state) from None


def advance_update(state: UpdateState, event: UpdateEvent) -> UpdateState:
    """Return the state of an update after an event.

    Raises:
        Conflict: the update is not where this event could move it.
    """
    try:
        return UPDATE_TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "update.wrong_state",
            _(
                "The state of the update is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "update"),
            ),
            state=state.value,
        ) from None
