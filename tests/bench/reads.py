"""What a read costs the server, and how heavy a page is."""

import gzip
from collections.abc import Iterator
from urllib.parse import urljoin

import requests

from tests.bench.exchange import Exchange
from tests.bench.table import Row
from tests.flows.browser import Browser

REQUESTS = 300
"""Of each kind, one after the other on a kept connection."""

MOST = 90_000
"""Bytes that a first load may take on the wire, compressed."""


def costs(exchange: Exchange, trade: str) -> Iterator[Row]:
    """Yield processor time a request, each as a ratio to ``/healthz`` of the same server."""
    browser = exchange.browser()
    stranger = requests.Session()
    page = {"Accept": "text/html"}
    addresses: tuple[tuple[str, str, requests.Session, dict[str, str]], ...] = (
        ("/healthz (baseline)", "/healthz", stranger, {}),
        ("catalogue page", "/listings", stranger, page),
        ("listing page", f"/listings/{exchange.listing}", stranger, page),
        ("trade page", f"/trades/{trade}", browser._session, page),
        ("JSON read of a listing", f"/api/v1/listings/{exchange.listing}", stranger, {}),
        ("JSON read of a trade", f"/api/v1/trades/{trade}", exchange.cast.buyer._session, {}),
    )
    baseline = 0.0
    for name, path, session, headers in addresses:
        spent = _cost(exchange, session, path, headers)
        baseline = baseline or spent
        yield Row(name, f"{spent * 1000:.2f} ms CPU", f"{spent / baseline:.1f} x /healthz")


def _cost(exchange: Exchange, session: requests.Session, path: str, headers: dict[str, str]) -> float:
    for _warming in range(10):
        session.get(exchange.url + path, headers=headers, timeout=60).raise_for_status()
    before = exchange.spent()
    for _request in range(REQUESTS):
        session.get(exchange.url + path, headers=headers, timeout=60).raise_for_status()
    return (exchange.spent() - before) / REQUESTS


def weights(exchange: Exchange, trade: str) -> Iterator[Row]:
    """Yield the bytes of a first load: the page and what it names, plain and as gzip would send them."""
    browser = exchange.browser()
    for name, path in (("home", "/"), ("catalogue", "/listings"), ("trade page", f"/trades/{trade}")):
        parts = _parts(exchange, browser, path)
        plain, packed = sum(map(len, parts)), sum(len(gzip.compress(part)) for part in parts)
        page = len(gzip.compress(parts[0]))
        share = f"{packed / MOST:.0%} of {MOST // 1000} kB"
        said = f"{plain / 1000:.1f} kB, {packed / 1000:.1f} kB gz (the page alone {page / 1000:.1f})"
        yield Row(f"first load of {name}", said, share)


def _parts(exchange: Exchange, browser: Browser, path: str) -> list[bytes]:
    text = browser.open(path)
    found = [text.encode()]
    for mark in ('href="/static/', 'src="/static/'):
        for piece in text.split(mark)[1:]:
            found.append(browser.download(urljoin(exchange.url, "/static/" + piece.split('"', 1)[0])))
    return found
