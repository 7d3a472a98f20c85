"""A price that a ruling divides, and one that is paid back after its release, step by step on both databases."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from market import jobs, migrations, rules
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Invalid, MarketError
from market.payments import outcomes
from market.payments import service as payments
from market.payments.states import OperationKind
from market.steps import fsck
from market.trades import decisions, redressing, service
from market.trades.dispute import Ruling
from market.trades.models import Redress
from market.trades.redress import RedressState
from tests import people, trades
from tests.conftest import Clock
from tests.deals import Deal


def disputed() -> Deal:
    deal = trades.fetched(trades.paid(trades.in_force()))
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half the rows are missing")
    return deal


def rule(deal: Deal, refund: int | None, ruling: Ruling = Ruling.DIVIDE, chief: Actor | None = None) -> str:
    actor = chief or people.operator()
    with transaction() as session:
        step = decisions.rule(session, actor, deal.number, ruling, "measured again", refund)
        return str(step.entry_id)


def order(deal: Deal, amount: int, chief: Actor | None = None, key: str | None = None) -> str:
    actor = chief or people.operator()
    with transaction() as session:
        return str(redressing.order(session, actor, deal.number, amount, "the data were wrong", key).entry_id)


def redresses(deal: Deal) -> list[Redress]:
    trade = trades.rows(deal).trade
    with read() as session:
        return service.redresses(session, trade.id)


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def whole() -> None:
    """Hold every row against its last image."""
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def short(monkeypatch: pytest.MonkeyPatch, exchange: Flask, holds: int) -> None:
    """Let the platform take back from the provider's account no more than it holds."""
    real = exchange.extensions["handlers"]["payment.perform"]

    def perform(operation_id: str) -> None:
        found = outcomes.get(uuid.UUID(operation_id))
        if found.kind is OperationKind.REVERSAL and found.amount > holds:
            outcomes.failed(found, "balance_insufficient")
            if holds:
                outcomes.planned_again(outcomes.get(found.id), holds)
            else:
                outcomes.given_up(outcomes.get(found.id))
        else:
            real(operation_id)

    monkeypatch.setitem(exchange.extensions["handlers"], "payment.perform", perform)


def test_what_strayed_and_went_back_is_no_part_of_a_divided_price(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.astray(trades.in_force())))
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half the rows are missing")
    (found,) = trades.rows(deal).settlements
    with read() as session:
        assert payments.made_of(session, found.id) == frozenset()
    rule(deal, 42_667)
    jobs.drain()
    kinds = trades.kinds(deal)
    assert kinds.count("settlement.divided") == 1
    assert kinds.index("settlement.divided") > max(kinds.index("refund.made"), kinds.index("transfer.made"))
    whole()


def test_a_divided_price_reaches_both_and_the_agreement_goes_on(exchange: Flask) -> None:
    deal = disputed()
    ruled = rule(deal, 42_667)
    assert rule(deal, 42_667) == ruled
    refused("step.already_taken", lambda: rule(deal, 42_668))
    jobs.drain()
    (found,) = trades.rows(deal).settlements
    assert (found.amount, found.refund, found.fee) == (128_000, 42_667, 2_560)
    states = trades.states(deal)
    assert (states["settlement"], states["dispute"]) == ("PARTIAL", "CLOSED")
    assert (states["agreement"], states["grant"]) == ("ACTIVE", "OPEN")
    assert trades.fetch(deal)
    kinds = trades.kinds(deal)
    assert (
        kinds[kinds.index("dispute.ruled") + 1 :]
        == [
            "refund.planned",
            "refund.made",
            "transfer.planned",
            "transfer.made",
            "settlement.divided",
            "dispute.closed",
        ]
        or kinds.count("settlement.divided") == 1
    )
    assert trades.balances(deal) == {
        "psp_clearing": 2_460,
        "psp_fee_expense": 100,
        "fee_revenue": -2_560,
    }
    whole()


@pytest.mark.parametrize("refund", [None, 0, 128_000, 128_001])
def test_a_part_is_more_than_nothing_and_less_than_all(exchange: Flask, refund: int | None) -> None:
    deal = disputed()
    error = refused("ruling.no_part", lambda: rule(deal, refund))
    assert isinstance(error, Invalid)
    assert list(error.fields) == ["amount"]
    assert trades.states(deal)["dispute"] == "OPEN"


def test_a_ruling_one_way_names_no_part(exchange: Flask) -> None:
    deal = disputed()
    refused("ruling.no_part", lambda: rule(deal, 1, Ruling.REFUND))
    refused("ruling.no_part", lambda: rule(deal, 1, Ruling.RELEASE))


