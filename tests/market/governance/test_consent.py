"""A restored exchange: nothing but its witnesses, or its operator, says that nobody saw more than its backup."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.cosign import Cosigner, generate
from ledger.note import parse_signer
from market import config, db, steps
from market.cli import qilu
from market.config import Settings
from market.doctor import restoring
from market.errors import Unavailable
from market.governance import afterwards, guard, heads
from market.governance.archive import BackupError, Manifest
from market.governance.guard import RESTORED, Guard
from market.governance.heads import Head
from market.oversight import publishing
from market.steps import Kind
from tests import people
from tests.waiting import SECONDS, until

on_sqlite = pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
WITNESSES = [generate(f"w{number}.example") for number in range(3)]
ALL = "group all-of-them all w0 w1 w2\nquorum all-of-them\n"
TWO = "group two 2 w0 w1 w2\nquorum two\n"


def policy(settings: Settings, witnesses: list[Cosigner], quorum: str) -> Settings:
    lines = [f"witness w{place} {one.verifier} http://127.0.0.1:9" for place, one in enumerate(witnesses)]
    (settings.home / "policy").write_text("\n".join([*lines, quorum]), "utf-8")
    return replace(settings, ledger_policy="policy")


def answer(head: Checkpoint, witness: Cosigner = WITNESSES[0]) -> Head:
    return Head("a witness", head.size, head.root, witness.verifier)


@pytest.fixture
def restored(exchange: Flask, settings: Settings, tmp_path: Path) -> Checkpoint:
    """An exchange with one witness that lies as a restore left it; the head of its log."""
    exchange.extensions["settings"] = policy(settings, WITNESSES[:1], "")
    people.applied()
    head = publishing.publish()
    assert head is not None
    file = tmp_path / "backup.tar"
    file.write_bytes(b"a backup")
    manifest = Manifest("2026-11-22T11:00:00.000Z", "sqlite", "1", "exchange.example/log", [], head.size)
    afterwards.leave_note(settings.home, file, manifest)
    return head


def looked_at(app: Flask, *answers: Head) -> None:
    one = Guard(app, lambda: answers, beat=3600)
    one.start()
    one.stop(SECONDS)


@on_sqlite
@pytest.mark.parametrize(
    ("quorum", "answered", "enough"),
    [
        ("", [], False),
        ("", [0], False),
        ("", [0, 1, 2], True),
        (TWO, [0], False),
        (TWO, [0, 2], True),
        (ALL, [1], True),
        ("quorum none\n", [0, 1], False),
        ("quorum none\n", [0, 1, 2], True),
        ("quorum w1\n", [0, 2], False),
        ("quorum w1\n", [1], True),
    ],
)
def test_the_silent_ones_must_not_make_up_a_quorum(
    settings: Settings, quorum: str, answered: list[int], enough: bool
) -> None:
    keys = [parse_signer(settings.ledger_signing_key).verifier]
    seen = [answer(Checkpoint("x", 1, bytes(32)), WITNESSES[place]) for place in answered]
    assert heads.suffice(policy(settings, WITNESSES, quorum), keys, seen) is enough


@on_sqlite
def test_silence_is_no_consent(exchange: Flask, restored: Checkpoint) -> None:
    people.applied()
    looked_at(exchange)
    assert db.read_only() == RESTORED
    publisher = publishing.Publisher(exchange)
    publisher.start()
    publisher.stop(SECONDS)
    with pytest.raises(Unavailable), db.transaction():
        pass
    assert (publishing.folder() / CHECKPOINT).read_text().split("\n")[1] == str(restored.size)
    assert afterwards.awaits_consent(config.current().home)


def test_a_witness_that_agrees_opens_the_door(exchange: Flask, restored: Checkpoint) -> None:
    looked_at(exchange, answer(restored))
    assert db.read_only() is None
    assert not (config.current().home / afterwards.NOTE).exists(), "the restore is a step"


@on_sqlite
def test_a_witness_that_answers_later_is_asked_on_every_beat(exchange: Flask, restored: Checkpoint) -> None:
    answers: list[Head] = []
    one = Guard(exchange, lambda: answers, beat=0.02)
    one.start()
    time.sleep(0.2)
    assert db.read_only() is not None
    answers.append(answer(restored))
    until(lambda: db.read_only() is None)
    one.stop(SECONDS)
    assert db.read_only() is None


@on_sqlite
def test_without_a_restore_silence_stops_nothing(exchange: Flask, restored: Checkpoint) -> None:
    (config.current().home / afterwards.NOTE).unlink()
    looked_at(exchange)
    assert db.read_only() is None


@on_sqlite
def test_an_operator_accepts_a_checkpoint_and_the_step_says_so(exchange: Flask, restored: Checkpoint) -> None:
    settings = config.current()
    names = ("database_url", "secret_key", "base_url", "stripe_api_base", "ledger_origin", "ledger_signing_key",
             "ledger_policy")  # fmt: skip
    environment = {name.upper(): getattr(settings, name) for name in names}
    place = str(publishing.folder() / CHECKPOINT)
    done = CliRunner().invoke(
        qilu,
        ["ledger", "accept", "--checkpoint", place],
        env={"QILU_HOME": str(settings.home), **environment},
    )
    assert done.exit_code == 0, done.exception or done.output
    assert f"{restored.size} entries" in done.output
    looked_at(exchange)
    assert db.read_only() is None
    with db.read() as session:
        kind = Kind.EXCHANGE_RESTORED.value
        step = session.scalars(select(steps.Step).where(steps.Step.kind == kind)).one()
        (about,) = steps.openings(session, step.id)
    assert about.value["note"]["accepted"] == {"size": restored.size, "root": restored.root.hex()}  # type: ignore[call-overload]
    with pytest.raises(BackupError, match="nothing to accept"):
        guard.accept(place)


@on_sqlite
def test_what_the_database_does_not_know_is_not_accepted(
    exchange: Flask, restored: Checkpoint, tmp_path: Path
) -> None:
    signer = parse_signer(config.current().ledger_signing_key)
    ahead = tmp_path / "ahead"
    ahead.write_text(signer.sign(Checkpoint(signer.name, restored.size + 1, bytes(32)).text()), "utf-8")
    with pytest.raises(BackupError, match="the database knows of"):
        guard.accept(str(ahead))
    assert afterwards.awaits_consent(config.current().home)


@on_sqlite
def test_a_restore_that_cannot_be_written_now_is_written_at_a_later_beat(
    exchange: Flask, restored: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []
    write = afterwards.log_restored

    def busy_at_first(home: Path) -> None:
        tried.append(home)
        if len(tried) == 1:
            raise OSError("the database is busy")
        write(home)

    monkeypatch.setattr(afterwards, "log_restored", busy_at_first)
    one = Guard(exchange, lambda: [answer(restored)], beat=0.02)
    one.start()
    until(lambda: not (config.current().home / afterwards.NOTE).exists())
    one.stop(SECONDS)
    assert not (config.current().home / afterwards.NOTE).exists()


@on_sqlite
def test_the_doctor_says_what_a_restored_exchange_waits_for(exchange: Flask, restored: Checkpoint) -> None:
    settings = config.current()
    (found,) = restoring.examine(settings)
    assert (found.well, found.text) == (False, RESTORED)
    (settings.home / afterwards.NOTE).unlink()
    assert list(restoring.examine(settings)) == []


@on_sqlite
def test_who_writes_once_looks_first(exchange: Flask, restored: Checkpoint) -> None:
    with pytest.raises(Unavailable, match="ledger accept"):
        guard.look_once()
    assert db.read_only() == RESTORED
