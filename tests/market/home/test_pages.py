from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market import clock, jobs, rules
from market.actor import Actor, Role
from market.db import read, transaction
from market.home import desk
from market.payments import outcomes
from market.payments import service as payments
from market.registry import service as registry
from market.trades import billing, decisions, instalments, service
from tests import assets, deals, people, trades

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def test_the_rule_book_stands_on_a_page_and_in_the_api(client: FlaskClient) -> None:
    page = client.get("/rules", headers={**HTML, "Accept-Language": "en"}).text
    shown = client.get("/api/v1/rules").json
    book = rules.book()
    assert shown["version"] == book.version == rules.CURRENT
    for chapter in book.chapters:
        for rule in chapter.rules:
            assert f'id="{rule.id}"' in page
            assert rule.zh in {one["zh"] for part in shown["chapters"] for one in part["rules"]}
    assert {value["name"]: value["value"] for value in shown["values"]} == {
        value.name: value.value for value in book.values
    }


def test_the_public_sees_what_the_exchange_is(client: FlaskClient) -> None:
    page = client.get("/", headers=HTML)
    assert page.status_code == 200
    assert "/listings" in page.text
    assert "/join" in page.text


def test_organisations_wait_for_the_operator_alone(exchange: Flask) -> None:
    people.applied()
    chief, auditor = people.operator(), people.colleague(people.operator(), Role.AUDITOR)
    buyer = people.verified(Role.BUYER)
    with read() as session:
        assert [task.href for task in desk.waiting(session, chief).tasks] == ["/organisations?state=APPLIED"]
        assert desk.waiting(session, auditor).tasks == []
        assert desk.waiting(session, buyer).tasks == []


def test_each_side_of_a_trade_sees_what_waits_for_it(exchange: Flask) -> None:
    deal = deals.requested()
    assert waiting(deal.provider) == [f"/contracts/{deal.number}"]
    assert waiting(deal.buyer) == []
    deals.sign(deal.provider, deal.number)
    assert waiting(deal.buyer) == [f"/contracts/{deal.number}"]
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    for step in (trades.paid, trades.fetched):
        assert waiting(deal.provider) == []
        assert waiting(deal.buyer) == [f"/trades/{deal.number}"]
        step(deal)
    with read() as session:
        task = desk.waiting(session, deal.buyer).tasks[0]
    assert task.label == str(desk.TRADE_TASKS["accept"])
    assert task.due_at is not None
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "rows are missing")
    assert waiting(deal.buyer) == []
    assert waiting(people.operator()) == [f"/trades/{deal.number}"]


def test_a_submitted_registration_waits_for_the_reviewer(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    assert waiting(people.operator()) == [f"/assets/{asset_id}"]
    assert waiting(provider) == []


def waiting(actor: Actor) -> list[str]:
    with read() as session:
        return [task.href for task in desk.waiting(session, actor).tasks]


def test_the_provider_is_led_from_the_draft_to_the_catalogue(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with read() as session:
        [task] = desk.waiting(session, provider).tasks
    assert (task.href, task.due_at) == (f"/assets/{asset.id}", None)
    assert task.since == asset.registered_at
    number = assets.listed(provider, asset)
    assert waiting(provider) == []
    assert number


def test_a_rejection_stays_on_the_desk_for_a_while(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    chief = people.operator()
    exchange.extensions["clock"].advance(days=15)
    with transaction() as session:
        registry.review(session, chief, asset_id, approve=False, reason="the source is unclear")
    with read() as session:
        [task] = desk.waiting(session, provider).tasks
    assert (task.href, task.since) == (f"/assets/{asset_id}", clock.now())
    exchange.extensions["clock"].advance(days=15)
    assert waiting(provider) == []


def test_what_waits_for_others_stands_apart(exchange: Flask) -> None:
    deal = deals.requested()
    assert elsewhere(deal.provider) == []
    assert elsewhere(deal.buyer) == [f"/contracts/{deal.number}"]
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    assert elsewhere(deal.provider) == [f"/trades/{deal.number}"]
    assert elsewhere(deal.buyer) == []


def test_money_in_doubt_waits_for_the_operator(exchange: Flask) -> None:
    deal = trades.in_force()
    chief, buyer = people.operator(), people.verified(Role.BUYER)
    with transaction() as session:
        rows = service.life(session, deal.number)
        due = instalments.payable(rows.settlements)
        assert due is not None
        bill = billing.bill(rows.trade, due, len(rows.settlements))
        operation_id = payments.plan_payment(session, deal.buyer, bill).id
    assert waiting(chief) == []
    exchange.extensions["clock"].advance(minutes=11)
    assert waiting(chief) == [f"/payments/{operation_id}"]
    assert waiting(buyer) == []
    outcomes.failed(outcomes.get(operation_id), "card_declined")
    assert waiting(chief) == []
    outcomes.strayed(outcomes.get(operation_id), trades.came_in(operation_id), [])
    assert waiting(chief) == [f"/payments/{operation_id}"]
    exchange.extensions["clock"].advance(days=31)
    jobs.drain()
    assert f"/payments/{operation_id}" not in waiting(chief)


def test_a_near_deadline_is_urgent(exchange: Flask) -> None:
    now = clock.now()
    assert desk.Task("pay", "data", "/", now + timedelta(hours=47)).urgent
    assert not desk.Task("pay", "data", "/", now + timedelta(hours=49)).urgent
    assert not desk.Task("review", "data", "/").urgent


def test_auditors_see_the_newest_steps(exchange: Flask) -> None:
    chief = people.operator()
    auditor = people.colleague(chief, Role.AUDITOR)
    with read() as session:
        found = desk.recent(session, auditor)
        assert desk.recent(session, chief) == []
    assert found
    assert found == sorted(found, key=lambda one: one["time"], reverse=True)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.REVIEWER, Role.PROVIDER, Role.BUYER])
def test_an_empty_desk_says_where_to_begin(exchange: Flask, role: Role) -> None:
    office = role in {Role.OPERATOR, Role.AUDITOR, Role.REVIEWER}
    actor = people.colleague(people.operator(), role) if office else people.verified(role)
    places = {href for href, _words in desk.starts(actor)}
    assert places
    assert all(place.startswith("/") for place in places)


def elsewhere(actor: Actor) -> list[str]:
    with read() as session:
        return [task.href for task in desk.elsewhere(session, actor).tasks]
