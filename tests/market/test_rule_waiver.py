"""The dates of the startup waiver, and who has it: pure, by every day there is."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.rules import book, waiver
from market.rules.waiver import Why, judge, last_day

DAYS = st.dates(date(1950, 1, 1), date(2199, 12, 31))
YEARS = st.integers(1, 10)


def test_the_book_in_force_says_three_years() -> None:
    assert book().value(waiver.YEARS) == 3
    assert book().rule(waiver.RULE).source.startswith("鲁政发〔2016〕25号")


@pytest.mark.parametrize(
    ("established", "years", "last"),
    [
        (date(2024, 3, 1), 3, date(2027, 3, 1)),
        (date(2024, 2, 29), 3, date(2027, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2023, 2, 28), 3, date(2026, 2, 28)),
        (date(2025, 2, 28), 3, date(2028, 2, 28)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(2023, 12, 31), 3, date(2026, 12, 31)),
    ],
)
def test_the_last_day_is_the_third_anniversary(established: date, years: int, last: date) -> None:
    assert last_day(established, years) == last


@given(DAYS, YEARS)
def test_it_is_the_same_day_of_the_year_or_the_last_of_its_month(established: date, years: int) -> None:
    last = last_day(established, years)
    assert last.year == established.year + years
    assert last.month == established.month
    assert last.day == min(established.day, monthrange(last.year, last.month)[1])


@given(DAYS, DAYS, YEARS)
def test_who_is_younger_is_free_for_no_less(one: date, other: date, years: int) -> None:
    first, second = sorted((one, other))
    assert last_day(first, years) <= last_day(second, years)


@given(DAYS, DAYS, YEARS)
def test_eligible_are_the_days_from_establishment_to_the_anniversary(
    established: date, today: date, years: int
) -> None:
    found = judge(
        established_on=established, authority="市民政局", price=1, has_clause=True, today=today, years=years
    )
    assert found.eligible == (established <= today <= found.last)
    assert found.why is (None if found.eligible else Why.TOO_EARLY if today < established else Why.TOO_OLD)
    left = waiver.days_left(today, found.last)
    assert (left >= 1) == (today <= found.last)
    assert left == 0 or today + timedelta(left - 1) == found.last


@given(st.integers(0, 10**10))
def test_a_day_is_one_in_china_and_ends_with_its_last_moment(seconds: int) -> None:
    moment = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds % 7_000_000_000)
    day = waiver.day_of(moment)
    assert waiver.ends_at(day) - timedelta(1) <= moment < waiver.ends_at(day)
    assert waiver.day_of(waiver.ends_at(day)) == day + timedelta(1)


def test_the_day_turns_at_midnight_in_china() -> None:
    assert waiver.ends_at(date(2027, 3, 1)) == datetime(2027, 3, 1, 16, tzinfo=UTC)
    assert waiver.day_of(datetime(2027, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2027, 3, 1)
    assert waiver.day_of(datetime(2027, 3, 1, 16, tzinfo=UTC)) == date(2027, 3, 2)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"price": 0}, Why.FREE),
        ({"authority": None}, Why.NOT_PUBLIC),
        ({"authority": ""}, Why.NOT_PUBLIC),
        ({"has_clause": False}, Why.NO_CLAUSE),
        ({"today": date(2024, 2, 29)}, Why.TOO_EARLY),
        ({"today": date(2027, 3, 2)}, Why.TOO_OLD),
        ({"today": date(2027, 3, 1)}, None),
    ],
)
def test_why_not(changes: dict[str, object], why: Why | None) -> None:
    said: dict[str, object] = {
        "established_on": date(2024, 3, 1), "authority": "市民政局", "price": 100, "has_clause": True,
        "today": date(2026, 11, 24), "years": 3,
    }  # fmt: skip
    found = judge(**{**said, **changes})  # type: ignore[arg-type]
    assert found.why is why
    assert (found.first, found.last) == (date(2024, 3, 1), date(2027, 3, 1))
