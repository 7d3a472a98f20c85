"""The plan of instalments: exact sums, days that follow from the text, the same for whoever works it out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import TermsError
from contracts.instalments import begins, fees, plan
from contracts.terms import Offered

IN_FORCE = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def terms(**values: object) -> Offered:
    """Return terms over a price; a blank's dot is written as two underscores."""
    return Offered({name.replace("__", "."): value for name, value in values.items()})


def fixed(amount: int, **values: object) -> Offered:
    price = {"amount": amount, "currency": "CNY"}
    return terms(price__model="fixed", price__amount=price, payment__days=14, **values)


def subscribed(amount: int, periods: int, period: str = "month") -> Offered:
    fee = {"amount": amount, "currency": "CNY"}
    return terms(
        price__model="subscription",
        price__period_amount=fee,
        price__periods=periods,
        price__period=period,
        payment__days=14,
    )


def milestones(*rows: tuple[str, int]) -> list[dict[str, object]]:
    return [
        {"label": f"part {place}", "share": share, "days": days} for place, (share, days) in enumerate(rows)
    ]


def test_a_price_that_is_paid_at_once_is_one_instalment() -> None:
    (one,) = plan(fixed(128_000), IN_FORCE)
    assert (one.ordinal, one.amount, one.due_at) == (1, 128_000, IN_FORCE + 14 * DAY)
    assert (one.label, one.starts, one.ends) == (None, None, None)


def test_nothing_is_planned_where_nothing_is_owed() -> None:
    assert plan(terms(price__model="free"), IN_FORCE) == ()
    assert fees((), 300) == []


def test_milestones_fall_due_at_their_days_the_earliest_first() -> None:
    rows = milestones(("0.5", 60), ("0.2", 0), ("0", 3), ("0.3", 60))
    found = plan(fixed(1_001, price__milestones=rows), IN_FORCE)
    assert [(one.ordinal, one.label, one.amount, one.due_at - IN_FORCE) for one in found] == [
        (1, "part 1", 200, 0 * DAY),
        (2, "part 0", 501, 60 * DAY),
        (3, "part 3", 300, 60 * DAY),
    ]


def test_periods_follow_the_calendar_of_china_from_the_first_day() -> None:
    late = datetime(2026, 12, 30, 16, 30, tzinfo=UTC)  # the 31st in China
    found = plan(subscribed(9_900, 3), late)
    assert [one.starts for one in found] == [
        late,
        datetime(2027, 1, 30, 16, 30, tzinfo=UTC),
        datetime(2027, 2, 27, 16, 30, tzinfo=UTC),
    ]
    assert begins(late, "month", 3) == datetime(2027, 3, 30, 16, 30, tzinfo=UTC) == found[-1].ends
    assert begins(late, "year", 1) == begins(late, "quarter", 4) == begins(late, "month", 12)
    assert all(one.starts and one.due_at == one.starts + 14 * DAY for one in found)


def test_a_price_by_use_has_no_plan() -> None:
    for model in ("usage", "tiers"):
        with pytest.raises(TermsError, match="known beforehand"):
            plan(terms(price__model=model), IN_FORCE)
    with pytest.raises(TermsError, match="month, quarter or year"):
        plan(subscribed(9_900, 3, "week"), IN_FORCE)


@given(
    amount=st.integers(1, 10**12),
    weights=st.lists(st.integers(0, 1_000), min_size=1, max_size=20).filter(any),
    points=st.integers(0, 10_000),
    data=st.data(),
)
def test_instalments_and_fees_add_up_to_the_price_and_its_fee(
    amount: int, weights: list[int], points: int, data: st.DataObject
) -> None:
    # Shares of nine places that add up to 1, as a text asks for them.
    total, left = sum(weights), 10**9
    shares = [weight * 10**9 // total for weight in weights]
    shares[0] += left - sum(shares)
    days = data.draw(st.lists(st.integers(0, 3650), min_size=len(shares), max_size=len(shares)))
    rows = [
        {"label": str(place), "share": str(Decimal(share) / 10**9), "days": after}
        for place, (share, after) in enumerate(zip(shares, days, strict=True))
    ]
    found = plan(fixed(amount, price__milestones=rows), IN_FORCE)
    assert sum(one.amount for one in found) == amount
    assert [one.ordinal for one in found] == list(range(1, len(found) + 1))
    assert [one.due_at for one in found] == sorted(one.due_at for one in found)
    parts = fees(found, points)
    whole = amount * points / 10_000
    assert abs(sum(parts) - whole) <= 1
    assert sum(parts) == sum(fees(plan(fixed(amount), IN_FORCE), points))
    assert all(0 <= fee <= one.amount for fee, one in zip(parts, found, strict=True))


@given(
    moment=st.integers(0, 500_000_000).map(lambda seconds: IN_FORCE + timedelta(seconds=seconds)),
    period=st.sampled_from(["month", "quarter", "year"]),
    periods=st.integers(1, 120),
)
def test_periods_join_without_a_gap(moment: datetime, period: str, periods: int) -> None:
    found = plan(subscribed(700, periods, period), moment)
    assert len(found) == periods
    assert found[0].starts == moment
    assert [one.ends for one in found[:-1]] == [one.starts for one in found[1:]]
    assert sum(one.amount for one in found) == subscribed(700, periods, period).price.amount
