"""The doctor: one test a finding; each is named, with what to do, and no secret is shown."""

import json
import os
import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Connection, make_url, text

from contracts.render import toolchain
from ledger import note
from ledger.checkpoint import Checkpoint
from market import clock as clocks
from market import jobs, migrations
from market.actor import Actor, Role
from market.cli import qilu
from market.clock import utcnow
from market.config import Settings, SettingsError
from market.db import engine_for, read, transaction
from market.doctor import Finding, examine, machine
from market.doctor import database as databases
from market.keys import authority
from market.oversight import checks, publishing
from market.participants import factors
from market.serve import refuse
from market.steps import fsck
from tests import people
from tests.conftest import Clock

on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def finding(settings: Settings, subject: str, port: int | None = None) -> Finding:
    """Return what the doctor says about one thing."""
    return next(one for one in examine(settings, port) if one.subject == subject)


@pytest.fixture
def sound(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings without a fault; how full the disk of this machine is says nothing about them."""
    roomy = shutil.disk_usage("/")._replace(free=machine.ENOUGH_DISK)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: roomy)
    return replace(settings, secret_key=os.urandom(32).hex())


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody answers and hangs up."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as other:
        threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        yield other.server_address[1]
        other.shutdown()


def command(settings: Settings, *arguments: str, on: str = "doctor") -> Result:
    names = ("database_url", "database_owner_url", "storage_url", "base_url", "secret_key", "stripe_api_base",
             "stripe_secret_key", "stripe_webhook_secret", "ledger_origin", "ledger_signing_key")  # fmt: skip
    environment = {name.upper(): getattr(settings, name) for name in names}
    return CliRunner().invoke(
        qilu, [*on.split(), *arguments], env={"QILU_HOME": str(settings.home), **environment}
    )


def enrol(actor: Actor) -> None:
    """Give somebody an authenticator app."""
    assert actor.user_id is not None
    with transaction() as session:
        secret, _address = factors.begin_app(session, actor.user_id, "app@example.org")
    with transaction() as session:
        factors.confirm_app(session, actor.user_id, pyotp.TOTP(secret).at(clocks.now()))


def test_staff_without_a_second_factor_are_named(exchange: Flask, sound: Settings) -> None:
    assert "second factor" not in {one.subject for one in examine(sound)}, "there is no exchange yet"
    auditor = people.colleague(people.operator(), Role.AUDITOR)
    people.verified(Role.BUYER)
    found = finding(sound, "second factor")
    assert not found.well
    assert found.text.startswith("2 of the staff")
    assert "/me/second-factor" in found.text
    assert "@" not in found.text
    enrol(people.operator())
    enrol(auditor)
    assert finding(sound, "second factor").well


def test_an_exchange_without_an_authority_gets_one_by_a_command(exchange: Flask, sound: Settings) -> None:
    assert "not founded" in command(sound, on="keys authority").output
    people.operator()
    found = finding(sound, "authority")
    assert (found.well, "qilu keys authority" in found.text) == (False, True)
    made = command(sound, on="keys authority")
    assert made.exit_code == 0, made.output
    assert "ledger entry" in made.output
    assert finding(sound, "authority").well
    again = command(sound, on="keys authority")
    assert (again.exit_code, "nothing was changed" in again.output) == (0, True)
    with read() as session:
        assert len(authority.roots(session)) == 1
        assert list(fsck.check(session, migrations.metadata())) == []


def test_a_sound_exchange_has_nothing_wrong(exchange: Flask, sound: Settings) -> None:
    people.verified()
    enrol(people.operator())
    authority.publish()
    publishing.publish()
    standing = exchange.extensions["clock"]
    exchange.extensions["clock"] = utcnow  # the doctor's own application looks at the real one
    checks.on_fsck("")
    exchange.extensions["clock"] = standing
    found = list(examine(sound))
    assert [one for one in found if not one.well] == []
    assert {
        "settings",
        "disk",
        "storage",
        "typesetter",
        "schema",
        "jobs",
        "checkpoint",
        "rollback",
        "ledger",
        "clock",
    } <= {one.subject for one in found}


def test_the_command_prints_a_table_or_json_and_fails_on_a_fault(sound: Settings) -> None:
    well = command(sound)
    assert well.exit_code == 0, well.output
    assert "ok    settings" in well.output
    ill = command(replace(sound, ledger_origin="another.example/log"), "--json")
    assert ill.exit_code == 1
    (fault,) = [row for row in json.loads(ill.output) if not row["well"]]
    assert fault["subject"] == "LEDGER_ORIGIN"
    for secret in (
        sound.secret_key,
        sound.stripe_secret_key,
        sound.stripe_webhook_secret,
        sound.ledger_signing_key,
    ):
        assert secret not in well.output + ill.output


def test_settings_are_explained_by_the_list_that_the_start_reads(sound: Settings) -> None:
    ill = replace(sound, stripe_webhook_secret="wrong", locale="fr")
    said = [one.subject for one in examine(ill) if not one.well]
    assert said == ["STRIPE_WEBHOOK_SECRET", "LOCALE"]
    with pytest.raises(SettingsError, match=r"STRIPE_WEBHOOK_SECRET.*\n.*LOCALE"):
        refuse(ill)


def test_a_full_disk(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly = shutil.disk_usage("/")._replace(free=machine.ENOUGH_DISK - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: nearly)
    assert "make room" in finding(sound, "disk").text


def test_storage_that_cannot_be_written(sound: Settings) -> None:
    (sound.home / "file").write_text("not a folder")
    ill = replace(sound, storage_url=(sound.home / "file").as_uri())
    found = finding(ill, "storage")
    assert not found.well
    assert "STORAGE_URL" in found.text


def test_storage_of_an_unknown_kind(sound: Settings) -> None:
    found = finding(replace(sound, storage_url="carrier-pigeon://key:hidden@coop"), "storage")
    assert not found.well
    assert "hidden" not in found.text


def test_no_typesetter_or_fonts(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    toolchain.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = finding(sound, "typesetter")
    assert not found.well
    assert "pylopdf-fonts-zh-cn" in found.text


def test_a_port_that_something_else_holds(sound: Settings, taken: int) -> None:
    found = finding(sound, "port", taken)
    assert not found.well
    assert "choose another" in found.text


def test_a_free_port(sound: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert finding(sound, "port", free).well


def test_a_database_that_does_not_answer(sound: Settings, lane: str) -> None:
    nowhere = "/nonexistent/folder/qilu.db" if lane == "sqlite" else None
    url = f"sqlite:///{nowhere}" if nowhere else "postgresql+psycopg://qilu_app:hidden@127.0.0.1:9/qilu"
    found = finding(replace(sound, database_url=url), "database")
    assert not found.well
    assert "DATABASE_URL" in found.text
    assert "hidden" not in found.text


@on_postgresql
def test_a_wrong_password_is_not_repeated(sound: Settings) -> None:
    wrong = make_url(sound.database_url).set(username="nobody_here", password="hidden")
    found = finding(replace(sound, database_url=wrong.render_as_string(hide_password=False)), "database")
    assert not found.well
    assert "nobody_here" in found.text
    assert "hidden" not in found.text


@on_sqlite
def test_an_old_sqlite(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "WAL_FIXED", (99, 0, 0))
    found = finding(sound, "sqlite")
    assert not found.well
    assert "WAL-reset" in found.text


@on_postgresql
def test_a_role_that_owns_the_tables_is_named_and_refused(sound: Settings) -> None:
    ill = replace(sound, database_url=sound.database_owner_url)
    assert "owns" in finding(ill, "database role").text
    with pytest.raises(SettingsError, match="owns"):
        refuse(ill)


@on_postgresql
@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("UPDATE ON step", "may UPDATE step"),
        ("DELETE ON step", "may DELETE step"),
        ("TRUNCATE ON step", "may TRUNCATE step"),
        ("TEMP ON DATABASE {database}", "may TEMP in the database"),
    ],
)
def test_a_role_that_may_do_more_than_it_must_is_named_and_refused(
    sound: Settings, right: str, said: str
) -> None:
    owner = engine_for(sound.database_owner_url)
    with owner.connect() as connection, connection.begin():
        connection.execute(text(f"GRANT {right.format(database=owner.url.database)} TO qilu_app"))
    owner.dispose()
    assert said in finding(sound, "database role").text
    with pytest.raises(SettingsError, match=said):
        refuse(sound)


@on_postgresql
def test_a_role_of_its_own_is_well(sound: Settings) -> None:
    refuse(sound)
    assert finding(sound, "database role").well


def test_a_schema_that_is_not_the_newest(settings: Settings, empty_urls: object) -> None:
    ill = replace(settings, database_url=empty_urls.app, database_owner_url=empty_urls.owner)  # type: ignore[attr-defined]
    found = finding(ill, "schema")
    assert not found.well
    assert "qilu db upgrade" in found.text


def test_jobs_that_nobody_does(exchange: Flask, sound: Settings, clock: Clock) -> None:
    with transaction() as session:
        jobs.queue(session, "nobody.cares", due_at=clock() - databases.LATE)
    assert not finding(sound, "jobs").well
    assert "running?" in finding(sound, "jobs").text


def test_a_clock_behind_the_newest_entry(exchange: Flask, sound: Settings, clock: Clock) -> None:
    clock.advance(days=36_500)
    people.applied()
    found = finding(sound, "clock")
    assert not found.well
    assert "behind the newest entry" in found.text


def test_a_key_that_did_not_sign_what_is_published(exchange: Flask, sound: Settings) -> None:
    people.applied()
    publishing.publish()
    ill = replace(sound, ledger_signing_key=note.generate("exchange.example/log").secret_text())
    assert "was not signed by" in finding(ill, "checkpoint").text
    with pytest.raises(SettingsError, match="was not signed by"):
        refuse(ill)


def test_a_database_that_knows_less_than_was_signed(exchange: Flask, sound: Settings) -> None:
    people.applied()
    head = publishing.publish()
    assert head is not None
    signer = note.parse_signer(sound.ledger_signing_key)
    ahead = signer.sign(Checkpoint(head.origin, head.size + 7, head.root).text())
    (publishing.folder() / "checkpoint").write_text(ahead)
    found = finding(sound, "rollback")
    assert not found.well
    assert "qilu restore" in found.text


def test_a_row_changed_behind_our_back(exchange: Flask, sound: Settings, lane: str) -> None:
    people.applied()
    publishing.publish()
    owner = engine_for(sound.database_owner_url if lane == "postgresql" else sound.database_url)
    with owner.connect() as connection, connection.begin():
        for statement in unguarded(connection, lane):
            connection.execute(text(statement))
        connection.execute(text("UPDATE organisation SET name_en = 'Somebody Else'"))
    owner.dispose()
    found = finding(sound, "ledger")
    assert not found.well
    assert "qilu ledger fsck" in found.text


def unguarded(connection: Connection, lane: str) -> list[str]:
    """Return what takes the guards of one table away, as somebody with the owner's rights can."""
    if lane == "postgresql":
        return ["ALTER TABLE organisation DISABLE TRIGGER USER"]
    found = connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'organisation'")
    )
    return [f'DROP TRIGGER "{name}"' for name in found]


def test_storage_probes_leave_nothing(sound: Settings) -> None:
    finding(sound, "storage")
    assert [path for path in Path(sound.home / "storage").rglob("*") if path.is_file()] == []
