"""What witnesses answer is asked within limits, and believed only where our own key signed it."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint
from ledger.cosign import Cosigner, generate
from ledger.note import generate as new_log
from market.config import Settings
from market.governance import heads
from market.governance.archive import BackupError
from tests.conftest import settings_for
from tests.postgres import Urls

ORIGIN = "exchange.example/log"
SIGNER = new_log(ORIGIN)
NAME = hashlib.sha256(ORIGIN.encode()).hexdigest()


class Answers(BaseHTTPRequestHandler):
    """Three witnesses at one address: one that saw our log, one that holds another's note, one without any."""

    def do_GET(self) -> None:
        notes = {
            f"/saw/{NAME}/checkpoint": SIGNER.sign(Checkpoint(ORIGIN, 7, bytes(32)).text()),
            f"/forged/{NAME}/checkpoint": new_log(ORIGIN).sign(Checkpoint(ORIGIN, 9, bytes(32)).text()),
        }
        note = notes.get(self.path)
        self.send_response(200 if note else 404)
        self.end_headers()
        self.wfile.write((note or "").encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def policy(settings: Settings, *urls: str) -> Settings:
    witnesses: list[tuple[Cosigner, str]] = [
        (generate(f"w{number}.example"), url) for number, url in enumerate(urls)
    ]
    lines = [f"witness w{number} {one.verifier} {url}" for number, (one, url) in enumerate(witnesses)]
    (settings.home / "policy").write_text("\n".join([*lines, "quorum none", ""]), "utf-8")
    return replace(settings, ledger_policy="policy")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(
        Urls("sqlite://", ""), tmp_path, LEDGER_SIGNING_KEY=SIGNER.secret_text(), LEDGER_ORIGIN=ORIGIN
    )


def test_witnesses_are_believed_only_where_our_key_signed(address: str, settings: Settings) -> None:
    told = policy(
        settings, f"{address}/saw", f"{address}/forged/", f"{address}/nothing", "http://127.0.0.1:9"
    )
    found = heads.witnessed(told, [SIGNER.verifier], seconds=60)
    assert [(head.where, head.size) for head in found] == [("the witness w0.example", 7)]


def test_two_witnesses_of_one_name_are_both_asked(address: str, settings: Settings) -> None:
    one, two = generate("w.example"), generate("w.example")
    lines = f"witness a {one.verifier} {address}/saw\nwitness b {two.verifier} {address}/saw/\nquorum none\n"
    (settings.home / "policy").write_text(lines, "utf-8")
    told = replace(settings, ledger_policy="policy")
    found = heads.witnessed(told, [SIGNER.verifier], seconds=60)
    assert {head.witness for head in found} == {one.verifier, two.verifier}


def test_without_a_policy_nobody_is_asked(settings: Settings) -> None:
    assert not heads.has_witnesses(settings)
    assert heads.witnessed(settings, [SIGNER.verifier]) == []


def test_a_checkpoint_that_is_still_published(address: str, settings: Settings) -> None:
    assert heads.kept(f"{address}/saw/{NAME}/checkpoint", [SIGNER.verifier]).size == 7
    for place in (
        f"{address}/forged/{NAME}/checkpoint",
        f"{address}/nowhere",
        str(settings.home / "nowhere"),
    ):
        with pytest.raises(BackupError, match="no checkpoint of this log"):
            heads.kept(place, [SIGNER.verifier])
