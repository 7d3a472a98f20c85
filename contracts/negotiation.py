"""The states of a negotiation: exactly those of the Dataspace Protocol, the moves between them, and who may make them.

Ways lead to a contract.  A request whose terms suit the provider goes REQUESTED, AGREED, VERIFIED, FINALIZED.
One that does not is answered by an offer (OFFERED), which the buyer answers by a counter-offer (REQUESTED again) or
accepts (ACCEPTED); the provider then signs.  One that accepts a standing offer is AGREED by the signature in that
offer.  AGREED carries the provider's signature, VERIFIED the buyer's, FINALIZED means in force and in the ledger.
Declining, withdrawing and expiry end in TERMINATED.

No side makes two offers in a row and nobody accepts their own: each move has one mover, and the table has no such row.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from contracts.errors import StateError
from contracts.vocabulary import Role


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


class Ending(StrEnum):
    """Why a negotiation ended without a contract: the code that goes with a termination."""

    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    """What an amendment was to change has ended or rests, or a waiver was over before it came into force."""
    SOLD = "sold"
    """What it is about is sold once, and another buyer signed first."""


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

MOVERS: Final = MappingProxyType(
    {
        Move.REQUEST: Role.BUYER,
        Move.OFFER: Role.PROVIDER,
        Move.ACCEPT: Role.BUYER,
        Move.AGREE: Role.PROVIDER,
        Move.VERIFY: Role.BUYER,
    }
)
"""Who makes a move; the exchange finalizes, and :data:`EXITS` says who may end."""

TURNS: Final = MappingProxyType(
    {
        State.REQUESTED: Role.PROVIDER,
        State.OFFERED: Role.BUYER,
        State.ACCEPTED: Role.PROVIDER,
        State.AGREED: Role.BUYER,
    }
)
"""Whose answer an open negotiation waits for."""

ON_THE_TABLE: Final = frozenset({State.REQUESTED, State.OFFERED})
"""States in which the terms may still change; after them they never do."""

_OFFERING: Final = MappingProxyType({Role.BUYER: Move.REQUEST, Role.PROVIDER: Move.OFFER})

EXITS: Final = MappingProxyType(
    {
        (Role.PROVIDER, Ending.DECLINED): frozenset({State.REQUESTED, State.ACCEPTED}),
        (Role.BUYER, Ending.DECLINED): frozenset({State.OFFERED, State.AGREED}),
        (Role.PROVIDER, Ending.WITHDRAWN): frozenset({State.OFFERED}),
        (Role.BUYER, Ending.WITHDRAWN): frozenset(TURNS),
        (None, Ending.EXPIRED): frozenset(TURNS),
        (None, Ending.LAPSED): frozenset({*TURNS, State.VERIFIED}),
        (None, Ending.SOLD): frozenset(TURNS),
    }
)
"""Who may end a negotiation how, and until when: whoever has signed is bound, nobody before."""


def advance(state: State, move: Move) -> State:
    """Return the state that ``move`` leads to.

    Raises:
        StateError: the protocol knows no such move from this state.
    """
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise StateError(f"{move} is not possible while the negotiation is {state}") from None


def taken(state: State, move: Move, role: Role) -> State:
    """Return the state that a move by ``role`` leads to.

    Raises:
        StateError: no such move from this state, or it is not this side's to make.
    """
    after = advance(state, move)
    if MOVERS.get(move) is not role:
        raise StateError(f"{move} is not the {role}'s to make")
    return after


def offered(state: State, role: Role) -> State:
    """Return the state that a new version by ``role`` leads to.

    Raises:
        StateError: it is not this side's turn to make an offer.
    """
    return taken(state, _OFFERING[role], role)


def ended(state: State, role: Role | None, ending: Ending) -> State:
    """Return TERMINATED if ``role`` (None for the exchange) may end a negotiation so, as it stands.

    Raises:
        StateError: it has ended, is in force, or this side is bound.
    """
    if state not in EXITS.get((role, ending), frozenset()):
        raise StateError(f"nothing can be {ending} by the {role or 'exchange'} while it is {state}")
    return advance(state, Move.TERMINATE)
