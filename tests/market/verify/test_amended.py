"""A trade whose contract was amended twice: a stranger holds each amendment against the one before it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger import canonical
from ledger.entry import Entry
from ledger.note import parse_signer
from market import jobs
from market.contracting import service as contracting
from market.db import transaction
from market.keys import files as key_files
from market.trades import ending
from market.trades.grounds import Cause, Ground
from market.verify import negotiation
from tests import amendments, deals, evidence
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.contracts.first.sample import number
from tests.market.verify.conftest import Change, Files, Sold, failed, leaves_of
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


@pytest.fixture(scope="module")
def amended(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a trade that was amended twice, with a proposal declined and another that lapsed."""
    home = tmp_path_factory.mktemp("amended")
    with evidence.exchange(sqlite_urls(home), home) as app:
        deal = deals.requested()
        evidence.in_force(deal)
        evidence.pay(deal)
        amendments.amend(deal, {"term.days": 700, "delivery.downloads": 9})
        evidence.fetch(app, deal)
        evidence.accept(deal)
        refused = amendments.propose(deal.buyer, deal, {"term.days": 30})
        with transaction() as session:
            contracting.decline(session, deal.provider, refused, "too short")
        offered = amendments.propose(deal.provider, deal, {"term.deletion_days": 5})
        deals.accept(deal.buyer, offered)
        amendments.sign(deal, offered)
        jobs.drain()
        with transaction() as session:
            ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "the data were passed on")
        with transaction() as session:
            ending.restore(session, deal.provider, deal.number)
        amendments.propose(deal.buyer, deal, {"term.days": 800})
        with transaction() as session:
            ending.end(session, deal.provider, deal.number, Ground.GRAVE, "passed on again")
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def numbers(sold: Sold) -> list[str]:
    """Return the numbers of the trade's amendments in their order."""
    found: dict[str, None] = {}
    for item in json.loads(sold.files["openings.json"]):
        value = item["value"]
        if isinstance(value, dict) and value.get("table") == "request" and value["amends_id"]:
            found[value["number"]] = None
    return sorted(found, key=lambda number: first_index(sold, number))


def first_index(sold: Sold, number: str) -> int:
    entries = {str(entry.id): index for index, entry in leaves_of(sold.files).items()}
    return min(
        entries[item["entry"]]
        for item in json.loads(sold.files["openings.json"])
        if isinstance(item["value"], dict)
        and item["value"].get("table") == "contract"
        and item["value"]["number"] == number
    )


def test_an_amended_trade_is_consistent(amended: Sold) -> None:
    report = amended.verify(amended.files)
    assert report.consistent, report.text()
    assert ("ok", "amendments", "4 proposed, 2 in force; each names the contract before it") in report.lines
    assert [name for name in amended.files if name.startswith("amendments/")].count(
        f"amendments/{numbers(amended)[0]}/signed.pdf"
    ) == 1
    again = amended.verify(amended.forged(lambda _value, _entry: None))
    assert again.consistent, again.text()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (rows("agreement", contract_id=OTHER), "amendments"),
        (rows("agreement", "amendment.finalized", term_until="2030-01-01T00:00:00.000Z"), "amendments"),
        (rows("agreement", term_from="2020-01-01T00:00:00.000Z"), "amendments"),
        (rows("agreement", "amendment.finalized", state="SUSPENDED"), "states"),
        (rows("access_grant", "amendment.finalized", policy_digest="00" * 32), "delivery"),
        (rows("access_grant", "amendment.finalized", fetch_days=99), "amendments"),
        (rows("access_grant", "delivery.completed", term_until="2030-01-01T00:00:00.000Z"), "amendments"),
        (rows("request", "amendment.proposed", amends_id=OTHER), "amendments"),
        (rows("request", "amendment.proposed", amends_id=None), "amendments"),
        (rows("request", "amendment.proposed", contract_id=OTHER), "amendments"),
        (rows("request", "amendment.proposed", buyer_id=OTHER), "parties"),
        (rows("agreement", "agreement.terminated", state="ACTIVE"), "amendments"),
        (rows("duty", due_at="2026-01-01T00:00:00.000Z"), "end"),
    ],
)
def test_a_forged_row_of_an_amended_trade_is_named(amended: Sold, change: Change, check: str) -> None:
    report = amended.verify(amended.forged(change))
    assert check in failed(report), report.text()


def test_an_amendment_without_signatures_is_not_applied(amended: Sold) -> None:
    first = numbers(amended)[0]
    ids = {
        item["value"]["id"]
        for item in json.loads(amended.files["openings.json"])
        if isinstance(item["value"], dict)
        and item["value"].get("table") == "contract"
        and item["value"]["number"] == first
    }
    kept = [
        item
        for item in json.loads(amended.files["openings.json"])
        if not (isinstance(item["value"], dict) and item["value"].get("contract_id") in ids
                and item["value"]["table"] == "signature")
    ]  # fmt: skip
    gone = {
        (item["entry"], item["field"])
        for item in json.loads(amended.files["openings.json"])
        if item not in kept
    }
    leaves = {
        index: replace(
            entry, commitments={f: c for f, c in entry.commitments.items() if (str(entry.id), f) not in gone}
        )
        for index, entry in leaves_of(amended.files).items()
    }
    files = amended.logged({**amended.files, "openings.json": canonical.encode(kept)}, leaves)
    report = amended.verify(amended.sealed(files))
    assert f"amendment {first}" in failed(report), report.text()


