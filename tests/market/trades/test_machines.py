"""The machines of a trade: the whole table of each, and nothing beside it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from market.errors import Conflict
from market.trades import acceptance, agreement, dispute, duty, notice, redress, settlement

MACHINES: list[tuple[type[StrEnum], type[StrEnum], Mapping[Any, Any], Callable[..., Any], dict[str, str]]] = [
    (
        settlement.SettlementState, settlement.SettlementEvent, settlement.TRANSITIONS, settlement.advance,
        {"DUE": "fund cancel", "FUNDED": "release refund divide", "RELEASED": "", "REFUNDED": "", "PARTIAL": "",
         "CANCELLED": ""},
    ),
    (
        acceptance.AcceptanceState, acceptance.AcceptanceEvent, acceptance.TRANSITIONS, acceptance.advance,
        {"PENDING": "accept reject deem", "ACCEPTED": "", "REJECTED": "", "DEEMED": ""},
    ),
    (
        dispute.DisputeState, dispute.DisputeEvent, dispute.TRANSITIONS, dispute.advance,
        {"OPEN": "hear rule", "EVIDENCE": "rule", "RULED": "close", "CLOSED": ""},
    ),
    (
        agreement.AgreementState, agreement.AgreementEvent, agreement.TRANSITIONS, agreement.advance,
        {"ACTIVE": "suspend expire terminate", "SUSPENDED": "restore expire terminate", "EXPIRED": "",
         "TERMINATED": ""},
    ),
    (
        notice.NoticeState, notice.NoticeEvent, notice.TRANSITIONS, notice.advance,
        {"GIVEN": "retract take_effect lapse", "RETRACTED": "", "EFFECTIVE": "", "LAPSED": ""},
    ),
    (
        duty.DutyState, duty.DutyEvent, duty.TRANSITIONS, duty.advance,
        {"OWED": "perform miss", "MISSED": "perform", "PERFORMED": ""},
    ),
    (
        redress.RedressState, redress.RedressEvent, redress.TRANSITIONS, redress.advance,
        {"ORDERED": "repay", "REPAID": "close", "CLOSED": ""},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("states", "events", "table", "advance", "allowed"), MACHINES)
def test_table_is_exactly_this(
    states: type[StrEnum],
    events: type[StrEnum],
    table: Mapping[Any, Any],
    advance: Callable[..., Any],
    allowed: dict[str, str],
) -> None:
    assert [state.value for state in states] == list(allowed)
    for state, event in product(states, events):
        if event.value in allowed[state.value].split():
            assert advance(state, event) is table[state, event]
        else:
            with pytest.raises(Conflict) as refused:
                advance(state, event)
            assert refused.value.code.endswith(".wrong_state")
