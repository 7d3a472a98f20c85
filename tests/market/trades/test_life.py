"""The life of a trade, step by step, on both databases."""

from collections.abc import Callable

import pytest
from flask import Flask

from market import jobs, migrations
from market.actor import Actor, Role
from market.db import read, transaction
from market.delivery.ranges import Span
from market.errors import MarketError
from market.steps import fsck
from market.trades import deadlines, decisions, following, opening, service, suspension
from market.trades.dispute import Ruling
from tests import deals, people, trades
from tests.deals import Deal


def accept(deal: Deal) -> str:
    with transaction() as session:
        return str(decisions.accept(session, deal.buyer, deal.number).entry_id)


def test_a_paid_trade_ends_with_the_provider_paid(exchange: Flask) -> None:
    deal = trades.in_force()
    assert trades.states(deal) == {
        "contract": "FINALIZED",
        "agreement": "ACTIVE",
        "settlement": "DUE",
        "transfer": "REQUESTED",
        "grant": "OPEN",
        "acceptance": "PENDING",
        "dispute": None,
    }
    trades.paid(deal)
    assert trades.states(deal)["settlement"] == "FUNDED"
    trades.fetched(deal)
    assert trades.states(deal)["transfer"] == "COMPLETED"
    accept(deal)
    jobs.drain()
    assert trades.states(deal)["settlement"] == "RELEASED"
    assert trades.kinds(deal) == [
        "contract.requested",
        "contract.signed",
        "contract.signed",
        "contract.finalized",
        "payment.planned",
        "payment.opened",
        "payment.settled",
        "settlement.funded",
        "delivery.completed",
        "acceptance.accepted",
        "transfer.planned",
        "transfer.made",
        "settlement.released",
    ]
    assert set(trades.balances(deal)) == {"psp_clearing", "fee_revenue", "psp_fee_expense"}
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def cancel(deal: Deal, actor: Actor | None = None, reason: str = "no longer needed") -> str:
    with transaction() as session:
        return str(decisions.cancel(session, actor or deal.buyer, deal.number, reason).entry_id)


def reject(deal: Deal, reason: str = "half the rows are missing") -> str:
    with transaction() as session:
        return str(decisions.reject(session, deal.buyer, deal.number, reason).entry_id)


def rule(deal: Deal, ruling: Ruling, actor: Actor | None = None, reason: str = "measured again") -> str:
    chief = actor or people.operator()
    with transaction() as session:
        return str(decisions.rule(session, chief, deal.number, ruling, reason).entry_id)


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def test_a_free_trade_has_no_money(exchange: Flask) -> None:
    deal = trades.in_force(0)
    assert trades.states(deal)["settlement"] is None
    assert trades.grant(deal).funded
    refused("acceptance.not_delivered", lambda: accept(deal))
    trades.fetched(deal)
    accept(deal)
    jobs.drain()
    assert trades.states(deal)["acceptance"] == "ACCEPTED"
    assert trades.kinds(deal)[-3:] == ["contract.finalized", "delivery.completed", "acceptance.accepted"]
    trades.fetched(deal)


def test_a_free_trade_rejected_and_ruled_for_the_buyer_ends(exchange: Flask) -> None:
    deal = trades.fetched(trades.in_force(0))
    reject(deal)
    rule(deal, Ruling.REFUND)
    jobs.drain()
    assert trades.kinds(deal)[-1] == "dispute.closed"
    assert (trades.states(deal)["agreement"], trades.states(deal)["grant"]) == ("TERMINATED", "CLOSED")


def test_cancelled_before_payment_nothing_moves(exchange: Flask) -> None:
    deal = trades.in_force()
    cancel(deal)
    jobs.drain()
    assert trades.states(deal) | {"acceptance": None} == {
        "contract": "FINALIZED",
        "agreement": "TERMINATED",
        "settlement": "CANCELLED",
        "transfer": "TERMINATED",
        "grant": "CLOSED",
        "acceptance": None,
        "dispute": None,
    }
    assert trades.kinds(deal)[-1] == "trade.cancelled"


