"""What a chargeback means for a trade, step by step on both databases: nothing twice, nothing left over."""

import uuid

import pytest
from flask import Flask

from market import jobs, migrations
from market.db import read, transaction
from market.errors import MarketError
from market.payments import service as payments
from market.payments.chargebacks.states import Answer, ChargebackState
from market.steps import fsck
from market.trades import charging_back, contesting, decisions, redressing, service
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Debt, Standing, owed
from market.trades.agreement import AgreementState
from market.trades.dispute import Ruling
from market.trades.settlement import SettlementState
from tests import chargebacks, people, trades
from tests.deals import Deal

FEE = 3_840
"""Of 1,280.00."""


def delivered() -> Deal:
    return trades.fetched(trades.paid(trades.in_force()))


def accepted() -> Deal:
    deal = delivered()
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    return deal


def released() -> Deal:
    deal = accepted()
    jobs.drain()
    return deal


def settlement(deal: Deal) -> tuple[str, int, int, int]:
    (found,) = trades.rows(deal).settlements
    return found.state.value, found.charged_back, found.refund, found.fee


def balances(deal: Deal) -> dict[str, int]:
    """Return what the books of a trade come to, without what is at zero, once fsck finds nothing.

    What the platform kept stands with what it holds.
    """
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []
        found = payments.balances(payments.postings_of(session, deal.number))
    books = {account.partition(":")[0]: amount for (account, _), amount in found.items() if amount}
    books["psp_clearing"] += books.pop("psp_fee_expense", 0)
    return {account: amount for account, amount in books.items() if amount}


def test_nothing_is_owed_while_the_payment_is_questioned() -> None:
    ready = Standing(AgreementState.ACTIVE, SettlementState.FUNDED, AcceptanceState.ACCEPTED)
    assert owed(ready) is Debt.RELEASE
    assert owed(Standing(**{**vars(ready), "stopped": True})) is None


def test_acceptance_while_it_is_open_releases_when_it_is_won(exchange: Flask) -> None:
    deal = delivered()
    found = chargebacks.questioned(deal.number)
    jobs.drain()
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    jobs.drain()
    assert settlement(deal)[0] == "FUNDED"
    assert trades.grant(deal).holds == ["chargeback"]
    chargebacks.won(found)
    jobs.drain()
    assert settlement(deal)[0] == "RELEASED"
    assert trades.grant(deal).holds == []
    charging_back.on_over(deal.number, str(found.id))
    assert balances(deal) == {"psp_clearing": FEE, "fee_revenue": -FEE}


def test_an_inquiry_stops_the_money_and_not_the_delivery(exchange: Flask) -> None:
    deal = accepted()
    found = chargebacks.questioned(deal.number, status="warning_needs_response")
    jobs.drain()
    assert settlement(deal)[0] == "FUNDED"
    assert trades.grant(deal).holds == []
    chief = people.operator()
    with transaction() as session, pytest.raises(MarketError) as refusal:
        contesting.answer(session, chief, deal.number, found.id, Answer.CONCEDE)
    assert refusal.value.code == "chargeback.inquiry"


def test_a_lost_part_of_a_divided_price_counts_for_the_buyer_s_part(exchange: Flask) -> None:
    deal = delivered()
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "a third is missing")
    found = chargebacks.questioned(deal.number, amount=50_000)
    jobs.drain()
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, Ruling.DIVIDE, "indeed", 28_000)
    jobs.drain()
    assert trades.states(deal)["dispute"] == "RULED", "it is not closed while its money is with the bank"
    chargebacks.lost(found)
    jobs.drain()
    fee = round(78_000 * 0.03)
    assert settlement(deal) == ("RELEASED", 50_000, 0, fee)
    found_books = balances(deal)
    assert found_books == {"psp_clearing": fee, "fee_revenue": -fee}


def test_a_loss_after_the_release_is_a_redress_and_what_is_missing_a_debt(exchange: Flask) -> None:
    deal = released()
    found = chargebacks.questioned(deal.number, amount=28_000)
    jobs.drain()
    chargebacks.lost(found)
    jobs.drain()
    trade = trades.rows(deal).trade
    with read() as session:
        (one,) = service.redresses(session, trade.id)
    assert (one.state.value, one.amount, one.fee, one.recovered) == ("CLOSED", 28_000, 840, 27_160)
    assert one.chargeback_id == found.id
    assert balances(deal) == {"psp_clearing": FEE - 840, "fee_revenue": -(FEE - 840)}
    charging_back.on_over(deal.number, str(found.id))
    jobs.drain()
    assert chargebacks.known(found.stripe_id).borne == 0


def test_what_was_paid_back_before_is_borne_by_the_exchange(exchange: Flask) -> None:
    deal, chief = released(), people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 100_000, "a column was empty")
    jobs.drain()
    found = chargebacks.questioned(deal.number)
    jobs.drain()
    chargebacks.lost(found)
    jobs.drain()
    last = chargebacks.known(found.stripe_id)
    assert (last.state, last.covered, last.borne) == (ChargebackState.LOST, 0, 100_000)
    assert balances(deal)["dispute_loss"] == 100_000
    assert "dispute_suspense" not in balances(deal)


def test_who_answers_and_about_which_trade(exchange: Flask) -> None:
    deal = delivered()
    other = trades.in_force(beside=deal)
    found = chargebacks.questioned(deal.number)
    chief = people.operator()
    for actor, number, id, code in [
        (deal.buyer, deal.number, found.id, "role.missing"),
        (chief, other.number, found.id, "chargeback.not_found"),
        (chief, deal.number, uuid.uuid4(), "chargeback.not_found"),
    ]:
        with transaction() as session, pytest.raises(MarketError) as refusal:
            contesting.answer(session, actor, number, id, Answer.CONTEST)
        assert refusal.value.code == code
    for _again in range(2):
        with transaction() as session:
            step = contesting.answer(session, chief, deal.number, found.id, Answer.CONTEST)
    assert step.kind == "chargeback.contested"
    evidence = chargebacks.known(found.stripe_id).evidence or ""
    assert deal.number in evidence
    assert trades.grant(deal).digest in evidence
