"""The money of a trade and the statements of its parties: what they say, to whom, and that both are the books."""

import re

from flask import Flask
from flask.testing import FlaskClient

from market import jobs, payments
from market.actor import Role
from market.db import read
from market.payments import books
from market.payments.states import TRANSITIONS, OperationKind, OperationState
from market.trades import money
from market.trades.settlement import SettlementState
from tests import people, trades
from tests.deals import Deal
from tests.market.trades.reading import ask, cancelled, failed, moved, of_month, page, redressed, released

_ROW = re.compile(r"^    \w+ +(checkout|transfer|refund|reversal) ([A-Z]+) +([A-Z ]+)$", re.MULTILINE)


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
