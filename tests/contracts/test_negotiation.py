import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import StateError
from contracts.negotiation import MOVERS, TRANSITIONS, TURNS, Ending, Move, State, advance, ended, taken
from contracts.vocabulary import Role

ENDS = {State.FINALIZED, State.TERMINATED}


def test_the_states_are_exactly_the_protocols() -> None:
    assert [state.value for state in State] == [
        "REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED",
    ]  # fmt: skip


def test_the_path_of_a_contract() -> None:
    state = State.REQUESTED
    for move in (Move.AGREE, Move.VERIFY, Move.FINALIZE):
        state = advance(state, move)
    assert state is State.FINALIZED


@given(st.sampled_from(State), st.sampled_from(Move))
def test_every_other_move_is_refused(state: State, move: Move) -> None:
    if (state, move) in TRANSITIONS:
        assert advance(state, move) is TRANSITIONS[state, move]
    else:
        with pytest.raises(StateError):
            advance(state, move)


def test_every_open_state_has_an_exit_and_no_end_has_one() -> None:
    leaving = {state for state, _ in TRANSITIONS}
    assert leaving == set(State) - ENDS
    assert all((state, Move.TERMINATE) in TRANSITIONS for state in leaving)


def test_each_move_has_one_mover_so_nobody_moves_twice_in_a_row_or_accepts_their_own() -> None:
    for (state, move), after in TRANSITIONS.items():
        if move in MOVERS:
            assert TURNS[state] is MOVERS[move]
            assert after not in TURNS or TURNS[after] is not MOVERS[move]
            assert taken(state, move, MOVERS[move]) is after
            for role in set(Role) - {MOVERS[move]}:
                with pytest.raises(StateError):
                    taken(state, move, role)


@given(st.sampled_from(State), st.sampled_from([*Role, None]), st.sampled_from(Ending))
def test_whoever_has_signed_is_bound(state: State, role: Role | None, ending: Ending) -> None:
    try:
        assert ended(state, role, ending) is State.TERMINATED
    except StateError:
        return
    if (role, ending) == (None, Ending.LAPSED):  # the agreement that an amendment was to change has ended
        assert state in {*TURNS, State.VERIFIED}
        return
    assert state in TURNS
    assert (state, role) != (State.AGREED, Role.PROVIDER)


@given(st.lists(st.sampled_from(Move)))
def test_nothing_is_in_force_without_both_signatures(moves: list[Move]) -> None:
    state, taken = State.REQUESTED, []
    for move in moves:
        if (state, move) in TRANSITIONS:
            state = advance(state, move)
            taken.append(move)
    if state is State.FINALIZED:
        assert {Move.AGREE, Move.VERIFY} <= set(taken)
