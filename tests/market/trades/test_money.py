"""The money of a trade and the statements of its parties: what they say, to whom, and that both are the books."""

import csv
import io
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from contracts.money import Money
from market import jobs, payments
from market.actor import Actor, Role
from market.db import read, transaction
from market.participants.web import COOKIE
from market.payments import books, outcomes, statement
from market.payments.models import Posting
from market.payments.months import Month
from market.payments.statement import Book
from market.payments.states import TRANSITIONS, OperationKind, OperationState
from market.trades import decisions, money, redressing
from market.trades.settlement import SettlementState
from tests import assets, deals, people, trades
from tests.conftest import Clock
from tests.deals import Deal

HTML = {"Accept": "text/html", "Accept-Language": "en"}
NOVEMBER = Month(2026, 11)
_ROW = re.compile(r"^    \w+ +(checkout|transfer|refund|reversal) ([A-Z]+) +([A-Z ]+)$", re.MULTILINE)


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def ask(client: FlaskClient, actor: Actor, path: str) -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}", headers=people.bearer(actor))
    return answer.status_code, answer.get_json()


def page(client: FlaskClient, actor: Actor, path: str) -> tuple[int, str]:
    client.set_cookie(COOKIE, people.session_of(actor))
    answer = client.get(path, headers=HTML)
    return answer.status_code, answer.text


def elsewhere(price: int) -> Deal:
    """Return a trade between two other organisations over other data."""
    provider = assets.provider()
    asset = assets.registered(provider, deals.content())
    listing = assets.listed(provider, asset, price=Money(price))
    deal = deals.requested(provider, people.verified(Role.BUYER), listing)
    for actor in (deal.provider, deal.buyer):
        deals.sign(actor, deal.number)
    jobs.drain()
    return deal


def cancelled(deal: Deal) -> Deal:
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    jobs.drain()
    return deal


def released(price: int = 128_000, beside: Deal | None = None) -> Deal:
    return trades.closed(trades.fetched(trades.paid(trades.in_force(price, beside=beside))))


def redressed(deal: Deal, amount: int) -> Deal:
    """Let the operator pay a part of a released price back."""
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, amount, "a column was empty")
    jobs.drain()
    return deal


def failed(deal: Deal) -> Deal:
    """Let a payment be refused."""
    outcomes.failed(outcomes.get(trades.planned(deal)), "card_declined")
    return deal


def of_month(actor: Actor, month: Month = NOVEMBER) -> dict[str, Any]:
    with read() as session:
        owner = statement.whose(session, actor, None)
        return statement.plain(statement.of_month(session, owner, month))


