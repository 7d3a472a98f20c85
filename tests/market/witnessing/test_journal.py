"""Two exchanges over HTTP: one sends its sealed journal, the other keeps it, the first one gets it back."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from ledger import note, reader
from market import config, steps
from market.db import read, transaction
from market.doctor import witnesses
from market.edge import metrics
from market.oversight import publishing, sequencing
from market.rules import book
from market.steps import Kind, journal
from market.witnessing import journaling, keeping, segments
from market.witnessing.fetching import JournalEnds
from market.witnessing.journaling import Journaling, Mirror, NotKept
from market.witnessing.mirroring import Mirroring
from tests import people
from tests.conftest import Clock
from tests.market.steps.rows import ACTOR, add_person, add_trade
from tests.market.witnessing.conftest import Peer
from tests.market.witnessing.pair import KEY, Pair, mirrored
from tests.waiting import until

STRANGER = note.generate("exchange.example/log")
"""Somebody else's key under the sender's name."""


@pytest.fixture
def pair(exchange: Flask, peer: Peer, clock: Clock, tmp_path: Path) -> Iterator[Pair]:
    with mirrored(exchange, peer, clock, tmp_path) as made:
        yield made


def test_what_was_sent_comes_back(pair: Pair) -> None:
    people.verified()
    size = pair.grow(3)
    pair.send()
    assert pair.kept() == [f"0-{size}"]
    grown = pair.grow(2)
    pair.send()
    assert pair.kept() == sorted([f"0-{size}", f"{size}-{grown - size}"])
    with read() as session:
        live = journal.pages(session, 0, grown)
    assert list(pair.fetch(0, grown)) == live
    assert list(pair.fetch(size - 1, 2)) == live[size - 1 : size + 1]
    assert len(pair.peer.asked) > 3


def test_the_mirror_can_read_none_of_it(pair: Pair) -> None:
    operator = people.operator()
    pair.grow()
    pair.send()
    with read() as session:
        salts = [one.salt for record in journal.pages(session, 0, 10) for one in record.openings]
    files = [path for path in pair.folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert not any(salt in data or salt.hex().encode() in data for salt in salts)
        assert b"Spring City" not in data
        if path.name != ".lock":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert operator


def test_a_new_process_asks_first_and_goes_on(pair: Pair) -> None:
    size = pair.grow(2)
    pair.send()
    pair.peer.asked.clear()
    pair.send()
    assert [path for _method, path in pair.peer.asked] == ["/witness/journal/next"]
    one = Journaling(pair.app)
    one.once()
    pair.peer.asked.clear()
    one.once()
    assert pair.peer.asked == []
    assert pair.kept() == [f"0-{size}"]


def test_segments_are_bounded(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    size = pair.grow(5)
    monkeypatch.setattr(journaling, "MOST_ENTRIES", 2)
    pair.send()
    assert pair.kept() == ["0-2", "2-2", "4-1"]
    grown = pair.grow(3)
    monkeypatch.setattr(journaling, "MOST_BYTES", 1)
    pair.send()
    assert pair.kept()[3:] == ["5-1", "6-1", "7-1"]
    assert [one.index for one in pair.fetch(0, grown)] == list(range(grown))
    assert size == 5


def test_only_what_the_mirror_has_cosigned_is_sent(pair: Pair) -> None:
    size = pair.grow()
    with transaction() as session:
        add_trade(session)
    pair.send()
    assert pair.kept() == [f"0-{size}"]


def test_what_was_erased_before_it_was_sent_is_not_sent(pair: Pair) -> None:
    with transaction() as session:
        user = add_person(session)
    with transaction() as session:
        steps.erase(session, steps.begin(ACTOR, Kind.OPENING_ERASED, steps.new_handle()), {user.id})
    publishing.publish()
    mirror = Mirror("other", pair.witness, pair.url)
    size = pair.grow()
    assert size == 3
    mirror.send()
    found = {one.index: {opening.field for opening in one.openings} for one in pair.fetch(0, size)}
    assert found[0] == {"step", "user"}
    assert found[1] == {"step", "user", "user.email", "user.name"}


def test_what_was_erased_since_the_cosigned_head_waits_for_the_next(pair: Pair) -> None:
    with transaction() as session:
        user = add_person(session)
    size = pair.grow()
    with transaction() as session:
        steps.erase(session, steps.begin(ACTOR, Kind.OPENING_ERASED, steps.new_handle()), {user.id})
    mirror = Mirror("other", pair.witness, pair.url)
    with pytest.raises(NotKept, match="entry 0"):
        mirror.send()
    assert pair.kept() == []
    assert pair.grow() == size + 2
    assert mirror.send() == size + 2


def test_a_mirror_that_is_down_stops_nothing_and_is_seen(pair: Pair) -> None:
    size = pair.grow(2)
    pair.peer.answers = None
    sender = Journaling(pair.app)
    sender.once()
    assert not pair.kept()
    pair.clock.advance(minutes=5)
    found = {one.subject: one for one in witnesses.examine(config.current())}
    assert not found["journal other"].well
    assert f"holds the journal up to 0 of {size} entries: " in found["journal other"].text
    values = {name: of for name, _meaning, _label, of in metrics._labelled()}
    assert values["qilu_journal_behind_entries"] == {"other": float(size)}
    sender.once()  # it is left alone for a while
    pair.peer.answers = pair.answer
    pair.send()
    found = {one.subject: one for one in witnesses.examine(config.current())}
    assert found["journal other"].well
    assert f"holds the journal up to {size} of {size} entries" in found["journal other"].text


def test_a_witness_that_keeps_no_journal_is_told_once(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    pair.grow()
    pair.peer.answers = lambda _method, _path, _body: (404, "text/plain", b"what is that?\n")
    sender = Journaling(pair.app)
    for _ in range(2):
        sender.once()
        for mirror in sender._mirrors.values():
            mirror.not_before = 0.0
    assert capsys.readouterr().out.count("journal.not_kept") == 1
    told = json.loads(next((config.current().home / "journal").glob("*.json")).read_text())
    assert told == {"next": 0, "why": "status 404: what is that?"}


@pytest.mark.parametrize(
    "answer", [b"", b"x\n", b"-1\n", b"01\n", b"99999999999999999999\n", b"0\n", b"999\n", b"\xff"]
)
def test_a_mirror_that_answers_nonsense_is_left_alone(pair: Pair, answer: bytes) -> None:
    pair.grow()
    pair.peer.answers = lambda _method, _path, _body: (200, "text/x.tlog.size", answer)
    with pytest.raises(NotKept):
        Mirror("other", pair.witness, pair.url).send()


def test_a_mirror_that_says_it_holds_more_than_there_is_is_named(pair: Pair) -> None:
    pair.grow()
    pair.peer.answers = lambda _method, _path, _body: (200, "text/x.tlog.size", b"999\n")
    pair.send()
    pair.send()
    found = {one.subject: one for one in witnesses.examine(config.current())}
    assert not found["journal other"].well
    assert "999 of 1 entries: it wants entry 999" in found["journal other"].text


def test_the_thread_sends_and_ends(pair: Pair) -> None:
    pair.grow(2)
    sender = Journaling(pair.app, beat=0.01)
    sender.start()
    until(pair.kept)
    sender.stop()
    assert not sender._thread.is_alive()


def test_without_a_key_nothing_is_sent(pair: Pair) -> None:
    pair.app.extensions["settings"] = replace(config.current(), ledger_journal_key="")
    sender = Journaling(pair.app)
    sender.start()
    assert not sender._thread.is_alive()
    sender.stop()


def test_what_a_foreign_key_signed_is_not_kept(pair: Pair) -> None:
    size = pair.grow(2)
    with read() as session:
        found = journal.pages(session, 0, size)
    sealed = segments.seal(KEY.public_key(), STRANGER.name, found)
    status, said = pair.post("", sealed.body(STRANGER))
    assert (status, said) == (403, b"the note is not signed by a known key\n")
    third = note.generate("third.example/log")
    of_third = segments.seal(KEY.public_key(), third.name, found)
    assert pair.post("", of_third.body(third))[0] == 404
    # a true signature of the log under the name of another one
    renamed = replace(sealed, origin=third.name)
    assert pair.post("", pair.signer().sign(renamed.text()).encode() + b"\n" + renamed.sealed)[0] == 404
    assert not pair.kept()


def test_what_is_changed_cut_off_or_too_large_is_not_kept(pair: Pair) -> None:
    size = pair.grow(2)
    true = pair.segment(0, size)
    head = true[: true.index(b"\n\n", true.index(b"\n\n") + 2) + 2]
    for body in (b"", b"x", b"\n\n", true[:-1], true + b"x", head, true[:40], b"\xff" + true):
        assert pair.post("", body)[0] in {400, 403, 404}, body[:60]
    assert pair.post("", head + bytes(segments.MOST_SEALED + 1))[0] == 400
    assert pair.post("", head + bytes(segments.MOST_BODY))[0] == 413
    for old, new in ((b"/v1\n", b"/v2\n"), (b"\n0\n", b"\n1\n")):
        assert pair.post("", true.replace(old, new, 1))[0] in {400, 403}
    assert not pair.kept()
    assert pair.post("", true) == (200, f"{size}\n".encode())


@pytest.mark.parametrize("size", [1, segments.MOST_SEALED])
def test_a_segment_of_any_allowed_size_is_kept(pair: Pair, size: int) -> None:
    pair.grow()
    sealed = bytes(range(256)) * (size // 256) or b"x"
    body = segments.Segment(pair.signer().name, 0, 1, sealed).body(pair.signer())
    assert pair.post("", body) == (200, b"1\n")
    assert pair.post("/read", pair.question(segments.READ)) == (200, body)


def test_a_checkpoint_or_a_question_is_no_segment(pair: Pair) -> None:
    pair.grow(2)
    with read() as session:
        head = reader.latest_checkpoint(session)
    assert head is not None
    assert pair.post("", head.note.encode() + b"\nsealed")[0] == 404  # its second line is no log's name
    assert pair.post("", pair.question(segments.READ) + b"\nsealed")[0] == 400
    assert pair.post("/read", pair.question(segments.NEXT))[0] == 400
    assert pair.post("/next", pair.question(segments.READ))[0] == 400
    assert pair.post("/next", head.note.encode())[0] == 404


def test_gaps_and_repetitions_are_answered_with_what_is_wanted(pair: Pair) -> None:
    size = pair.grow(4)
    assert pair.post("", pair.segment(1, 2)) == (409, b"0\n")
    assert pair.post("", pair.segment(0, 2)) == (200, b"2\n")
    assert pair.post("", pair.segment(0, 2)) == (409, b"2\n")
    assert pair.post("", pair.segment(3, 1)) == (409, b"2\n")
    assert pair.post("", pair.segment(2, 2)) == (200, b"4\n")
    assert pair.kept() == ["0-2", "2-2"]
    assert size == 4


def test_what_lies_above_the_cosigned_head_must_wait(pair: Pair) -> None:
    size = pair.grow()
    with transaction() as session:
        add_trade(session)
    if not config.current().is_sqlite:
        sequencing.integrate()
    assert pair.post("", pair.segment(0, size + 1))[0] == 503
    assert pair.post("", pair.segment(0, size))[0] == 200


def test_one_log_cannot_fill_the_disk(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.grow(2)
    first, second = pair.segment(0, 1), pair.segment(1, 1)
    monkeypatch.setattr(keeping, "MOST_HELD", len(first) + len(second))
    assert pair.post("", first)[0] == 200
    status, said = pair.post("", second)
    assert status == 507
    assert b"at most" in said


def test_nobody_else_reads_it_and_a_recorded_question_grows_old(pair: Pair) -> None:
    pair.grow(2)
    pair.send()
    asked = pair.question(segments.READ)
    status, body = pair.post("/read", asked)
    assert status == 200
    assert segments.parse(body, [pair.signer().verifier]).first == 0
    assert pair.post("/read", pair.question(segments.READ, signer=STRANGER))[0] == 403
    assert pair.post("/read", pair.question(segments.READ, first=2))[0] == 404
    for path, kind in (("/read", segments.READ), ("/next", segments.NEXT)):
        assert pair.post(path, pair.question(kind, minutes=11))[0] == 403
        assert pair.post(path, pair.question(kind, minutes=-11))[0] == 403
        assert pair.post(path, pair.question(kind, minutes=9))[0] in {200}
    pair.clock.advance(minutes=11)
    assert pair.post("/read", asked)[0] == 403
    assert pair.post("/read", b"x" * (segments.MOST_QUESTION + 1))[0] == 413


def test_what_is_older_than_a_backup_may_be_is_dropped(pair: Pair) -> None:
    size = pair.grow(2)
    pair.send()
    pair.clock.advance(days=book().value("backup.days") - 1)
    grown = pair.grow()
    pair.send()
    pair.clock.advance(days=1, seconds=1)
    with pair.mirror.app_context():
        Mirroring(pair.mirror)._clear()
        state = keeping.shelf("exchange.example/log").state()
    assert pair.kept() == [f"{size}-1"]
    assert state.next == grown
    assert state.bytes == (pair.folder / f"{size}-1").stat().st_size
    assert pair.post("/next", pair.question(segments.NEXT)) == (200, f"{grown}\n".encode())
    with pytest.raises(JournalEnds, match="before entry 0"):
        next(pair.fetch(0, 1))


def test_after_a_crash_between_segment_and_state_it_is_sent_again(pair: Pair) -> None:
    size = pair.grow(3)
    assert pair.post("", pair.segment(0, 1))[0] == 200
    state = (pair.folder / "state").read_bytes()
    assert pair.post("", pair.segment(1, 1))[0] == 200
    (pair.folder / "state").write_bytes(state)
    pair.send()
    assert pair.kept() == ["0-1", "1-1", "1-2"]
    assert [one.index for one in pair.fetch(0, size)] == [0, 1, 2]
    (pair.folder / "state").unlink()
    with pair.mirror.app_context():
        assert keeping.shelf("exchange.example/log").state().next == size
