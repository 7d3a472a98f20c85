"""Backup and restore, on both databases: what comes back, what is refused, and what a restored exchange may do."""

import os
import shutil
import stat
import tarfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from sqlalchemy import func, select

from ledger import reader
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.note import parse_signer
from market import config, db, jobs, migrations, steps, storage
from market.config import Settings
from market.db import read, transaction
from market.governance.afterwards import NOTE, log_restored
from market.governance.archive import BackupError, DamagedError
from market.governance.backup import Made, backup, named
from market.governance.guard import Guard
from market.governance.restore import Restored, restore, told
from market.oversight import publishing
from market.oversight.publishing import Publisher
from market.steps import Kind
from tests import people, trades
from tests.market.governance.conftest import Serving
from tests.waiting import SECONDS, joined

on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
"""Where the database makes no difference."""


@pytest.fixture
def traded(exchange: Flask) -> Flask:
    """An exchange with a trade in force, its log published."""
    trades.platform(exchange)
    trades.in_force()
    assert publishing.publish() is not None
    return exchange


@pytest.fixture
def published(exchange: Flask) -> Flask:
    """An exchange with people only, its log published."""
    trades.platform(exchange)
    people.verified()
    jobs.drain()
    assert publishing.publish() is not None
    return exchange


@pytest.fixture
def file(published: Flask, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar"
    made(target)
    return target


def made(target: Path, *, keys: bool = False) -> Made:
    return backup(config.current(), target, keys=keys)


def put_back(
    file: Path,
    home: Path,
    elsewhere: dict[str, str],
    checkpoint: Path | None = None,
    mirror: str | None = None,
    journal: Sequence[X25519PrivateKey] = (),
) -> tuple[Restored, Settings]:
    """Restore beside the running exchange; its settings are for another folder and database."""
    settings = config.current()

    def load(folder: Path) -> Settings:
        place = {"database_url": f"sqlite:///{folder / 'qilu.db'}", **elsewhere}
        return replace(settings, home=folder, storage_url=(folder / "storage").as_uri(), **place)

    return restore(file, home, load, str(checkpoint) if checkpoint else None, mirror, journal), load(home)


def rows(settings: Settings) -> dict[str, int]:
    engine = db.engine_for(settings.database_url)
    with engine.connect() as connection:
        tables = [table for source in migrations.metadata() for table in source.sorted_tables]
        found = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }
    engine.dispose()
    return {name: count for name, count in found.items() if name != "ledger_mark"}


