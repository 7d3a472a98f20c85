"""The machines of a grant: the whole table, and nothing beside it."""

from itertools import product

import pytest

from market.delivery.grant import (
    GRANT_TRANSITIONS,
    TRANSFER_TRANSITIONS,
    GrantEvent,
    GrantState,
    TransferEvent,
    TransferState,
    advance,
    advance_transfer,
)
from market.errors import Conflict


@pytest.mark.parametrize(("state", "event"), list(product(GrantState, GrantEvent)))
def test_grant_table(state: GrantState, event: GrantEvent) -> None:
    if (state, event) in GRANT_TRANSITIONS:
        assert advance(state, event) is GRANT_TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict):
            advance(state, event)


@pytest.mark.parametrize(("state", "event"), list(product(TransferState, TransferEvent)))
def test_transfer_table(state: TransferState, event: TransferEvent) -> None:
    if (state, event) in TRANSFER_TRANSITIONS:
        assert advance_transfer(state, event) is TRANSFER_TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict):
            advance_transfer(state, event)


def test_transfer_states_are_those_of_the_dataspace_protocol() -> None:
    assert [state.value for state in TransferState] == [
        "REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED",
    ]  # fmt: skip


def test_what_has_ended_stays_ended() -> None:
    assert not any(state is GrantState.CLOSED for state, _ in GRANT_TRANSITIONS)
    ended = {TransferState.COMPLETED, TransferState.TERMINATED}
    assert not any(state in ended for state, _ in TRANSFER_TRANSITIONS)
