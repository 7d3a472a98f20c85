"""The rollback guard: whatever shows that the database is behind or beside what was signed shuts it for writing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select

from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.models import LedgerCheckpoint, LedgerEntry
from ledger.note import generate, open_note, parse_signer
from ledger.tiles import Tile
from market import config, db, jobs
from market.edge.ready import Readiness
from market.errors import Unavailable
from market.governance.guard import ASKING, Guard, contradiction, other_history
from market.governance.heads import Head
from market.oversight import publishing, sequencing
from market.oversight.publishing import Publisher
from tests import people
from tests.waiting import SECONDS

HTML = {"Accept": "text/html"}


@pytest.fixture
def published(exchange: Flask) -> Checkpoint:
    """An exchange whose log is published; its head."""
    people.applied()
    head = publishing.publish()
    assert head is not None
    return head


def signed(size: int, root: bytes) -> str:
    signer = parse_signer(config.current().ledger_signing_key)
    return signer.sign(Checkpoint(signer.name, size, root).text())


def found(*seen: Head) -> str | None:
    return contradiction(publishing.folder(), publishing.keys(), seen)


def head_of_file() -> Checkpoint:
    text, _signed = open_note((publishing.folder() / CHECKPOINT).read_text("utf-8"), publishing.keys())
    return parse_checkpoint(text)


def looked_at(app: Flask, *, ask: object = None) -> None:
    """Start the guard and end it, all its questions asked."""
    guard = Guard(app, ask, beat=3600)  # type: ignore[arg-type]
    guard.start()
    guard.stop(SECONDS)


def test_a_sound_log_contradicts_nothing(published: Checkpoint) -> None:
    assert found(Head("a witness", published.size, published.root)) is None
    assert other_history() is None
    people.applied()
    assert found() is None, "entries that nobody has signed yet are no contradiction"


def test_a_published_checkpoint_ahead_of_the_database(published: Checkpoint) -> None:
    ahead = signed(published.size + 7, bytes(32))
    (publishing.folder() / CHECKPOINT).write_text(ahead)
    said = found()
    assert said is not None
    assert f"covers {published.size + 7} entries, the database knows of {published.size}" in said
    assert "qilu restore" in said


def test_a_published_checkpoint_of_another_history(published: Checkpoint) -> None:
    (publishing.folder() / CHECKPOINT).write_text(signed(published.size, bytes(32)))
    assert "not those of the database" in str(found())


def test_a_published_checkpoint_below_the_database_must_be_of_its_history_too(published: Checkpoint) -> None:
    (publishing.folder() / CHECKPOINT).write_text(signed(1, bytes(32)))
    assert "not those of the database" in str(found())


def test_a_published_checkpoint_that_is_not_ours(published: Checkpoint) -> None:
    other = generate(published.origin)
    (publishing.folder() / CHECKPOINT).write_text(
        other.sign(Checkpoint(other.name, 1, bytes(32)).text()), "utf-8"
    )
    assert "cannot be read" in str(found())


@pytest.mark.parametrize("width", [255, 256])
def test_published_tiles_ahead_of_the_database(published: Checkpoint, width: int) -> None:
    path = publishing.folder() / Tile(None, 0, width).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert f"tiles hold {width} entries" in str(found())


def test_published_entries_of_another_history(published: Checkpoint) -> None:
    path = publishing.folder() / Tile(None, 0, published.size).path
    path.write_bytes(path.read_bytes().replace(b"organisation.applied", b"organisation.refused"))
    assert "others than the database" in str(found())


@pytest.mark.parametrize("more", [0, 3])
def test_what_a_witness_saw(published: Checkpoint, more: int) -> None:
    assert "a witness covers" in str(found(Head("a witness", published.size + more, bytes(32))))


def test_the_guard_shuts_the_door_before_anything_is_signed(exchange: Flask, published: Checkpoint) -> None:
    ahead = signed(published.size + 7, bytes(32))
    (publishing.folder() / CHECKPOINT).write_text(ahead)
    looked_at(exchange)
    assert "qilu restore" in str(db.read_only())
    with pytest.raises(Unavailable) as refused, db.transaction():
        pass
    assert refused.value.code == "ledger.read_only"
    publisher = Publisher(exchange)
    publisher.start()
    publisher.stop(SECONDS)
    assert (publishing.folder() / CHECKPOINT).read_text("utf-8") == ahead


def test_a_witness_that_saw_more_shuts_the_door_and_one_that_agrees_opens_it(
    exchange: Flask, published: Checkpoint
) -> None:
    answer, asked = threading.Event(), threading.Event()

    def ask() -> Iterator[Head]:
        asked.set()
        answer.wait(SECONDS)
        yield Head("a witness", published.size, published.root)

    guard = Guard(exchange, ask, beat=3600)
    guard.start()
    assert asked.wait(SECONDS)
    assert db.read_only() == ASKING, "nothing is written before the witnesses have answered"
    answer.set()
    guard.stop(SECONDS)
    assert db.read_only() is None
    looked_at(exchange, ask=lambda: [Head("a witness", published.size + 1, bytes(32))])
    assert "a witness covers" in str(db.read_only())


def test_witnesses_that_cannot_be_asked_say_nothing(exchange: Flask, published: Checkpoint) -> None:
    def ask() -> list[Head]:
        raise OSError("no route to host")

    looked_at(exchange, ask=ask)
    assert db.read_only() is None


def test_entries_that_are_not_those_that_were_signed(exchange: Flask, published: Checkpoint) -> None:
    with db.transaction() as session:
        session.execute(
            insert(LedgerCheckpoint).values(
                size=published.size + 1,
                root=bytes(32),
                note=signed(published.size + 1, bytes(32)),
                time=exchange.extensions["clock"](),
            )
        )
    people.applied()
    if not config.current().is_sqlite:
        sequencing.integrate()
    (publishing.folder() / CHECKPOINT).unlink()
    looked_at(exchange)
    assert "other entries than were signed" in str(db.read_only())


def test_the_publishers_own_refusal_leads_to_the_same_state(exchange: Flask, published: Checkpoint) -> None:
    (publishing.folder() / CHECKPOINT).write_text(signed(published.size + 7, bytes(32)))
    publisher = Publisher(exchange)
    publisher.start()
    publisher.stop(SECONDS)
    assert db.read_only() is not None
    assert head_of_file().size == published.size + 7


def test_what_an_exchange_that_is_read_only_still_does(exchange: Flask, published: Checkpoint) -> None:
    actor = people.verified()
    publishing.publish()
    bearer = people.bearer(actor)
    exchange.extensions["readiness"] = Readiness(exchange, patience=60)
    client = exchange.test_client()
    with db.read() as session:
        entry_id = session.scalar(select(LedgerEntry.id).limit(1))
    assert 'class="read-only"' not in client.get("/", headers=HTML).text
    db.stop_writing("a reason for the operator")
    page = client.get("/", headers=HTML)
    assert page.status_code == 200
    assert 'class="read-only"' in page.text
    exchange.extensions["clock"].advance(hours=1)  # a session that is looked at so late is touched, else
    assert client.get("/api/v1/me", headers=bearer).status_code == 200
    with client.get("/ledger/checkpoint") as answer:
        assert answer.status_code == 200
    assert client.get(f"/api/v1/entries/{entry_id}").json["proof"]
    body = {"email": "somebody@example.org", "password": people.PASSWORD, "label": "x"}
    refused = client.post("/api/v1/tokens", json=body)
    assert refused.status_code == 503
    assert refused.json["code"] == "ledger.read_only"
    assert refused.headers["Retry-After"] == "60"
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json["reasons"] == [
        {"part": "ledger", "code": "ledger.read_only", "detail": "a reason for the operator"}
    ]


def test_a_worker_leaves_the_jobs(exchange: Flask) -> None:
    done = threading.Event()
    exchange.extensions["handlers"]["something.small"] = done.set
    with db.transaction() as session:
        jobs.queue(session, "something.small")
    db.stop_writing("a reason")
    worker = jobs.Worker(exchange, alone=True)
    worker.start()
    assert not done.wait(0.5)
    db.write_again()
    assert done.wait(SECONDS)
    worker.stop(SECONDS)


def test_another_process_learns_of_it_on_its_next_beat(exchange: Flask, published: Checkpoint) -> None:
    guard = Guard(exchange, beat=0.05)
    guard.start()
    assert db.read_only() is None
    path: Path = publishing.folder() / CHECKPOINT
    fresh = path.with_name("fresh")
    fresh.write_text(signed(published.size + 7, bytes(32)))
    fresh.replace(path)
    waited = threading.Event()
    for _look in range(SECONDS * 20):
        if db.read_only() is not None or waited.wait(0.05):
            break
    guard.stop(SECONDS)
    assert db.read_only() is not None
