"""A trade under the startup waiver: a stranger holds what was spared against the rule, its days and the contract."""

from typing import Any

import pytest

from ledger.entry import Entry
from ledger.note import parse_signer
from market.actor import Role
from market.keys import files as key_files
from tests import amendments, evidence, people, waivers
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the auditor's evidence of a trade that cost nothing by the waiver, amended to a longer term."""
    home = tmp_path_factory.mktemp("waived")
    with evidence.exchange(sqlite_urls(home), home) as app:
        deal = waivers.asked()
        evidence.in_force(deal)
        evidence.fetch(app, deal)
        evidence.accept(deal)
        amendments.amend(deal, {"term.days": 3_000})
        auditor = people.colleague(people.operator(), Role.AUDITOR)
        files = evidence.bundle(auditor, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def test_it_is_consistent_and_says_what_was_waived_and_why(waived: Sold) -> None:
    report = waived.verify(waived.files)
    assert report.consistent, report.text()
    said = "1280.00 CNY waived by R4.18 of rule book 4: the buyer established on 2024-03-01"
    assert f"waiver: {said}, public data of {waivers.AUTHORITY}, free until {waivers.LAST}" in report.text()
    again = waived.verify(waived.forged(lambda _value, _entry: None))
    assert again.consistent, again.text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (rows("waiver", last_day="2027-03-02"), "last day is another"),
        (rows("waiver", established_on="2024-03-02"), "last day is another"),
        (rows("waiver", established_on="2027-01-01", last_day="2030-01-01"), "outside of the waiver"),
        (rows("waiver", asked_on="2026-11-21"), "on another day"),
        (rows("waiver", rules=3), "rests on no rule"),
        (rows("waiver", rule="R4.17"), "rests on no rule"),
        (rows("waiver", waived=1), "another amount"),
        (rows("waiver", authority=""), "no authority"),
        (rows("waiver", buyer_id=OTHER), "other parties"),
        (rows("waiver", contract_id=OTHER), "another contract"),
        (rows("asset", authority="another"), "registered as other data"),
    ],
)
def test_a_forged_waiver_is_named(waived: Sold, change: Change, words: str) -> None:
    report = waived.verify(waived.forged(change))
    assert "waiver" in failed(report), report.text()
    assert words in report.text()


def test_a_term_past_the_waiver_is_named(waived: Sold) -> None:
    def longer(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") in {"agreement", "access_grant"}:
            value["term_until"] = "2027-03-02T16:00:00.000Z"

    report = waived.verify(waived.forged(longer))
    assert failed(report) == ["amendments"], report.text()


def test_a_waiver_in_the_contract_alone_is_named(waived: Sold) -> None:
    report = waived.verify(waived.forged(rows("waiver", table="request")))
    assert not report.consistent