def moved(found: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return kind, amount and balance of the movements of a statement with one section."""
    (section,) = found["sections"]
    return [(one["kind"], one["amount"], one["balance"]) for one in section["movements"]]


def test_a_trade_tells_each_operation_by_its_steps(client: FlaskClient) -> None:
    deal = released()
    status, found = ask(client, deal.buyer, f"trades/{deal.number}/money")
    assert status == 200
    paid, sent = found["operations"]
    assert [(one["kind"], one["state"], one["side"]) for one in paid["steps"]] == [
        ("payment.planned", "PLANNED", "buyer"),
        ("payment.opened", "OPEN", "exchange"),
        ("payment.settled", "OK", "exchange"),
    ]
    assert [(one["kind"], one["state"]) for one in sent["steps"]] == [
        ("transfer.planned", "PLANNED"),
        ("transfer.made", "OK"),
    ]
    assert [one["state"] for one in found["settlement"]] == ["DUE", "FUNDED", "RELEASED"]
    assert (paid["amount"], sent["amount"] + sent["fee"]) == (128_000, 128_000)
    assert paid["steps"][0]["organisation_id"] == str(deal.buyer.organisation_id)
    assert paid["steps"][1]["organisation_id"] is None
    entries = {one["entry_id"] for one in [*paid["steps"], *sent["steps"]]}
    assert {one["entry_id"] for one in found["postings"]} <= entries


def test_the_books_of_a_trade_are_balanced_and_say_when_they_are_at_zero(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    path = f"trades/{deal.number}/money"
    _status, found = ask(client, deal.provider, path)
    held = {one["account"]: one["balance"] for one in found["balances"]}
    assert held[books.hold_of(deal.number)] == -128_000
    assert not found["at_zero"]
    assert "not at zero" in page(client, deal.provider, f"/{path}")[1]
    trades.closed(trades.fetched(deal))
    _status, found = ask(client, deal.provider, path)
    assert found["at_zero"]
    assert sum(one["balance"] for one in found["balances"]) == 0
    assert [one["balance"] for one in found["balances"] if one["of_trade"]] == [0, 0]
    status, text = page(client, deal.provider, f"/{path}")
    assert status == 200
    for shown in (
        "The accounts of this trade are at zero",
        "Owed to the provider",
        "¥1,280.00",
        "Transfer made",
    ):
        assert shown in text
    assert page(client, deal.provider, f"/trades/{deal.number}")[1].count(f"/{path}") == 1


def test_what_a_call_is_named_at_the_platform_is_for_those_it_concerns(client: FlaskClient) -> None:
    deal, chief = released(), people.operator()
    auditor = people.colleague(chief, Role.AUDITOR)
    known: dict[str, list[bool]] = {}
    names: set[str] = set()
    for who, actor in {
        "buyer": deal.buyer,
        "provider": deal.provider,
        "operator": chief,
        "auditor": auditor,
    }.items():
        operations = ask(client, actor, f"trades/{deal.number}/money")[1]["operations"]
        known[who] = [one["stripe_id"] is not None for one in operations]
        names |= {one["stripe_id"] for one in operations if one["stripe_id"]}
    assert known == {
        "buyer": [True, False],
        "provider": [False, True],
        "operator": [True, True],
        "auditor": [True, True],
    }
    paid, sent = sorted(names)
    buyers, providers = (
        page(client, actor, f"/trades/{deal.number}/money")[1] for actor in (deal.buyer, deal.provider)
    )
    assert (paid in buyers, sent in buyers) == (True, False)
    assert (paid in providers, sent in providers) == (False, True)


def test_nobody_else_learns_of_a_trades_money(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    stranger = people.verified()
    reviewer = people.colleague(people.operator(), Role.REVIEWER)
    for actor in (stranger, reviewer):
        unknown = ask(client, actor, "trades/00000000000/money")
        assert ask(client, actor, f"trades/{deal.number}/money")[0] == unknown[0] == 404
        assert page(client, actor, f"/trades/{deal.number}/money")[0] == 404
    assert client.get(f"/api/v1/trades/{deal.number}/money").status_code == 401
    clerk = people.colleague(deal.buyer, Role.ADMIN)
    assert ask(client, clerk, f"trades/{deal.number}/money")[0] == 200


def test_a_free_trade_moves_no_money(client: FlaskClient) -> None:
    deal = trades.in_force(0)
    _status, found = ask(client, deal.buyer, f"trades/{deal.number}/money")
    assert (found["operations"], found["postings"], found["at_zero"]) == ([], [], True)
    assert "no money moves" in page(client, deal.buyer, f"/trades/{deal.number}/money")[1]


def test_a_refund_and_money_astray_are_told_too(client: FlaskClient) -> None:
    deal = cancelled(trades.paid(trades.astray(failed(trades.in_force()))))
    _status, found = ask(client, deal.buyer, f"trades/{deal.number}/money")
    assert [(one["kind"], one["attempt"], one["state"]) for one in found["operations"]] == [
        ("checkout", 1, "FAILED"),
        ("checkout", 2, "STRAY"),
        ("refund", 1, "OK"),
        ("checkout", 3, "OK"),
        ("refund", 2, "OK"),
    ]
    assert found["operations"][0]["failure"] == "card_declined"
    stray, back = found["operations"][1:3]
    assert stray["steps"][-1]["entry_id"] == back["steps"][0]["entry_id"]
    assert (found["at_zero"], len(found["postings"])) == (True, 6)
    assert [kind for kind, _amount, _balance in moved(of_month(deal.buyer))] == ["payment", "refund"] * 2
    text = page(client, deal.buyer, f"/trades/{deal.number}/money")[1]
    assert "Payment, attempt 3" in text
    assert "card_declined" in text
    assert "card_declined" not in page(client, deal.provider, f"/trades/{deal.number}/money")[1]


def test_the_table_of_payment_states_says_what_trades_do(exchange: Flask) -> None:
    """Each outcome of a real trade, and where its settlement stood then, is a row of the package's docstring."""
    table = {(kind, state): set(rest.split()) for kind, state, rest in _ROW.findall(payments.__doc__ or "")}
    reached = {OperationState.PLANNED, *TRANSITIONS.values()}
    ways = {OperationState.PLANNED, OperationState.OK, OperationState.FAILED}
    assert set(table) == {
        (kind.value, state.value)
        for kind in OperationKind
        for state in (reached - {OperationState.STRAY} if kind is OperationKind.CHECKOUT else ways)
    }
    assert set().union(*table.values()) <= {state.value for state in SettlementState}
    first = released()
    cancelled_early = trades.in_force(beside=first)
    page_open = trades.planned(cancelled_early)
    cancelled(cancelled_early)
    trades.settle(page_open)
    jobs.drain()
    told = [
        redressed(first, 1_000),
        cancelled_early,
        cancelled(trades.paid(failed(trades.in_force(beside=first)))),
    ]
    pairs = {pair for deal in told for pair in _pairs(deal)}
    assert {pair for pair in pairs if pair[1] not in table[pair[0]]} == set()
    assert {key for key, _settlement in pairs} >= {
        ("checkout", "OK"),
        ("transfer", "OK"),
        ("refund", "OK"),
        ("reversal", "OK"),
    }
    assert (("refund", "OK"), "CANCELLED") in pairs


def _pairs(deal: Deal) -> list[tuple[tuple[str, str], str]]:
    """Return the state of the latest operation beside the settlement's, after each step."""
    found: list[tuple[tuple[str, str], str]] = []
    with read() as session:
        turns = money.shown(session, deal.buyer, deal.number).turns
    latest, settlement = None, ""
    for turn in turns:
        assert turn.state is not None
        if turn.operation is None:
            settlement = turn.state
        else:
            latest = (turn.operation.kind.value, turn.state)
        if latest:
            found.append((latest, settlement))
    return found


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
