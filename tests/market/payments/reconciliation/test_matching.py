"""Matching, as a pure function: nothing is left out, told twice or excused, in whatever order it comes."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.payments.reconciliation.matching import (
    Booking,
    Clue,
    Line,
    Movement,
    Outcome,
    Window,
    match,
)

WINDOW = Window(1_000, 2_000)
PAID = Movement("txn_1", "charge", "ch_1", 19_900, 577, "CNY", 1_500)
BOOKED = Booking("op-1", "K7Q2M8X4TB9", "checkout", "ch_1", 19_900, 577, "CNY", 1_501)


def told(movements: list[Movement], bookings: list[Booking], **clues: Clue) -> list[tuple[Outcome, int]]:
    return [(line.outcome, line.difference) for line in match(movements, bookings, WINDOW, clues)]


def test_what_both_sides_say_matches() -> None:
    assert match([PAID], [BOOKED], WINDOW) == [
        Line(
            Outcome.MATCHED, "ch_1", "charge", "op-1", "K7Q2M8X4TB9", "CNY", 1_500,
            platform=19_900, books=19_900, platform_fee=577, books_fee=577,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("movements", "bookings", "outcome", "difference"),
    [
        ([replace(PAID, amount=19_899)], [BOOKED], Outcome.AMOUNT, -1),
        ([PAID], [replace(BOOKED, fee=0)], Outcome.FEE, -577),
        ([replace(PAID, fee=578)], [BOOKED], Outcome.FEE, -1),
        ([PAID], [], Outcome.PLATFORM, 19_323),
        ([replace(PAID, source="")], [], Outcome.PLATFORM, 19_323),
        ([], [BOOKED], Outcome.BOOKS, -19_323),
        ([], [replace(BOOKED, booked=False, amount=0, fee=0)], Outcome.PENDING, 0),
    ],
)
def test_every_class_of_difference_is_told(
    movements: list[Movement], bookings: list[Booking], outcome: Outcome, difference: int
) -> None:
    assert told(movements, bookings) == [(outcome, difference)]


def test_the_same_charge_in_another_currency_is_two_amounts_that_differ() -> None:
    found = match([replace(PAID, currency="HKD")], [BOOKED], WINDOW)
    assert [(line.currency, line.outcome) for line in found] == [
        ("CNY", Outcome.AMOUNT), ("HKD", Outcome.AMOUNT)
    ]  # fmt: skip


def test_a_refund_that_failed_comes_to_nothing_on_both_sides() -> None:
    out = Movement("txn_2", "refund", "re_1", -19_900, 0, "CNY", 1_500)
    back = Movement("txn_3", "refund_failure", "re_1", 19_900, 0, "CNY", 1_600)
    booked = Booking("op-2", "K7Q2M8X4TB9", "refund", "re_1", 0, 0, "CNY", 1_501)
    assert told([out, back], [booked]) == [(Outcome.MATCHED, 0)]
    assert told([out], [booked]) == [(Outcome.AMOUNT, -19_900)]


def test_a_movement_whose_operation_is_open_is_in_flight_and_told_once() -> None:
    moved = Movement("txn_4", "transfer", "tr_1", -19_303, 0, "CNY", 1_500)
    planned = Booking("op-3", "K7Q2M8X4TB9", "transfer", "", 0, 0, "CNY", 1_499, booked=False)
    assert told([moved], [planned], tr_1=Clue("op-3", "K7Q2M8X4TB9", open=True)) == [
        (Outcome.PENDING, -19_303)
    ]
    closed = match([moved], [], WINDOW, {"tr_1": Clue("op-3", "K7Q2M8X4TB9", open=False)})
    assert [(line.outcome, line.number) for line in closed] == [(Outcome.PLATFORM, "K7Q2M8X4TB9")]


def test_what_both_sides_moved_outside_the_window_is_another_reports() -> None:
    before = replace(PAID, created=999), replace(BOOKED, moved=999)
    late = replace(PAID, created=999), replace(BOOKED, moved=1_000)
    assert told([before[0]], [before[1]]) == []
    assert told([late[0]], [late[1]]) == [(Outcome.MATCHED, 0)]
    assert told([replace(PAID, created=2_000)], []) == []
    assert told([replace(PAID, created=1_999)], []) == [(Outcome.PLATFORM, 19_323)]


SOURCES = st.sampled_from(["ch_1", "ch_2", "tr_1", "re_1", ""])
AMOUNTS = st.integers(-10_000, 10_000)
FEES = st.integers(0, 300)
CURRENCIES = st.sampled_from(["CNY", "HKD"])
TIMES = st.integers(900, 2_100)
MOVEMENTS = st.lists(
    st.builds(Movement, st.uuids().map(str), st.just("charge"), SOURCES, AMOUNTS, FEES, CURRENCIES, TIMES),
    max_size=8,
)
BOOKINGS = st.lists(
    st.builds(
        Booking, st.uuids().map(str), st.just("N"), st.just("checkout"), SOURCES, AMOUNTS, FEES, CURRENCIES,
        TIMES, st.booleans(),
    ),
    max_size=8,
)  # fmt: skip


@given(MOVEMENTS, BOOKINGS, st.randoms(use_true_random=False))
def test_nothing_is_lost_doubled_or_dependent_on_order(
    movements: list[Movement], bookings: list[Booking], chance: random.Random
) -> None:
    everything = Window(0, 10_000)
    lines = match(movements, bookings, everything)
    by_currency: Counter[str] = Counter()
    for one in movements:
        by_currency[one.currency] += one.amount - one.fee
    for two in bookings:
        if two.booked:
            by_currency[two.currency] -= two.amount - two.fee
    for line in lines:
        by_currency[line.currency] -= line.difference
    assert not any(by_currency.values())
    assert len({(line.source, line.currency) for line in lines}) == len(lines)
    for line in lines:
        if line.outcome is Outcome.MATCHED:
            assert line.difference == 0
    chance.shuffle(movements)
    chance.shuffle(bookings)
    assert match(movements, bookings, everything) == lines


@given(MOVEMENTS, BOOKINGS)
def test_windows_that_follow_each_other_leave_nothing_out(
    movements: list[Movement], bookings: list[Booking]
) -> None:
    whole = {(line.source, line.currency) for line in match(movements, bookings, Window(900, 2_101))}
    parts = [match(movements, bookings, Window(start, start + 200)) for start in range(900, 2_300, 200)]
    assert {(line.source, line.currency) for part in parts for line in part} == whole
