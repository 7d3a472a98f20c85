"""A fee that a later rule book changes: published with its day, taken from new trades, never from running ones."""

import shutil
from pathlib import Path

import pytest
from flask import Flask

from contracts.money import Money
from market import jobs, rules
from market.catalog import terms
from market.contracting import requesting
from market.db import transaction
from market.trades import decisions
from tests import assets, deals, trades
from tests.deals import Deal


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a further version of the rule book is in force; its fee is 5 % instead of 3 %."""
    folder = tmp_path / "books"
    shutil.copytree(rules.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    new = rules.CURRENT + 1
    text = (folder / f"book-{rules.CURRENT}.toml").read_text(encoding="utf-8")
    text = text.replace(f"version = {rules.CURRENT}\n", f"version = {new}\n").replace(
        "2026-12-01", "2027-01-01"
    )
    fee = 'name = "fee.basis_points"\nvalue = '
    (folder / f"book-{new}.toml").write_text(text.replace(f"{fee}300", f"{fee}500"), encoding="utf-8")
    monkeypatch.setattr(rules, "FOLDER", folder)
    for room in (rules, requesting, terms):
        monkeypatch.setattr(room, "CURRENT", new)


def fee(deal: Deal) -> tuple[int, int, int]:
    """Return the version that a trade keeps, its fee, and what the exchange took in all."""
    life = trades.rows(deal)
    return life.trade.rules, sum(one.fee for one in life.settlements), trades.balances(deal)["fee_revenue"]


def finished(deal: Deal) -> Deal:
    trades.fetched(trades.paid(deal))
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    jobs.drain()
    return deal


def test_a_running_trade_keeps_the_fee_of_its_book(exchange: Flask, request: pytest.FixtureRequest) -> None:
    running = trades.in_force()
    asset = assets.found(trades.rows(running).trade.asset_id)
    talked_over = deals.requested(
        running.provider, running.buyer, assets.listed(running.provider, asset, price=Money(64_000))
    )
    request.getfixturevalue("later")
    new = trades.in_force(beside=running)
    for side in (talked_over.provider, talked_over.buyer):
        deals.sign(side, talked_over.number)
    jobs.drain()
    version = rules.CURRENT
    assert fee(finished(running))[:2] == (version - 1, 3_840)
    assert fee(finished(talked_over))[:2] == (version - 1, 1_920)
    assert fee(finished(new))[:2] == (version, 6_400)


def test_every_version_is_published_with_its_day_and_fee(exchange: Flask, later: None) -> None:
    client = exchange.test_client()
    en = {"Accept": "text/html", "Accept-Language": "en"}
    page = client.get("/rules", headers=en).text
    for version in range(1, rules.CURRENT):
        assert f"/rules?version={version}" in page
        assert rules.book(version).effective in page
    before = client.get(f"/rules?version={rules.CURRENT - 1}", headers=en).text
    assert f"Version {rules.CURRENT - 1}, in force since 2026-12-01" in before
    assert client.get("/rules?version=99", headers=en).status_code == 404
