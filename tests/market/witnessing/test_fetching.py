"""A journal on its way back: what a mirror gives is believed only as far as the log signed it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from ledger import note
from ledger.errors import FormError, ProofError
from market import sealing
from market.db import read
from market.steps import journal
from market.wire import WireError
from market.witnessing import journaling, segments
from market.witnessing.fetching import JournalEnds
from tests.conftest import Clock
from tests.market.witnessing.conftest import Peer
from tests.market.witnessing.pair import KEY, Pair, mirrored

STRANGER = note.generate("exchange.example/log")
"""Somebody else's key under the sender's name."""


@pytest.fixture
def pair(exchange: Flask, peer: Peer, clock: Clock, tmp_path: Path) -> Iterator[Pair]:
    with mirrored(exchange, peer, clock, tmp_path) as made:
        yield made


def test_a_gap_ends_the_journal_where_it_is(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.grow(3)
    monkeypatch.setattr(journaling, "MOST_ENTRIES", 1)
    pair.send()
    (pair.folder / "1-1").unlink()
    got: list[int] = []
    with pytest.raises(JournalEnds) as ended:
        got.extend(one.index for one in pair.fetch(0, 3))
    assert ended.value.index == 1
    assert "has no entry 1 here" in str(ended.value)


def test_a_hostile_mirror_gives_nothing_that_is_believed(pair: Pair) -> None:
    pair.grow(4)
    first, second = pair.segment(0, 2), pair.segment(2, 2)
    with read() as session:
        found = journal.pages(session, 0, 2)
    name = pair.signer().name
    forged = segments.seal(KEY.public_key(), name, found).body(STRANGER)
    elsewhere = segments.seal(X25519PrivateKey.generate().public_key(), name, found).body(pair.signer())
    mislabelled = replace(segments.parse(second, [pair.signer().verifier]), first=0).body(pair.signer())
    short = replace(
        segments.Segment(name, 0, 2, b""),
        sealed=sealing.seal(KEY.public_key(), segments._context(name, 0, 2), found[0].encode()),
    ).body(pair.signer())
    for body in (second, forged, elsewhere, mislabelled, short, first[:-1], first + b"x", b"", b"x" * 99):
        pair.peer.answers = lambda _method, _path, _body, said=body: (200, "application/octet-stream", said)
        with pytest.raises(JournalEnds, match="before entry 0"):
            next(pair.fetch(0, 2))
    pair.peer.answers = lambda _method, _path, _body: (200, "x", bytes(segments.MOST_BODY + 1))
    with pytest.raises(WireError, match="more than"):
        next(pair.fetch(0, 2))
    pair.peer.answers = lambda _method, _path, _body: (503, "text/plain", b"")
    with pytest.raises(WireError, match="busy"):
        next(pair.fetch(0, 2))


def test_a_log_that_is_watched_no_more_reads_nothing(pair: Pair) -> None:
    pair.grow()
    pair.send()
    other = pair.mirror.extensions["settings"]
    Path(other.ledger_witnessed).write_text(f"log {note.generate('x.example').verifier}\n")
    assert pair.post("/read", pair.question(segments.READ))[0] == 404
    pair.mirror.extensions["settings"] = replace(other, ledger_witnessed="")
    assert pair.post("/read", pair.question(segments.READ))[0] == 404


@pytest.mark.parametrize("kind", [segments.READ, segments.NEXT])
def test_a_question_has_one_form(kind: str, clock: Clock) -> None:
    signer, now = note.generate("a.example"), clock()
    body = segments.question(signer, kind, 7, now)
    assert segments.asked(body, [signer.verifier], kind, now) == 7
    for text in (
        f"{kind}\na.example\n07\n2026-11-22T11:00:00.000Z\n",
        f"{kind}\na.example\n7\n2026-11-22\n",
        f"{kind}\na.example\n7\n",
        f"{kind}\na.example\n7\n2026-11-22T11:00:00.000Z\nmore\n",
        f"{kind}x\na.example\n7\n2026-11-22T11:00:00.000Z\n",
    ):
        with pytest.raises(FormError):
            segments.asked(signer.sign(text).encode(), [signer.verifier], kind, now)
    other = signer.sign(f"{kind}\nb.example\n7\n2026-11-22T11:00:00.000Z\n").encode()
    with pytest.raises(ProofError, match="another log"):
        segments.asked(other, [signer.verifier], kind, now)
