"""Searching the log: by object, party, kind and time; checkpoints over time; fsck on demand; everything as a file."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from ledger.canonical import from_base64
from ledger.merkle import Tree, leaf_hash, verify_consistency
from ledger.policy import Policy
from market import jobs
from market.actor import Actor, Role
from market.db import transaction
from market.keys.models import TimeStamp
from market.oversight import drawing, explorer, heads, publishing
from tests import assets, deals, evidence, people
from tests.conftest import Client
from tests.deals import Deal
from tests.market.oversight.test_desk import sign_in


@pytest.fixture(scope="module")
def deal(running: Flask) -> Deal:
    """A contract in force and published, beside matters of others."""
    assets.registered(assets.provider())
    publishing.publish()
    made = deals.requested()
    evidence.in_force(made)
    publishing.publish()
    return made


@pytest.fixture(scope="module")
def auditor(running: Flask) -> Actor:
    """A person who may look at everything."""
    return people.colleague(people.operator(), Role.AUDITOR)


@pytest.fixture
def client(running: Flask, auditor: Actor) -> Client:
    """The auditor's browser."""
    made = running.test_client()
    assert isinstance(made, Client)
    sign_in(made, auditor)
    return made


def test_search_by_party_kind_and_time(client: Client, deal: Deal, auditor: Actor) -> None:
    headers = people.bearer(auditor)

    def kinds(**query: str) -> list[str]:
        answer = client.get("/api/v1/entries", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["kind"] for item in answer.json["items"]]

    party = str(deal.buyer.organisation_id)
    assert set(kinds(party=party)) >= {"contract.requested", "contract.signed", "contract.finalized"}
    assert "asset.registered" not in kinds(party=party), (
        "somebody else's asset is none of the buyer's matters"
    )
    assert "asset.registered" in kinds(party=str(deal.provider.organisation_id))
    assert kinds(party=party, kind="contract.signed") == ["contract.signed"] * 2
    assert kinds(party=party, since="2999-01-01") == []
    assert kinds(party=party, until="2000-01-01") == []
    assert kinds(party="no such organisation") == []
    assert client.get("/api/v1/entries?since=soon", headers=headers).status_code == 422
    assert client.get("/audit?since=soon").status_code == 422


def test_what_is_found_leaves_as_a_file(client: Client, deal: Deal) -> None:
    asked = {"party": str(deal.buyer.organisation_id), "kind": "contract.signed"}
    rows = list(csv.DictReader(io.StringIO(client.get("/audit/export/csv", query_string=asked).text)))
    found = json.loads(client.get("/audit/export/json", query_string=asked).text)
    assert [row["entry_id"] for row in rows] == [row["entry_id"] for row in found]
    assert {row["kind"] for row in found} == {"contract.signed"}
    sign_in(client, deal.buyer)
    assert client.get("/audit/export/csv").status_code == 403


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_file_begins_a_formula(text: str) -> None:
    """No column holds people's text today; one that does some day is safe already."""
    for column in explorer.COLUMNS:
        row = {**dict.fromkeys(explorer.COLUMNS, "a=1"), column: text}
        file = io.StringIO("".join(explorer.as_csv(iter([row]))), newline="")
        assert list(csv.DictReader(file)) == [{**row, column: f"'{text}"}]


def test_checkpoints_grow_out_of_each_other(client: Client, deal: Deal) -> None:
    heads = client.get("/api/v1/checkpoints").json["items"]
    new, old = heads[0], heads[1]
    proof = client.get(f"/api/v1/checkpoints/{new['size']}/consistency/{old['size']}").json["hashes"]
    roots = from_base64(old["root"]), from_base64(new["root"])
    verify_consistency(old["size"], new["size"], [from_base64(item) for item in proof], *roots)
    page = client.get(f"/ledger/checkpoints/{new['size']}?old={old['size']}")
    assert proof[0] in page.text
    assert client.get("/ledger/checkpoints").text.count("/ledger/checkpoints/") >= len(heads)
    assert client.get(f"/api/v1/checkpoints/{old['size']}/consistency/{new['size']}").status_code == 422
    for size in (0, 2**60, 10**30):
        assert client.get(f"/ledger/checkpoints/{size}").status_code == 404
    assert client.get("/api/v1/checkpoints?cursor=x").status_code == 422


def test_a_checkpoint_shows_who_stamped_it_and_gives_the_token(client: Client, deal: Deal) -> None:
    head = client.get("/api/v1/checkpoints").json["items"][0]
    assert head["timestamps"] == []
    size, when = head["size"], datetime(2026, 11, 22, 11, 5, tzinfo=UTC)
    with transaction() as session:
        for place in "ba":
            session.add(
                TimeStamp(
                    size=size, authority=f"https://{place}.example/tsa", token=place.encode(), stamped_at=when,
                    asked_at=when,
                )
            )  # fmt: skip
    told = client.get(f"/api/v1/checkpoints/{size}").json["timestamps"]
    assert [one["authority"] for one in told] == ["https://a.example/tsa", "https://b.example/tsa"]
    assert from_base64(told[1]["token"]) == b"b"
    assert told == client.get("/api/v1/checkpoints").json["items"][0]["timestamps"]
    page = client.get(f"/ledger/checkpoints/{size}").text
    assert "https://b.example/tsa" in page
    assert f"/ledger/checkpoints/{size}/timestamp-1.tsr" in page
    with client.get(f"/ledger/checkpoints/{size}/timestamp-1.tsr") as answer:
        assert (answer.data, answer.content_type) == (b"b", "application/timestamp-reply")
        assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get(f"/ledger/checkpoints/{size}/timestamp-2.tsr").status_code == 404
    listed = client.get("/ledger/checkpoints", headers={"Accept-Language": "en"}).text
    assert listed.count("2026-11-22") >= 2


def test_the_policy_is_read_once_a_page(client: Client, deal: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Session] = []
    policy = heads.policy

    def counted(session: Session) -> Policy:
        asked.append(session)
        return policy(session)

    monkeypatch.setattr(heads, "policy", counted)
    assert len(client.get("/api/v1/checkpoints").json["items"]) > 1
    assert len(asked) == 1


def test_fsck_runs_when_asked_and_is_kept(client: Client, deal: Deal, auditor: Actor) -> None:
    headers = people.bearer(auditor)
    assert client.post("/api/v1/checks", headers=headers).status_code == 202
    assert client.post("/api/v1/checks", headers=headers).status_code == 202
    assert client.get("/api/v1/checks", headers=headers).json["waits"] is True
    jobs.drain()
    said = client.get("/api/v1/checks", headers=headers).json
    assert (said["waits"], [run["faults"] for run in said["items"]]) == (False, [0])
    page = client.get("/audit/fsck?lang=en")
    assert "no faults" in page.text
    assert client.post("/api/v1/checks", headers=people.bearer(deal.buyer)).status_code == 403
    assert said["items"][0]["entries"] > 0


@pytest.mark.parametrize("size", [1, 2, 7, 8, 300])
def test_a_proof_is_drawn_up_to_the_root(size: int) -> None:
    leaves = [b"%d" % number for number in range(size)]
    tree = Tree(map(leaf_hash, leaves))
    for index in {0, size // 2, size - 1}:
        drawn = drawing.inclusion(leaf_hash(leaves[index]), index, size, tree.inclusion(index))
        assert drawn.root == tree.root().hex()
        assert [item for _side, item in drawn.path] == [item.hex() for item in tree.inclusion(index)]
        assert all(0 < node.x < drawn.width and 0 < node.y < drawn.height for node in drawn.nodes)
