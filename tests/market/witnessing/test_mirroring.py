"""The thread that follows the watched logs: it catches up by itself, survives what goes wrong, and ends when asked."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ledger import note
from ledger.mirror import folder_of
from ledger.witness import held
from market import jobs
from market.db import read, read_only, stop_writing, write_again
from market.keys import service as keys
from market.keys.models import Key, Purpose
from market.witnessing import mirroring, service
from market.witnessing.mirroring import Mirroring
from tests import people
from tests.ledger.histories import History, leaves
from tests.market.witnessing.conftest import Peer
from tests.market.witnessing.test_witness import publish, watch
from tests.waiting import SECONDS, until

SIGNER = note.generate("other.example/log")


@pytest.fixture
def watching(exchange: Flask, peer: Peer, tmp_path: Path) -> Flask:
    return watch(exchange, tmp_path, f"log {SIGNER.verifier} {peer.url}/log\n")


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What each beat asks first, kept as the beats go on."""
    found: list[str | None] = []

    def counted() -> str | None:
        found.append(read_only())
        return found[-1]

    monkeypatch.setattr(mirroring, "read_only", counted)
    return found


def size() -> int:
    with read() as session:
        return held(session, SIGNER.name).checkpoint.size


def test_it_follows_a_log_from_its_first_head(watching: Flask, peer: Peer) -> None:
    history = History(SIGNER, leaves(300))
    following = Mirroring(watching, beat=0.01)
    following.start()
    until(lambda: bool(peer.asked))  # there is nothing yet
    publish(peer, history, 7)
    until(lambda: size() == 7)
    publish(peer, history)
    until(lambda: size() == 300)
    following.stop(SECONDS)
    asked = len(peer.asked)
    copy = folder_of(service.folder(), SIGNER.name)
    assert copy.name == hashlib.sha256(SIGNER.name.encode()).hexdigest()
    for path, data in history.files().items():
        assert (copy / path).read_bytes() == data
    assert len(peer.asked) == asked


def test_it_publishes_the_witness_key_and_a_head_that_a_crash_left_unpublished(
    watching: Flask, peer: Peer
) -> None:
    people.operator()
    jobs.drain()
    publish(peer, History(SIGNER, leaves(5)))
    service.look(SIGNER.name)
    head = folder_of(service.folder(), SIGNER.name) / "checkpoint"
    note_text = head.read_text()
    head.unlink()
    for _ in range(2):  # the second time nothing is new
        following = Mirroring(watching, beat=SECONDS)
        following.start()
        until(head.exists)
        following.stop(SECONDS)
    assert head.read_text() == note_text
    with read() as session:
        [key] = session.scalars(select(Key).where(Key.purpose == Purpose.WITNESS))
    assert key.public_key == str(keys.witness().verifier)


def test_without_a_watched_log_it_does_nothing(exchange: Flask, peer: Peer) -> None:
    following = Mirroring(exchange, beat=0.01)
    following.start()
    following.stop()
    assert peer.asked == []


def test_it_survives_a_file_that_is_just_being_saved(
    watching: Flask, peer: Peer, beats: list[str | None]
) -> None:
    path = Path(watching.extensions["settings"].ledger_witnessed)
    whole = path.read_text()
    path.write_text(whole[:30])
    publish(peer, History(SIGNER, leaves(5)))
    following = Mirroring(watching, beat=0.01)
    following.start()
    until(lambda: len(beats) > 2)  # so two are over
    assert peer.asked == []
    path.write_text(whole)
    until(lambda: size() == 5)
    following.stop(SECONDS)


def test_what_it_begins_with_waits_until_something_may_be_written(
    watching: Flask, peer: Peer, beats: list[str | None]
) -> None:
    stop_writing("a reason")
    publish(peer, History(SIGNER, leaves(5)))
    following = Mirroring(watching, beat=0.01)
    following.start()
    until(lambda: len(beats) > 2)  # so two are over
    assert (size(), peer.asked) == (0, [])
    write_again()
    until(lambda: size() == 5)
    following.stop(SECONDS)
