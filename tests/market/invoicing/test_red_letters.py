"""What went back after it was invoiced is reddened: by a refund, a redress, or the buyer's bank."""

from flask import Flask

from market import jobs
from market.db import transaction
from market.invoicing import service
from market.invoicing.states import InvoiceState, Matter
from market.trades import redressing
from tests import chargebacks, invoices, people, trades
from tests.market.invoicing.conftest import Refund
from tests.market.invoicing.test_service import kinds, redden, refusal


def test_a_refund_after_the_invoice_makes_red_letters_owed_to_the_fen(
    exchange: Flask, refund: Refund
) -> None:
    deal = invoices.released(100_001)
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    blue = invoices.issued(data, deal.provider)
    invoices.issued(fee, people.operator())
    refund(deal, 33_333, fee=1_000)
    found = invoices.detail(data, deal.provider)
    assert (found.invoice.state, found.red_left) == (InvoiceState.RED_OWED, 33_333)
    assert found.invoice.due_at is not None
    assert invoices.detail(fee, deal.provider).red_left == 1_000
    red = invoices.brought()
    for _twice in range(2):
        with transaction() as session:
            service.redden(session, deal.provider, data.id, red)
    assert refusal(lambda: redden(deal, data)) == "invoice.wrong_state"
    service.on_refunded(deal.number)  # again: there is nothing to do
    assert invoices.detail(data, deal.provider).invoice.state is InvoiceState.RED_ISSUED
    refund(deal, 66_668)
    redden(deal, data)
    found = invoices.detail(data, deal.buyer)
    assert (found.invoice.state, found.red_left) == (InvoiceState.RED_ISSUED, 0)
    first, *reds = found.documents
    assert first.number == blue.number
    assert sum(one.amount for one in reds) == first.amount
    assert sum(one.tax for one in reds) == first.tax
    assert kinds(deal).count("invoice.reddened") == 2


def test_a_redress_makes_red_letters_owed_for_data_and_fee(exchange: Flask) -> None:
    deal = invoices.released(10_000)
    operator = people.operator()
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    invoices.issued(data, deal.provider)
    invoices.issued(fee, operator)
    with transaction() as session:
        redressing.order(session, operator, deal.number, 5_000, "half of it was wrong")
    jobs.drain()
    owed = [invoices.detail(data, deal.buyer), invoices.detail(fee, deal.provider)]
    assert [one.invoice.state for one in owed] == [InvoiceState.RED_OWED] * 2
    assert [one.red_left for one in owed] == [5_000, fee.amount // 2]


def test_what_the_buyers_bank_keeps_makes_red_letters_owed_too(exchange: Flask) -> None:
    deal = invoices.released(10_000)
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    invoices.issued(data, deal.provider)
    invoices.issued(fee, people.operator())
    chargebacks.lost(chargebacks.questioned(deal.number))
    jobs.drain()
    owed = [invoices.detail(data, deal.buyer), invoices.detail(fee, deal.provider)]
    assert [one.invoice.state for one in owed] == [InvoiceState.RED_OWED] * 2
    assert [one.red_left for one in owed] == [10_000, fee.amount]


def test_nothing_is_invoiced_of_what_the_bank_took_from_the_hold(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force(10_000)))
    invoices.profile(deal.buyer)
    chargebacks.lost(chargebacks.questioned(deal.number))
    jobs.drain()
    assert refusal(lambda: invoices.asked(deal)) == "invoice.nothing_paid"
