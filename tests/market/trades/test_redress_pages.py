"""What the operator types on the trade's page to divide a price or have it paid back, and what is shown of it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market import jobs
from market.db import transaction
from market.trades import decisions
from tests import people, trades
from tests.browsing import forms, signed_in
from tests.deals import Deal

HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def deal(exchange: Flask) -> Deal:
    made = trades.fetched(trades.paid(trades.in_force()))
    with transaction() as session:
        decisions.reject(session, made.buyer, made.number, "half the rows are missing")
    return made


def page(client: FlaskClient, deal: Deal, language: str = "en") -> str:
    """Return the trade's page as plain words."""
    answer = client.get(f"/trades/{deal.number}", headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def send(client: FlaskClient, deal: Deal, act: str, **values: str) -> tuple[int, str]:
    address = f"/trades/{deal.number}/{act}"
    hidden = next(kept for where, kept, _named in forms(page(client, deal)) if where == address)
    answer = client.post(address, data={**hidden, **values}, headers=HTML)
    return answer.status_code, answer.text


def test_the_operator_divides_and_later_has_paid_back(exchange: Flask, deal: Deal) -> None:
    desk = signed_in(exchange, people.operator())
    divide = {"outcome": "divide", "reason": "a third is missing"}
    for wrong in ("", "1.005", "1280.00", "a third"):
        status, text = send(desk, deal, "ruling", amount=wrong, **divide)
        assert (status, "field-wrong" in text) == (422, True), wrong
    assert send(desk, deal, "ruling", amount="426.67", **divide)[0] == 303
    jobs.drain()
    assert "Partly released" in page(desk, deal)
    for wrong in ("0", "853.34", "-1"):
        assert send(desk, deal, "redress", amount=wrong, reason="wrong too")[0] == 422
    assert send(desk, deal, "redress", amount="100.00", reason="wrong too")[0] == 303
    jobs.drain()
    for reader in (deal.buyer, deal.provider):
        text = re.sub(r"<[^>]+>", " ", page(signed_in(exchange, reader), deal))
        for told in ("426.67", "827.73", "25.60", "Paid back after the release", "100.00", "3.00", "97.00"):
            assert told in text, told
        assert "Pay back after the release" not in text
    assert "划转后退款" in page(desk, deal, "zh")
