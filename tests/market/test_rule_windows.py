"""Windows in which money can go back, caps of public-benefit prices, and fees that change: pure, by the rule book."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import Action, Purpose
from market.rules import RuleBook, benefit, book, windows
from market.rules.benefit import Fault, fault
from market.rules.windows import Window

DAYS: Final = st.integers(1, 365)


def with_days(**days: int) -> RuleBook:
    """Return the book in force with some of its values changed."""
    return replace(
        book(),
        values=tuple(
            replace(one, value=days.get(one.name.replace(".", "_"), one.value)) for one in book().values
        ),
    )


def test_what_is_usual_fits_into_every_window() -> None:
    rules = book()
    usual = windows.needed(rules.value("delivery.days"), rules.value("acceptance.days"), rules)
    assert windows.short(usual, rules) == ()


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (90, []),
        (91, [Window.ALIPAY, Window.HOLD]),
        (180, [Window.ALIPAY, Window.HOLD]),
        (181, [Window.ALIPAY, Window.HOLD, Window.WECHAT_PAY]),
    ],
)
def test_a_window_falls_short_from_the_day_after_its_last(days: int, expected: list[Window]) -> None:
    assert [one.window for one in windows.short(days, book())] == expected


@given(DAYS, DAYS, DAYS, DAYS, DAYS, DAYS)
def test_short_are_exactly_the_windows_below_what_is_needed(
    delivery: int, acceptance: int, ruling: int, alipay: int, wechat: int, hold: int
) -> None:
    rules = with_days(
        ruling_days=ruling, refund_alipay_days=alipay, refund_wechat_days=wechat, hold_days=hold
    )
    needed = windows.needed(delivery, acceptance, rules)
    found = {one.window: one for one in windows.short(needed, rules)}
    lengths = {Window.ALIPAY: alipay, Window.WECHAT_PAY: wechat, Window.HOLD: hold}
    assert needed == delivery + acceptance + ruling
    assert set(found) == {window for window, days in lengths.items() if days < needed}
    assert all((one.days, one.needed) == (lengths[window], needed) for window, one in found.items())
    assert windows.least(rules) == min(lengths.values())


def test_commercial_words_are_words_of_the_contract() -> None:
    assert {word.value for word in Purpose} > benefit.COMMERCIAL_PURPOSES
    assert {word.value for word in Action} > benefit.COMMERCIAL_ACTIONS


@pytest.mark.parametrize(
    ("price", "cost", "purposes", "permitted", "version", "expected"),
    [
        (0, None, ["research"], ["derive"], 4, None),
        (100, 100, ["research"], ["derive"], 4, None),
        (101, 100, ["research"], ["derive"], 4, Fault.ABOVE_COST),
        (1, None, ["research"], ["derive"], 4, Fault.NO_COST),
        (1, 0, ["research"], ["derive"], 4, Fault.ABOVE_COST),
        (0, None, ["any-lawful-purpose"], ["derive"], 4, Fault.COMMERCIAL),
        (0, None, ["research", "product-development"], ["derive"], 4, Fault.COMMERCIAL),
        (0, None, ["research"], ["derive", "sell"], 4, Fault.COMMERCIAL),
        (1, 100, ["research"], ["derive"], 3, Fault.PRICED),
        (0, None, ["any-lawful-purpose"], ["sell"], 3, None),
    ],
)
def test_what_a_public_benefit_listing_may_not(
    price: int,
    cost: int | None,
    purposes: list[str],
    permitted: list[str],
    version: int,
    expected: Fault | None,
) -> None:
    assert fault(price, cost, purposes, permitted, version) is expected


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_price_above_cost_passes(price: int, cost: int) -> None:
    found = fault(price, cost, ["education"], ["derive"], benefit.COSTED)
    assert (found is None) == (price <= cost)
