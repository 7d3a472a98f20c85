"""Months, and what postings mean to an organisation: sums are exact, and a month goes on where one ended."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from market.errors import Invalid
from market.payments import books, naming, statement, statement_sheet
from market.payments.models import Posting
from market.payments.months import Month
from market.payments.statement import Book, Movement
from market.payments.states import OperationKind

ORGANISATION = uuid.UUID(int=7)
NUMBER = "K7Q2M9X4B31"
HOLD, SUSPENSE = books.hold_of(NUMBER), books.suspense_of(NUMBER)
PAYABLE, RECEIVABLE = f"provider_payable:{ORGANISATION}", f"provider_receivable:{ORGANISATION}"
RECOVERY = books.recovery_of(NUMBER)
ACCOUNTS = [
    HOLD,
    SUSPENSE,
    RECOVERY,
    PAYABLE,
    RECEIVABLE,
    books.CLEARING,
    books.FEE_REVENUE,
    books.PSP_FEES,
    "loss",
]
OWN = {Book.PURCHASES: {HOLD, SUSPENSE}, Book.SALES: {PAYABLE, RECEIVABLE, RECOVERY}}

moments = st.datetimes(datetime(2001, 1, 1), datetime(2998, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds, as the strategy asks
lines = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 99_999_999)).filter(
    lambda line: line[0] != line[1]
)
operations = st.lists(st.lists(lines, min_size=1, max_size=4), max_size=12)


def booked(made: list[list[tuple[str, str, int]]]) -> list[Posting]:
    """Return the postings of operations that follow one another."""
    return [
        Posting(
            operation_id=uuid.UUID(int=order), step_id=uuid.UUID(int=order + 1), number=NUMBER, place=place,
            debit=debit, credit=credit, amount=amount, currency="CNY", booked_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
        for order, lines in enumerate(made)
        for place, (debit, credit, amount) in enumerate(lines)
    ]  # fmt: skip


def told(book: Book, *lines: tuple[str, str, int]) -> list[tuple[str, int]]:
    """Return the kinds and amounts that one operation is told by."""
    return [(one.kind.value, one.amount) for one in statement.entries(book, booked([list(lines)]), 0)]


@given(moments)
def test_a_month_is_one_of_china_and_the_next_begins_where_it_ends(moment: datetime) -> None:
    month = Month.of(moment)
    assert month.begin <= moment < month.end
    assert month.end == month.next.begin
    assert Month.of(month.begin) == Month.of(month.end - timedelta(microseconds=1)) == month
    assert timedelta(days=28) <= month.end - month.begin <= timedelta(days=31)


def test_the_first_of_a_month_begins_in_the_evening_before_of_utc() -> None:
    assert Month(2026, 12).begin == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert Month(2026, 12).next == Month(2027, 1)


def test_a_month_is_written_in_one_way_and_has_begun(exchange: Flask) -> None:
    assert Month.parse("2026-11") == Month(2026, 11)
    for text in (
        "2026-12",
        "2026-1",
        "2026-13",
        "2026-00",
        "26-11",
        "2026-11\n",
        "２０２６-11",
        "",
        "1999-01",
    ):
        with pytest.raises(Invalid) as refused:
            Month.parse(text)
        assert refused.value.code == "month.invalid"


@given(st.sampled_from(Book), operations, st.integers(-(10**12), 10**12))
def test_movements_add_up_to_what_the_books_hold(
    book: Book, made: list[list[tuple[str, str, int]]], opening: int
) -> None:
    postings = booked(made)
    found = statement.entries(book, postings, opening)
    totals = books.balances(postings)
    held = -sum(amount for (account, _currency), amount in totals.items() if account in OWN[book])
    section = statement.Section(book, "CNY", opening, found)
    assert section.closing == opening + held == opening + sum(section.totals.values())
    balances = [opening, *(one.balance for one in found)]
    assert [after - before for before, after in pairwise(balances)] == [one.amount for one in found]


@given(st.sampled_from(Book), operations, st.data())
def test_a_month_opens_with_what_the_one_before_closed_with(
    book: Book, made: list[list[tuple[str, str, int]]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(made)))
    whole = statement.entries(book, booked(made), 0)
    first = statement.entries(book, booked(made[:cut]), 0)
    closing = statement.Section(book, "CNY", 0, first).closing
    second = [one for one in booked(made) if one.operation_id.int >= cut]
    assert first + statement.entries(book, second, closing) == whole


def test_a_sale_shows_its_price_its_fee_and_what_was_paid_out() -> None:
    released = ((HOLD, PAYABLE, 97), (HOLD, books.FEE_REVENUE, 3), (PAYABLE, books.CLEARING, 97))
    assert told(Book.SALES, *released) == [("sale", 100), ("fee", -3), ("payout", -97)]
    assert told(Book.PURCHASES, *released) == [("release", -100)]


def test_a_payment_and_its_refund_leave_nothing() -> None:
    paid = ((books.CLEARING, HOLD, 100), (books.PSP_FEES, books.CLEARING, 2))
    assert told(Book.PURCHASES, *paid) == [("payment", 100)]
    assert told(Book.PURCHASES, (HOLD, books.CLEARING, 100)) == [("refund", -100)]
    assert told(Book.PURCHASES, (books.CLEARING, SUSPENSE, 100)) == [("payment", 100)]
    assert told(Book.PURCHASES, (SUSPENSE, books.CLEARING, 100)) == [("refund", -100)]
    assert told(Book.SALES, *paid) == []


def test_a_refund_after_release_is_taken_back_or_owed() -> None:
    back = ((RECOVERY, books.CLEARING, 97), (books.FEE_REVENUE, books.CLEARING, 3))
    assert told(Book.SALES, *back) == [("fee_returned", 3), ("sale_refunded", -100)]
    assert told(Book.PURCHASES, *back) == [("returned", 100), ("refund", -100)]
    assert told(Book.SALES, (books.CLEARING, RECOVERY, 97)) == [("recovered", 97)]
    assert told(Book.PURCHASES, (books.CLEARING, RECOVERY, 97)) == []
    # What its account does not hold, and what a later release keeps back, was its debt before and after.
    assert told(Book.SALES, (RECEIVABLE, RECOVERY, 97)) == told(Book.SALES, (PAYABLE, RECEIVABLE, 97)) == []


def test_what_nobody_thought_of_is_told_all_the_same() -> None:
    assert told(Book.SALES, (PAYABLE, "loss", 5)) == [("other", -5)]
    assert told(Book.PURCHASES, ("loss", HOLD, 5)) == [("other", 5)]


def test_everything_has_a_word() -> None:
    own = {books.CLEARING, books.BANK, books.FEE_REVENUE, books.PSP_FEES, books.LOSS}
    assert set(naming.ACCOUNTS) == books.OF_TRADES | own
    assert set(naming.OPERATIONS) == {kind.value for kind in OperationKind}
    assert set(statement.BOOKS) == set(statement.HELD) == set(Book)
    assert set(statement.MOVEMENTS) == set(Movement)
    assert naming.account_label(HOLD) == "Held until acceptance"
    assert (naming.account_label("vault"), naming.operation_label("loan")) == ("vault", "loan")


def test_figures_have_the_places_of_their_currency() -> None:
    amounts = [statement_sheet.figures(-123456, currency) for currency in ("CNY", "JPY", "KWD")]
    assert amounts == ["-1234.56", "-123456", "-123.456"]
    assert statement_sheet.figures(0, "CNY") == "0.00"
