"""Every durable step is in the next checkpoint, on both databases, and a restored past is refused."""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from ledger import fsck, merkle, reader
from ledger.errors import PublishError
from ledger.note import parse_signer
from market.config import Settings
from market.db import engine, read, transaction
from market.demo.client import wait_for
from market.oversight import publishing
from market.oversight.sequencing import Sequencer
from market.participants.web import COOKIE
from tests.market.steps.rows import add_trade


@pytest.fixture
def publishing_exchange(bare: Flask, settings: Settings) -> Flask:
    bare.extensions["settings"] = settings
    return bare


def test_what_was_committed_is_published(publishing_exchange: Flask, settings: Settings) -> None:
    assert publishing.publish() is None, "an empty log has no checkpoint"
    for _ in range(2):
        with transaction() as session:
            add_trade(session)
        head = publishing.publish()
    assert head is not None
    assert head.size == 2
    assert publishing.publish() is None, "nothing grew"
    with read() as session:
        assert head.root == merkle.root(reader.leaf_hashes(session, 2))
        key = parse_signer(settings.ledger_signing_key).verifier
        assert list(fsck.check(session, publishing.folder(), key)) == []
    assert (publishing.folder() / "checkpoint").read_text().startswith(f"{settings.origin}\n2\n")


def test_a_published_head_from_elsewhere_stops_the_signing(
    publishing_exchange: Flask, tmp_path: Path
) -> None:
    with transaction() as session:
        add_trade(session)
    publishing.publish()
    signer = parse_signer(publishing_exchange.extensions["settings"].ledger_signing_key)
    ahead = signer.sign(f"{signer.name}\n9\n{'A' * 43}=\n")
    (publishing.folder() / "checkpoint").write_text(ahead)
    with transaction() as session:
        add_trade(session)
    with pytest.raises(PublishError):
        publishing.publish()


def test_what_is_published_is_read_without_the_database(exchange: Flask) -> None:
    with transaction() as session:
        add_trade(session)
    publishing.publish()
    asked: list[str] = []
    event.listen(engine(), "before_cursor_execute", lambda *about: asked.append(about[2]))
    client = exchange.test_client()
    for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1", "tile/0/001"):
        with client.get(f"/ledger/{path}", headers={"Cookie": f"{COOKIE}=somebody"}) as answer:
            assert answer.status_code == (404 if path.endswith("001") else 200)
    assert asked == []
    client.get("/ledger", headers={"Cookie": f"{COOKIE}=somebody"})
    assert asked != []


@pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_an_entry_gets_its_place_without_anybody_publishing(bare: Flask) -> None:
    sequencer = Sequencer(bare)
    sequencer.start()
    try:
        for size in (1, 2):
            with transaction() as session:
                add_trade(session)
            wait_for(partial(_is_of, size), "its place")
    finally:
        sequencer.stop(120)


def _is_of(size: int) -> bool | None:
    with read() as session:
        return reader.size(session) == size or None
