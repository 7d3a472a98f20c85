"""The drill, and the three commands as an operator types them."""

import fcntl
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, func, insert, select, text

from ledger import cosign
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.models import LedgerWitnessed
from ledger.note import generate, parse_signer
from market import clock, config, jobs, steps
from market.cli import qilu
from market.config import Settings, SettingsError
from market.db import engine_for, read, transaction
from market.governance import rotation
from market.governance.archive import BackupError
from market.governance.drill import practise, prefix, sweep
from market.oversight import publishing
from market.rules import book
from market.steps import Kind
from market.witnessing import holding
from tests import people, trades
from tests.conftest import Clock

on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@pytest.fixture
def published(exchange: Flask) -> Flask:
    trades.platform(exchange)
    people.verified()
    jobs.drain()
    assert publishing.publish() is not None
    return exchange


def command(settings: Settings, *arguments: str, **changes: str) -> Result:
    names = ("database_url", "database_owner_url", "storage_url", "base_url", "secret_key", "stripe_api_base",
             "stripe_secret_key", "stripe_webhook_secret", "ledger_origin", "ledger_signing_key")  # fmt: skip
    environment = {name.upper(): getattr(settings, name) for name in names}
    return CliRunner().invoke(
        qilu, list(arguments), env={"QILU_HOME": str(settings.home), **environment, **changes}
    )


def databases(settings: Settings) -> list[str]:
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        found = connection.scalars(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"),
            {"prefix": prefix(settings)},
        ).all()
    engine.dispose()
    return list(found)


def test_a_drill_is_an_entry_and_leaves_nothing(published: Flask, settings: Settings, lane: str) -> None:
    before = sorted(
        path for path in settings.home.rglob("*") if path.is_file() and "qilu.db" not in path.name
    )
    done = command(settings, "drill")
    assert done.exit_code == 0, done.output
    after = sorted(path for path in settings.home.rglob("*") if path.is_file() and "qilu.db" not in path.name)
    assert after == before
    assert lane == "sqlite" or databases(settings) == []
    with read() as session:
        step = session.scalars(select(steps.Step).where(steps.Step.kind == Kind.DRILL_COMPLETED.value)).one()
        (about,) = steps.openings(session, step.id)
    assert str(step.id) in done.output
    assert isinstance(about.value, dict)
    note: Any = about.value["note"]
    assert note["entries"] > 5
    assert note["bytes"] > 10_000
    assert publishing.publish() is not None


@on_sqlite
def test_a_drill_that_fails_is_no_entry(published: Flask, settings: Settings) -> None:
    trades.in_force()
    publishing.publish()
    lost = next(path for path in (settings.home / "storage" / "blobs").rglob("*") if path.is_file())
    lost.unlink()
    failed = command(settings, "drill")
    assert failed.exit_code == 1
    assert lost.name in str(failed.exception)
    with read() as session:
        kinds = set(session.scalars(select(steps.Step.kind)))
    assert Kind.DRILL_COMPLETED.value not in kinds
    assert [path for path in settings.home.iterdir() if "drill" in path.name] == []


