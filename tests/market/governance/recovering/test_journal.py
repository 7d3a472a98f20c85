"""Restoring with a mirror that kept the journal: what the backup lacks comes back as it was."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from sqlalchemy import select

from ledger import reader
from ledger.mirror import folder_of
from market import jobs, steps
from market.config import Settings
from market.db import read, transaction
from market.governance.archive import BackupError
from market.governance.restore import Restored, told
from market.oversight import publishing
from market.trades import decisions
from market.trades.models import Trade
from market.witnessing import segments
from market.witnessing.journaling import Journaling
from tests import people, trades
from tests.conftest import Clock
from tests.deals import Deal
from tests.market.governance.conftest import Serving
from tests.market.governance.recovering.conftest import fsck, size
from tests.market.governance.test_backup import made, on_sqlite, put_back
from tests.market.witnessing.conftest import serving as port
from tests.market.witnessing.pair import KEY, Pair, mirrored


@dataclass
class Burnt:
    """An exchange that went on after its backup, and the mirror of its log and journal.

    Attributes:
        pair: both.
        file: the backup.
        known: entries in it.
        deal: a trade that was paid after it.
        head: size of what the mirror holds.
    """

    pair: Pair
    file: Path
    known: int
    deal: Deal
    head: int


@pytest.fixture
def pair(exchange: Flask, clock: Clock, tmp_path: Path) -> Iterator[Pair]:
    with port() as peer, mirrored(exchange, peer, clock, tmp_path) as found:
        yield found


@pytest.fixture
def burnt(pair: Pair, tmp_path: Path) -> Burnt:
    deal = trades.in_force()
    pair.cosigned()
    known = size()
    made(tmp_path / "backup.tar", keys=True)
    trades.paid(deal)
    people.applied()
    head = held(pair)
    pair.send()
    return Burnt(pair, tmp_path / "backup.tar", known, deal, head)


def held(pair: Pair) -> int:
    """Have the mirror cosign and hold what the log has; return its size."""
    head = pair.cosigned()
    shutil.copytree(publishing.folder() / "tile", pair.folder.parent / "tile", dirs_exist_ok=True)
    return head


def restored(
    burnt: Burnt,
    home: Path,
    elsewhere: dict[str, str],
    journal: Sequence[X25519PrivateKey] = (KEY,),
    place: str | None = None,
) -> tuple[Restored, Settings]:
    return put_back(burnt.file, home, elsewhere, mirror=place or burnt.pair.url, journal=journal)


@pytest.mark.parametrize("below", [False, True], ids=["witness", "copy"])
def test_with_the_journal_nothing_is_lost_and_the_trade_goes_on(
    burnt: Burnt, tmp_path: Path, elsewhere: dict[str, str], serving: Serving, below: bool
) -> None:
    copy = folder_of(Path(), "exchange.example/log").name
    place = f"{burnt.pair.url}/{copy}" if below else burnt.pair.url
    with read() as session:
        hashes = reader.leaf_hashes(session, burnt.head)
    found, settings = restored(burnt, tmp_path / "copy", elsewhere, place=place)
    assert found.recovered is not None
    assert (found.recovered.first, found.recovered.size) == (burnt.known, burnt.head)
    assert (found.recovered.gone, found.recovered.frozen, found.recovered.why) == (0, [], "")
    said = "\n".join(told(found, settings.home))
    assert f"entries {burnt.known} to {burnt.head - 1} were brought back" in said
    assert "without their values" not in said
    app = serving(settings)
    with app.app_context():
        trades.platform(app)
        with read() as session:
            assert reader.leaf_hashes(session, burnt.head) == hashes
            assert steps.recovered(session) == []
        assert fsck().faults == []
        assert fsck().gone == []
        trades.fetched(burnt.deal)
        with transaction() as session:
            decisions.accept(session, burnt.deal.buyer, burnt.deal.number)
        jobs.drain()
        assert trades.states(burnt.deal)["settlement"] == "RELEASED"
        assert fsck().faults == []


def test_what_the_journal_does_not_reach_is_frozen(
    burnt: Burnt, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    number = trades.in_force(beside=burnt.deal).number
    head = held(burnt.pair)  # and the journal was not sent any more
    found, settings = restored(burnt, tmp_path / "copy", elsewhere)
    assert found.recovered is not None
    assert found.recovered.why.startswith(f"the journal ends before entry {burnt.head}: ")
    assert found.recovered.gone == head - burnt.head
    assert found.recovered.why in "\n".join(told(found, settings.home))
    app = serving(settings)
    with app.app_context():
        trades.platform(app)
        assert fsck().faults == []
        with read() as session:
            lost = {step.object for step in steps.recovered(session)}
            assert lost == {*found.recovered.frozen}
        trades.fetched(burnt.deal)
        assert trades.states(burnt.deal)["transfer"] == "COMPLETED"
        with read() as session:
            assert number not in session.scalars(select(Trade.number)).all()


def test_another_key_opens_nothing(burnt: Burnt, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    found, _settings = restored(burnt, tmp_path / "copy", elsewhere, [X25519PrivateKey.generate()])
    assert found.recovered is not None
    assert "it was sealed for another key" in found.recovered.why
    assert found.recovered.gone == burnt.head - burnt.known


def test_files_that_burnt_too_are_named(burnt: Burnt, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    trades.in_force(beside=burnt.deal)
    held(burnt.pair)
    burnt.pair.send()
    found, settings = restored(burnt, tmp_path / "copy", elsewhere)
    assert found.recovered is not None
    assert found.recovered.files
    said = "\n".join(told(found, settings.home))
    assert all(f"the stored file {digest} is named" in said for digest in found.recovered.files)


def test_a_journal_is_had_from_a_witness_by_its_log(
    burnt: Burnt, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    with pytest.raises(BackupError, match="the journal is had from a witness"):
        restored(burnt, tmp_path / "copy", elsewhere, place=str(burnt.pair.folder.parent.parent))
    assert not (tmp_path / "copy").exists()


@on_sqlite
def test_the_journal_goes_on_behind_what_was_lost(burnt: Burnt, tmp_path: Path, serving: Serving) -> None:
    shutil.rmtree(burnt.pair.folder)  # the mirror has no journal of what was lost
    first, settings = restored(burnt, tmp_path / "copy", {})
    assert first.recovered is not None
    gone = burnt.head - burnt.known
    assert first.recovered.gone == gone
    app = serving(settings)
    with app.app_context():
        people.applied()
        head = held(burnt.pair)
        Journaling(app).once()
        assert burnt.pair.post("/next", burnt.pair.question(segments.NEXT)) == (200, b"%d\n" % head)
        with read() as session:
            hashes = reader.leaf_hashes(session, head)
    again, settings = restored(burnt, tmp_path / "again", {})
    assert again.recovered is not None
    assert (again.recovered.gone, again.recovered.size, again.recovered.why) == (gone, head, "")
    with serving(settings).app_context():
        with read() as session:
            assert reader.leaf_hashes(session, head) == hashes
        assert fsck().faults == []
