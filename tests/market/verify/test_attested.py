"""A bundle that brings an inspection by a third party: held against its key, its report and its file."""

import pytest

from ledger.note import parse_signer
from market.keys import files as key_files
from tests import assets, attestations, deals, evidence
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


@pytest.fixture(scope="module")
def attested(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a contract in force over data that a third party measured too, otherwise."""
    home = tmp_path_factory.mktemp("attested")
    with evidence.exchange(sqlite_urls(home), home):
        provider, body, content = assets.provider(), attestations.body(), deals.content()
        asset = assets.registered(provider, content)
        assert asset.number
        report = attestations.odd(attestations.measured(content))
        attestations.attach(body, asset.number, body.file(report))
        deal = deals.requested(provider, listing=assets.listed(provider, asset))
        evidence.in_force(deal)
        files = evidence.bundle(deal.buyer, deal.number)
    sign = key_files.load_or_make_manifest(home / "keys", "manifest").sign
    return Sold(files, parse_signer(LEDGER_KEY), sign)


def name_of(one: Sold) -> str:
    report = one.verify(one.files)
    assert report.consistent, report.text()
    (name,) = [name for _outcome, name, _said in report.lines if name.startswith("inspection of entry")]
    return name


def test_it_is_consistent_and_names_who_measured(attested: Sold) -> None:
    name = name_of(attested)
    told = {name: said for _outcome, name, said in attested.verify(attested.files).lines}
    assert told[name].startswith("measured and signed by 9199")


def other_report(value: object, _entry: object) -> None:
    """Let a report say something else, under digests that are right."""
    if isinstance(value, dict) and value.get("table") == "attestation":
        value["report"] = value["report"].replace('"rows":5', '"rows":6')


@pytest.mark.parametrize(
    "change",
    [
        other_report,
        rows("attestation", report_digest="0" * 64),
        rows("attestation", statement_digest="0" * 64),
        rows("attestation", organisation_id=OTHER),
        rows("attestation", certificate_id=OTHER),
        rows("attestation", revision_id=OTHER),
        rows("attestation", signature="AAAA"),
        rows("attestation", attested_at="2020-01-01T00:00:00.000Z"),
        rows("attestation", statement='{"purpose":"qilu-contract-signature-v1"}'),
        rows("certificate", state="revoked"),
        rows("certificate", lane="own"),
        rows("certificate", organisation_id=OTHER),
    ],
)
def test_a_forged_inspection_is_named(attested: Sold, change: Change) -> None:
    report = attested.verify(attested.forged(change))
    assert name_of(attested) in failed(report), report.text()
