"""What happens when nobody acts in time: the clock alone moves the trade, and the money with it."""

from flask import Flask

from market import jobs, storage
from market.delivery.ranges import Span
from market.rules import book
from market.trades.dispute import Ruling
from tests import trades
from tests.conftest import Clock
from tests.deals import Deal
from tests.market.trades.test_life import rule

DAYS = book(1).value


def later(clock: Clock, days: int) -> None:
    clock.advance(days=days)
    jobs.drain()


def ends(deal: Deal) -> tuple[str | None, ...]:
    states = trades.states(deal)
    return states["settlement"], states["acceptance"], states["agreement"], states["dispute"]


def test_silence_is_acceptance(exchange: Flask, clock: Clock) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    due = trades.rows(deal).acceptance.due_at
    assert due is not None
    assert (due - clock()).days == DAYS("acceptance.days")
    later(clock, DAYS("acceptance.days") - 1)
    assert ends(deal)[1] == "PENDING"
    later(clock, 1)
    assert ends(deal) == ("RELEASED", "DEEMED", "ACTIVE", None)
    assert trades.kinds(deal)[-4:] == [
        "acceptance.deemed", "transfer.planned", "transfer.made", "settlement.released",
    ]  # fmt: skip


def test_not_paid_in_time_and_paid_too_late(exchange: Flask, clock: Clock) -> None:
    deal = trades.in_force()
    operation = trades.planned(deal)
    later(clock, DAYS("payment.days"))
    assert ends(deal) == ("CANCELLED", "PENDING", "TERMINATED", None)
    assert trades.balances(deal) == {}
    trades.settle(operation)
    jobs.drain()
    assert ends(deal)[0] == "CANCELLED"
    assert trades.kinds(deal)[-3:] == ["payment.settled", "refund.planned", "refund.made"]
    assert set(trades.balances(deal)) == {"psp_clearing", "psp_fee_expense"}


def test_nothing_fetched_in_time_is_refunded(exchange: Flask, clock: Clock) -> None:
    deal = trades.paid(trades.in_force())
    later(clock, DAYS("delivery.days"))
    assert ends(deal) == ("REFUNDED", "PENDING", "TERMINATED", None)


def test_the_days_to_fetch_begin_with_the_payment(exchange: Flask, clock: Clock) -> None:
    deal = trades.in_force()
    later(clock, DAYS("payment.days") - 1)
    trades.paid(deal)
    until = trades.grant(deal).fetch_until
    assert until is not None
    assert (until - clock()).days == DAYS("delivery.days")


def test_partly_fetched_in_time_goes_to_the_operator(exchange: Flask, clock: Clock) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()), Span(3, 9))
    later(clock, DAYS("delivery.days"))
    assert ends(deal) == ("FUNDED", "PENDING", "ACTIVE", "OPEN")
    assert trades.kinds(deal)[-1] == "dispute.opened"
    later(clock, 400)
    assert ends(deal) == ("FUNDED", "PENDING", "EXPIRED", "OPEN")
    rule(deal, Ruling.REFUND)
    jobs.drain()
    assert ends(deal) == ("REFUNDED", "PENDING", "EXPIRED", "CLOSED")


def test_stored_bytes_that_changed_give_no_receipt_but_a_way_out(exchange: Flask, clock: Clock) -> None:
    deal = trades.paid(trades.in_force())
    trades.fetch(deal)
    _spoil(trades.grant(deal).digest)
    jobs.drain()
    assert trades.states(deal)["transfer"] == "STARTED"
    later(clock, DAYS("delivery.days"))
    assert ends(deal) == ("FUNDED", "PENDING", "ACTIVE", "OPEN")


def test_a_receipt_that_was_late_is_still_written_at_the_deadline(exchange: Flask, clock: Clock) -> None:
    deal = trades.paid(trades.in_force())
    handler = exchange.extensions["handlers"].pop("delivery.covered")
    trades.fetch(deal)
    later(clock, DAYS("delivery.days"))
    assert trades.states(deal)["transfer"] == "COMPLETED"
    assert ends(deal)[3] is None
    exchange.extensions["handlers"]["delivery.covered"] = handler
    later(clock, 1)
    assert trades.kinds(deal).count("delivery.completed") == 1


def test_the_term_ends_and_with_it_access(exchange: Flask, clock: Clock) -> None:
    deal = trades.fetched(trades.in_force(0))
    later(clock, 365)
    assert ends(deal) == (None, "DEEMED", "EXPIRED", None)
    assert trades.states(deal)["grant"] == "CLOSED"
    assert trades.kinds(deal)[-1] == "agreement.expired"


def test_a_free_trade_nobody_fetched_just_expires(exchange: Flask, clock: Clock) -> None:
    deal = trades.in_force(0)
    later(clock, 365)
    assert ends(deal) == (None, "PENDING", "EXPIRED", None)


def _spoil(digest: str) -> None:
    """Change one byte of a blob on the disk, behind the store's back."""
    folder = storage.current()
    path = folder._path(digest)  # type: ignore[attr-defined]
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(bytes(content))
