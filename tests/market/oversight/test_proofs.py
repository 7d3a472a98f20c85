"""The page of one entry: public proof, what each reader may open, and files that the verifier takes."""

import io
import re
import uuid
from pathlib import Path

import pytest
from flask import Flask

from ledger.verify import main
from market.actor import Actor, Role
from market.db import read
from market.oversight import publishing
from market.steps import story
from tests import assets, deals, evidence, people
from tests.conftest import Client
from tests.deals import Deal
from tests.market.oversight.test_desk import sign_in

HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def deal(running: Flask) -> Deal:
    """A contract in force, published."""
    made = deals.requested()
    evidence.in_force(made)
    publishing.publish()
    return made


@pytest.fixture
def client(running: Flask) -> Client:
    """A client of the exchange."""
    made = running.test_client()
    assert isinstance(made, Client)
    return made


def first_entry(client: Client, deal: Deal) -> str:
    items = client.get(f"/api/v1/trades/{deal.number}/entries", headers=people.bearer(deal.buyer)).json[
        "items"
    ]
    return str(items[0]["entry_id"])


def shown(client: Client, entry: str, actor: Actor | None) -> str:
    if actor is not None:
        sign_in(client, actor)
    answer = client.get(f"/entries/{entry}", headers=HTML)
    assert answer.status_code == 200
    return answer.text


def test_anybody_sees_the_proof_and_the_parties_what_it_opens_to(client: Client, deal: Deal) -> None:
    entry = first_entry(client, deal)
    public = shown(client, entry, None)
    assert "Contract requested" in public
    assert "/entry.tlog-proof" in public
    assert deal.number not in public
    assert "Salt" not in public
    stranger = shown(client, entry, people.verified(Role.BUYER))
    assert deal.number not in stranger
    for party in (deal.buyer, deal.provider):
        opened = shown(client, entry, party)
        assert f"/contracts/{deal.number}" in opened
        assert "Salt" in opened
    auditor = people.colleague(people.operator(), Role.AUDITOR)
    assert "Salt" in shown(client, entry, auditor)
    assert "Salt" not in shown(client, entry, people.operator())


def test_the_command_on_the_page_holds(client: Client, deal: Deal, tmp_path: Path) -> None:
    entry = first_entry(client, deal)
    page = shown(client, entry, None)
    for address in (f"/entries/{entry}/entry.json", f"/entries/{entry}/entry.tlog-proof"):
        assert address in page
        answer = client.get(address)
        match = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
        assert match
        (tmp_path / match[1]).write_bytes(answer.data)
    policy = client.get("/ledger/trust-policy.txt")
    assert "attachment" in policy.headers["Content-Disposition"]
    (tmp_path / "trust-policy.txt").write_bytes(policy.data)
    match = re.search(r"python -m ledger (verify \S+ --trust [^<\s]+)<", page)
    assert match
    verb, proof, option, trust = match[1].split()
    said = io.StringIO()
    assert main([verb, str(tmp_path / proof), option, str(tmp_path / trust)], said) == 0
    assert "contract.requested is entry" in said.getvalue()


def test_an_unknown_entry_is_not_found(client: Client) -> None:
    for tail in ("", "/entry.json", "/entry.tlog-proof"):
        assert client.get(f"/entries/{uuid.uuid4()}{tail}", headers=HTML).status_code == 404


def test_a_registration_number_leads_to_its_certificate(client: Client) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with read() as session:
        entry = next(step.id for step, _ in story(session, asset.handle) if step.kind == "asset.registered")
    page = client.get(f"/certificates/{asset.number}", headers=HTML)
    assert page.status_code == 200
    assert str(asset.number) in page.text
    assert f"/entries/{entry}" in page.text
    assert client.get("/certificates/00000000000", headers=HTML).status_code == 404
    assert "Salt" not in client.get(f"/entries/{entry}", headers=HTML).text
    sign_in(client, provider)
    assert "Salt" in client.get(f"/entries/{entry}", headers=HTML).text
