"""What an organisation reads of its money month by month: it is what the postings say, however it is cut."""

import csv
import io
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from market.actor import Role
from market.db import read
from market.participants.web import COOKIE
from market.payments import books, statement
from market.payments.models import Posting
from market.payments.months import Month
from market.payments.statement import Book
from tests import people, trades
from tests.conftest import Clock
from tests.market.trades.reading import (
    HTML,
    ask,
    cancelled,
    elsewhere,
    moved,
    of_month,
    page,
    redressed,
    released,
)


def test_statements_say_what_moved_in_a_month_and_go_on_where_the_last_ended(
    exchange: Flask, clock: Clock
) -> None:
    first = trades.paid(trades.in_force(10_000))
    assert moved(of_month(first.buyer)) == [("payment", 10_000, 10_000)]
    assert of_month(first.provider)["sections"] == []
    clock.advance(days=10)  # into December
    released(50_001, beside=first)
    december = of_month(first.buyer, Month(2026, 12))
    assert december["sections"][0]["opening"] == of_month(first.buyer)["sections"][0]["closing"] == 10_000
    assert moved(december) == [("payment", 50_001, 60_001), ("release", -50_001, 10_000)]
    sold = moved(of_month(first.provider, Month(2026, 12)))
    assert [kind for kind, _amount, _balance in sold] == ["sale", "fee", "payout"]
    assert (sold[0][1], sold[-1][2]) == (50_001, 0)
    assert of_month(first.buyer)["complete"]
    assert not december["complete"]
    clock.advance(days=31)
    quiet = of_month(first.buyer, Month(2027, 1))
    assert (quiet["sections"][0]["opening"], quiet["sections"][0]["closing"], moved(quiet)) == (
        10_000,
        10_000,
        [],
    )
    with read() as session:
        owner = statement.whose(session, first.buyer, None)
        assert [str(one) for one in statement.months(session, owner)] == ["2027-01", "2026-12", "2026-11"]


def test_a_redress_is_told_to_both_of_its_parties(exchange: Flask) -> None:
    deal = redressed(released(10_000), 4_000)
    assert moved(of_month(deal.buyer)) == [
        ("payment", 10_000, 10_000), ("release", -10_000, 0), ("returned", 4_000, 4_000), ("refund", -4_000, 0),
    ]  # fmt: skip
    sold = {kind: amount for kind, amount, _balance in moved(of_month(deal.provider))}
    fee = -sold["fee"]
    assert sold == {
        "sale": 10_000, "fee": -fee, "payout": fee - 10_000, "fee_returned": fee * 4 // 10,
        "sale_refunded": -4_000, "recovered": 4_000 - fee * 4 // 10,
    }  # fmt: skip
    assert sum(sold.values()) == 0


def test_the_statements_of_everybody_together_are_the_books(exchange: Flask, clock: Clock) -> None:
    """Many trades of several organisations over months: nothing is in the books that no statement says."""
    parties = [trades.paid(trades.in_force(3_000)), trades.paid(elsewhere(7_777))]
    for turn in range(12):
        beside = parties[turn % 2]
        match turn % 4:
            case 0:
                released(1_001 + turn, beside=beside)
            case 1:
                redressed(released(9_009 + turn, beside=beside), 3_333)
            case 2:
                cancelled(trades.paid(trades.in_force(2_003 + turn, beside=beside)))
            case _:
                trades.astray(trades.in_force(5_005 + turn, beside=beside))
        clock.advance(days=11)
    for price, beside in zip((4_004, 6_006), parties, strict=True):
        trades.paid(trades.in_force(price, beside=beside))
    owners = {actor.organisation_id for one in parties for actor in (one.buyer, one.provider)}
    with read() as session:
        postings = session.scalars(select(Posting)).all()
        held: dict[str, int] = {}
        for owner in owners:
            assert owner is not None
            months = statement.months(session, owner)[::-1]
            before: dict[tuple[Book, str], int] = {}
            for month in months:
                sections = statement.of_month(session, owner, month).sections
                for section in sections:
                    assert section.opening == before.get((section.book, section.currency), 0)
                before = {(one.book, one.currency): one.closing for one in sections}
            for (_book, currency), closing in before.items():
                held[currency] = held.get(currency, 0) + closing
    of_trades = [account for account in books.accounts(postings) if account.of_trade]
    assert held == {"CNY": -sum(account.balance for account in of_trades)}
    assert held == {"CNY": 4_004 + 6_006}


