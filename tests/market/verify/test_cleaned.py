"""A trade over a file that was cleaned, with a cleaned update: a stranger follows how each file was made."""

import json
import uuid
from typing import Any

import pytest

from ledger.entry import Entry
from ledger.note import parse_signer
from market import jobs
from market.actor import Actor, Role
from market.db import transaction
from market.inspection.cleaning.parsing import parse
from market.keys import files as key_files
from market.registry import cleaning, service, updating
from tests import assets, deals, evidence, people, updates
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.deals import Deal
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]

ONCE = parse('{"version": 1, "operations": [{"operation": "drop_duplicates"}]}')


def clean(provider: Actor, asset_id: uuid.UUID) -> None:
    with transaction() as session:
        cleaning.ask(session, provider, asset_id, ONCE)
    jobs.drain()


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the buyer's evidence: the file that was sold and an update that it fetched were both cleaned."""
    home = tmp_path_factory.mktemp("cleaned")
    with evidence.exchange(sqlite_urls(home), home):
        provider, reviewer = assets.provider(), people.operator()
        asset = assets.drafted(provider)
        jobs.drain()
        clean(provider, asset.id)
        with transaction() as session:
            service.submit(session, provider, asset.id)
        with transaction() as session:
            service.review(session, reviewer, asset.id, approve=True, reason="plausible")
        jobs.drain()
        promised = (assets.promise("rows", "3"),)
        terms = deals.free() | {"further": {"data.update": "monthly"}, "quality": promised}
        listing = assets.listed(provider, assets.found(asset.id), **terms)
        deal: Deal = deals.requested(provider, people.verified(Role.BUYER), listing)
        evidence.in_force(deal)
        upload = assets.uploaded(assets.NEWER + "威海,7,晴\n".encode(), "weather-newer.csv")
        with transaction() as session:
            updating.revise(session, provider, asset.id, changes="威海 was added", upload=upload)
        jobs.drain()
        clean(provider, asset.id)
        with transaction() as session:
            updating.submit(session, provider, asset.id)
        with transaction() as session:
            updating.review(session, reviewer, asset.id, approve=True, reason="plausible")
        jobs.drain()
        assert updates.fetch(deal) == assets.NEWER
        evidence.look()
        files = evidence.bundle(deal.buyer, deal.number)
    sign = key_files.load_or_make_manifest(home / "keys", "manifest").sign
    return Sold(files, parse_signer(LEDGER_KEY), sign)


def test_it_holds_and_is_told(cleaned: Sold) -> None:
    report = cleaned.verify(cleaned.files)
    assert report.consistent, report.text()
    said = {name: text for _outcome, name, text in report.lines}
    assert said["cleaned"].startswith("2 files were made by a recipe")
    assert "1 updates of it given, each approved before, and 1 of them handed over" in said["delivery"]
    shown = [
        item["value"] for item in json.loads(cleaned.files["openings.json"]) if "recipe" in item["field"]
    ]
    assert shown == [ONCE.text, ONCE.text]


@pytest.mark.parametrize(
    "change",
    [
        rows("cleaning", recipe_digest="0" * 64),
        rows("cleaning", result_digest="0" * 64),
        rows("cleaning", source_digest="0" * 64),
        rows("cleaning", source_id=OTHER),
        rows("cleaning", revision_id=OTHER),
        rows("revision", "revision.cleaned", id=OTHER),
    ],
)
def test_a_forged_cleaning_is_named(cleaned: Sold, change: Change) -> None:
    report = cleaned.verify(cleaned.forged(change))
    assert "cleaned" in failed(report), report.text()


def test_the_source_of_a_cleaned_update_was_not_approved(cleaned: Sold) -> None:
    """The grant and the receipt of the update are forged to be of the file before it was cleaned."""
    found: dict[str, Any] = {}

    def look(value: Any, entry: Entry) -> None:
        if entry.kind == "asset.revised" and isinstance(value, dict) and value.get("table") == "revision":
            found.update(value)

    def forge(value: Any, entry: Entry) -> None:
        table = value.get("table") if isinstance(value, dict) else None
        if table == "receipt" or (table == "access_grant" and value["ordinal"]):
            value.update(digest=found["digest"], size=found["size"])

    cleaned.forged(look)
    report = cleaned.verify(cleaned.forged(forge))
    assert "delivery" in failed(report), report.text()
    assert "not approved before" in report.text()
