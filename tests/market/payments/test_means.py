"""Which means of payment a pay page offers, by how long the payment may be held (R5.7)."""

import pytest
from flask import Flask

from market.catalog.warning import held_days, warnings
from market.db import read
from market.payments.means import means_for
from market.rules import book
from market.trades import service
from tests import trades


@pytest.mark.parametrize(
    ("days", "means"),
    [
        (0, None),
        (90, None),
        (91, "card wechat_pay"),
        (180, "card wechat_pay"),
        (181, "card"),
        (5_000, "card"),
    ],
)
def test_no_wallet_whose_window_ends_too_early(days: int, means: str | None) -> None:
    assert means_for(days, book()) == means


def test_what_is_usual_is_paid_by_any_means_and_warned_of_nothing(exchange: Flask) -> None:
    trades.platform(exchange)
    deal = trades.in_force()
    with read() as session:
        terms = service.terms_of(session, service.life(session, deal.number))
    assert held_days(terms) == 30 + 7 + 30
    assert warnings(terms) == []