def test_everything_comes_back(
    traded: Flask, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    file = tmp_path / "backup.tar"
    made(file)
    before = rows(config.current())
    with read() as session:
        files = named(session, migrations.metadata())
        hashes = reader.leaf_hashes(session, reader.size(session))
    checkpoint = publishing.folder() / CHECKPOINT
    restored, settings = put_back(file, tmp_path / "copy", elsewhere, checkpoint)
    assert restored.proof.faults == []
    assert [head.size for head in restored.proof.agrees] == [len(hashes)]
    assert not restored.proof.missing
    assert rows(settings) == before
    assert len(files) > 3
    store = storage.open_store(settings.storage_url)
    assert {digest for digest in files if store.read(digest)} == files
    assert (settings.home / "ledger" / CHECKPOINT).read_bytes() == checkpoint.read_bytes()
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    said = list(told(restored, settings.home))
    assert not any("MISSING" in line or "UNPINNED" in line for line in said)
    with serving(settings).app_context():
        people.applied()
        assert publishing.publish() is not None, "the copy goes on where the backup ends"
        with read() as session:
            assert reader.leaf_hashes(session, len(hashes)) == hashes


@on_sqlite
def test_the_names_of_files_are_those_that_the_store_holds(traded: Flask) -> None:
    """Whoever stores under a new column must mark it, else a backup would leave its files out."""
    blobs = config.current().home / "storage" / "blobs"
    with read() as session:
        assert named(session, migrations.metadata()) == {
            path.name for path in blobs.rglob("*") if path.is_file()
        }


@on_sqlite
def test_a_backup_is_for_its_owner_alone_and_replaces_nothing(published: Flask, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    keys = config.current().home / "keys"
    assert list(keys.iterdir())
    made(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as tar:
        assert not any(name.startswith(("keys/", "secrets")) for name in tar.getnames())
    before = target.read_bytes()
    with pytest.raises(BackupError, match=r"backup\.tar"):
        made(target)
    assert target.read_bytes() == before
    with_keys = tmp_path / "with-keys.tar"
    made(with_keys, keys=True)
    with tarfile.open(with_keys) as tar:
        assert {f"keys/{path.name}" for path in keys.iterdir()} <= set(tar.getnames())
    assert sorted(path.name for path in tmp_path.iterdir() if "backup-" in path.name) == []


def test_writers_do_not_wait_and_the_copy_is_of_one_moment(
    published: Flask, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    ended, wrote = threading.Event(), []

    def write() -> None:
        with published.app_context():
            while not ended.is_set():
                wrote.append(people.applied().id)
                publishing.publish()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        number = 0
        while number < 3 or (not wrote and writer.is_alive()):
            number += 1
            made(tmp_path / f"{number}.tar")
        assert wrote
    finally:
        ended.set()
        joined([writer])
    restored, _settings = put_back(
        tmp_path / f"{number}.tar", tmp_path / "copy", elsewhere, publishing.folder() / CHECKPOINT
    )
    assert restored.proof.faults == []


@on_sqlite
def test_a_lost_file_does_not_prevent_a_backup_but_is_named(
    traded: Flask, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    blobs = config.current().home / "storage" / "blobs"
    lost, changed, *_others = [path for path in blobs.rglob("*") if path.is_file()]
    lost.unlink()
    changed.write_bytes(b"something else")
    assert sorted(made(tmp_path / "backup.tar").manifest.missing) == sorted([lost.name, changed.name])
    restored, settings = put_back(tmp_path / "backup.tar", tmp_path / "copy", elsewhere)
    assert any(lost.name in line for line in told(restored, settings.home))


@on_sqlite
def test_a_changed_backup_is_refused(file: Path, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    content = file.read_bytes()
    place = content.index(b"organisation.applied")
    file.write_bytes(content[:place] + b"organisation.refused" + content[place + 20 :])
    with pytest.raises(DamagedError, match="was changed"):
        put_back(file, tmp_path / "copy", elsewhere)
    assert not (tmp_path / "copy").exists()


@on_sqlite
def test_half_a_backup_is_refused(file: Path, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(DamagedError):
        put_back(file, tmp_path / "copy", elsewhere)
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == []


@on_sqlite
def test_a_folder_that_holds_something_is_refused(
    file: Path, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    home = tmp_path / "copy"
    home.mkdir()
    (home / "something").touch()
    with pytest.raises(BackupError, match="copy"):
        put_back(file, home, elsewhere)
    assert [path.name for path in home.iterdir()] == ["something"]


@on_sqlite
def test_addresses_that_name_the_wanted_folder_are_meant(
    published: Flask, file: Path, tmp_path: Path
) -> None:
    home = tmp_path / "copy"

    def load(folder: Path) -> Settings:
        place = f"sqlite:///{home / 'data' / 'qilu.db'}"
        stored = (home / "elsewhere").as_uri()
        return replace(config.current(), home=folder, database_url=place, storage_url=stored)

    restore(file, home, load)
    assert (home / "data" / "qilu.db").exists()
    assert (home / "elsewhere" / "blobs").is_dir()


def test_a_database_that_holds_something_is_refused(published: Flask, file: Path, tmp_path: Path) -> None:
    settings = config.current()
    here = {"database_url": settings.database_url, "database_owner_url": settings.database_owner_url}
    before = rows(settings)
    with pytest.raises(BackupError, match="DATABASE_URL"):
        put_back(file, tmp_path / "copy", here)
    assert rows(settings) == before


def test_another_history_is_refused_and_the_database_left_empty(
    file: Path, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    signer = parse_signer(config.current().ledger_signing_key)
    kept = tmp_path / "kept"
    kept.write_text(signer.sign(Checkpoint(signer.name, 3, bytes(32)).text()), "utf-8")
    with pytest.raises(DamagedError, match="not those of this log"):
        put_back(file, tmp_path / "copy", elsewhere, kept)
    assert not (tmp_path / "copy").exists()
    put_back(file, tmp_path / "copy", elsewhere)


@on_sqlite
def test_a_checkpoint_of_another_log_is_no_evidence(
    file: Path, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    with pytest.raises(BackupError, match="no checkpoint of this log"):
        put_back(file, tmp_path / "copy", elsewhere, file)


def test_an_old_backup_says_what_is_missing_and_its_exchange_does_not_sign(
    published: Flask, file: Path, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    with read() as session:
        size = reader.size(session)
    for _one in range(3):
        people.applied()
    head = publishing.publish()
    assert head is not None
    newer = publishing.folder() / CHECKPOINT
    restored, settings = put_back(file, tmp_path / "copy", elsewhere, newer)
    assert restored.proof.missing == range(size, size + 3)
    assert any(f"entries {size} to {size + 2}" in line for line in told(restored, settings.home))
    shutil.copy(newer, settings.home / "ledger" / CHECKPOINT)  # what the world still sees
    app = serving(settings)
    with app.app_context():
        guard, publisher = Guard(app, beat=3600), Publisher(app)
        guard.start()
        publisher.start()
        for part in (publisher, guard):
            part.stop(SECONDS)
        assert "qilu restore" in str(db.read_only())
        with read() as session:
            latest = reader.latest_checkpoint(session)
            assert latest is not None
            assert latest.size == size, "nothing was signed over the older copy"
    assert (settings.home / "ledger" / CHECKPOINT).read_bytes() == newer.read_bytes()
    assert (settings.home / NOTE).exists(), "the step of restoring waits until the exchange may write"


def test_restoring_is_a_step_once_the_exchange_works(
    published: Flask, file: Path, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    _restored, settings = put_back(file, tmp_path / "copy", elsewhere)
    app = serving(settings)
    with app.app_context():
        guard = Guard(app, beat=3600)
        guard.start()
        guard.stop(SECONDS)
        assert not (settings.home / NOTE).exists()
        log_restored(settings.home)
        with read() as session:
            found = session.scalars(
                select(steps.Step).where(steps.Step.kind == Kind.EXCHANGE_RESTORED.value)
            ).all()
        assert len(found) == 1
        people.verified()
        jobs.drain()
        with transaction() as session:
            assert session.scalar(select(1))
