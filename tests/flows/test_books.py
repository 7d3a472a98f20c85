"""What the parties read of their money over HTTP, after a whole trade and after a refund; nothing patched."""

import csv
import io
from typing import Any

from market.i18n import CHINA
from tests import people
from tests.flows.browser import Browser
from tests.flows.hall import Caller, Hall, ledger_faults

PRICE, FEE = 26_800, 804


def money(person: Caller, number: str) -> dict[str, Any]:
    return person.get(f"/api/v1/trades/{number}/money")


def statement(hall: Hall, person: Caller) -> dict[str, Any]:
    month = hall.clock().astimezone(CHINA).strftime("%Y-%m")
    return person.get(f"/api/v1/statements/{month}")


def of_trade(found: dict[str, Any], number: str) -> list[tuple[str, int]]:
    """Return what a statement says of one trade."""
    return [
        (one["kind"], one["amount"])
        for section in found["sections"]
        for one in section["movements"]
        if one["trade"] == number
    ]


def test_after_a_whole_trade_both_sides_read_the_same_books(later: Hall) -> None:
    number = later.sell()
    held = statement(later, later.buyer)["sections"][0]
    assert (held["side"], held["opening"], held["closing"]) == ("purchases", 0, PRICE)
    assert not money(later.buyer, number)["at_zero"]
    later.buyer.do(number, "acceptance")
    later.until(number, "settlement.released")
    bought, sold = money(later.buyer, number), money(later.provider, number)
    assert bought["at_zero"]
    assert bought["postings"] == sold["postings"]
    assert bought["balances"] == sold["balances"]
    assert [[step["kind"] for step in one["steps"]] for one in sold["operations"]] == [
        ["payment.planned", "payment.opened", "payment.settled"],
        ["transfer.planned", "transfer.made"],
    ]
    known = [[bool(one["request_id"]) for one in found["operations"]] for found in (bought, sold)]
    assert known == [[True, False], [False, True]]
    assert of_trade(statement(later, later.buyer), number) == [("payment", PRICE), ("release", -PRICE)]
    sales = [("sale", PRICE), ("fee", -FEE), ("payout", FEE - PRICE)]
    assert of_trade(statement(later, later.provider), number) == sales
    later.clock.advance(days=31)
    assert statement(later, later.buyer)["sections"] == []
    assert ledger_faults(later) == []


def test_after_a_refund_the_buyer_reads_that_it_came_back(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.pay(number)
    hall.buyer.do(number, "cancellation", reason="no longer needed")
    hall.until(number, "settlement.refunded")
    found = money(hall.operator, number)
    assert found["at_zero"]
    assert [(one["kind"], one["state"]) for one in found["operations"]] == [
        ("checkout", "OK"),
        ("refund", "OK"),
    ]
    assert all(one["stripe_id"] and one["request_id"] for one in found["operations"])
    assert of_trade(statement(hall, hall.buyer), number) == [("payment", PRICE), ("refund", -PRICE)]
    assert of_trade(statement(hall, hall.provider), number) == []


def test_another_organisation_finds_nothing_and_the_page_and_its_file_agree(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.pay(number)
    buying = hall.trade(number)["buyer_id"]
    month = hall.clock().astimezone(CHINA).strftime("%Y-%m")
    path = f"/api/v1/statements/{month}?organisation={buying}"
    assert hall.other.ask("GET", f"/api/v1/trades/{number}/money").code == "trade.not_found"
    assert hall.other.ask("GET", path).code == "organisation.not_found"
    assert hall.operator.get(path) == statement(hall, hall.buyer)
    browser = Browser(hall.url)
    browser.open("/sign-in")
    browser.press("/sign-in", email="buyer@hall.example", password=people.PASSWORD)
    assert f"/trades/{number}/money" in browser.open("/statements")
    assert "/statements" in browser.open("/trades")
    assert "order_hold" not in browser.open(f"/trades/{number}/money")
    file = browser.download(f"/statements/{month}/statement.csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))
    assert len({len(row) for row in rows}) == 1
    assert [row[5:7] for row in rows if row[3] == number] == [["268.00", ""]]
