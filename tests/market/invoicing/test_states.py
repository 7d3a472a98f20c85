"""The machine of an invoice: every pair of state and event is in the table, or refused."""

import itertools

import pytest

from market.errors import Conflict
from market.invoicing.states import TO_ISSUE, TRANSITIONS, InvoiceEvent, InvoiceState, advance

ALLOWED = {
    ("REQUESTED", "issue", "ISSUED"),
    ("REQUESTED", "refuse", "REFUSED"),
    ("ISSUED", "owe", "RED_OWED"),
    ("RED_OWED", "redden", "RED_ISSUED"),
    ("RED_ISSUED", "owe", "RED_OWED"),
}


def test_the_table_is_what_the_house_agreed() -> None:
    assert {
        (state.value, event.value, after.value) for (state, event), after in TRANSITIONS.items()
    } == ALLOWED


@pytest.mark.parametrize(("state", "event"), list(itertools.product(InvoiceState, InvoiceEvent)))
def test_what_is_not_in_the_table_is_refused(state: InvoiceState, event: InvoiceEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert advance(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict) as refusal:
            advance(state, event)
        assert refusal.value.code == "invoice.wrong_state"


def test_every_state_in_which_the_seller_must_act_has_a_way_out() -> None:
    assert {state for state, _event in TRANSITIONS} >= TO_ISSUE