def rewritten(sold: Sold, place: int, change: Callable[[dict[str, Any]], None]) -> Files:
    """Give an amendment other terms in rows, versions and file alike, as whoever writes the log can."""
    number = numbers(sold)[place]
    terms = json.loads(sold.files[f"amendments/{number}/terms.json"])
    change(terms)
    text = canonical.encode(terms)
    digest = hashlib.sha256(text).hexdigest()

    def forge(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("terms") and json.loads(value["terms"])["number"] == number:
            value["terms"], value["terms_digest"] = text.decode(), digest
            if value["table"] == "version":
                value["digest"] = negotiation._link(number, value).digest()

    return sold.sealed({**sold.forged(forge), f"amendments/{number}/terms.json": text})


def another_parent(terms: dict[str, Any]) -> None:
    terms["amends"]["number"] = number("7KQ2M9XW4C")


def another_parents_terms(terms: dict[str, Any]) -> None:
    terms["amends"]["terms_digest"] = "00" * 32


def another_file(terms: dict[str, Any]) -> None:
    terms["amends"]["document_digest"] = "00" * 32


def none_at_all(terms: dict[str, Any]) -> None:
    terms["amends"] = None


def another_price(terms: dict[str, Any]) -> None:
    terms["values"]["price.amount"]["amount"] = 1


def a_price_that_it_says_it_changes(terms: dict[str, Any]) -> None:
    terms["amends"]["before"]["price.amount"] = dict(terms["values"]["price.amount"])
    terms["values"]["price.amount"]["amount"] = 1


def what_it_does_not_say(terms: dict[str, Any]) -> None:
    terms["values"]["acceptance.days"] = 33


def other_data(terms: dict[str, Any]) -> None:
    terms["data"]["title"] = "另一份数据"


def other_clauses(terms: dict[str, Any]) -> None:
    terms["amends"]["clauses"] = ["price"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (another_parent, "amendments: amends: names another contract than the one in force before"),
        (another_parents_terms, "amendments: amends: names another contract than the one in force before"),
        (another_file, "amendments: amends: names another contract than the one in force before"),
        (none_at_all, "amendments: amends: names another contract than the one in force before"),
        (another_price, "amendments: amends.before: is not what the contract amended says"),
        (a_price_that_it_says_it_changes, "amendments: price.amount: is not changed by an amendment"),
        (what_it_does_not_say, "amendments: amends.before: is not what the contract amended says"),
        (other_data, "amendments: data: is not changed by an amendment"),
        (other_clauses, "model text: amends.clauses: names exactly the clauses"),
    ],
)
def test_an_amendment_with_other_terms_is_named(
    amended: Sold, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    """The last one, which nobody has signed and nothing follows: no other check could speak for this one."""
    report = amended.verify(rewritten(amended, 3, change))
    assert why in report.text(), report.text()


def test_a_signed_amendment_with_other_terms_is_refused_by_the_signatures_too(amended: Sold) -> None:
    report = amended.verify(rewritten(amended, 0, what_it_does_not_say))
    assert f"amendment {numbers(amended)[0]}" in failed(report), report.text()


def test_the_amendments_in_another_order_are_named(amended: Sold) -> None:
    """The log's writer lets the second come into force where the first did, and the other way round."""
    found = numbers(amended)
    pair = {found[0]: found[2], found[2]: found[0]}
    images = {
        number: next(
            item["value"]
            for item in json.loads(amended.files["openings.json"])
            if isinstance(item["value"], dict)
            and item["value"].get("table") == "contract"
            and item["value"]["number"] == number
            and item["value"]["state"] == "FINALIZED"
        )
        for number in pair
    }

    def swap(value: Any, entry: Entry) -> None:
        if not isinstance(value, dict) or entry.kind != "amendment.finalized":
            return
        if value.get("table") == "contract":
            other = dict(images[pair[value["number"]]])
            value.clear()
            value.update(other)
        elif value.get("table") == "agreement":
            ids = {images[number]["id"]: images[other]["id"] for number, other in pair.items()}
            value["contract_id"] = ids[value["contract_id"]]

    report = amended.verify(amended.forged(swap))
    assert "amendments" in failed(report), report.text()


@pytest.mark.parametrize(
    "name", ["document.pdf", "terms.json", "policy.json", "rendering.json", "signed.pdf"]
)
def test_a_file_of_an_amendment_that_is_missing_or_altered_is_named(amended: Sold, name: str) -> None:
    number = numbers(amended)[0]
    place = f"amendments/{number}/{name}"
    left = amended.sealed({key: data for key, data in amended.files.items() if key != place})
    assert f"amendment {number}" in failed(amended.verify(left))
    altered = amended.sealed({**amended.files, place: amended.files[place] + b" "})
    assert any(check.startswith(f"amendment {number}") for check in failed(amended.verify(altered)))


def test_an_amendment_left_out_is_missed(amended: Sold) -> None:
    """Without its entries the numbering has a gap; the entries beside them still follow it."""
    number = numbers(amended)[2]
    begun = first_index(amended, number)
    left = {
        name: data
        for name, data in amended.files.items()
        if not name.startswith((f"amendments/{number}/", f"entries/{begun:06d}"))
    }
    assert failed(amended.verify(amended.sealed(left)))
