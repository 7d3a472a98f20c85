"""Updates over HTTP: the list, the bytes with their range and tag, and who gets them."""

import base64
import hashlib
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from market import jobs
from market.actor import Actor, Role
from market.participants.web import COOKIE
from tests import assets, people, trades, updates
from tests.deals import Deal

SHA = hashlib.sha256(assets.NEWER)


@pytest.fixture
def deal(exchange: Flask) -> Deal:
    """A trade in force with one update that the buyer was told of."""
    return updates.approved(updates.in_force(0))


def get(exchange: Flask, actor: Actor, deal: Deal, path: str, **headers: str) -> TestResponse:
    return exchange.test_client().get(
        f"/api/v1/trades/{deal.number}/updates{path}",
        headers={**people.bearer(actor), **headers},
        buffered=True,
    )


def items(exchange: Flask, actor: Actor, deal: Deal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(exchange, actor, deal, "").get_json()["items"]
    return found


def test_the_bytes_come_whole_and_in_part(exchange: Flask, deal: Deal) -> None:
    answer = get(exchange, deal.buyer, deal, "/1")
    assert (answer.status_code, answer.data) == (200, assets.NEWER)
    assert answer.headers["ETag"] == f'"{SHA.hexdigest()}"'
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(SHA.digest()).decode()}:"
    assert 'filename="weather.csv"' in answer.headers["Content-Disposition"]
    part = get(exchange, deal.buyer, deal, "/1", Range="bytes=3-8")
    assert (part.status_code, part.data) == (206, assets.NEWER[3:9])


def test_the_list_says_what_came_and_whether_it_was_fetched(exchange: Flask, deal: Deal) -> None:
    [one] = items(exchange, deal.buyer, deal)
    assert (one["ordinal"], one["filename"], one["digest"]) == (1, "weather.csv", SHA.hexdigest())
    assert (one["size"], one["changes"], one["open"]) == (len(assets.NEWER), "August was added", True)
    assert (one["completed_at"], one["entry_id"]) == (None, None)
    assert one["notified_at"] < one["fetch_until"]
    get(exchange, deal.buyer, deal, "/1")
    jobs.drain()
    [one] = items(exchange, deal.buyer, deal)
    assert one["completed_at"]
    assert one["entry_id"]
    assert one["transfer"] == "COMPLETED"
    assert items(exchange, deal.provider, deal) == [one]


def test_what_is_not_there_or_not_theirs_is_refused(exchange: Flask, deal: Deal) -> None:
    stranger = people.verified(Role.BUYER)
    assert get(exchange, deal.buyer, deal, "/2").status_code == 404
    assert get(exchange, deal.buyer, deal, f"/{10**30}").status_code == 404
    assert get(exchange, stranger, deal, "/1").status_code == 404
    assert get(exchange, stranger, deal, "").status_code == 404
    assert get(exchange, deal.provider, deal, "/1").status_code == 403


def test_the_page_offers_it_to_the_buyer_alone(exchange: Flask, deal: Deal) -> None:
    pages = {}
    for actor in (deal.buyer, deal.provider):
        client = exchange.test_client()
        client.set_cookie(COOKIE, people.session_of(actor))
        pages[actor] = client.get(f"/trades/{deal.number}", headers={"Accept-Language": "en"}).text
        assert "August was added" in pages[actor]
    link = f'href="/trades/{deal.number}/updates/1"'
    assert (link in pages[deal.buyer], link in pages[deal.provider]) == (True, False)


def test_each_file_counts_for_itself(exchange: Flask, deal: Deal) -> None:
    trades.fetched(deal)
    for _time in range(40):
        answer = get(exchange, deal.buyer, deal, "/1")
        if answer.status_code == 403:
            break
    assert answer.get_json()["code"] == "delivery.count"
    assert trades.fetch(deal)
