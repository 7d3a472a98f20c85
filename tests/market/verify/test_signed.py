"""The signed file in a bundle: what its writer could forge is refused by a rule that needs no other evidence."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.certificates import load
from ledger.entry import Entry
from ledger.policy import parse_policy
from market import bundle
from market.verify import signed, verify_bundle
from tests.contracts.authority import Authority
from tests.contracts.tampers import comment, flipped, nothing, ranges, rewrite, room, updated
from tests.market.verify.conftest import Sold, failed

pytestmark = pytest.mark.sqlite
GOLDEN = Path(__file__).with_name("golden") / "trade-0.1.zip"
"""The evidence of a trade under 0.1, made before signatures stood in the file."""
FILE = f"contract/{signed.FILE}"


def test_every_rule_of_the_signed_file_is_told(sold: Sold, unset: None) -> None:
    report = sold.verify(dict(sold.files))
    assert report.consistent, report.text()
    told = {name: detail for _outcome, name, detail in report.lines}
    for role in ("provider", "buyer"):
        assert told[f"key of the {role}"].endswith("held by the exchange")
        assert "not revoked" in told[f"certificate of the {role}"]
        assert told[f"time stamp of the {role}"].startswith("made by ")
    assert told["coverage"] == "the last signature covers the whole file"
    assert "nothing changed" in told["changes"]


def test_a_bundle_of_0_1_verifies_for_ever() -> None:
    files = bundle.read(GOLDEN)
    report = verify_bundle(GOLDEN, parse_policy(files["trust-policy.txt"]))
    assert report.consistent, report.text()
    told = {name: detail for _outcome, name, detail in report.lines}
    assert told["signature of the buyer"] == "terms, document and model text are the ones signed"
    assert told["document"].startswith(("set in type again", "NOT RE-RENDERED"))


@pytest.mark.parametrize(
    "name", ["contract/document.pdf", "contract/terms.json", "keys.json", "openings.json"]
)
def test_a_bundle_of_0_1_is_refused_once_it_is_changed(name: str, unset: None) -> None:
    from market.verify import verify_files

    files = bundle.read(GOLDEN)
    trust = parse_policy(files["trust-policy.txt"])
    changed = {**files, name: flipped(files[name], random.Random(1).randrange(8 * len(files[name])))}
    assert not verify_files(changed, trust).consistent


def named(digest: str, role: str = "buyer") -> Callable[[Any, Entry], None]:
    """Let the entries themselves name another file as the one in force."""

    def change(value: Any, entry: Entry) -> None:
        if not isinstance(value, dict):
            return
        if value.get("table") == "signature" and value["role"] == role:
            value["file_digest"] = digest
        if value.get("table") == "contract" and value["final_digest"]:
            value["final_digest"] = digest

    return change


TAMPERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a bit in a page's content": (lambda file: flipped(file, 8 * 20_000), "rendered text"),
    "a bit in the last revision": (lambda file: flipped(file, 8 * (room(file, 1)[1] + 100)), "signature of the buyer"),
    "a bit in the first signature": (lambda file: flipped(file, 8 * (room(file, 0)[0] + 90)), "signature"),
    "a digit of the padding": (
        lambda file: file[: room(file, 0)[1] - 9] + b"1" + file[room(file, 0)[1] - 8 :], "signature of the provider",
    ),
    "a byte appended": (lambda file: file + b"\n", "coverage"),
    "a page rewritten": (lambda file: updated(file, rewrite), "signatures"),
    "a comment laid over": (lambda file: updated(file, comment), "signatures"),
    "the second signature cut off": (lambda file: file[: sum(ranges(file, 0)[2:])], "signatures"),
    "a revision of nothing": (lambda file: updated(file, nothing), "signatures"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERS)
def test_a_tampered_file_is_refused(sold: Sold, unset: None, name: str) -> None:
    """First as a change of the file alone, then by whoever can rewrite log and bundle to name the tampered file."""
    change, rule = TAMPERS[name]
    file = change(sold.files[FILE])
    files = {**sold.files, FILE: file}
    assert "file" in failed(sold.verify(sold.sealed(files)))
    forged = sold.forged(named(hashlib.sha256(file).hexdigest()), files)
    report = sold.verify(forged)
    assert any(name.startswith(rule) for name in failed(report)), report.text()


@pytest.mark.parametrize(
    ("name", "data", "check"),
    [
        ("revocations/0.crl", b"", "certificate of the buyer"),
        ("revocations/9.crl", b"nothing", "certificate of the buyer"),
        ("contract/signed.tst", b"nothing", "time stamp of the document"),
        ("contract/signed.tst", Authority().stamper()(bytes(32)), "time stamp of the document"),
    ],
)
def test_what_lies_beside_the_file_must_hold_too(
    sold: Sold, unset: None, name: str, data: bytes, check: str
) -> None:
    assert check in failed(sold.verify(sold.sealed({**sold.files, name: data})))


def test_without_the_signed_file_the_contract_is_not_proved(sold: Sold, unset: None) -> None:
    left = {name: data for name, data in sold.files.items() if name != FILE}
    assert "contract" in failed(sold.verify(sold.sealed(left)))


def test_the_lists_in_the_file_are_enough(sold: Sold, unset: None) -> None:
    left = {name: data for name, data in sold.files.items() if not name.startswith(signed.LISTS)}
    assert sold.verify(sold.sealed(left)).consistent


def test_the_certificate_names_the_organisation_and_its_code(sold: Sold) -> None:
    import base64
    import json

    for row in json.loads(sold.files["keys.json"]):
        if row["purpose"] == "party":
            subject = load(base64.b64decode(row["public_key"])).subject.rfc4514_string()
            assert "2.5.4.97=91" in subject
