"""Fetching over HTTP: ranges, tags, headers, one receipt, and refusals that name their rule."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from market import jobs
from market.actor import Actor
from market.db import read, transaction
from market.delivery import sending
from market.delivery.answer import disposition
from market.delivery.models import Coverage
from market.delivery.ranges import Span
from market.errors import Forbidden
from market.trades import decisions
from tests import assets, people, trades
from tests.deals import Deal

SIZE = len(assets.CONTENT)
DIGEST = hashlib.sha256(assets.CONTENT).hexdigest()

Get = Callable[..., TestResponse]


@pytest.fixture
def get(exchange: Flask) -> Get:
    def fetch(deal: Deal, actor: Actor | None = None, method: str = "GET", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return exchange.test_client().open(
            f"/api/v1/trades/{deal.number}/delivery",
            method=method,
            buffered=True,
            headers={**people.bearer(actor or deal.buyer), **named},
        )

    return fetch


def receipt(exchange: Flask, deal: Deal, actor: Actor | None = None) -> tuple[int, dict[str, Any]]:
    answer = exchange.test_client().get(
        f"/api/v1/trades/{deal.number}/receipt", headers=people.bearer(actor or deal.buyer)
    )
    return answer.status_code, answer.get_json()


def test_the_file_leaves_as_a_download_and_nothing_else(get: Get) -> None:
    deal = trades.in_force(0)
    answer = get(deal)
    assert (answer.status_code, answer.data) == (200, assets.CONTENT)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="weather.csv"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    digest = base64.b64encode(bytes.fromhex(DIGEST)).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"


def test_several_ranges_make_one_receipt(exchange: Flask, get: Get) -> None:
    deal = trades.in_force(0)
    part = get(deal, Range="bytes=20-")
    assert (part.status_code, part.data) == (206, assets.CONTENT[20:])
    assert part.headers["Content-Range"] == f"bytes 20-{SIZE - 1}/{SIZE}"
    jobs.drain()
    assert receipt(exchange, deal)[0] == 404
    again = get(deal, Range="bytes=10-30", If_Range=part.headers["ETag"])
    first = get(deal, Range="bytes=0-9")
    assert (again.status_code, first.status_code) == (206, 206)
    jobs.drain()
    status, found = receipt(exchange, deal)
    assert (status, found["digest"], found["size"], found["number"]) == (200, DIGEST, SIZE, deal.number)
    assert found["entry_id"]
    assert get(deal).status_code == 200
    jobs.drain()
    assert trades.kinds(deal).count("delivery.completed") == 1
    with read() as session:
        assert [(row.start, row.stop) for row in session.query(Coverage)] == [(0, SIZE)]


def test_conditions_and_bad_ranges(get: Get) -> None:
    deal = trades.in_force(0)
    tag = f'"{DIGEST}"'
    assert get(deal, If_None_Match=tag).status_code == 304
    outside = get(deal, Range=f"bytes={SIZE}-")
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{SIZE}")
    assert get(deal, Range="bytes=0-1,4-5").data == assets.CONTENT
    assert get(deal, Range="bytes=0-1", If_Range='"another"').status_code == 200


def test_asking_for_the_head_counts_nothing(get: Get) -> None:
    deal = trades.paid(trades.in_force())
    answer = get(deal, method="HEAD")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", str(SIZE))
    jobs.drain()
    assert trades.states(deal)["transfer"] == "STARTED"
    with read() as session:
        assert session.query(Coverage).count() == 0


def test_a_refusal_names_its_rule(get: Get) -> None:
    deal = trades.in_force()
    answer = get(deal)
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["rule"]) == (
        403, "delivery.not_paid", "R5.1",
    )  # fmt: skip


def test_the_quota_is_the_contracts_and_names_the_article(get: Get) -> None:
    deal = trades.in_force(0)
    for _ in range(20):
        assert get(deal).status_code == 200
    answer = get(deal)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "delivery.count")
    assert isinstance(answer.get_json()["article"], int)


def test_who_may_fetch(exchange: Flask, get: Get) -> None:
    deal = trades.in_force(0)
    stranger = people.verified()
    assert get(deal, stranger).status_code == 404
    assert get(deal, deal.provider).status_code == 403
    assert get(deal, people.operator()).status_code == 403
    trades.fetched(deal)
    assert receipt(exchange, deal, stranger)[0] == 404
    assert receipt(exchange, deal, deal.provider)[0] == 200
    nobody = exchange.test_client().get(f"/api/v1/trades/{deal.number}/delivery")
    assert nobody.status_code == 401


def test_a_broken_connection_is_charged_but_not_covered(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MIB", 10)
    deal = trades.in_force(0)
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    stream = sending.stream(permit, Span(0, SIZE))
    assert next(stream) == assets.CONTENT[:10]
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    with read() as session:
        assert [(row.start, row.stop) for row in session.query(Coverage)] == [(0, 10)]
    trades.fetched(deal, Span(10, SIZE))
    assert trades.states(deal)["transfer"] == "COMPLETED"


def test_no_transaction_is_open_while_bytes_travel(exchange: Flask) -> None:
    deal = trades.in_force(0)
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    stream = sending.stream(permit, Span(0, SIZE))
    next(stream)
    with read():
        pass
    assert list(stream) == []


def test_closing_meets_a_stream(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cancels between two parts wins: nothing more leaves."""
    monkeypatch.setattr(sending, "MIB", 10)
    deal = trades.paid(trades.in_force())
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    stream = sending.stream(permit, Span(0, SIZE))
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    with pytest.raises(Forbidden) as refused:
        next(stream)
    assert refused.value.code == "delivery.agreement_ended"


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("a.csv", "attachment; filename=\"a.csv\"; filename*=UTF-8''a.csv"),
        ("天气.csv", "attachment; filename=\"__.csv\"; filename*=UTF-8''%E5%A4%A9%E6%B0%94.csv"),
        ('a"\\%b.csv', "attachment; filename=\"a___b.csv\"; filename*=UTF-8''a%22%5C%25b.csv"),
    ],
)
def test_names_in_any_script_are_saved(filename: str, header: str) -> None:
    assert disposition(filename) == header
