"""A third party measures a listed file on its own machine, signs it, and its figures stand beside the exchange's."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from market import signer, statement_file
from market.cli import qilu
from market.inspection.grading import grade
from market.signer import Key
from tests import people
from tests.flows import assessing
from tests.flows.assessing import EMAIL, attach, registration
from tests.flows.browser import Browser
from tests.flows.hall import Caller, Hall
from tests.flows.test_own_keys import token

PASSWORD = "the laboratory's own"


@pytest.fixture
def assessor(hall: Hall) -> Caller:
    """Return the administrator of a body that the operator accredited, who is its assessor too; one in each hall."""
    hall.assessor = hall.assessor or assessing.assessor(hall)
    return hall.assessor


def run(hall: Hall, person: Caller, *arguments: str | Path) -> Result:
    environment = {"QILU_EXCHANGE": hall.url, "QILU_TOKEN": token(person), "QILU_KEY_PASSWORD": PASSWORD}
    return CliRunner().invoke(qilu, [*map(str, arguments)], env=environment)


def certified(hall: Hall, person: Caller, folder: Path) -> tuple[Path, Path]:
    """Make a key by the command, have it certified, and return its file and that of the certificate."""
    key, certificate = folder / "lab.pem", folder / "lab.crt"
    made = run(hall, person, "keys", "request", "--key", key, "--device", "laboratory")
    assert made.exit_code == 0, made.output
    printed = run(hall, person, "keys", "certificate", "--key", key)
    assert printed.exit_code == 0, printed.output
    certificate.write_text(printed.stdout)
    return key, certificate


def inspected(hall: Hall, person: Caller, folder: Path, content: bytes) -> Path:
    """Measure and sign a file by the command; return what it wrote."""
    key, certificate = certified(hall, person, folder)
    file = folder / "data.csv"
    file.write_bytes(content)
    done = run(hall, person, "inspect", file, "--key", key, "--certificate", certificate)
    assert done.exit_code == 0, done.output
    written = folder / "data.csv.attestation.json"
    assert f"signed: {written}" in done.stderr
    return written


def test_a_third_party_stands_beside_the_exchange(hall: Hall, assessor: Caller, tmp_path: Path) -> None:
    number, page = registration(hall, hall.free), f"/listings/{hall.free}/inspection"
    listed = hall.buyer.fetch(f"/api/v1/listings/{hall.free}/inspection").json()
    goods = {good.digest: good for good in (hall.weather, hall.divisions)}
    written = inspected(hall, assessor, tmp_path, goods[listed["report"]["file"]["digest"]].content)
    browser = Browser(hall.url)
    browser.open("/sign-in?lang=en")
    browser.press("/sign-in", email=EMAIL, password=people.PASSWORD)
    assert f"/attestations/new?number={number}" in browser.open(f"/certificates/{number}")
    browser.open(f"/attestations/new?number={number}")
    assert "Write a number of 11" in browser.send("/attestations", written, 422, number="")
    browser.send("/attestations", written, number=number)
    name = assessor.get("/api/v1/me")["organisation"]["name_en"]
    shown = browser.open(f"{page}?lang=en")
    assert f"Measured by {name}" in shown
    assert "Every figure is the same as the exchange’s." in shown
    after = hall.buyer.get(f"/api/v1/listings/{hall.free}/inspection")
    assert (after["report"], after["report_digest"]) == (listed["report"], listed["report_digest"])
    (one,) = after["attestations"]
    assert (one["report"], one["differs"]) == (listed["report"], [])
    linked = browser.download(f"/listings/{hall.free}/inspection.jsonld").decode()
    assert one["credit_code"] in linked
    assert attach(assessor, number, written.read_bytes()) == (200, ""), "the same again is nothing new"
    trade = hall.agree(hall.free)
    hall.receive(trade)
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(hall.bundle(trade))
    verified = CliRunner().invoke(qilu, ["verify", str(bundle)])
    assert verified.exit_code == 0, verified.output
    assert f"measured and signed by {one['credit_code']}" in verified.output


def test_other_figures_are_marked_in_both_languages(hall: Hall, assessor: Caller, tmp_path: Path) -> None:
    written = inspected(hall, assessor, tmp_path, hall.weather.content)
    document = json.loads(written.read_bytes())
    report = document["report"]
    for figure in report["quality"]:
        if (figure["code"], figure["column"]) == ("0305", None):
            figure["numerator"] -= 5
    report["grade"] = grade(report["quality"])
    number = registration(hall, hall.priced)
    edited = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert attach(assessor, number, edited) == (422, "attestation.digest_mismatch")
    key = signer.with_certificates(signer.load(tmp_path / "lab.pem", PASSWORD), tmp_path / "lab.crt")
    assert isinstance(key, Key)
    beside = {"report_digest": "", "preview": {}, "engine": document["statement"]["engine"]}
    statement_file.write(tmp_path / "data.csv", report | beside, key)
    assert attach(assessor, number, written.read_bytes()) == (200, "")
    browser = Browser(hall.url)
    assert "<strong>differs</strong>" in browser.open(f"/listings/{hall.priced}/inspection?lang=en")
    assert "<strong>不同</strong>" in browser.open(f"/listings/{hall.priced}/inspection?lang=zh")


def test_what_is_not_so_is_refused(hall: Hall, assessor: Caller, tmp_path: Path) -> None:
    written = inspected(hall, assessor, tmp_path, hall.weather.content + b"2016-01-01,0.0,1.0,0.0,1.0,sun\n")
    number = registration(hall, hall.priced)
    assert attach(assessor, number, written.read_bytes()) == (409, "attestation.other_file")
    assert attach(assessor, number, b"{}") == (422, "attestation.malformed")
    assert attach(assessor, "A" * 11, written.read_bytes()) == (404, "asset.not_found")
    (tmp_path / "own").mkdir()
    own = inspected(hall, hall.provider, tmp_path / "own", hall.weather.content)
    assert attach(hall.provider, number, own.read_bytes()) == (403, "role.missing")
    assert attach(assessor, number, own.read_bytes()) == (422, "attestation.certificate_foreign")


def test_a_lost_key_signs_nothing_new(hall: Hall, assessor: Caller, tmp_path: Path) -> None:
    written = inspected(hall, assessor, tmp_path, hall.weather.content)
    document = json.loads(written.read_bytes())
    key = signer.load(tmp_path / "lab.pem", PASSWORD)
    listed = assessor.get("/api/v1/signing-keys")["items"]
    (which,) = [one["id"] for one in listed if one["fingerprint"] == key.fingerprint]
    assessor.post(f"/api/v1/signing-keys/{which}/revocation", {"reason": "lost"})
    engine = document["statement"]["engine"] | {"polars": "9.9"}
    beside = {"report_digest": "", "preview": {}, "engine": engine}
    signed = signer.with_certificates(key, tmp_path / "lab.crt")
    statement_file.write(tmp_path / "data.csv", document["report"] | beside, signed)
    refused = attach(assessor, registration(hall, hall.priced), written.read_bytes())
    assert refused == (409, "certificate.revoked")


def test_a_key_without_a_certificate_signs_no_inspection(
    hall: Hall, assessor: Caller, tmp_path: Path
) -> None:
    key, _certificate = certified(hall, assessor, tmp_path)
    file = tmp_path / "data.csv"
    file.write_bytes(b"a,b\n1,2\n")
    refused = run(hall, assessor, "inspect", file, "--key", key)
    assert (refused.exit_code, "--certificate" in refused.stderr) == (1, True)
    (tmp_path / "other").mkdir()
    _other, foreign = certified(hall, assessor, tmp_path / "other")
    refused = run(hall, assessor, "inspect", file, "--key", key, "--certificate", foreign)
    assert (refused.exit_code, "no certificate of this key" in refused.stderr) == (1, True)
    assert not (tmp_path / "data.csv.attestation.json").exists()
