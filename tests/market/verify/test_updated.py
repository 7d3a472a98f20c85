"""A trade with updates: a stranger sees that each was approved, and that the contract gives a right to it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts import terms
from ledger.entry import Entry
from ledger.note import parse_signer
from market import jobs
from market.actor import Role
from market.keys import files as key_files
from tests import assets, deals, evidence, people, trades, updates
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Files, Sold, failed, leaves_of
from tests.market.verify.test_forged_rows import OTHER

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]
REJECTED = "城市,气温,备注\n济南,1,晴\n".encode()


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a trade with two updates, one of them fetched, and a newer file that was rejected."""
    home = tmp_path_factory.mktemp("updated")
    with evidence.exchange(sqlite_urls(home), home) as app:
        provider, buyer = assets.provider(), people.verified(Role.BUYER)
        listing = assets.listed(provider, further={"data.update": "monthly"})
        deal = deals.requested(provider, buyer, listing)
        evidence.in_force(deal)
        evidence.pay(deal)
        updates.approved(deal)
        updates.fetch(deal)
        jobs.drain()
        evidence.fetch(app, deal)
        evidence.accept(deal)
        updates.decided(provider, trades.rows(deal).trade.asset_id, REJECTED, approve=False)
        updates.approved(deal, updates.NEWEST)
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def opened(sold: Sold, table: str) -> list[dict[str, Any]]:
    """Return the images of a table in the bundle."""
    values = [item["value"] for item in json.loads(sold.files["openings.json"])]
    return [value for value in values if isinstance(value, dict) and value.get("table") == table]


def of(table: str, number: int, /, **values: Any) -> Callable[[Any, Entry], None]:
    """Return a change of every grant with this ordinal, or of every receipt of it."""

    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == table and value["ordinal"] == number:
            value.update(values)

    return change


def renamed(sold: Sold, old: str, new: str, place: int = 0) -> Files:
    """Give one entry of a kind another kind."""
    leaves = leaves_of(sold.files)
    index = [index for index, entry in sorted(leaves.items()) if entry.kind == old][place]
    return sold.sealed(sold.logged(sold.files, {**leaves, index: replace(leaves[index], kind=new)}))


def test_a_trade_with_updates_is_consistent(updated: Sold) -> None:
    report = updated.verify(updated.files)
    assert report.consistent, report.text()
    said = (
        "the file handed over is the one measured and sold; 2 updates of it given, each approved before, and 1 of "
        "them handed over"
    )
    assert ("ok", "delivery", said) in report.lines
    again = updated.verify(updated.forged(lambda _value, _entry: None))
    assert again.consistent, again.text()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (of("access_grant", 1, digest="00" * 32), "delivery"),
        (of("access_grant", 1, size=1), "delivery"),
        (of("access_grant", 1, asset_id=OTHER), "parties"),
        (of("access_grant", 1, trade_id=OTHER), "parties"),
        (of("access_grant", 1, number="0000000000A"), "parties"),
        (of("access_grant", 1, ordinal=3), "delivery"),
        (of("access_grant", 2, ordinal=1), "delivery"),
        (of("access_grant", 2, policy_digest="00" * 32), "delivery"),
        (of("access_grant", 2, term_until="2040-01-01T00:00:00.000Z"), "amendments"),
        (of("access_grant", 2, state="CLOSED"), "states"),
        (of("access_grant", 1, ordinal=0), "parties"),
    ],
)
def test_a_forged_grant_of_an_update_is_found(
    updated: Sold, change: Callable[[Any, Entry], None], check: str
) -> None:
    assert check in failed(updated.verify(updated.forged(change)))


def test_a_grant_that_changes_its_file_on_the_way_is_found(updated: Sold) -> None:
    newest = next(row for row in opened(updated, "access_grant") if row["ordinal"] == 2)

    def change(value: Any, entry: Entry) -> None:
        if entry.kind == "update.delivered":
            of("access_grant", 1, digest=newest["digest"])(value, entry)

    assert "delivery" in failed(updated.verify(updated.forged(change)))


@pytest.mark.parametrize("column", ["digest", "size", "grant_id"])
def test_a_forged_receipt_of_an_update_is_found(updated: Sold, column: str) -> None:
    sold = {row["grant_id"]: row for row in opened(updated, "receipt")}
    grants = {row["ordinal"]: row["id"] for row in opened(updated, "access_grant")}
    other = {**sold[grants[0]], "grant_id": grants[2]}

    def change(value: Any, entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == "receipt" and entry.kind == "update.delivered":
            value[column] = other[column]

    assert "delivery" in failed(updated.verify(updated.forged(change)))


def test_a_file_that_was_rejected_cannot_be_given(updated: Sold) -> None:
    digests = {row["size"]: row["digest"] for row in opened(updated, "revision")}
    size = len(REJECTED)
    change = of("access_grant", 2, digest=digests[size], size=size)
    assert "delivery" in failed(updated.verify(updated.forged(change)))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("update.approved", "update.rejected", 0),
        ("update.approved", "asset.declared", 1),
        ("asset.revised", "asset.drafted", 0),
        ("trade.updated", "agreement.suspended", 1),
        ("update.delivered", "delivery.completed", 0),
    ],
)
def test_an_update_needs_its_steps(updated: Sold, old: str, new: str, place: int) -> None:
    report = updated.verify(renamed(updated, old, new, place))
    assert "delivery" in failed(report), report.text()


def test_a_contract_without_the_right_gets_none(updated: Sold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "ONCE", "monthly")
    assert "delivery" in failed(updated.verify(updated.files))
