"""The page of one entry: public proof, what each reader may open, and files that the verifier takes."""

import io
import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert

from ledger import cosign
from ledger.models import LedgerCosignature
from ledger.note import ML_DSA_COSIGNATURE, parse_note
from ledger.verify import main
from market import config
from market.actor import Actor, Role
from market.db import read, transaction
from market.oversight import heads, publishing, writer
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


def test_the_commands_for_others_name_only_witnesses_that_they_know(running: Flask, deal: Deal) -> None:
    witness = cosign.generate("postquantum.example", ML_DSA_COSIGNATURE)
    settings = config.current()
    path = settings.home / "policy"
    path.write_text(f"witness w {witness.verifier} http://127.0.0.1:9\n", "utf-8")
    with transaction() as session:
        head = heads.witnessed(session)
        assert head is not None
        line = witness.cosign(parse_note(head.note)[0], 1)
        values = {"size": head.size, "key": str(witness.verifier), "line": line, "time": head.time}
        session.execute(insert(LedgerCosignature).values(values))
    running.extensions["settings"] = replace(settings, ledger_policy=str(path))
    with read() as session:
        found = writer.gather(session, deal.buyer, deal.number)
    readme = writer.write(found)["README.md"].decode()
    running.extensions["settings"] = settings
    assert f"--witness-vkey '{witness.verifier}' --threshold 1" in readme
    assert "--witness-key" not in readme
    assert "--quorum 0" in readme


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