@on_sqlite
def test_what_a_killed_drill_left_is_swept(published: Flask, settings: Settings) -> None:
    left, running = settings.home / "qilu-drill-dead", settings.home / "qilu-drill-alive"
    for folder in (left, running):
        folder.mkdir()
        (folder / "drill.tar").write_text("private keys")
    descriptor = os.open(running, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    practise(settings)
    assert not left.exists()
    assert running.exists(), "it is another drill's, which goes on"
    os.close(descriptor)
    sweep(settings.home)
    assert not running.exists()


@on_sqlite
def test_a_drill_after_the_logs_key_was_changed(published: Flask, settings: Settings, clock: Clock) -> None:
    """Heads of a key that is gone are known by what the backup says of the log's keys."""
    secrets = f"SECRET_KEY={settings.secret_key}\nLEDGER_SIGNING_KEY={settings.ledger_signing_key}\n"
    (settings.home / "secrets.env").write_text(secrets)
    rotation.begin()
    people.applied()
    publishing.publish()
    clock.advance(days=book().value("key.overlap_days"))
    rotation.retire()
    publishing.publish()
    new = Settings.load({"DATABASE_URL": settings.database_url}, settings.home)
    figures = practise(replace(new, database_owner_url=settings.database_owner_url))
    assert figures.entries > 5


OPERATOR = (
    "user", "create-operator", "--name-zh", "岱云数据交易所", "--name-en", "Daiyun Data Exchange",
    "--credit-code", "91990000MA0QLDE01H", "--established-on", "2024-05-20", "--person", "岱宁",
    "--email", "operator@exchange.example", "--phone", "+8653100000000", "--password", "a long password of nobody",
)  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("typed", [("drill",), ("ledger", "rotate"), ("ledger", "retire"), OPERATOR])
def test_no_command_writes_over_a_database_that_knows_too_little(
    published: Flask, settings: Settings, typed: tuple[str, ...]
) -> None:
    path = publishing.folder() / CHECKPOINT
    signer = parse_signer(settings.ledger_signing_key)
    path.write_text(signer.sign(Checkpoint(signer.name, 1000, bytes(32)).text()), "utf-8")
    with read() as session:
        before = session.scalar(select(func.count()).select_from(steps.Step))
    failed = command(settings, *typed)
    assert failed.exit_code == 1
    assert "covers 1000 entries" in str(failed.exception)
    with read() as session:
        assert session.scalar(select(func.count()).select_from(steps.Step)) == before


@on_postgresql
def test_an_owner_who_may_make_no_database_is_told_what_to_grant(
    published: Flask, settings: Settings
) -> None:
    owner = engine_for(settings.database_owner_url)
    with owner.connect() as connection:
        assert connection.scalar(text("SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"))
    owner.dispose()
    modest = settings.database_owner_url.replace("qilu_owner", "qilu_app")
    changed = replace(settings, database_owner_url=modest)
    with pytest.raises(SettingsError, match="ALTER ROLE qilu_app CREATEDB"):
        practise(changed)


def test_backup_and_restore_as_an_operator_types_them(
    published: Flask, settings: Settings, tmp_path: Path, lane: str
) -> None:
    (settings.home / "secrets.env").write_text("SECRET_KEY=" + settings.secret_key)
    (settings.home / "secrets.env").chmod(0o600)
    file, home = tmp_path / "backup.tar", tmp_path / "again"
    made = command(settings, "backup", str(file), "--keys")
    assert made.exit_code == 0, made.output
    with tarfile.open(file) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert manifest["secret"] is True
    assert f"{manifest['size']} entries" in made.output
    if lane == "postgresql":
        refused = command(settings, "restore", str(file), "--home", str(home))
        assert refused.exit_code == 1
        assert "DATABASE_URL" in str(refused.exception)
        return
    checkpoint = str(publishing.folder() / CHECKPOINT)
    places = {"DATABASE_URL": "", "STORAGE_URL": ""}
    arguments = ("restore", str(file), "--home", str(home), "--checkpoint", checkpoint)
    done = command(settings, *arguments, **places)
    assert done.exit_code == 0, done.output
    assert "MISSING" not in done.output
    assert "UNPINNED" not in done.output
    assert (home / "secrets.env").read_text() == (settings.home / "secrets.env").read_text()
    assert {path.name for path in (home / "keys").iterdir()} == {
        path.name for path in (config.current().home / "keys").iterdir()
    }
    again = command(settings, *arguments, **places)
    assert again.exit_code == 1
    assert "holds something already" in str(again.exception)


WITNESS = cosign.generate("witness.example").verifier
"""Of a witness that does not answer."""


def policy_in(folder: Path) -> Path:
    path = folder / "policy.txt"
    path.write_text(f"witness w {WITNESS} http://127.0.0.1:9\n", "utf-8")
    return path


@on_sqlite
@pytest.mark.parametrize("name", ["policy.txt", "../policy.txt", "{home}/policy.txt", "{home}/../policy.txt"])
def test_a_drill_finds_the_files_that_settings_name(published: Flask, settings: Settings, name: str) -> None:
    policy_in(settings.home.parent if ".." in name else settings.home)
    done = command(settings, "drill", LEDGER_POLICY=name.format(home=settings.home))
    assert done.exit_code == 0, done.exception or done.output


def restored(file: Path, settings: Settings, policy: str, home: Path) -> Result:
    places = {"DATABASE_URL": "", "STORAGE_URL": "", "LEDGER_POLICY": policy}
    return command(settings, "restore", str(file), "--home", str(home), **places)


@on_sqlite
@pytest.mark.parametrize("name", ["policy.txt", "{home}/policy.txt"])
def test_a_backup_carries_the_files_that_settings_name(
    published: Flask, settings: Settings, tmp_path: Path, name: str
) -> None:
    policy_in(settings.home)
    file, home = tmp_path / "backup.tar", tmp_path / "again"
    assert command(settings, "backup", str(file), LEDGER_POLICY="policy.txt").exit_code == 0
    done = restored(file, settings, name.format(home=home), home)
    assert done.exit_code == 0, done.exception or done.output
    assert str(WITNESS) in (home / "policy.txt").read_text()


@on_sqlite
def test_a_named_file_that_lay_outside_is_in_the_backup_too(
    published: Flask, settings: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = policy_in(tmp_path_factory.mktemp("etc"))
    file, home = tmp_path / "backup.tar", tmp_path / "again"
    assert command(settings, "backup", str(file), LEDGER_POLICY=str(policy)).exit_code == 0
    policy.unlink()
    refused = restored(file, settings, str(policy), home)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, BackupError)
    assert "LEDGER_POLICY=outside/ledger_policy" in str(refused.exception)
    assert not home.exists()
    done = restored(file, settings, "outside/ledger_policy", home)
    assert done.exit_code == 0, done.exception or done.output


@on_sqlite
def test_a_restore_puts_watched_logs_on_hold(published: Flask, settings: Settings, tmp_path: Path) -> None:
    signer, now = generate("before.example/log"), clock.now()
    head = Checkpoint(signer.name, 1, bytes(32)).text()
    note = signer.sign(head) + cosign.generate("witness.example").cosign(head, int(now.timestamp()))
    with transaction() as session:
        row = {"origin": signer.name, "since": 0, "size": 1, "root": bytes(32), "note": note, "time": now}
        session.execute(insert(LedgerWitnessed).values(row))
    watched = settings.home / "watched.txt"
    watched.write_text(f"log {generate('named.example/log').verifier}\n", "utf-8")
    file, home = tmp_path / "backup.tar", tmp_path / "again"
    assert command(settings, "backup", str(file), LEDGER_WITNESSED="watched.txt").exit_code == 0
    places = {"DATABASE_URL": "", "STORAGE_URL": "", "LEDGER_WITNESSED": "watched.txt"}
    done = command(settings, "restore", str(file), "--home", str(home), **places)
    assert done.exit_code == 0, done.exception or done.output
    for origin in ("before.example/log", "named.example/log"):
        assert holding.is_held(home, origin)
        assert f"qilu ledger resume {origin}" in done.output
    assert not holding.is_held(settings.home, "before.example/log")