def test_cancelled_before_delivery_the_price_goes_back(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    cancel(deal)
    assert trades.states(deal)["settlement"] == "FUNDED"
    jobs.drain()
    assert trades.states(deal)["settlement"] == "REFUNDED"
    assert set(trades.balances(deal)) == {"psp_clearing", "psp_fee_expense"}
    refused("delivery.agreement_ended", lambda: trades.fetch(deal))
    refused("agreement.ended", lambda: accept(deal))


def test_one_byte_is_enough_to_lose_the_right_to_cancel(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    trades.fetched(deal, Span(0, 1))
    refused("cancellation.begun", lambda: cancel(deal))
    refused("acceptance.not_delivered", lambda: accept(deal))
    reject(deal)
    refused("delivery.dispute_suspended", lambda: trades.fetch(deal))


def test_rejecting_before_the_first_byte_is_cancelling(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    refused("rejection.not_begun", lambda: reject(deal))


def test_rejected_and_ruled_for_the_buyer(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    reject(deal)
    jobs.drain()
    assert (trades.states(deal)["settlement"], trades.states(deal)["dispute"]) == ("FUNDED", "OPEN")
    rule(deal, Ruling.REFUND)
    jobs.drain()
    assert trades.states(deal) == {
        "contract": "FINALIZED",
        "agreement": "TERMINATED",
        "settlement": "REFUNDED",
        "transfer": "COMPLETED",
        "grant": "CLOSED",
        "acceptance": "REJECTED",
        "dispute": "CLOSED",
    }
    assert trades.kinds(deal)[-6:] == [
        "acceptance.rejected",
        "dispute.ruled",
        "refund.planned",
        "refund.made",
        "settlement.refunded",
        "dispute.closed",
    ]


def test_rejected_and_ruled_for_the_provider(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    reject(deal)
    rule(deal, Ruling.RELEASE)
    jobs.drain()
    states = trades.states(deal)
    assert (states["settlement"], states["dispute"], states["grant"]) == ("RELEASED", "CLOSED", "OPEN")
    assert trades.fetch(deal)


def test_the_fee_is_the_rule_books_share_to_the_last_fen(exchange: Flask) -> None:
    first = trades.in_force(128_000)
    for price, fee in ((128_000, 3840), (501, 15), (517, 16), (550, 16)):
        deal = first if price == 128_000 else trades.in_force(price, beside=first)
        (found,) = trades.rows(deal).settlements
        assert (found.amount, found.fee) == (price, fee)


def test_repeating_is_answered_and_contradicting_refused(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    first = reject(deal)
    count = len(trades.kinds(deal))
    assert reject(deal) == first
    refused("step.already_taken", lambda: reject(deal, "another reason"))
    ruled = rule(deal, Ruling.REFUND)
    assert rule(deal, Ruling.REFUND) == ruled
    refused("step.already_taken", lambda: rule(deal, Ruling.RELEASE))
    refused("step.already_taken", lambda: rule(deal, Ruling.REFUND, reason="another"))
    assert len(trades.kinds(deal)) == count + 1


def test_accepting_and_cancelling_twice_is_once(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    assert accept(deal) == accept(deal)
    refused("acceptance.spoken", lambda: reject(deal))
    second = people.colleague(deal.buyer, Role.BUYER)
    with transaction() as session:
        refused("step.already_taken", lambda: decisions.accept(session, second, deal.number))
    other = trades.in_force(beside=deal)
    assert cancel(other) == cancel(other)
    refused("step.already_taken", lambda: cancel(other, reason="another"))


def test_who_may_do_what(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    stranger = people.verified(Role.BUYER, Role.PROVIDER)
    for actor, code in ((stranger, "trade.not_found"), (deal.provider, "role.missing")):
        with transaction() as session:
            refused(code, lambda: decisions.accept(session, actor, deal.number))  # noqa: B023 - called at once
        with read() as session:
            seen = actor is deal.provider
            assert seen == bool(service.listed(session, actor, None).items)
    refused("role.missing", lambda: cancel(deal, people.operator()))
    reject(deal)
    refused("role.missing", lambda: rule(deal, Ruling.RELEASE, deal.buyer))


def test_every_job_may_come_again(exchange: Flask) -> None:
    deal = trades.signed()
    contract_id = str(deals.of(deal.number).id)
    jobs.drain()
    operation = str(trades.pay(deal))
    jobs.drain()
    trades.fetched(deal)
    accept(deal)
    jobs.drain()
    count = len(trades.kinds(deal))
    opening.on_verified(contract_id)
    following.on_payment_settled(deal.number, operation)
    following.on_covered(deal.number)
    following.on_settle(deal.number)
    following.on_transfer_made(deal.number, operation)
    following.on_refund_made(deal.number, operation)
    for deadline in (
        deadlines.on_payment_deadline,
        deadlines.on_delivery_deadline,
        deadlines.on_acceptance_deadline,
        deadlines.on_term_over,
        suspension.on_asset_cancelled,
    ):
        deadline(deal.number)
    jobs.drain()
    assert len(trades.kinds(deal)) == count
