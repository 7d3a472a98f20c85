"""Witnesses are asked side by side for a limited time; none of them can stop or spoil a checkpoint."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest
from flask import Flask

from ledger import cosign, reader
from ledger.checkpoint import Checkpoint
from ledger.cosign import Cosigner
from ledger.errors import ProofError
from ledger.merkle import EMPTY_ROOT
from ledger.note import open_note, parse_note, parse_signer
from ledger.request import Request, parse_request
from market import config, trust
from market.db import read
from market.oversight import publishing
from market.witnessing import standing
from market.witnessing.circle import NAME, Circle
from tests import people
from tests.conftest import Clock
from tests.market.witnessing.conftest import Answer, Peer, serving
from tests.waiting import SECONDS


@dataclass
class Other:
    """A witness that answers as the protocol says, unless a test says otherwise."""

    peer: Peer
    key: Cosigner
    size: int = 0
    requests: list[Request] = field(default_factory=list)
    says: Answer | None = None
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.hold.set()
        self.peer.answers = self._answer

    def _answer(self, method: str, path: str, body: bytes) -> Answer:
        assert (method, path) == ("POST", "/w/add-checkpoint")
        request = parse_request(body)
        self.requests.append(request)
        assert self.hold.wait(SECONDS)
        if self.says is not None:
            return self.says
        if request.old != self.size:
            return 409, "text/x.tlog.size", f"{self.size}\n".encode()
        text = parse_note(request.note)[0]
        self.size = int(text.split("\n")[1])
        return 200, "text/plain", self.key.cosign(text, 1_795_000_000).encode()


@dataclass
class Hall:
    """The exchange and two witnesses of its log."""

    app: Flask
    one: Other
    two: Other

    def publish(self) -> str:
        """Publish once and return the checkpoint that stands there."""
        publishing.publish()
        return self.published()

    def published(self) -> str:
        path = publishing.folder() / "checkpoint"
        return path.read_text("utf-8") if path.exists() else ""

    def cosigned(self) -> set[str]:
        """Return who cosigned the published head."""
        signer = parse_signer(config.current().ledger_signing_key).verifier
        known = [signer, self.one.key.verifier, self.two.key.verifier]
        return {key.name for key in open_note(self.published(), known)[1]} - {signer.name}

    def wait_for(self, *names: str) -> None:
        """Let the publisher beat until exactly these have cosigned the published head."""
        end = time.monotonic() + SECONDS
        while self.cosigned() != set(names):
            assert time.monotonic() < end
            self.publish()


@pytest.fixture
def hall(exchange: Flask, tmp_path: Path) -> Iterator[Hall]:
    with ExitStack() as stack:
        one, two = (
            Other(stack.enter_context(serving()), cosign.generate(f"witness.example/{name}")) for name in "ab"
        )
        path = tmp_path / "witnesses.policy"
        path.write_text(
            "".join(
                f"witness {name} {other.key.verifier} {other.peer.url}/w\n"
                for name, other in (("a", one), ("b", two))
            )
        )
        settings = replace(exchange.extensions["settings"], ledger_policy=str(path))
        exchange.extensions["settings"] = settings
        exchange.extensions[NAME] = Circle(
            trust.evidence(settings), publishing.folder(), longest_pause=0, patience=SECONDS
        )
        people.operator()
        yield Hall(exchange, one, two)
        one.hold.set()
        two.hold.set()


def test_a_head_goes_out_with_its_cosignatures(hall: Hall) -> None:
    note = hall.publish()
    assert hall.cosigned() == {hall.one.key.name, hall.two.key.name}
    head = trust.evidence(config.current()).check(note)
    with read() as session:
        assert reader.cosigned(session, head.size).count("\n") == note.count("\n")
        [proof] = reader.prove(session, [0])
    assert trust.evidence(config.current()).check(proof.checkpoint) == head
    assert [request.old for request in hall.one.requests] == [0]
    people.verified()
    hall.publish()
    assert [request.old for request in hall.one.requests] == [0, head.size]
    hall.publish()
    assert len(hall.one.requests) == 2, "who has cosigned the head is not asked again"


def test_a_witness_tells_which_size_it_knows(hall: Hall) -> None:
    hall.publish()
    first = hall.one.size
    people.verified()
    hall.app.extensions[NAME] = Circle(
        trust.evidence(config.current()), publishing.folder(), patience=SECONDS
    )  # after a restart nobody remembers
    hall.publish()
    assert [request.old for request in hall.one.requests] == [0, 0, first]
    assert hall.cosigned() == {hall.one.key.name, hall.two.key.name}


def test_a_witness_that_is_down_stops_nothing_and_is_heard_later(hall: Hall) -> None:
    answers, hall.two.peer.answers = hall.two.peer.answers, None
    note = hall.publish()
    assert hall.cosigned() == {hall.one.key.name}
    trust.evidence(config.current()).check(note)
    hall.two.peer.answers = answers
    hall.wait_for(hall.one.key.name, hall.two.key.name)


def test_the_policy_is_followed_as_its_file_stands(hall: Hall) -> None:
    path = Path(config.current().ledger_policy)
    both = path.read_text()
    path.write_text(both.splitlines()[0] + "\n")
    hall.publish()
    assert hall.cosigned() == {hall.one.key.name}
    path.write_text(both[:30])  # just being saved
    people.verified()
    hall.publish()
    assert hall.cosigned() == {hall.one.key.name}
    path.write_text(both)
    hall.wait_for(hall.one.key.name, hall.two.key.name)
    assert len(hall.one.requests) == 2, "who stays is not asked anew"


def test_a_witness_that_is_silent_for_long_is_named(hall: Hall, clock: Clock) -> None:
    hall.two.peer.answers = None
    hall.publish()
    clock.advance(minutes=3)
    people.verified()
    hall.publish()
    with read() as session:
        one, two = standing.heard(session, trust.evidence(config.current()), clock())
    assert (one.is_silent, one.behind, one.size) == (False, 0, hall.one.size)
    assert (two.is_silent, two.behind, two.waiting.total_seconds()) == (True, hall.one.size, 180)
    with hall.app.test_client() as client:
        figures = client.get("/metrics").text
    assert 'qilu_witness_waiting_seconds{witness="a"} 0.0' in figures
    assert 'qilu_witness_waiting_seconds{witness="b"} 180.0' in figures


def test_a_late_answer_counts_at_the_next_beat(hall: Hall) -> None:
    settings = hall.app.extensions["settings"]
    hall.app.extensions[NAME] = Circle(trust.evidence(settings), publishing.folder(), patience=0.2)
    hall.one.hold.clear()
    hall.two.hold.clear()
    assert open_note(hall.publish(), [parse_signer(settings.ledger_signing_key).verifier])
    assert hall.cosigned() == set()
    with pytest.raises(ProofError, match="quorum"):
        trust.evidence(settings).check(hall.published())
    hall.one.hold.set()
    hall.wait_for(hall.one.key.name)
    assert len(hall.two.requests) == 1, "who is still at it is not asked again"


NO_COSIGNATURES: Final[tuple[Answer, ...]] = (
    (200, "text/plain", b""),
    (200, "text/plain", b"\xff"),
    (200, "text/plain", "\N{EM DASH} witness.example/a AAAA\n".encode()),
    (200, "text/plain", b"x" * 100_000),
    (302, "text/plain", b""),
    (409, "text/x.tlog.size", b"7"),
    (409, "text/x.tlog.size", b"007\n"),
    (409, "text/x.tlog.size", b"999999\n"),
    (409, "text/plain", b"1\n"),
    (422, "text/plain", b"no\n"),
    (500, "text/plain", b"oh\n"),
)


def test_what_is_no_cosignature_is_left_out(hall: Hall) -> None:
    for says in NO_COSIGNATURES:
        hall.two.says = says
        asked = len(hall.two.requests)
        hall.publish()
        assert hall.cosigned() == {hall.one.key.name}, says
        assert 1 <= len(hall.two.requests) - asked <= 3, says
    hall.two.says = None
    hall.publish()
    assert hall.cosigned() == {hall.one.key.name, hall.two.key.name}


def test_a_line_of_its_key_that_signs_something_else_is_left_out(hall: Hall) -> None:
    other = Checkpoint("exchange.example/log", 0, EMPTY_ROOT).text()
    hall.two.says = 200, "text/plain", hall.two.key.cosign(other, 1).encode()
    hall.publish()
    assert hall.cosigned() == {hall.one.key.name}
    assert hall.two.key.name not in hall.published()
