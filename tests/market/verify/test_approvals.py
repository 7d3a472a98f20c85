"""A trade that second persons on both sides approved: a stranger holds it against documents and signatures."""

import json
from typing import Any

import pytest

from ledger import canonical
from ledger.entry import Entry
from ledger.note import parse_signer
from market.actor import Actor, Role
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.contracting import approving
from market.db import transaction
from market.keys import files as key_files
from tests import deals, evidence, people
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


def _approve(actor: Actor, number: str, *, approved: bool = True) -> None:
    shown = deals.of(number).document_digest
    with transaction() as session:
        if approved:
            approving.approve(session, actor, number, shown)
        else:
            approving.disapprove(session, actor, number, shown, "too dear")


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sold]:
    """Return the evidence for both parties and an auditor; an approval of an older version stands in it too."""
    home = tmp_path_factory.mktemp("approved")
    with evidence.exchange(sqlite_urls(home), home):
        deal = deals.requested()
        second = {one: people.colleague(one, Role.APPROVER) for one in (deal.provider, deal.buyer)}
        for one in second:
            with transaction() as session:
                ruling.put(session, one, Rule(Asks.ALWAYS))
        _approve(second[deal.provider], deal.number)
        deals.offer(deal.provider, deal.number, {"term.days": 180})
        deals.accept(deal.buyer, deal.number)
        _approve(second[deal.provider], deal.number)
        deals.sign(deal.provider, deal.number)
        _approve(second[deal.buyer], deal.number, approved=False)
        _approve(second[deal.buyer], deal.number)
        evidence_of = {"buyer": deal.buyer, "provider": deal.provider}
        evidence_of["auditor"] = people.colleague(people.operator(), Role.AUDITOR)
        deals.sign(deal.buyer, deal.number)
        evidence.look()
        files = {name: evidence.bundle(actor, deal.number) for name, actor in evidence_of.items()}
    sign = key_files.load_or_make_manifest(home / "keys", "manifest").sign
    return {name: Sold(found, parse_signer(LEDGER_KEY), sign) for name, found in files.items()}


@pytest.mark.parametrize(
    ("viewer", "shown", "hidden"),
    [("buyer", ["buyer"], 2), ("provider", ["provider"], 2), ("auditor", ["buyer", "provider"], 0)],
)
def test_each_sees_its_own_and_an_auditor_all(
    approved: dict[str, Sold], viewer: str, shown: list[str], hidden: int
) -> None:
    one = approved[viewer]
    report = one.verify(one.files)
    assert report.consistent, report.text()
    lines = {name: said for _outcome, name, said in report.lines if name.startswith("approval")}
    assert sorted(name for name in lines if name != "approvals") == [
        f"approval of the {who}" for who in shown
    ]
    for who in shown:
        said = f"approved for the {who} by a second person before it signed, this document"
        assert lines[f"approval of the {who}"] == said
    assert ("approvals" in lines) == bool(hidden)
    assert str(hidden) in lines.get("approvals", "0")
    assert (b"too dear" in one.files["openings.json"]) == (viewer != "provider")


def unnamed(value: Any, entry: Entry) -> None:
    """Let a signature name an approval that is none."""
    if entry.kind == "contract.signed" and isinstance(value, dict) and "approval" in value.get("note", {}):
        value["note"]["approval"] = OTHER


@pytest.mark.parametrize(
    "change",
    [
        rows("approval", document_digest="0" * 64),
        rows("approval", user_id=OTHER),
        rows("approval", organisation_id=OTHER),
        rows("approval", number="00000000000"),
        rows("approval", party="provider"),
        rows("approval", party="nobody"),
        rows("approval", "contract.disapproved", approved=True),
        rows("approval", "contract.approved", approved=False),
        unnamed,
    ],
)
def test_a_forged_approval_is_named(approved: dict[str, Sold], change: Change) -> None:
    one = approved["buyer"]
    report = one.verify(one.forged(change))
    assert "approvals" in failed(report), report.text()


def looked_up(one: Sold, table: str, name: str) -> str:
    """Return what a column of a table's first row holds."""
    rows_of = [item["value"] for item in json.loads(one.files["openings.json"]) if item["field"] == table]
    return str(rows_of[0][name])


def test_an_approval_by_the_signer_is_named(approved: dict[str, Sold]) -> None:
    """Rewritten in the row and in the entry alike."""
    one, signers = approved["auditor"], {}

    def look(value: Any, entry: Entry) -> None:
        if entry.kind == "contract.signed" and isinstance(value, dict) and "actor" in value:
            signers[value["actor"]["organisation"]] = value["actor"]["user"]

    def forge(value: Any, entry: Entry) -> None:
        if entry.kind == "contract.approved" and isinstance(value, dict):
            if "actor" in value:
                value["actor"]["user"] = signers[value["actor"]["organisation"]]
            else:
                value["user_id"] = signers[value["organisation_id"]]

    one.forged(look)
    report = one.verify(one.forged(forge))
    assert "approvals" in failed(report), report.text()
    assert "who signed for the" in report.text()


def test_an_approval_after_the_signature_is_named(approved: dict[str, Sold]) -> None:
    """What the buyer's people decided after the provider had signed is made the provider's own."""
    one = approved["auditor"]
    provider = looked_up(one, "request", "provider_id")

    def forge(value: Any, entry: Entry) -> None:
        if entry.kind.endswith("approved") and isinstance(value, dict):
            if "actor" in value:
                value["actor"]["organisation"] = provider
            else:
                value.update(party="provider", organisation_id=provider)

    report = one.verify(one.forged(forge))
    assert "approvals" in failed(report), report.text()
    assert "comes after it signed" in report.text()


def test_what_a_party_decided_is_not_kept_from_it(approved: dict[str, Sold]) -> None:
    """Who decided is shown to it, so what was decided must be."""
    one = approved["buyer"]
    openings = json.loads(one.files["openings.json"])
    kept = [item for item in openings if item["field"] != "approval"]
    hidden = [(item["entry"], item["field"]) for item in openings if item["field"] == "approval"]
    before = [tuple(pair) for pair in json.loads(one.files["manifest.json"])["withheld"]]
    files = {**one.files, "openings.json": canonical.encode(kept)}
    report = one.verify(one.sealed(files, withheld=(*before, *hidden)))
    assert "approvals" in failed(report), report.text()