def test_operators_and_auditors_read_any_statement_and_others_their_own(client: FlaskClient) -> None:
    deal, chief = released(), people.operator()
    auditor, reviewer = (people.colleague(chief, role) for role in (Role.AUDITOR, Role.REVIEWER))
    own = ask(client, deal.provider, "statements/2026-11")
    assert own[0] == 200
    named = f"statements/2026-11?organisation={deal.provider.organisation_id}"
    assert (
        ask(client, deal.provider, named) == ask(client, chief, named) == ask(client, auditor, named) == own
    )
    assert ask(client, deal.buyer, named)[0] == 404
    assert ask(client, deal.buyer, f"statements/2026-11?organisation={uuid.uuid4()}")[0] == 404
    assert ask(client, chief, f"statements/2026-11?organisation={uuid.uuid4()}")[0] == 404
    assert ask(client, reviewer, named)[1]["code"] == "role.missing"
    assert ask(client, auditor, "statements/2026-11")[1]["code"] == "relation.wrong"
    assert ask(client, deal.buyer, "statements/2026-12")[1]["code"] == "month.invalid"
    for path in ("/statements?", "/statements/2026-11/statement.csv?"):
        where = f"{path}organisation={deal.provider.organisation_id}"
        statuses = [page(client, actor, where)[0] for actor in (deal.provider, chief, deal.buyer, reviewer)]
        assert statuses == [200, 200, 404, 403]
        assert page(client, deal.buyer, f"{path}organisation=x")[0] == 404
    assert "Choose an organisation" in page(client, auditor, "/statements")[1]
    assert (
        "/statements?organisation=" in page(client, chief, f"/organisations/{deal.buyer.organisation_id}")[1]
    )


def test_a_page_shows_the_beginning_of_a_long_month(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = released()
    assert "more movements" not in page(client, deal.provider, "/statements")[1]
    monkeypatch.setattr("market.payments.pages.MOST", 1)
    assert "2 more movements are in the table" in page(client, deal.provider, "/statements")[1]


def test_a_statement_on_a_page_and_as_a_table(client: FlaskClient, clock: Clock) -> None:
    deal = released(12_345)
    _status, text = page(client, deal.provider, "/statements")
    for shown in (
        "Sales · CNY",
        "¥123.45",
        "Platform fee",
        "Balance until now",
        f"/trades/{deal.number}/money",
    ):
        assert shown in text
    assert "\N{MINUS SIGN}¥" in text
    clock.advance(days=10)
    assert "Closing balance" in page(client, deal.provider, "/statements?month=2026-11")[1]
    assert page(client, deal.provider, "/statements?month=soon")[0] == 422
    client.set_cookie(COOKIE, people.session_of(deal.provider))
    answer = client.get("/statements/2026-11/statement.csv", headers=HTML)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-2026-11.csv"'
    assert answer.data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert [row[4] for row in rows] == [
        "Opening balance",
        "Sale released",
        "Platform fee",
        "Paid out",
        "Closing balance",
    ]
    figures = [dict(zip(head, row, strict=True)) for row in rows]
    assert (figures[1]["In"], figures[1]["Out"], figures[-1]["Balance"]) == ("123.45", "", "0.00")
    assert figures[0]["Time"] == "2026-11-01T00:00:00+08:00"
    assert {row["Trade"] for row in figures[1:-1]} == {deal.number}
