"""The auditors' desk, the API of entries, and the ledger as the public sees it."""

import zipfile
from io import BytesIO

import pytest
from flask import Flask

from ledger import entry as entries
from ledger.evidence import POLICY
from ledger.merkle import leaf_hash
from ledger.note import parse_signer
from ledger.policy import parse_policy
from ledger.proof import parse_proof
from ledger.tiles import decode_bundle
from market.actor import Actor, Role
from market.config import current
from market.db import read, transaction
from market.oversight import explorer, publishing, service
from market.oversight.visibility import SHOWN, Viewer
from market.participants import access, web
from market.steps import steps_of
from tests import deals, evidence, people
from tests.conftest import Client
from tests.deals import Deal


@pytest.fixture(scope="module")
def deal(running: Flask) -> Deal:
    """A contract in force, published."""
    made = deals.requested()
    evidence.in_force(made)
    publishing.publish()
    return made


@pytest.fixture(scope="module")
def auditor(running: Flask) -> Actor:
    """A person who may look at everything."""
    return people.colleague(people.operator(), Role.AUDITOR)


@pytest.fixture
def client(running: Flask) -> Client:
    """A client of the exchange."""
    made = running.test_client()
    assert isinstance(made, Client)
    return made


def sign_in(client: Client, actor: Actor) -> None:
    """Let a browser be this person's, through the session cookie alone."""
    assert actor.user_id is not None
    with transaction() as session:
        secret = access.begin_session(
            session, actor.user_id, "nobody@example.org", "tests", second_factor=True
        )
    client.set_cookie(web.COOKIE, secret)


def test_entries_come_with_proofs_and_openings(client: Client, deal: Deal) -> None:
    answer = client.get(f"/api/v1/trades/{deal.number}/entries", headers=people.bearer(deal.buyer))
    assert answer.status_code == 200
    body = answer.json
    assert [item["kind"] for item in body["items"]] == [
        "contract.requested", "contract.signed", "contract.signed", "contract.finalized",
    ]  # fmt: skip
    assert body["viewer"] == "buyer"
    trust = parse_policy(f"log {parse_signer(current().ledger_signing_key).verifier}\nquorum none\n".encode())
    for item in body["items"]:
        leaf = item["leaf"].encode()
        assert parse_proof(item["proof"].encode()).check(leaf, trust)
        entry = entries.parse(leaf)
        assert item["index"] is not None
        for opening in item["openings"]:
            digest = entries.commitment(bytes.fromhex(opening["salt"]), opening["field"], opening["value"])
            assert entry.commitments[opening["field"]] == digest
    assert body["items"][1]["withheld"] == ["step"], "who signed for the other side is theirs to tell"
    assert body["items"][2]["withheld"] == []


def test_an_entry_is_public_its_openings_are_not(client: Client, deal: Deal) -> None:
    with read() as session:
        handle = service.of_trade(session, deal.buyer, deal.number).handle
        step = steps_of(session, handle)[0]
    answer = client.get(f"/api/v1/entries/{step.id}")
    assert answer.status_code == 200
    assert answer.json["entry_id"] == str(step.id)
    assert "openings" not in answer.json
    assert client.get(f"/api/v1/entries/{deal.buyer.organisation_id}").status_code == 404


def test_another_organisation_s_trade_is_not_there(client: Client, deal: Deal) -> None:
    stranger = people.bearer(people.verified(Role.BUYER))
    for path in (f"/api/v1/trades/{deal.number}/entries", f"/api/v1/trades/{deal.number}/bundle.zip"):
        assert client.get(path, headers=stranger).status_code == 404
        assert client.get(path, headers=people.bearer(people.operator())).status_code == 403
        assert client.get(path).status_code == 401


