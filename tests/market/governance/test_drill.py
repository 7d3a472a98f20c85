"""The drill, and the three commands as an operator types them."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, select, text

from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.note import parse_signer
from market import config, jobs, steps
from market.cli import qilu
from market.config import Settings, SettingsError
from market.db import engine_for, read
from market.governance import rotation
from market.governance.archive import BackupError
from market.governance.drill import practise, prefix, require_sound
from market.oversight import publishing
from market.rules import book
from market.steps import Kind
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


@on_sqlite
def test_a_drill_is_no_entry_over_a_database_that_knows_too_little(
    published: Flask, settings: Settings
) -> None:
    path = publishing.folder() / CHECKPOINT
    signer = parse_signer(settings.ledger_signing_key)
    path.write_text(signer.sign(Checkpoint(signer.name, 1000, bytes(32)).text()), "utf-8")
    with pytest.raises(BackupError, match="covers 1000 entries"):
        require_sound()


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
