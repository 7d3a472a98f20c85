"""Chargebacks of a price in instalments, or divided: each loss is of its own money, and what is left has a way out."""

import uuid

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from market import jobs
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict, MarketError
from market.payments import outcomes
from market.payments import service as payments
from market.payments.chargebacks import recording
from market.payments.service import Bill, Operation
from market.payments.states import OperationKind, OperationState
from market.trades import charging_back, decisions, following, redressing, service
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Act, Debt, Standing, owed, possible
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState, Ruling
from market.trades.models import Redress
from market.trades.settlement import SettlementState
from tests import chargebacks, deals, people, trades
from tests.deals import Deal
from tests.market.trades.test_charging_back import balances, delivered
from tests.market.trades.test_instalments import (
    PARTS,
    in_parts,
    parts,
    refused,
    rejected,
    rule,
    stands,
    whole,
)


def two_held() -> Deal:
    """Return a trade with 300.00 and 500.01 held, and 200.00 due."""
    return trades.paid(trades.paid(in_parts()))


def lose(deal: Deal, place: int, amount: int | None = None) -> None:
    found = chargebacks.questioned(deal.number, amount=amount, place=place)
    jobs.drain()
    chargebacks.lost(found)
    jobs.drain()


def redresses(deal: Deal) -> list[Redress]:
    with read() as session:
        return service.redresses(session, service.life(session, deal.number).trade.id)


def refunds(deal: Deal, state: OperationState = OperationState.OK) -> list[int]:
    with read() as session:
        found = payments.operations_of(session, deal.number)
    return [one.amount for one in found if one.kind is OperationKind.REFUND and one.state is state]


def holding(exchange: Flask, kind: OperationKind) -> None:
    """Let the platform not answer for movements of a kind."""

    def perform(operation_id: str) -> None:
        if outcomes.get(uuid.UUID(operation_id)).kind is not kind:
            trades._perform(operation_id)

    exchange.extensions["handlers"]["payment.perform"] = perform


def test_a_loss_does_not_repay_the_redress_of_another_instalment(exchange: Flask) -> None:
    deal, chief = trades.closed(trades.fetched(two_held())), people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 20_000, "a column was empty")
    found = chargebacks.questioned(deal.number, place=2)
    chargebacks.lost(found)
    charging_back.on_over(deal.number, str(found.id))
    jobs.drain()
    first, second, _third = trades.rows(deal).settlements
    made = {one.settlement_id: (one.chargeback_id, one.amount, one.state.value) for one in redresses(deal)}
    assert made == {first.id: (None, 20_000, "CLOSED"), second.id: (found.id, 50_001, "CLOSED")}
    assert refunds(deal) == [20_000]
    assert balances(deal) == {"psp_clearing": 300, "fee_revenue": -300}


def test_a_part_lost_of_what_a_ruling_gave_the_buyer_leaves_the_rest_of_it(exchange: Flask) -> None:
    deal = rejected(trades.paid(trades.in_force()))
    holding(exchange, OperationKind.REFUND)
    rule(deal, Ruling.DIVIDE, 28_000)
    trades.platform(exchange)
    lose(deal, 1, 10_000)
    (found,) = trades.rows(deal).settlements
    assert (found.state.value, found.charged_back, found.refund, found.fee) == (
        "PARTIAL",
        10_000,
        18_000,
        3_000,
    )
    assert refunds(deal) == [18_000]
    assert trades.states(deal)["dispute"] == "CLOSED"
    assert balances(deal) == {"psp_clearing": 3_000, "fee_revenue": -3_000}


@pytest.mark.parametrize("amount", [50_000, 100_000])
def test_a_part_lost_after_the_buyer_had_its_own_is_the_provider_s(exchange: Flask, amount: int) -> None:
    deal = rejected(trades.paid(trades.in_force()))
    holding(exchange, OperationKind.TRANSFER)
    rule(deal, Ruling.DIVIDE, 28_000)
    trades.platform(exchange)
    lose(deal, 1, amount)
    (found,) = trades.rows(deal).settlements
    fee = (100_000 - amount) * 3 // 100
    state = "PARTIAL" if fee else "REFUNDED"
    assert (found.state.value, found.charged_back, found.refund, found.fee) == (state, amount, 28_000, fee)
    left = {"psp_clearing": fee, "fee_revenue": -fee} if fee else {}
    assert balances(deal) == left


