"""Money never sticks: every standing that can be reached with money held has a way out that needs no luck."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from market.errors import Conflict
from market.trades import acceptance, acts, agreement, dispute, redress, settlement
from market.trades.acceptance import AcceptanceEvent, AcceptanceState
from market.trades.acts import Act, Debt, Standing, demand, owed, possible
from market.trades.agreement import AgreementEvent, AgreementState
from market.trades.dispute import DisputeEvent, DisputeState, Ruling
from market.trades.duty import DutyState
from market.trades.redress import RedressEvent, RedressState
from market.trades.settlement import SettlementEvent, SettlementState

PRICED = Standing(AgreementState.ACTIVE, SettlementState.DUE, AcceptanceState.PENDING)
FREE = replace(PRICED, settlement=None)
ENDED = {AgreementState.EXPIRED, AgreementState.TERMINATED}


def _terminated(now: Standing) -> Standing:
    return now if now.agreement in ENDED else _over(now, AgreementEvent.TERMINATE)


def _over(now: Standing, event: AgreementEvent) -> Standing:
    """End the agreement: a notice lapses, and what was handed over is to be deleted."""
    owed = DutyState.OWED if now.begun else None
    return replace(now, agreement=agreement.advance(now.agreement, event), notice=False, duty=owed)


def _undone(now: Standing) -> Standing:
    after = _terminated(now)
    if now.settlement is SettlementState.DUE:
        return replace(after, settlement=settlement.advance(now.settlement, SettlementEvent.CANCEL))
    return after


def _moved(now: Standing, event: SettlementEvent) -> Standing:
    assert now.settlement is not None
    return replace(now, settlement=settlement.advance(now.settlement, event))


def people_do(now: Standing) -> Iterator[Standing]:
    """What people may do, each leading to a standing."""
    open_ = now.dispute is None
    for act in possible(now):
        match act:
            case Act.PAY:
                yield _moved(now, SettlementEvent.FUND)
            case Act.FETCH if not now.delivered:
                yield replace(now, begun=True)
                yield replace(now, begun=True, delivered=True)
            case Act.ACCEPT:
                yield replace(now, acceptance=acceptance.advance(now.acceptance, AcceptanceEvent.ACCEPT))
            case Act.REJECT:
                assert open_
                rejected = acceptance.advance(now.acceptance, AcceptanceEvent.REJECT)
                yield replace(now, acceptance=rejected, dispute=DisputeState.OPEN)
            case Act.CANCEL:
                yield _undone(now)
            case Act.END:
                assert not now.held
                yield _terminated(now)
                yield replace(now, notice=True)
            case Act.RETRACT:
                yield replace(now, notice=False)
            case Act.SUSPEND:
                yield replace(now, agreement=agreement.advance(now.agreement, AgreementEvent.SUSPEND))
            case Act.RESTORE:
                yield replace(now, agreement=agreement.advance(now.agreement, AgreementEvent.RESTORE))
            case Act.DELETE:
                yield replace(now, duty=DutyState.PERFORMED)
            case Act.RULE:
                assert now.dispute is not None
                ruled = dispute.advance(now.dispute, DisputeEvent.RULE)
                yield from (replace(now, dispute=ruled, ruling=ruling) for ruling in Ruling)
            case Act.REDRESS:
                yield replace(now, redress=RedressState.ORDERED)


def the_exchange_does(now: Standing) -> Iterator[Standing]:
    """What happens by itself: debts are paid, deadlines pass."""
    debt = owed(now)
    if debt is Debt.RELEASE:
        yield _moved(now, SettlementEvent.RELEASE)
    elif debt is Debt.REFUND:
        yield _terminated(_moved(now, SettlementEvent.REFUND))
    elif debt is Debt.DIVIDE:
        yield _moved(now, SettlementEvent.DIVIDE)
    elif now.dispute is DisputeState.RULED:
        yield replace(now, dispute=dispute.advance(now.dispute, DisputeEvent.CLOSE))
    waits = now.acceptance is AcceptanceState.PENDING and now.dispute is None
    if waits and now.delivered:
        yield replace(now, acceptance=acceptance.advance(now.acceptance, AcceptanceEvent.DEEM))
    if now.duty is DutyState.OWED:
        yield replace(now, duty=DutyState.MISSED)
    if now.redress is RedressState.ORDERED:
        yield replace(now, redress=redress.advance(now.redress, RedressEvent.REPAY))
    if now.redress is RedressState.REPAID:
        redress.advance(now.redress, RedressEvent.CLOSE)
        yield replace(now, redress=None)
    if now.notice:
        yield _terminated(now)
    if now.agreement in ENDED or debt is not None:
        return
    if now.settlement is SettlementState.DUE:
        yield _undone(now)
    if waits and now.held and not now.delivered:
        yield replace(now, dispute=DisputeState.OPEN) if now.begun else _undone(now)
    if not (now.held and waits and not now.delivered) and now.settlement is not SettlementState.DUE:
        yield _over(now, AgreementEvent.EXPIRE)


def reachable(start: Standing, *moves: Callable[[Standing], Iterator[Standing]]) -> set[Standing]:
    seen, ahead = {start}, [start]
    while ahead:
        now = ahead.pop()
        for move in moves:
            for after in move(now):
                if after not in seen:
                    seen.add(after)
                    ahead.append(after)
    return seen


EVERYTHING = reachable(PRICED, people_do, the_exchange_does) | reachable(FREE, people_do, the_exchange_does)


@pytest.mark.parametrize("way", Ruling)
def test_held_money_gets_out_with_nobody_but_the_exchange_and_its_operator(way: Ruling) -> None:
    def rules(now: Standing) -> Iterator[Standing]:
        if Act.RULE in possible(now):
            assert now.dispute is not None
            yield replace(now, dispute=DisputeState.RULED, ruling=way)

    held = [now for now in EVERYTHING if now.held]
    assert len(held) > 10
    for now in held:
        assert any(not after.held for after in reachable(now, the_exchange_does, rules)), now


def test_nothing_is_owed_before_it_is_decided_and_only_one_way() -> None:
    for now in EVERYTHING:
        if now.in_dispute or not now.held:
            assert owed(now) is None
        if owed(now) is Debt.RELEASE:
            assert now.delivered or now.ruling is Ruling.RELEASE
        if owed(now) is Debt.REFUND:
            assert not now.begun or now.ruling is Ruling.REFUND
        if owed(now) is Debt.DIVIDE:
            assert now.ruling is Ruling.DIVIDE


def test_money_ends_once_and_only_where_it_may() -> None:
    for now in EVERYTHING:
        if now.settlement is SettlementState.RELEASED:
            assert now.acceptance in {AcceptanceState.ACCEPTED, AcceptanceState.DEEMED} or (
                now.ruling is Ruling.RELEASE
            )
        if now.settlement is SettlementState.PARTIAL:
            assert now.ruling is Ruling.DIVIDE
        if now.settlement in {SettlementState.REFUNDED, SettlementState.CANCELLED}:
            assert now.agreement in ENDED
            assert Act.FETCH not in possible(now)


def test_what_is_paid_back_was_released_and_a_redress_ends_by_itself() -> None:
    released = {SettlementState.RELEASED, SettlementState.PARTIAL}
    for now in EVERYTHING:
        if now.redress is not None:
            assert now.settlement in released
            assert Act.REDRESS not in possible(now)
            assert any(after.redress is None for after in reachable(now, the_exchange_does))
        assert Act.REDRESS not in possible(replace(now, term_over=True))


def test_nobody_can_fetch_and_then_cancel() -> None:
    assert all(Act.CANCEL not in possible(now) for now in EVERYTHING if now.begun)


def test_an_end_by_a_party_touches_no_money_and_leaves_no_notice() -> None:
    for now in EVERYTHING:
        if Act.END in possible(now):
            assert not now.held
            assert now.settlement is not SettlementState.DUE
        if now.agreement in ENDED:
            assert not now.notice
            assert not {Act.END, Act.RETRACT, Act.SUSPEND, Act.RESTORE} & possible(now)


def test_a_deletion_is_owed_only_after_the_end_of_what_was_begun() -> None:
    for now in EVERYTHING:
        if now.duty is not None:
            assert now.begun
            assert now.agreement in ENDED


def test_a_refused_act_says_why() -> None:
    for now in EVERYTHING:
        for act in set(Act) - possible(now):
            with pytest.raises(Conflict) as refused:
                demand(now, act)
            assert refused.value.message
            assert refused.value.code in acts.REFUSALS


def test_instalments_leave_every_way_open_that_a_single_price_has() -> None:
    due, funded, released = SettlementState.DUE, SettlementState.FUNDED, SettlementState.RELEASED
    first = replace(PRICED, instalments=(due, due))
    assert possible(first) == possible(PRICED)
    held = replace(PRICED, settlement=funded, instalments=(funded, due), begun=True, delivered=True)
    assert {Act.PAY, Act.FETCH, Act.ACCEPT, Act.REJECT} <= possible(held)
    assert not {Act.END, Act.REDRESS} & possible(held)
    late = replace(held, overdue=True)
    assert possible(held) - possible(late) == {Act.FETCH}
    accepted = replace(late, settlement=due, instalments=(released, due), acceptance=AcceptanceState.ACCEPTED)
    assert {Act.PAY, Act.END, Act.REDRESS} <= possible(accepted)
    assert Act.PAY not in possible(replace(accepted, payable=False, overdue=False))
    assert owed(accepted) is None
    assert owed(replace(accepted, instalments=(released, funded))) is Debt.RELEASE
    ended = replace(accepted, agreement=AgreementState.TERMINATED, instalments=(released, funded))
    assert owed(ended) is Debt.RELEASE


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ("", None),
        ("DUE DUE", "DUE"),
        ("RELEASED DUE", "DUE"),
        ("RELEASED FUNDED DUE", "FUNDED"),
        ("RELEASED RELEASED CANCELLED", "RELEASED"),
        ("REFUNDED CANCELLED", "REFUNDED"),
        ("RELEASED REFUNDED", "PARTIAL"),
        ("PARTIAL RELEASED", "PARTIAL"),
        ("CANCELLED CANCELLED", "CANCELLED"),
    ],
)
def test_the_money_as_a_whole_is_told_by_its_instalments(states: str, whole: str | None) -> None:
    found = settlement.whole([SettlementState(state) for state in states.split()])
    assert (found.value if found else None) == whole
