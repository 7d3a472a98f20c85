import os
import stat
from pathlib import Path

import pytest
from flask import Flask

from ledger.note import parse_verifier
from market.config import Settings
from market.db import read
from market.keys import files, service
from market.keys.models import Key, Purpose


@pytest.fixture
def keyed(bare: Flask, settings: Settings) -> Flask:
    bare.extensions["settings"] = settings
    return bare


def test_the_exchange_publishes_its_manifest_and_log_keys(keyed: Flask, settings: Settings) -> None:
    for _ in range(2):
        service.on_founded()
    with read() as session:
        assert session.query(Key).count() == 6  # with the four of the authority
        manifest = service.manifest_key(session)
        (log,) = session.query(Key).filter_by(purpose=Purpose.LOG)
    assert parse_verifier(log.public_key).name == settings.origin
    assert (manifest.purpose, manifest.public_key != log.public_key) == (Purpose.MANIFEST, True)
    assert len(service.sign_manifest(b"manifest")) == 64


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
