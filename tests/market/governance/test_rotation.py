"""A new log key is vouched for by the old, both sign, the old goes; whatever is cut off is taken up again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ledger import fsck, reader
from ledger.models import LedgerCheckpoint
from ledger.note import VerifierKey, generate, parse_note, parse_signer
from market import db
from market.config import Settings
from market.db import read, transaction
from market.errors import Conflict
from market.governance import rotation
from market.keys import ring
from market.keys import service as keys
from market.oversight import publishing
from market.rules import book
from tests.conftest import Clock
from tests.market.steps.rows import add_trade

OVERLAP = timedelta(days=book().value("key.overlap_days"))


@pytest.fixture
def founded(bare: Flask, settings: Settings) -> Settings:
    """An exchange whose log has one key, published and under a checkpoint, in the settings file."""
    bare.extensions["settings"] = settings
    (settings.home / "secrets.env").write_text(
        f"SECRET_KEY={settings.secret_key}\nLEDGER_SIGNING_KEY={settings.ledger_signing_key}\n"
    )
    keys.on_founded()
    publishing.publish()
    return settings


def _old(settings: Settings) -> VerifierKey:
    return parse_signer(settings.ledger_signing_key).verifier


def _grow() -> set[str]:
    """Let something happen; return the ids of the keys that signed the head over it."""
    with transaction() as session:
        add_trade(session)
    assert publishing.publish() is not None
    with read() as session:
        head = reader.latest_checkpoint(session)
        assert head is not None
        return {line.id.hex() for line in parse_note(head.note)[1]}


def _faults() -> list[str]:
    known = publishing.keys()
    with read() as session:
        found = [str(one) for one in fsck.check(session, publishing.folder(), *known)]
        return found + [f"{where}: {what}" for where, what in ring.faults(session)]


def test_old_then_both_then_new_and_fsck_knows_the_sizes(founded: Settings, clock: Clock) -> None:
    old = _old(founded)
    with read() as session:
        [(_old_key, first, _last)] = ring.spans(session)
    new = rotation.begin()
    with read() as session:
        latest = reader.latest_checkpoint(session)
        assert latest is not None
        covering = latest.size
        assert {line.id for line in parse_note(latest.note)[1]} == {old.id}, "the old key vouches for the new"
    assert _grow() == {old.id.hex(), new.id.hex()}
    clock.advance(days=OVERLAP.days)
    retired, left = rotation.retire()
    assert (retired, left) == (old, [])
    assert _grow() == {new.id.hex()}
    with read() as session:
        spans = [(key.verifier, first, last) for key, first, last in ring.spans(session)]
    assert spans == [(old, first, covering + 1), (new, covering + 1, None)]
    assert _faults() == []


def test_the_private_half_of_the_old_key_is_gone_and_a_restart_signs_on(
    founded: Settings, bare: Flask, clock: Clock
) -> None:
    secret = founded.ledger_signing_key
    new = rotation.begin()
    _grow()
    clock.advance(days=OVERLAP.days)
    rotation.retire()
    files = [path for path in founded.home.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    restarted = replace(Settings.load({}, home=founded.home), database_url=founded.database_url)
    assert parse_signer(restarted.ledger_signing_key).verifier == new
    assert restarted.secret_key == founded.secret_key
    bare.extensions["settings"] = restarted
    assert publishing.refusal(restarted) is None
    assert _grow() == {new.id.hex()}
    assert (founded.home / "secrets.env").stat().st_mode & 0o077 == 0


def test_a_second_rotation_goes_the_same_way(founded: Settings, clock: Clock) -> None:
    for _round in range(2):
        rotation.begin()
        _grow()
        clock.advance(days=OVERLAP.days)
        rotation.retire()
        _grow()
    assert len(list((founded.home / "keys").glob(ring.PATTERN))) == 1
    assert _faults() == []


def test_the_old_key_stays_until_the_overlap_is_over_or_it_is_forced(founded: Settings, clock: Clock) -> None:
    with pytest.raises(Conflict) as refused:
        rotation.retire()
    assert refused.value.code == "rotation.not_begun"
    rotation.begin()
    with pytest.raises(Conflict) as refused:
        rotation.retire(force=True)
    assert refused.value.code == "rotation.not_signed"
    _grow()
    clock.advance(days=OVERLAP.days - 1)
    with pytest.raises(Conflict) as refused:
        rotation.retire()
    assert refused.value.code == "rotation.overlap"
    rotation.retire(force=True)
    assert _faults() == []


@pytest.mark.parametrize("cut", ["publish_log", "_publish_until_covered"])
def test_a_rotation_that_was_cut_off_goes_on_with_the_same_key(
    founded: Settings, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(keys if cut == "publish_log" else rotation, cut, killed)
        rotation.begin()
    [made] = (founded.home / "keys").glob(ring.PATTERN)
    assert _grow() == {_old(founded).id.hex()}, "no head is signed by a key that none covers"
    fresh = rotation.begin()
    assert ring.path_of(founded, fresh) == made
    assert rotation.begin() == fresh
    assert len(_grow()) == 2
    assert _faults() == []


def test_a_retirement_that_was_cut_off_destroys_the_key_later(
    founded: Settings, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    rotation.begin()
    _grow()
    clock.advance(days=OVERLAP.days)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rotation, "destroy", killed)
        rotation.retire()
    assert len(_grow()) == 1
    assert founded.ledger_signing_key in (founded.home / "secrets.env").read_text()
    assert rotation.retire() == (_old(founded), [])
    assert founded.ledger_signing_key not in (founded.home / "secrets.env").read_text()


def test_a_head_without_a_key_that_was_in_use_is_named(founded: Settings) -> None:
    fresh = rotation.begin()
    _grow()
    ring.path_of(founded, fresh).unlink()
    assert _grow() == {_old(founded).id.hex()}
    with read() as session:
        newest = session.scalars(select(LedgerCheckpoint.size).order_by(LedgerCheckpoint.size.desc())).first()
    assert _faults() == [
        f"checkpoint {newest}: lacks the signature of log key {fresh.id.hex()}, which was in use at this size"
    ]


def test_a_key_out_of_the_environment_is_named_as_out_of_reach(
    founded: Settings, monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEDGER_SIGNING_KEY", founded.ledger_signing_key)
    rotation.begin()
    _grow()
    clock.advance(days=OVERLAP.days)
    assert rotation.retire()[1] == ["LEDGER_SIGNING_KEY"]
    assert db.read_only() is None
    assert len(_grow()) == 1


def test_keys_stand_in_the_order_of_the_log_whatever_the_clock_said(founded: Settings, clock: Clock) -> None:
    clock.advance(days=-1)
    fresh = generate(founded.origin).verifier
    keys.publish_log(str(fresh))
    with read() as session:
        assert [key.verifier for key in ring.keys(session)] == [_old(founded), fresh]
