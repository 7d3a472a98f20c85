"""fsck of copies: a backup's database file, a folder of tiles, the one against the other."""

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from ledger.note import parse_signer
from market.cli import qilu
from market.config import Settings
from market.db import sqlite, transaction
from market.oversight import publishing
from tests.market.steps.rows import add_trade

pytestmark = [pytest.mark.sqlite, pytest.mark.parametrize("lane", ["sqlite"], indirect=True)]
"""A database in a file is SQLite's."""


@pytest.fixture
def copies(bare: Flask, settings: Settings, tmp_path: Path) -> tuple[Path, Path, str]:
    """A copy of a database, the log it published, and the log's key."""
    bare.extensions["settings"] = settings
    for _ in range(3):
        with transaction() as session:
            add_trade(session)
    publishing.publish()
    copy = tmp_path / "backup.db"
    with (
        closing(sqlite.connect(settings.database_url.removeprefix("sqlite:///"))) as source,
        closing(sqlite.connect(copy)) as target,
    ):
        source.backup(target)
    return copy, publishing.folder(), str(parse_signer(settings.ledger_signing_key).verifier)


def fsck(*arguments: str | Path) -> Result:
    return CliRunner().invoke(qilu, ["ledger", "fsck", *map(str, arguments)])


def test_copies_are_clean(copies: tuple[Path, Path, str]) -> None:
    database, folder, key = copies
    for arguments in (
        ("--database", database, "--key", key),
        ("--database", database, "--folder", folder, "--key", key),
        ("--folder", folder, "--key", key),
    ):
        done = fsck(*arguments)
        assert (done.exit_code, done.output.splitlines()[-1]) == (0, "3 entries, no faults"), done.output
    assert "the log half alone" in done.output
    assert {path.name for path in database.parent.glob("backup*")} == {"backup.db"}, (
        "nothing is written beside it"
    )


def test_what_differs_is_named(copies: tuple[Path, Path, str]) -> None:
    database, folder, key = copies
    with closing(sqlite.connect(database)) as raw, raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("UPDATE trade SET amount = 7 WHERE id = (SELECT min(id) FROM trade)")
    done = fsck("--database", database, "--key", key)
    assert done.exit_code == 1
    assert "column amount: the ledger has 19900, the row 7" in done.output
    bundle = folder / "tile/entries/000.p/3"
    bundle.write_bytes(bundle.read_bytes()[:-1])
    done = fsck("--database", database, "--folder", folder, "--key", key)
    assert done.exit_code == 1
    assert f"{bundle} bytes" in done.output
    assert fsck("--folder", folder, "--key", key).exit_code == 1


def test_what_cannot_be_looked_at_is_said(copies: tuple[Path, Path, str], tmp_path: Path) -> None:
    _database, folder, key = copies
    other = tmp_path / "other.db"
    other.write_bytes(b"")
    done = fsck("--database", other, "--key", key)
    assert (done.exit_code, "no database of an exchange" in done.output) == (1, True)
    assert fsck("--folder", folder, "--key", "no key").exit_code != 0
