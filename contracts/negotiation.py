"""The states of a negotiation: exactly those of the Dataspace Protocol, and the moves between them.

AGREED carries the provider's signature, VERIFIED the buyer's, FINALIZED means in force and in the ledger.  A contract
of version 0.1 goes REQUESTED, AGREED, VERIFIED, FINALIZED; declining, withdrawing and expiry end in TERMINATED.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from contracts.errors import StateError


class State(StrEnum):
    """A state of the Dataspace Protocol's contract negotiation."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class Move(StrEnum):
    """What a party or the exchange does to a negotiation."""

    REQUEST = "request"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    VERIFY = "verify"
    FINALIZE = "finalize"
    TERMINATE = "terminate"


TRANSITIONS: Final = MappingProxyType(
    {
        (State.REQUESTED, Move.OFFER): State.OFFERED,
        (State.REQUESTED, Move.AGREE): State.AGREED,
        (State.REQUESTED, Move.TERMINATE): State.TERMINATED,
        (State.OFFERED, Move.REQUEST): State.REQUESTED,
        (State.OFFERED, Move.ACCEPT): State.ACCEPTED,
        (State.OFFERED, Move.TERMINATE): State.TERMINATED,
        (State.ACCEPTED, Move.AGREE): State.AGREED,
        (State.ACCEPTED, Move.TERMINATE): State.TERMINATED,
        (State.AGREED, Move.VERIFY): State.VERIFIED,
        (State.AGREED, Move.TERMINATE): State.TERMINATED,
        (State.VERIFIED, Move.FINALIZE): State.FINALIZED,
        (State.VERIFIED, Move.TERMINATE): State.TERMINATED,
    }
)


def advance(state: State, move: Move) -> State:
    """Return the state that ``move`` leads to.

    Raises:
        StateError: the protocol knows no such move from this state.
    """
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise StateError(f"{move} is not possible while the negotiation is {state}") from None
