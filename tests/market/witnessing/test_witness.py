"""``/witness``: another exchange's log is cosigned and mirrored over HTTP."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ledger import note
from ledger.errors import FormError, ProofError
from ledger.note import open_note, parse_verifier
from ledger.witness import BusyError, ContradictionError
from market.doctor import witnesses
from market.keys import service as keys
from market.witnessing import introduction, service
from tests.ledger.histories import History, leaves
from tests.market.witnessing.conftest import Peer

SIGNER = note.generate("other.example/log")
PLACE = "/witness/" + hashlib.sha256(SIGNER.name.encode()).hexdigest()


@pytest.fixture
def watching(exchange: Flask, peer: Peer, tmp_path: Path) -> Flask:
    """The exchange, witness and mirror of the log that the peer publishes."""
    return watch(exchange, tmp_path, f"log {SIGNER.verifier} {peer.url}/log/\n")


def watch(app: Flask, folder: Path, lines: str) -> Flask:
    path = folder / "watched.policy"
    path.write_text(lines)
    app.extensions["settings"] = replace(app.extensions["settings"], ledger_witnessed=str(path))
    return app


def ask(app: Flask, body: bytes) -> TestResponse:
    return app.test_client().post("/witness/add-checkpoint", data=body)


def fetch(app: Flask, path: str) -> tuple[int, bytes]:
    with app.test_client().get(path) as answer:
        return answer.status_code, answer.data


def publish(peer: Peer, history: History, size: int | None = None) -> None:
    peer.serves({**history.files(size), "checkpoint": history.note(size).encode()})


def test_a_log_is_cosigned_and_its_copy_is_served(watching: Flask, peer: Peer) -> None:
    history = History(SIGNER, leaves(300))
    publish(peer, history)
    answer = ask(watching, history.request(0))
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    own = keys.witness().verifier
    open_note(history.note() + answer.text, [own])
    status, head = fetch(watching, f"{PLACE}/checkpoint")
    assert status == 200
    assert set(open_note(head.decode(), [SIGNER.verifier, own])[1]) == {SIGNER.verifier, own}
    for path, data in history.files().items():
        assert fetch(watching, f"{PLACE}/{path}") == (200, data)
    again = ask(watching, history.request(0))
    assert (again.status_code, again.content_type, again.text) == (409, "text/x.tlog.size", "300\n")
    assert ask(watching, b"nonsense").status_code == 400
    assert ask(watching, b"x" * 200_000).status_code in {400, 413}


def test_nothing_is_cosigned_that_cannot_be_fetched(watching: Flask, peer: Peer) -> None:
    history = History(SIGNER, leaves(9))
    peer.answers = None
    answer = ask(watching, history.request(0))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    peer.answers = lambda _method, _path, _body: (200, "text/plain", bytes(20_000_000))
    assert ask(watching, history.request(0)).status_code == 503
    publish(peer, history)
    assert ask(watching, history.request(0)).status_code == 200


def test_a_log_without_an_address_is_witnessed_only(exchange: Flask, peer: Peer, tmp_path: Path) -> None:
    watch(exchange, tmp_path, f"log {SIGNER.verifier}\n")
    history = History(SIGNER, leaves(9))
    assert ask(exchange, history.request(0)).status_code == 200
    assert fetch(exchange, f"{PLACE}/checkpoint")[0] == 200
    assert fetch(exchange, f"{PLACE}/tile/0/000.p/9")[0] == 404
    assert peer.asked == []


def test_a_look_mirrors_a_log_that_asks_nobody(watching: Flask, peer: Peer) -> None:
    history = History(SIGNER, leaves(20))
    with pytest.raises(BusyError):
        service.look(SIGNER.name)
    publish(peer, history, 5)
    assert service.look(SIGNER.name) == 5
    assert service.look(SIGNER.name) is None
    publish(peer, history)
    assert service.look(SIGNER.name) == 20
    assert ask(watching, history.request(20)).status_code == 200
    peer.serves({"checkpoint": b"\xff"})
    with pytest.raises(FormError):
        service.look(SIGNER.name)
    peer.serves({"checkpoint": note.generate("third.example/log").sign("third.example/log\n1\n").encode()})
    with pytest.raises(FormError, match="another log"):
        service.look(SIGNER.name)
    peer.serves({"checkpoint": note.generate(SIGNER.name).sign(f"{SIGNER.name}\n1\n").encode()})
    with pytest.raises(ProofError):
        service.look(SIGNER.name)


def test_a_second_history_is_refused_and_kept_as_evidence(watching: Flask, peer: Peer) -> None:
    one, two = History(SIGNER, leaves(9)), History(SIGNER, [*leaves(4), b"rewritten", *leaves(7)])
    publish(peer, one)
    assert ask(watching, one.request(0)).status_code == 200
    publish(peer, two)
    with pytest.raises(ContradictionError):
        service.look(SIGNER.name)
    assert ask(watching, two.request(9)).status_code == 422
    grown = History(SIGNER, leaves(12))
    publish(peer, grown)
    answer = ask(watching, grown.request(9))
    assert (answer.status_code, "two histories" in answer.text) == (403, True)
    assert fetch(watching, f"{PLACE}/tile/entries/000.p/9") == (200, one.files()["tile/entries/000.p/9"])


def test_the_doctor_names_logs_that_are_dishonest_or_away(watching: Flask, peer: Peer) -> None:
    settings = watching.extensions["settings"]

    def finding() -> tuple[bool, str]:
        [found] = witnesses.examine(settings)
        assert found.subject == f"log {SIGNER.name}"
        return found.well, found.text

    assert finding() == (False, f"cannot be mirrored: {peer.url}/log/checkpoint: not there; ask its operator")
    history = History(SIGNER, leaves(9))
    publish(peer, history)
    service.look(SIGNER.name)
    assert finding() == (True, "is mirrored up to entry 9 of 9")
    other = History(SIGNER, leaves(9, "other"))
    assert ask(watching, other.request(9)).status_code == 422
    well, text = finding()
    assert (well, "two histories" in text) == (False, True)
    assert (
        'qilu_watched_contradictions{log="other.example/log"} 1.0' in fetch(watching, "/metrics")[1].decode()
    )


def test_an_exchange_that_witnesses_nobody_says_so(exchange: Flask) -> None:
    for answer in (ask(exchange, b""), exchange.test_client().get(f"{PLACE}/checkpoint")):
        assert (answer.status_code, answer.json["code"]) == (404, "witness.closed")


def test_a_log_that_is_not_watched_has_no_copy(watching: Flask) -> None:
    answer = watching.test_client().get(f"/witness/{'0' * 64}/checkpoint")
    assert (answer.status_code, answer.json["code"]) == (404, "witness.unknown_log")
    assert fetch(watching, f"{PLACE}/tile/../../secrets.env")[0] == 404


def test_an_introduction_is_what_the_other_writes(exchange: Flask) -> None:
    _log_for, log, _witness_for, witness = introduction.lines()
    assert parse_verifier(log.split()[1]).name == parse_verifier(witness.split()[2]).name.removesuffix(
        "/witness"
    )
    assert parse_verifier(witness.split()[2]) == keys.witness().verifier
    assert witness.split()[3] == "http://localhost:8080/witness"
