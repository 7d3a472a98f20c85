"""What was written whole stays whole, though the power goes at any call into the system."""

import os
from pathlib import Path

import pytest

from ledger import durable

ORDER = ["fsync file", "replace", "fsync folder"]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that make a file last, in their order."""
    made: list[str] = []
    sync, rename = os.fsync, os.replace

    def fsync(handle: int) -> None:
        made.append("fsync folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "fsync file")
        sync(handle)

    def replace(old: str, new: Path) -> None:
        made.append("replace")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    return made


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, calls: list[str]
) -> None:
    durable.replace(tmp_path / "a", b"1")
    assert calls == ORDER
    durable.replace(tmp_path / "new" / "b", b"2")
    assert calls == [*ORDER, "fsync folder", *ORDER]


def test_a_secret_is_never_anybody_elses_to_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    durable.replace(path, b"new", mode=durable.OWNER_ONLY)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"new"


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    durable.replace(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
