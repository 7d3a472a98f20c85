"""Secrets on disk: made once, by whoever is first, and nobody else's to read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from market.keys import files


def test_of_many_who_make_a_secret_at_once_all_have_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _n: files.load_or_make_secret(folder, "fingerprint"), range(32)))
    assert len(made) == 1
    assert len(made.pop()) == files.SECRET_SIZE
    (path,) = folder.iterdir()
    assert (path.name, path.stat().st_mode & 0o777) == ("fingerprint.key", 0o600)
    assert files.load_or_make_secret(tmp_path / "other", "fingerprint") != path.read_bytes()


@pytest.mark.parametrize("name", ["", "../fingerprint", "a/b", "A"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a key file name"):
        files.load_or_make_secret(tmp_path, name)
