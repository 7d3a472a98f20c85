"""``qilu ledger journal-key``: a pair whose private half lies in one file, its owner's alone, never written over."""

import stat
from pathlib import Path

from click.testing import CliRunner, Result

from market import sealing
from market.cli import qilu


def made(file: Path) -> Result:
    return CliRunner().invoke(qilu, ["ledger", "journal-key", str(file)])


def test_the_file_opens_what_is_sealed_for_the_line(tmp_path: Path) -> None:
    file = tmp_path / "journal.key"
    done = made(file)
    assert done.exit_code == 0
    name, _equals, value = done.stdout.strip().partition("=")
    assert name == "LEDGER_JOURNAL_KEY"
    key = sealing.parse_private(file.read_text())
    assert sealing.unseal([key], b"it", sealing.seal(sealing.parse_public(value), b"it", b"said")) == b"said"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sealing.private_text(key) not in done.output
    assert f"move {file} away from this machine" in done.stderr


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "journal.key"
    made(file)
    before = file.read_bytes()
    again = made(file)
    assert (again.exit_code, again.stdout) == (1, "")
    assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = made(tmp_path / "nowhere" / "journal.key")
    assert done.exit_code == 1
    assert "No such file" in done.stderr
