import os
import stat
import uuid
from pathlib import Path

import pytest
from flask import Flask

from contracts import signing
from ledger.note import parse_verifier
from market import steps
from market.config import Settings
from market.db import read
from market.errors import Conflict
from market.keys import files, service
from market.keys.models import Key, Purpose


@pytest.fixture
def keyed(bare: Flask, settings: Settings) -> Flask:
    bare.extensions["settings"] = settings
    return bare


def test_a_party_key_is_published_once_and_signs(keyed: Flask) -> None:
    owner = uuid.uuid4()
    for _ in range(2):
        service.on_verified(str(owner))
    with read() as session:
        keys = session.query(Key).all()
        key = service.party_key(session, owner)
        assert [key.id for key in keys] == [key.id]
        assert [step.kind for step in steps.chain(session, key.id)] == ["key.published"]
    signing.verify(key.public_key, "statement", service.sign_statement(key, "statement"))


def test_the_exchange_publishes_its_manifest_and_log_keys(keyed: Flask, settings: Settings) -> None:
    for _ in range(2):
        service.on_founded()
    with read() as session:
        assert session.query(Key).count() == 5  # with the three of the authority
        manifest = service.manifest_key(session)
        (log,) = session.query(Key).filter_by(purpose=Purpose.LOG)
    assert parse_verifier(log.public_key).name == settings.origin
    assert (manifest.purpose, manifest.public_key != log.public_key) == (Purpose.MANIFEST, True)
    assert len(service.sign_manifest(b"manifest")) == 64


def test_without_a_published_key_nothing_is_signed(keyed: Flask) -> None:
    with read() as session, pytest.raises(Conflict):
        service.party_key(session, uuid.uuid4())


def test_a_replaced_key_file_signs_nothing(keyed: Flask, settings: Settings) -> None:
    owner = uuid.uuid4()
    service.on_verified(str(owner))
    with read() as session:
        key = service.party_key(session, owner)
    (settings.home / "keys" / f"party-{owner}.pem").unlink()
    with pytest.raises(Conflict):
        service.sign_statement(key, "statement")


def test_key_files_are_for_their_owner_only_and_stay(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = files.load_or_make_party(folder, "party-a")
    again = files.load_or_make_party(folder, "party-a")
    assert first.private_numbers() == again.private_numbers()
    assert stat.S_IMODE(os.stat(folder / "party-a.pem").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["party-a.pem"]
    with pytest.raises(ValueError, match="not a key file name"):
        files.load_or_make_party(folder, "../outside")
