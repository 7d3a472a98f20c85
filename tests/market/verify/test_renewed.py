"""A trade that renews another: a stranger holds its term against what both parties signed of the old one's end."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import canonical
from ledger.entry import Entry
from ledger.note import parse_signer
from market import clock
from market.keys import files as key_files
from market.trades import renewing
from market.verify import negotiation
from tests import amendments, deals, evidence
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.deals import Deal
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


@pytest.fixture(scope="module")
def renewed(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a renewal that was fetched before its term, and amended."""
    home = tmp_path_factory.mktemp("renewed")
    with evidence.exchange(sqlite_urls(home), home) as app:
        old = deals.requested()
        evidence.in_force(old)
        deal = Deal(old.provider, old.buyer, renewing.renew(old.buyer, old.number).number)
        evidence.in_force(deal)
        evidence.pay(deal)
        evidence.fetch(app, deal)
        evidence.accept(deal)
        amendments.amend(deal, {"term.days": 20})
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def until(sold: Sold) -> str:
    return str(json.loads(sold.files["contract/terms.json"])["renews"]["until"])


def test_a_renewal_is_consistent_and_names_what_it_renews(renewed: Sold) -> None:
    report = renewed.verify(renewed.files)
    assert report.consistent, report.text()
    old = json.loads(renewed.files["contract/terms.json"])["renews"]["number"]
    assert f"renewal: of contract {old}, whose term ends {until(renewed)}" in report.text()
    again = renewed.verify(renewed.forged(lambda _value, _entry: None))
    assert again.consistent, again.text()


@pytest.mark.parametrize("table", ["agreement", "access_grant"])
def test_a_term_that_begins_before_the_old_one_ends_is_named(renewed: Sold, table: str) -> None:
    early = datetime.fromisoformat(until(renewed)) - timedelta(days=1)
    report = renewed.verify(renewed.forged(rows(table, term_from=clock.text(early))))
    assert failed(report) == ["amendments"], report.text()


def test_a_term_that_begins_with_the_entry_is_named(renewed: Sold) -> None:
    """As if nothing was renewed: both rows agree with each other, and with neither party's signature."""

    def shift(value: Any, entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") in {"agreement", "access_grant"}:
            begins, ends = (datetime.fromisoformat(value[name]) for name in ("term_from", "term_until"))
            value["term_from"] = clock.text(entry.time)
            value["term_until"] = clock.text(ends - begins + entry.time)

    report = renewed.verify(renewed.forged(shift))
    assert "the term begins on another day than was signed" in report.text()


@pytest.mark.parametrize(
    "change",
    [
        rows("request", "contract.requested", renews_id=None),
        rows("request", "amendment.proposed", renews_id=OTHER),
    ],
)
def test_a_request_for_something_else_is_named(renewed: Sold, change: Change) -> None:
    report = renewed.verify(renewed.forged(change))
    assert "renewal" in failed(report), report.text()


def test_another_end_of_the_old_term_was_not_signed(renewed: Sold) -> None:
    """Whoever writes the log moves the old end, and all that follows from it, but not the signed file."""
    terms = json.loads(renewed.files["contract/terms.json"])
    later = datetime.fromisoformat(until(renewed)) + timedelta(days=9)
    terms["renews"]["until"] = clock.text(later)
    text = canonical.encode(terms)

    def forge(value: Any, _entry: Entry) -> None:
        if not isinstance(value, dict):
            return
        if value.get("terms") and json.loads(value["terms"])["number"] == terms["number"]:
            value["terms"], value["terms_digest"] = text.decode(), hashlib.sha256(text).hexdigest()
            if value["table"] == "version":
                value["digest"] = negotiation._link(terms["number"], value).digest()
        for name in ("term_from", "term_until"):
            if value.get("table") in {"agreement", "access_grant"}:
                value[name] = clock.text(datetime.fromisoformat(value[name]) + timedelta(days=9))

    report = renewed.verify(renewed.sealed({**renewed.forged(forge), "contract/terms.json": text}))
    assert failed(report) == ["contract", "amendments"], report.text()
    assert "was shown another statement than this contract's" in report.text()