def test_the_bundle_is_a_file_to_keep(client: Client, deal: Deal) -> None:
    answer = client.get(f"/api/v1/trades/{deal.number}/bundle.zip", headers=people.bearer(deal.buyer))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="qilu-{deal.number}.zip"'
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        names = archive.namelist()
        readme = archive.read("README.md").decode()
        policy = archive.read(POLICY).decode()
    assert {"manifest.json", "manifest.sig", "checkpoint", "openings.json", "contract/document.pdf"} <= set(
        names
    )
    assert "qilu verify BUNDLE --trust FILE" in readme
    assert deal.number in readme
    assert policy.split()[1] in readme, "nothing in the README is escaped for HTML"


def test_the_desk_searches_everything(client: Client, deal: Deal, auditor: Actor) -> None:
    sign_in(client, auditor)
    with read() as session:
        handle = service.of_trade(session, auditor, deal.number).handle
        step = steps_of(session, handle)[0]
    for words in (deal.number, deal.number.lower(), handle, str(step.id)):
        page = client.get("/audit", query_string={"q": words, "lang": "en"})
        assert page.status_code == 200
        assert "contract.requested" in page.text
        assert ">File stored and registration drafted</a>" not in page.text
    page = client.get("/audit?kind=asset.drafted&lang=en")
    assert page.text.count(">File stored and registration drafted</a>") == 1
    assert "No step fits" in client.get("/audit?q=nothing&lang=en").text
    assert client.get("/audit?cursor=x").status_code == 422


def test_the_desk_is_for_auditors(client: Client, deal: Deal) -> None:
    sign_in(client, deal.buyer)
    assert client.get("/audit").status_code == 403
    with read() as session:
        handle = service.of_trade(session, deal.buyer, deal.number).handle
    assert client.get(f"/audit/{handle}").status_code == 403
    page = client.get(f"/audit/{deal.number}?lang=en")
    assert page.status_code == 200
    assert "Inclusion proof against the signed checkpoint" in page.text
    assert "not shown to your side of the trade" in page.text
    assert f'href="/audit/{deal.number}/bundle.zip"' in page.text
    assert client.get(f"/audit/{deal.number}/bundle.zip").mimetype == "application/zip"
    assert client.get("/audit/0000000000A").status_code == 404


def test_an_auditor_reads_any_object(client: Client, deal: Deal, auditor: Actor) -> None:
    sign_in(client, auditor)
    page = client.get(f"/audit/{deal.number}?lang=en")
    assert "not shown to your side" not in page.text
    with read() as session:
        asset = service.of_trade(session, auditor, deal.number).asset_id
        assert asset is not None
        page_of_asset = (
            explorer.search(session, auditor, explorer.Search(kind="asset.registered")).items[0].object
        )
    assert "asset.inspected" in client.get(f"/audit/{page_of_asset}").text
    assert client.get(f"/audit/{'a' * 26}").status_code == 404


def test_the_public_reads_the_log_as_files(client: Client, deal: Deal) -> None:
    page = client.get("/ledger?lang=en")
    assert page.status_code == 200
    checkpoint = client.get("/ledger/checkpoint")
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=1"
    note = checkpoint.text
    checkpoint.close()
    size = int(note.split("\n")[1])
    tile = client.get(f"/ledger/tile/0/000.p/{size}")
    bundle = client.get(f"/ledger/tile/entries/000.p/{size}")
    for answer in (tile, bundle):
        assert answer.status_code == 200
        assert answer.content_type == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
    leaves = decode_bundle(bundle.data)
    assert tile.data == b"".join(leaf_hash(leaf) for leaf in leaves)
    assert deal.number.encode() not in bundle.data
    tile.close()
    bundle.close()


def test_nothing_but_the_log_is_served(client: Client, deal: Deal) -> None:
    for path in (
        "0/999", "9/000", "entries/../checkpoint", "0/000.p/999", "../../secrets.env", "0/x001/", ".lock", "0/%2e%2e",
    ):  # fmt: skip
        assert client.get(f"/ledger/tile/{path}").status_code == 404, path


def test_the_table_of_openings_names_what_it_hides() -> None:
    assert SHOWN["asset"] == {Viewer.AUDITOR}
    assert Viewer.BUYER not in SHOWN["inspection.preview"]
    assert Viewer.PROVIDER not in SHOWN["operation.url"]
