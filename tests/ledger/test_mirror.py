"""A mirror holds what its log published, and nothing that the log did not sign."""

from pathlib import Path

import pytest

from ledger import note
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.merkle import EMPTY_ROOT
from ledger.mirror import Mirrors, folder_of
from ledger.witness import BusyError, ContradictionError
from tests.ledger.histories import History, full, leaves

SIGNER = note.generate("log.example/a")
EMPTY = Checkpoint(SIGNER.name, 0, EMPTY_ROOT)


def mirrors(folder: Path, history: History) -> Mirrors:
    return Mirrors(folder, {SIGNER.name: history.fetch})


def stored(folder: Path) -> dict[str, bytes]:
    own = folder_of(folder, SIGNER.name)
    return {
        str(path.relative_to(own)): path.read_bytes()
        for path in own.rglob("*")
        if path.is_file() and path.name not in {".lock", CHECKPOINT}
    }


@pytest.mark.parametrize("sizes", [(1,), (255, 256, 257), (3, 300, 301, 900), (65_280, 65_540)])
def test_the_copy_is_the_log_file_by_file(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    grown, held = leaves(sizes[-1]), EMPTY
    for size in sizes:
        history = History(SIGNER, grown[:size])
        mirrors(tmp_path, history).take(held, history.head())
        held = history.head()
        assert history.files().items() <= stored(tmp_path).items()
    assert not {path for path in stored(tmp_path) if path.startswith("tile/0/000.p/")} or sizes[-1] < 256


def test_growing_fetches_what_is_new(tmp_path: Path) -> None:
    old, new = History(SIGNER, leaves(1000)), History(SIGNER, leaves(1003))
    mirrors(tmp_path, old).take(EMPTY, old.head())
    mirrors(tmp_path, new).take(old.head(), new.head())
    assert sorted(new.asked) == ["tile/0/003.p/235", "tile/entries/003.p/235"]


def test_an_interrupted_copy_goes_on_where_it_was(tmp_path: Path) -> None:
    history = History(SIGNER, leaves(1500), fails_at="tile/entries/003")
    with pytest.raises(BusyError, match="cut"):
        mirrors(tmp_path, history).take(EMPTY, history.head())
    history.asked.clear()
    mirrors(tmp_path, history).take(EMPTY, history.head())
    assert "tile/entries/002" not in history.asked
    assert history.files().items() <= stored(tmp_path).items()


def test_a_log_that_grew_meanwhile_has_only_the_full_tile(tmp_path: Path) -> None:
    history = History(SIGNER, leaves(600), earlier=300)
    assert "tile/0/001.p/44" not in history.lying
    mirrors(tmp_path, history).take(EMPTY, history.head(300))
    assert stored(tmp_path)["tile/0/001.p/44"] == history.files(300)["tile/0/001.p/44"]
    assert stored(tmp_path)["tile/entries/001.p/44"] == history.files(300)["tile/entries/001.p/44"]


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/2", "tile/0/002.p/88", "tile/entries/001"])
@pytest.mark.parametrize("at", [0, -1])
def test_what_the_log_did_not_sign_is_not_stored(tmp_path: Path, path: str, at: int) -> None:
    history = History(SIGNER, leaves(600))
    files = history.files()
    wrong = bytearray(files[path])
    wrong[at] ^= 1
    files[path] = bytes(wrong)
    with pytest.raises(BusyError):
        Mirrors(tmp_path, {SIGNER.name: lambda name, _limit: files[name]}).take(EMPTY, history.head())
    found = stored(tmp_path)
    assert found.get(path) is None
    assert found.items() <= history.files().items()


def test_a_damaged_copy_is_fetched_again(tmp_path: Path) -> None:
    old, new = History(SIGNER, leaves(600)), History(SIGNER, leaves(700))
    mirrors(tmp_path, old).take(EMPTY, old.head())
    own = folder_of(tmp_path, SIGNER.name)
    (own / "tile/1/000.p/2").unlink()
    (own / full(0).path).write_bytes(bytes(8192))
    mirrors(tmp_path, new).take(old.head(), new.head())
    assert new.files().items() <= stored(tmp_path).items()


def test_another_history_is_a_contradiction(tmp_path: Path) -> None:
    old = History(SIGNER, leaves(600))
    other = History(SIGNER, [*leaves(599), b"rewritten", *leaves(100)])
    mirrors(tmp_path, old).take(EMPTY, old.head())
    before = stored(tmp_path)
    with pytest.raises(ContradictionError, match="another history below size 600"):
        mirrors(tmp_path, other).take(old.head(), other.head())
    assert stored(tmp_path) == before


def test_smaller_heads_are_known_while_the_copy_is_whole(tmp_path: Path) -> None:
    history = History(SIGNER, leaves(600))
    copy = mirrors(tmp_path, history)
    copy.take(EMPTY, history.head())
    assert copy.root(history.head(), 300) == history.head(300).root
    (folder_of(tmp_path, SIGNER.name) / full(1).path).unlink()
    assert copy.root(history.head(), 300) is None
    assert Mirrors(tmp_path / "none", {}).root(history.head(), 300) is None


@pytest.mark.parametrize("size", [255, 256, 300, 512, 599])
def test_no_root_comes_out_of_a_damaged_copy(tmp_path: Path, size: int) -> None:
    history = History(SIGNER, leaves(600))
    copy = mirrors(tmp_path, history)
    copy.take(EMPTY, history.head())
    for path in sorted(folder_of(tmp_path, SIGNER.name).rglob("tile/[01]/*")):
        if path.is_file():
            sound = path.read_bytes()
            for at in range(0, len(sound), 32):
                path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
                assert copy.root(history.head(), size) in {None, history.head(size).root}
            path.write_bytes(sound)
    assert copy.root(history.head(), size) == history.head(size).root


def test_a_larger_head_stays_named(tmp_path: Path) -> None:
    history = History(SIGNER, leaves(9))
    copy = mirrors(tmp_path, history)
    assert copy.named(SIGNER.name) is None
    for size in (3, 9, 5):
        copy.name(history.head(size), history.note(size))
    assert copy.named(SIGNER.name) == history.note(9)
