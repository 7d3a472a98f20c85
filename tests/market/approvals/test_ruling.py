"""Setting when a second person must approve: who may, what is refused, and what it then asks for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from contracts.money import Money
from market import migrations
from market.actor import Actor, Role
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.db import read, transaction
from market.errors import MarketError
from market.steps import fsck
from tests import people
from tests.browsing import forms, signed_in

PAGE = "/approval-rule"
FROM = Rule(Asks.FROM, Money(100_000, "CNY"))


@pytest.fixture
def chief(exchange: Flask) -> Actor:
    """An administrator who buys too, with a colleague who approves."""
    actor = people.verified(Role.BUYER)
    people.colleague(actor, Role.APPROVER)
    return actor


def put(actor: Actor, rule: Rule) -> str:
    with transaction() as session:
        return str(ruling.put(session, actor, rule).entry_id)


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def rule_of(actor: Actor) -> Rule:
    with read() as session:
        return ruling.own(session, actor)[0]


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (Rule(), [False, False, False, False, False]),
        (FROM, [False, False, True, True, True]),
        (Rule(Asks.ALWAYS), [True] * 5),
    ],
)
def test_a_rule_asks_by_price_and_always_in_another_currency(rule: Rule, asked: list[bool]) -> None:
    prices = [Money(0), Money(99_999), Money(100_000), Money(1, "USD"), Money(0, "USD")]
    assert [rule.asks_for(price) for price in prices] == asked


@pytest.mark.parametrize(
    ("asks", "least"), [(Asks.FROM, None), (Asks.ALWAYS, Money(1)), (Asks.NEVER, Money(1))]
)
def test_a_price_belongs_to_a_rule_from_a_price_on(asks: Asks, least: Money | None) -> None:
    with pytest.raises(ValueError, match="from a price on"):
        Rule(asks, least)


def test_a_rule_is_set_changed_and_repeated(chief: Actor) -> None:
    assert rule_of(chief) == Rule()
    first = put(chief, FROM)
    assert (rule_of(chief), put(chief, FROM)) == (FROM, first)
    assert put(chief, Rule(Asks.ALWAYS)) != first
    assert put(chief, Rule()) != first
    assert rule_of(chief) == Rule()
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def test_only_an_administrator_sets_it(chief: Actor) -> None:
    for role in (Role.BUYER, Role.APPROVER):
        colleague = people.colleague(chief, role)
        refused("role.missing", partial(put, colleague, FROM))
    second = people.colleague(chief, Role.ADMIN)
    put(chief, FROM)
    refused("step.already_taken", lambda: put(second, FROM))
    put(second, Rule(Asks.ALWAYS))


def test_whoever_is_alone_cannot_ask_for_a_second_person(exchange: Flask) -> None:
    alone = people.verified(Role.BUYER)
    refused("approval.nobody_else", lambda: put(alone, Rule(Asks.ALWAYS)))
    put(alone, Rule())
    people.colleague(alone, Role.BUYER)  # signs what the administrator approves
    put(alone, Rule(Asks.ALWAYS))


def test_over_the_api(exchange: Flask, chief: Actor) -> None:
    client, headers, address = exchange.test_client(), people.bearer(chief), "/api/v1/approval-rule"
    never = {"asks": "never", "amount": None, "currency": None}
    assert client.get(address, headers=headers).json == {**never, "ruled_at": None}
    bad: list[dict[str, Any]] = [
        {},
        {"asks": "from"},
        {"asks": "from", "amount": 1},
        {"asks": "from", "amount": 1, "currency": "ABC"},
        {"asks": "from", "amount": -1, "currency": "CNY"},
        {"asks": "from", "amount": "1", "currency": "cny"},
        {"asks": "always", "amount": 1},
        {"asks": "sometimes"},
    ]
    for body in bad:
        assert client.put(address, json=body, headers=headers).status_code == 422, body
    wanted = {"asks": "from", "amount": 50, "currency": "JPY"}
    done = client.put(address, json=wanted, headers=headers)
    assert (done.status_code, done.json | wanted) == (200, done.json)
    assert client.get(address, headers=headers).json["ruled_at"] == done.json["ruled_at"]
    assert rule_of(chief) == Rule(Asks.FROM, Money(50, "JPY"))


def test_over_the_page(exchange: Flask, chief: Actor) -> None:
    client = signed_in(exchange, chief)
    hidden = next(hidden for to, hidden, _names in forms(client.get(PAGE).text) if to == PAGE)
    for typed, name in (
        ({"asks": "from", "amount": "", "currency": "CNY"}, "amount"),
        ({"asks": "from", "amount": "1.234", "currency": "CNY"}, "amount"),
        ({"asks": "from", "amount": "1", "currency": "QQQ"}, "currency"),
    ):
        answer = client.post(PAGE, data={**typed, **hidden})
        assert (answer.status_code, f'href="#f-{name}"' in answer.text) == (422, True)
    sent = {"asks": "from", "amount": "1280.50", "currency": "CNY", **hidden}
    assert client.post(PAGE, data=sent).status_code == 303
    assert rule_of(chief) == Rule(Asks.FROM, Money(128_050))
    assert 'value="1280.50"' in client.get(PAGE).text
    approver = signed_in(exchange, people.colleague(chief, Role.APPROVER))
    assert PAGE not in [to for to, _hidden, _names in forms(approver.get(PAGE).text)]


def test_the_page_tells_whoever_is_alone_what_to_do_first(exchange: Flask) -> None:
    client = signed_in(exchange, people.verified(Role.BUYER))
    hidden = next(hidden for to, hidden, _names in forms(client.get(PAGE).text) if to == PAGE)
    answer = client.post(PAGE, data={"asks": "always", "amount": "", "currency": "", **hidden})
    assert (answer.status_code, "请先邀请第二人" in answer.text) == (409, True)
