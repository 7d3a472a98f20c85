"""A contract that accepts a standing offer, and what its exchange could forge about it."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.examining import attached
from ledger import canonical
from ledger.entry import Entry
from ledger.note import parse_signer
from market import jobs
from market.keys import files as key_files
from market.verify import verify_files
from tests import evidence, offers
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Files, Sold, failed, leaves_of
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a contract in force by acceptance; the offer was withdrawn later."""
    home = tmp_path_factory.mktemp("taken")
    with evidence.exchange(sqlite_urls(home), home):
        offer = offers.opened(most=2)
        deal = offers.accepted(offer)
        jobs.drain()
        offers.withdraw(offer)
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def moved(sold: Sold, kind: str, before: str) -> Files:
    """Write the log with an entry right before the first of another kind."""
    leaves = {2 * index + 2: entry for index, entry in leaves_of(sold.files).items()}
    old = next(index for index, entry in leaves.items() if entry.kind == kind)
    goal = min(index for index, entry in leaves.items() if entry.kind == before)
    leaves[goal - 1] = leaves.pop(old)
    return sold.sealed(sold.logged(sold.files, dict(sorted(leaves.items()))))


def reworded(sold: Sold, tables: set[str], folder: str, change: Callable[[dict[str, Any]], None]) -> Files:
    """Let rows and files say other terms, with the digests to them."""
    terms = json.loads(sold.files[f"{folder}terms.json"])
    change(terms)
    text = canonical.encode(terms)

    def write(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") in tables:
            value.update(terms=text.decode(), terms_digest=hashlib.sha256(text).hexdigest())

    return sold.forged(write, {**sold.files, f"{folder}terms.json": text})


def cheaper(terms: dict[str, Any]) -> None:
    terms["values"]["price.amount"]["amount"] = 1


def longer(terms: dict[str, Any]) -> None:
    terms["values"]["term.days"] += 1


def without(sold: Sold, prefix: str) -> Files:
    return sold.sealed({name: data for name, data in sold.files.items() if not name.startswith(prefix)})


def test_an_acceptance_is_consistent_and_every_rule_is_told(taken: Sold) -> None:
    report = verify_files(taken.files, taken.trust)
    assert report.consistent, report.text()
    told = {name: detail for _outcome, name, detail in report.lines}
    assert told["offer: document"] == told["document"] == "set in type again, the terms give the same bytes"
    assert told["signatures"] == "signed by buyer, and by nobody else"
    assert told["offer: signatures"] == "signed by provider, and by nobody else"
    assert told["attachments"].startswith("contract.json and offer.pdf and policy.json are the ones given")
    assert "in buyer, number, date and origin alone" in told["offer: terms"]
    assert told["offer: open"].endswith("acceptance 1 of at most 2")
    assert told["offer: key of the provider"].startswith("published for this party")
    assert attached(taken.files["contract/signed.pdf"])["offer.pdf"] == taken.files["offer/signed.pdf"]


FORGED: dict[str, tuple[Callable[[Sold], Files], str]] = {
    "an offer at another price": (
        lambda sold: reworded(sold, {"standing_offer"}, "offer/", cheaper), "offer: terms"),
    "an offer at another price, signed": (
        lambda sold: reworded(sold, {"standing_offer"}, "offer/", cheaper), "offer: signature"),
    "a contract on other terms": (
        lambda sold: reworded(sold, {"contract", "version"}, "contract/", longer), "offer: terms"),
    "an offer of another provider": (
        lambda sold: sold.forged(rows("standing_offer", provider_id=OTHER)), "offer"),
    "an offer over another asset": (lambda sold: sold.forged(rows("standing_offer", asset_id=OTHER)), "offer"),
    "another offer than the contract names": (
        lambda sold: sold.forged(rows("standing_offer", number="0000000000A")), "offer"),
    "another offer than the request names": (lambda sold: sold.forged(rows("request", offer_id=OTHER)), "offer"),
    "an offer signed by another key": (lambda sold: sold.forged(rows("standing_offer", key_id=OTHER)),
        "offer: signature"),
    "an offer signed by nobody": (
        lambda sold: sold.sealed({**sold.files, "offer/signed.pdf": sold.files["offer/document.pdf"]}), "offer"),
    "an offer with bytes behind it": (
        lambda sold: sold.sealed({**sold.files, "offer/signed.pdf": sold.files["offer/signed.pdf"] + b"\n"}),
        "attachments"),
    "an offer signed after the contract was drawn up": (
        lambda sold: moved(sold, "offer.opened", "offer.withdrawn"), "offer: open"),
    "an offer withdrawn before": (
        lambda sold: moved(sold, "offer.withdrawn", "contract.signed"), "offer: open"),
    "an offer accepted too often": (
        lambda sold: sold.forged(rows("standing_offer", "contract.signed", taken=3)), "offer: open"),
    "an offer that was exhausted": (
        lambda sold: sold.forged(rows("standing_offer", "contract.signed", state="EXHAUSTED")), "offer: open"),
    "an acceptance that was not counted": (
        lambda sold: sold.forged(rows("standing_offer", "contract.signed", taken=0)), "offer: open"),
    "an offer good for more than was signed": (
        lambda sold: sold.forged(rows("standing_offer", most=9)), "offer: open"),
    "an offer open for longer than was signed": (
        lambda sold: sold.forged(rows("standing_offer", expires_at="2036-01-01T16:00:00.000Z")), "offer: open"),
    "an offer without its files": (lambda sold: without(sold, "offer/"), "offer"),
    "an offer without its entry": (lambda sold: sold.forged(rows("standing_offer", "offer.opened", table="key")),
        "openings"),
    "a contract that was only asked for": (
        lambda sold: sold.forged(rows("contract", "contract.requested", state="REQUESTED")), "offer"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.usefixtures("unset")
def test_a_forged_offer_is_refused_by_name(taken: Sold, name: str) -> None:
    forge, check = FORGED[name]
    report = taken.verify(forge(taken))
    assert check in failed(report), report.text()


@pytest.mark.usefixtures("unset")
def test_a_negotiated_contract_brings_no_offer(sold: Sold, taken: Sold) -> None:
    files = {**sold.files, "offer/signed.pdf": taken.files["offer/signed.pdf"]}
    assert "offer" in failed(sold.verify(sold.sealed(files)))
    asked = sold.forged(rows("contract", "contract.requested", state="AGREED"))
    assert "offer" in failed(sold.verify(asked))
