"""The tax in a price: every sum exact, rounded to the nearest fen, and reddened to the last one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.invoicing import tax
from market.invoicing.tax import RATES, reddened, taxed

AMOUNTS = st.integers(min_value=0, max_value=2**53 - 1)


@given(AMOUNTS, st.sampled_from(RATES))
def test_net_and_tax_add_up_and_the_net_is_the_nearest(gross: int, rate: int) -> None:
    found = taxed(gross, rate)
    assert found.net + found.tax == gross
    exact = Fraction(gross * 10_000, 10_000 + rate)
    assert abs(found.net - exact) <= Fraction(1, 2)
    assert 0 <= found.tax <= gross


@given(AMOUNTS, st.sampled_from(RATES))
def test_more_money_holds_no_less_tax(gross: int, rate: int) -> None:
    assert taxed(gross + 1, rate).tax - taxed(gross, rate).tax in {0, 1}


@given(st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=8), st.sampled_from(RATES))
def test_red_letters_over_all_of_an_invoice_take_back_all_of_its_tax(parts: list[int], rate: int) -> None:
    before, net, back = 0, 0, 0
    for part in parts:
        red = reddened(part, before, rate)
        assert red.net + red.tax == red.gross == part
        assert red.tax >= 0
        before, net, back = before + part, net + red.net, back + red.tax
    assert (net, back) == (taxed(before, rate).net, taxed(before, rate).tax)


@pytest.mark.parametrize(
    ("gross", "rate", "net"),
    [(106, 600, 100), (128_000, 600, 120_755), (1, 600, 1), (100, 0, 100), (113, 1300, 100), (53, 600, 50)],
)
def test_known_amounts(gross: int, rate: int, net: int) -> None:
    assert taxed(gross, rate).net == net


def test_what_is_negative_is_refused() -> None:
    for gross, rate in ((-1, 600), (1, -1)):
        with pytest.raises(ValueError, match="negative"):
            taxed(gross, rate)


def test_rates_are_said_in_per_cent() -> None:
    assert [tax.percent(rate) for rate in RATES] == ["0", "1", "1.5", "3", "5", "6", "9", "13"]
