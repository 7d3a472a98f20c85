"""After a restore a witness may have forgotten what it promised: it cosigns nothing until it knows again."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from ledger.errors import ProofError
from ledger.mirror import folder_of
from ledger.witness import BusyError, ContradictionError, held
from market import config
from market.cli import qilu
from market.db import read
from market.doctor import witnesses
from market.keys import service as keys
from market.witnessing import holding, service
from tests.ledger.histories import History, leaves
from tests.market.witnessing.conftest import Peer
from tests.market.witnessing.test_witness import PLACE, SIGNER, ask, fetch, watch


def shows(peer: Peer, history: History, size: int, *, ours: bool) -> None:
    """Let the log publish a head, with or without our cosignature."""
    note = history.note(size)
    if ours:
        note += keys.witness().cosign(history.head(size).text(), 1)
    peer.serves({**history.files(size), "checkpoint": note.encode()})


def known() -> int:
    with read() as session:
        return held(session, SIGNER.name).checkpoint.size


def is_held() -> bool:
    return holding.is_held(config.current().home, SIGNER.name)


@pytest.fixture
def history() -> History:
    return History(SIGNER, leaves(12))


@pytest.fixture
def restored(exchange: Flask, peer: Peer, tmp_path: Path, history: History) -> Flask:
    """A witness that knows of 5 entries, restored: its copies are gone."""
    app = watch(exchange, tmp_path, f"log {SIGNER.verifier} {peer.url}/log/\n")
    shows(peer, history, 5, ours=False)
    assert service.look(SIGNER.name) == 5
    for path in sorted(folder_of(service.folder(), SIGNER.name).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    holding.hold(config.current().home, [SIGNER.name])
    return app


def test_nothing_is_cosigned_and_nothing_said_of_what_was(
    restored: Flask, peer: Peer, history: History
) -> None:
    shows(peer, history, 9, ours=False)
    answer = ask(restored, history.request(5, 9))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    with pytest.raises(BusyError, match="restored"):
        service.look(SIGNER.name)
    assert fetch(restored, f"{PLACE}/checkpoint")[0] == 503
    assert known() == 5
    [found] = witnesses.examine(config.current())
    assert not found.well
    assert f"qilu ledger resume {SIGNER.name}" in found.text


@pytest.mark.parametrize("size", [5, 9])
def test_a_head_with_our_own_cosignature_brings_the_promise_back(
    restored: Flask, peer: Peer, history: History, size: int
) -> None:
    shows(peer, history, size, ours=True)
    service.look(SIGNER.name)
    assert not is_held()
    assert known() == size
    shows(peer, history, 12, ours=False)
    assert ask(restored, history.request(size, 12)).status_code == 200
    assert fetch(restored, f"{PLACE}/checkpoint")[0] == 200


def test_an_older_head_does_not(restored: Flask, peer: Peer, history: History) -> None:
    shows(peer, history, 4, ours=True)
    with pytest.raises(BusyError):
        service.look(SIGNER.name)
    assert is_held()


def test_a_head_of_another_history_convicts_the_log(restored: Flask, peer: Peer) -> None:
    shows(peer, History(SIGNER, leaves(9, "other")), 9, ours=True)
    with pytest.raises((ContradictionError, ProofError)):
        service.look(SIGNER.name)
    assert is_held()
    assert known() == 5


def test_an_operator_resumes_it(restored: Flask, peer: Peer, history: History) -> None:
    typed = ["ledger", "resume", SIGNER.name]
    environment = {"QILU_HOME": str(config.current().home)}
    assert CliRunner().invoke(qilu, typed, env=environment).exit_code == 0
    shows(peer, history, 9, ours=False)
    assert ask(restored, history.request(5, 9)).status_code == 200
    assert CliRunner().invoke(qilu, typed, env=environment).exit_code == 1
