"""An exchange that lost what it did after its backup, and a mirror that saw it."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from ledger import reader
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.note import parse_note
from market import config, db
from market.config import Settings
from market.contracting import requesting
from market.db import read
from market.governance.restore import Restored
from market.keys import ring
from market.oversight import checking, publishing, sequencing
from tests import people, trades
from tests.deals import Deal
from tests.market.governance.test_backup import made, put_back

NAME = hashlib.sha256(b"exchange.example/log").hexdigest()


@dataclass
class Lost:
    """An exchange that went on after its backup, and a mirror that saw it.

    Attributes:
        file: the backup.
        known: entries in it.
        mirror: folder of the mirror; the copy lies in it under its name.
        head: what the mirror holds.
        hashes: of all its entries.
        deal: a trade of the backup that went on; it is lost how.
        other: one that did not.
        unknown: number of a trade that began after the backup.
    """

    file: Path
    known: int
    mirror: Path
    head: Checkpoint
    hashes: list[bytes]
    deal: Deal
    other: Deal
    unknown: str

    @property
    def copy(self) -> Path:
        """The copy of the log."""
        return self.mirror / NAME


def size() -> int:
    with read() as session:
        return reader.size(session)


def mirrored(mirror: Path) -> Checkpoint:
    """Publish what there is and let a mirror have it all."""
    publishing.publish()
    shutil.rmtree(mirror / NAME, ignore_errors=True)
    shutil.copytree(publishing.folder(), mirror / NAME)
    return parse_checkpoint(parse_note((mirror / NAME / CHECKPOINT).read_text())[0])


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned, and the documents are not the matter."""
    trades.platform(exchange)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange


@pytest.fixture
def lost(exchange: Flask, tmp_path: Path) -> Lost:
    deal = trades.in_force()
    other = trades.in_force(beside=deal)
    publishing.publish()
    known = size()
    made(tmp_path / "backup.tar", keys=True)
    trades.paid(deal)
    people.applied()
    unknown = trades.in_force(beside=deal).number
    head = mirrored(tmp_path / "mirror")
    assert head.size > known
    with read() as session:
        hashes = reader.leaf_hashes(session, head.size)
    return Lost(tmp_path / "backup.tar", known, tmp_path / "mirror", head, hashes, deal, other, unknown)


def recovered(
    lost: Lost, home: Path, elsewhere: dict[str, str], place: str | None = None
) -> tuple[Restored, Settings]:
    return put_back(lost.file, home, elsewhere, mirror=place or str(lost.mirror))


def fsck() -> checking.Checkup:
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate(everything=True)
    with read() as session:
        return checking.examine(session, publishing.folder(), ring.verifiers(session, config.current()))
