"""How a price is divided, and what of its fee the exchange gives back: exact to the minor unit, whatever the pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.trades.shares import WHOLE, divided, divided_over, fee_back

AMOUNTS = st.integers(1, 10**12)
POINTS = st.integers(0, WHOLE)


@given(AMOUNTS, POINTS, st.data())
def test_the_parts_add_up_and_the_fee_is_that_of_the_part_released(
    amount: int, points: int, data: st.DataObject
) -> None:
    refund = data.draw(st.integers(0, amount))
    shares = divided(amount, refund, points)
    assert shares.refund == refund
    assert shares.refund + shares.net + shares.fee == amount
    assert min(shares.net, shares.fee) >= 0
    assert abs(shares.fee * WHOLE - (amount - refund) * points) <= WHOLE // 2


@given(AMOUNTS, POINTS, st.data())
def test_more_to_the_buyer_is_never_more_to_anybody_else(
    amount: int, points: int, data: st.DataObject
) -> None:
    less, more = sorted(data.draw(st.integers(0, amount)) for _ in range(2))
    one, other = divided(amount, less, points), divided(amount, more, points)
    assert one.net >= other.net
    assert one.fee >= other.fee


@given(AMOUNTS, POINTS, st.data())
def test_the_fee_goes_back_in_proportion_in_whatever_pieces(
    released: int, points: int, data: st.DataObject
) -> None:
    fee = divided(released, 0, points).fee
    before, given_back = 0, 0
    while before < released:
        amount = data.draw(st.integers(1, released - before)) if before < 5 else released - before
        part = fee_back(released, fee, before, amount)
        assert 0 <= part <= amount
        before, given_back = before + amount, given_back + part
        assert abs(given_back * released - fee * before) * 2 <= released
    assert given_back == fee


@pytest.mark.parametrize("refund", [-1, 101])
def test_no_more_than_the_price_is_divided(refund: int) -> None:
    with pytest.raises(ValueError, match="cannot be given back"):
        divided(100, refund, 300)


@pytest.mark.parametrize(("before", "amount"), [(0, 101), (60, 41), (-1, 1), (0, -1)])
def test_no_more_than_was_released_is_paid_back(before: int, amount: int) -> None:
    with pytest.raises(ValueError, match="cannot be paid back"):
        fee_back(100, 3, before, amount)


def test_a_price_as_people_know_it() -> None:
    shares = divided(19_900, 6_650, 300)
    assert (shares.refund, shares.net, shares.fee) == (6_650, 12_853, 397)


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=24),
    st.integers(0, 10_000),
    st.data(),
)
def test_a_division_over_instalments_is_just_the_division_of_the_whole(
    amounts: list[int], points: int, data: st.DataObject
) -> None:
    refund = data.draw(st.integers(0, sum(amounts)))
    whole, parts = divided(sum(amounts), refund, points), divided_over(amounts, refund, points)
    assert sum(one.refund for one in parts) == whole.refund == refund
    assert sum(one.fee for one in parts) == whole.fee
    assert sum(one.net for one in parts) == whole.net
    for amount, one in zip(amounts, parts, strict=True):
        assert min(one.refund, one.net, one.fee) >= 0
        assert one.refund + one.net + one.fee == amount