def test_a_trade_keeps_the_rule_book_it_began_with(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = disputed()
    other = trades.closed(trades.fetched(trades.paid(trades.in_force(beside=deal))))
    monkeypatch.setattr(service, "book", lambda _version: rules.book(3))
    refused("ruling.not_in_rules", lambda: rule(deal, 1_000))
    refused("redress.not_in_rules", lambda: order(other, 1_000))


def test_paid_back_after_the_release_the_settlement_stays_released(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    order(deal, 28_000)
    jobs.drain()
    (found,) = redresses(deal)
    assert (found.state, found.amount, found.fee, found.recovered) == (
        RedressState.CLOSED,
        28_000,
        840,
        27_160,
    )
    assert trades.states(deal)["settlement"] == "RELEASED"
    kinds = trades.kinds(deal)
    assert kinds[kinds.index("redress.ordered") :] == [
        "redress.ordered",
        "refund.planned",
        "refund.made",
        "redress.repaid",
        "reversal.planned",
        "reversal.made",
        "redress.closed",
    ]
    assert trades.balances(deal) == {"psp_clearing": 2_900, "psp_fee_expense": 100, "fee_revenue": -3_000}
    whole()


def test_parts_paid_back_add_up_to_all_that_was_released(exchange: Flask) -> None:
    deal = disputed()
    rule(deal, 28_001)
    jobs.drain()
    for amount in (1, 33_333, 66_665):
        order(deal, amount)
        jobs.drain()
    assert sum(one.amount for one in redresses(deal)) == 99_999
    assert trades.balances(deal) == {"psp_clearing": -100, "psp_fee_expense": 100}
    refused("redress.too_much", lambda: order(deal, 1))
    whole()


def test_a_redress_is_ordered_once_for_a_key_and_runs_alone(exchange: Flask) -> None:
    deal, chief = trades.closed(trades.fetched(trades.paid(trades.in_force()))), people.operator()
    first = order(deal, 100, chief, "a key")
    assert order(deal, 100, chief, "a key") == first
    refused("idempotency.key_reused", lambda: order(deal, 101, chief, "a key"))
    refused("redress.running", lambda: order(deal, 100, chief))
    jobs.drain()
    assert order(deal, 100, chief, "a key") == first
    assert len(redresses(deal)) == 1


def test_who_may_order_a_redress_and_when(exchange: Flask, clock: Clock) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    refused("redress.nothing_released", lambda: order(deal, 100))
    trades.closed(deal)
    refused("role.missing", lambda: order(deal, 100, deal.provider))
    refused("role.missing", lambda: order(deal, 100, deal.buyer))
    stranger = people.verified(Role.BUYER)
    refused("trade.not_found", lambda: order(deal, 100, stranger))
    for amount in (0, 128_001):
        refused("redress.too_much", partial(order, deal, amount))
    until = trades.rows(deal).agreement.term_until
    clock.advance(seconds=(until - clock()).total_seconds())
    refused("redress.too_late", lambda: order(deal, 100))
    jobs.drain()
    refused("redress.too_late", lambda: order(deal, 100))


@pytest.mark.parametrize("holds", [0, 20_000])
def test_what_the_account_does_not_hold_is_owed_and_kept_back(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch, holds: int
) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    short(monkeypatch, exchange, holds)
    order(deal, 128_000)
    jobs.drain()
    (found,) = redresses(deal)
    missing = 124_160 - holds
    assert (found.state, found.fee, found.recovered) == (RedressState.CLOSED, 3_840, holds)
    owed: dict[str, Any] = {f"provider_receivable:{deal.provider.organisation_id}": missing}
    assert trades.balances(deal).items() >= owed.items()
    assert f"recovery:{deal.number}" not in trades.balances(deal)
    other = trades.closed(trades.fetched(trades.paid(trades.in_force(beside=deal))))
    with read() as session:
        made = next(
            one for one in payments.operations_of(session, other.number) if one.kind is OperationKind.TRANSFER
        )
    assert (made.amount, made.netted, made.fee) == (124_160 - missing, missing, 3_840)
    assert trades.states(other)["settlement"] == "RELEASED"
    assert trades.balances(other)[f"provider_receivable:{deal.provider.organisation_id}"] == -missing
    with transaction() as session:
        assert payments.owed_by(session, deal.provider.organisation_id or uuid.uuid4(), "CNY") == 0
    whole()


def test_jobs_that_come_again_change_nothing(exchange: Flask) -> None:
    deal = disputed()
    rule(deal, 1_000)
    jobs.drain()
    order(deal, 5_000)
    jobs.drain()
    before = trades.kinds(deal)
    with read() as session:
        operations = payments.operations_of(session, deal.number)
    with transaction() as session:
        jobs.queue(session, "trade.settle", number=deal.number)
        jobs.queue(session, "trade.redress", number=deal.number)
        for one in operations[1:]:
            name = {"transfer": "transfer.made", "refund": "refund.made", "reversal": "reversal.over"}
            jobs.queue(session, name[one.kind.value], number=deal.number, operation_id=one.id)
    jobs.drain()
    assert trades.kinds(deal) == before
