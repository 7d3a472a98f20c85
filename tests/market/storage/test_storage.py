import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.storage import StoreError, open_store
from market.storage.blob import OverCap, Store
from tests.waiting import SECONDS

CONTENT = bytes(range(256)) * 5000


@pytest.fixture(params=["folder", "object storage"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store((tmp_path / "a store").as_uri())
    return open_store("memory:///")


def _chunks(size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(CONTENT), size):
        yield CONTENT[start : start + size]


def test_bytes_are_found_under_their_digest(store: Store) -> None:
    blob = store.put_stream(_chunks(), cap=len(CONTENT))
    assert blob.digest == hashlib.sha256(CONTENT).hexdigest()
    assert blob.size == store.size(blob.digest) == len(CONTENT)
    assert store.read(blob.digest) == CONTENT
    with store.local_path(blob.digest) as path:
        assert path.read_bytes() == CONTENT


def test_the_same_bytes_twice_are_one_blob(store: Store) -> None:
    assert store.put(b"twice") == store.put(b"twice")
    assert store.read(store.put(b"").digest) == b""


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 700_000), (len(CONTENT) - 1, len(CONTENT)), (7, 7)])
def test_a_range_is_exact(store: Store, start: int, end: int) -> None:
    digest = store.put(CONTENT).digest
    parts = list(store.read_range(digest, start, end, chunk=65_536))
    assert b"".join(parts) == CONTENT[start:end]
    assert all(len(part) <= 65_536 for part in parts)


def test_a_range_beyond_the_end_is_refused(store: Store) -> None:
    digest = store.put(b"short").digest
    with pytest.raises(StoreError):
        list(store.read_range(digest, 0, 6))


def test_a_stream_over_the_cap_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(OverCap):
        store.put_stream(_chunks(), cap=len(CONTENT) - 1)
    with pytest.raises(StoreError):
        store.size(hashlib.sha256(CONTENT).hexdigest())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_names_nothing(store: Store, name: str) -> None:
    with pytest.raises(StoreError):
        store.read(name)


def test_changed_bytes_are_noticed_and_healed_by_storing_again(tmp_path: Path) -> None:
    store = open_store(tmp_path.as_uri())
    digest = store.put(b"right").digest
    with store.local_path(digest) as path:
        path.write_bytes(b"wrong")
    with pytest.raises(StoreError):
        store.read(digest)
    store.put(b"right")
    assert store.read(digest) == b"right"


def test_the_server_of_one_machine_loads_no_heavy_library() -> None:
    code = (
        "import sys, market.storage, market.inspection.service, market.inspection.indicators, market.data;"
        "print(sorted({'obstore', 'duckdb', 'pyarrow'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert found.stdout == "[]\n"