def test_one_instalment_that_is_refused_does_not_stop_the_others(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = trades.fetched(two_held())
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    first, real = trades.rows(deal).settlements[0], payments.plan_transfer

    def plan(session: Session, actor: Actor, bill: Bill) -> Operation:
        if bill.settlement_id == first.id:
            raise Conflict("settlement.spent", "no")
        return real(session, actor, bill)

    monkeypatch.setattr(payments, "plan_transfer", plan)
    refused("settlement.spent", lambda: following.on_settle(deal.number))
    monkeypatch.undo()
    with read() as session:
        found = payments.operations_of(session, deal.number)
    assert [one.amount for one in found if one.kind is OperationKind.TRANSFER] == [48_501]


def test_while_a_dispute_waits_the_loss_of_one_sends_nothing_else_back(exchange: Flask) -> None:
    deal = rejected(two_held())
    lose(deal, 1)
    assert stands(deal) == "REFUNDED/FUNDED/CANCELLED"
    assert trades.states(deal)["agreement"] == "TERMINATED"
    assert refunds(deal) == []
    rule(deal, Ruling.RELEASE)
    assert stands(deal) == "REFUNDED/RELEASED/CANCELLED"
    assert trades.states(deal)["dispute"] == "CLOSED"
    assert balances(deal) == {"psp_clearing": 1_500, "fee_revenue": -1_500}


def test_of_the_others_only_an_acceptance_or_a_dispute_keeps_them_from_going_back(exchange: Flask) -> None:
    lost = Standing(
        AgreementState.TERMINATED, SettlementState.FUNDED, AcceptanceState.PENDING, delivered=True
    )
    assert owed(lost) is Debt.REFUND
    accepted = {**vars(lost), "acceptance": AcceptanceState.ACCEPTED}
    assert owed(Standing(**accepted)) is Debt.RELEASE
    disputed = {**vars(lost), "acceptance": AcceptanceState.REJECTED, "dispute": DisputeState.OPEN}
    assert owed(Standing(**disputed)) is None
    assert Act.RULE in possible(Standing(**disputed))
    deal = trades.fetched(two_held())
    lose(deal, 1)
    assert stands(deal) == "REFUNDED/REFUNDED/CANCELLED"
    assert refunds(deal) == [50_001]
    assert balances(deal) == {}


def test_a_payment_for_what_was_cancelled_goes_back_less_what_the_bank_took(exchange: Flask) -> None:
    deal = in_parts()
    late = trades.planned(deal)
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "not needed")
    jobs.drain()
    holding(exchange, OperationKind.REFUND)
    trades.settle(late)
    jobs.drain()
    trades.platform(exchange)
    assert parts(deal)[0] == ("CANCELLED", 30_000)
    lose(deal, 1, 10_000)
    assert refunds(deal) == [20_000]
    whole(deal, {})


def test_an_inquiry_does_not_hide_the_download(exchange: Flask) -> None:
    deal = delivered()
    found = chargebacks.questioned(deal.number, status="warning_needs_response")
    jobs.drain()

    def now() -> Standing:
        with read() as session:
            return service.standing(session, service.life(session, deal.number))

    assert now().questioned
    assert Act.FETCH in possible(now())
    taken = chargebacks.said(deal.number)
    recording.changed(found.stripe_id, taken)
    jobs.drain()
    assert Act.FETCH not in possible(now())
    with pytest.raises(MarketError):
        trades.fetch(deal)


def test_what_is_sold_once_stays_sold_while_another_instalment_is_held(exchange: Flask) -> None:
    deal = trades.in_force(100_001, exclusive=True, further={"price.milestones": PARTS})
    trades.fetched(trades.paid(trades.paid(deal)))
    holding(exchange, OperationKind.REFUND)
    lose(deal, 1)
    trades.platform(exchange)
    assert stands(deal) == "REFUNDED/FUNDED/CANCELLED"
    assert deals.row(deal.number).claims_id is not None
    with read() as session:
        (waits,) = [
            one for one in payments.operations_of(session, deal.number) if one.state is OperationState.PLANNED
        ]
    trades._perform(str(waits.id))
    jobs.drain()
    assert stands(deal) == "REFUNDED/REFUNDED/CANCELLED"
    assert deals.row(deal.number).claims_id is None


def test_money_astray_with_the_bank_does_not_keep_the_delivery_shut(exchange: Flask) -> None:
    deal = trades.in_force()
    trades.paid(trades.astray(deal))
    chargebacks.questioned(deal.number, state=OperationState.STRAY)
    found = chargebacks.questioned(deal.number)
    jobs.drain()
    assert trades.grant(deal).holds == ["chargeback"]
    chargebacks.won(found)
    jobs.drain()
    assert trades.grant(deal).holds == []
