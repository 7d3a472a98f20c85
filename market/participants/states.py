"""The machine of an organisation, and the states of members and invitations."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from market.errors import Conflict
from market.i18n import gettext as _


class OrganisationState(StrEnum):
    """Where an organisation stands; only VERIFIED lets it register, list and trade (R1.1).

    CLOSED is for an organisation that has ended; no decision leads there under rule book 1.
    """

    APPLIED = "APPLIED"
    VERIFIED = "VERIFIED"
    REFUSED = "REFUSED"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


BARRED: Final = frozenset({OrganisationState.REFUSED, OrganisationState.SUSPENDED, OrganisationState.CLOSED})
"""States in which the operator has spoken against the organisation: it may begin nothing (R1.2)."""


class Decision(StrEnum):
    """What the operator may decide about an organisation."""

    VERIFY = "verify"
    REFUSE = "refuse"
    SUSPEND = "suspend"
    RESTORE = "restore"


class MemberState(StrEnum):
    """Whether a person still belongs to the organisation."""

    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class InvitationState(StrEnum):
    """Whether an invitation may still be used (its time limit stands beside it)."""

    OPEN = "OPEN"
    USED = "USED"


TRANSITIONS: Final[Mapping[tuple[OrganisationState, Decision], OrganisationState]] = {
    (OrganisationState.APPLIED, Decision.VERIFY): OrganisationState.VERIFIED,
    (OrganisationState.APPLIED, Decision.REFUSE): OrganisationState.REFUSED,
    (OrganisationState.VERIFIED, Decision.SUSPEND): OrganisationState.SUSPENDED,
    (OrganisationState.SUSPENDED, Decision.RESTORE): OrganisationState.VERIFIED,
}


def advance(state: OrganisationState, decision: Decision) -> OrganisationState:
    """Return the state after a decision.

    Raises:
        Conflict: the decision does not fit the present state.
    """
    try:
        return TRANSITIONS[state, decision]
    except KeyError:
        raise Conflict(
            "organisation.wrong_state",
            _("The organisation is in another state. Look at it again before you decide."),
            state=state.value,
        ) from None


def target(decision: Decision) -> OrganisationState:
    """Return the state that a decision leads to, wherever it begins."""
    return next(after for (_before, taken), after in TRANSITIONS.items() if taken is decision)
