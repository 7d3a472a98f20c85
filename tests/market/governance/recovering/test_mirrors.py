"""What a restore takes for a mirror, and what no mirror can make of it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import select

from ledger import cosign, note
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.merkle import Tree
from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.note import parse_note, parse_signer
from ledger.tiles import MAX_BUNDLE, Tile, decode_bundle, encode_bundle
from market import config, db
from market.db import read
from market.governance import guard
from market.governance.archive import BackupError
from market.governance.guard import Guard
from market.governance.heads import Head
from market.governance.restore import told
from market.oversight import publishing
from market.trades import suspension
from tests import people
from tests.ledger.histories import History, leaves
from tests.market.governance.conftest import Serving
from tests.market.governance.recovering.conftest import NAME, Lost, recovered
from tests.market.governance.test_backup import made, on_sqlite, put_back
from tests.market.witnessing.conftest import NOTHING
from tests.market.witnessing.conftest import serving as peers
from tests.waiting import SECONDS


def test_an_exchange_serves_as_a_mirror_over_http(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    files = {
        str(path.relative_to(lost.copy)): path.read_bytes() for path in lost.copy.rglob("*") if path.is_file()
    }

    def answers(method: str, path: str, _body: bytes) -> tuple[int, str, bytes]:
        name = path.removeprefix(f"/witness/{NAME}/")
        return (200, "text/plain", files[name]) if method == "GET" and name in files else NOTHING

    with peers() as peer:
        peer.answers = answers
        restored, _settings = recovered(lost, tmp_path / "copy", elsewhere, f"{peer.url}/witness/")
        assert restored.recovered is not None
        assert restored.recovered.size == lost.head.size


@on_sqlite
def test_a_mirror_that_is_on_hold_or_knows_nothing_is_none(lost: Lost, tmp_path: Path) -> None:
    with peers() as peer:
        peer.answers = lambda _method, _path, _body: (503, "text/plain", b"on hold\n")
        with pytest.raises(BackupError, match="503"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")
        peer.answers = lambda _method, _path, _body: NOTHING
        with pytest.raises(BackupError, match="no copy of this log"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")
        peer.answers = None
        with pytest.raises(BackupError, match="nothing can be brought back"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")


@on_sqlite
def test_the_copy_itself_or_any_published_log_is_a_mirror_too(lost: Lost, tmp_path: Path) -> None:
    for number, place in enumerate((lost.copy, publishing.folder())):
        restored, _settings = recovered(lost, tmp_path / str(number), {}, str(place))
        assert restored.recovered is not None
        assert restored.recovered.gone == lost.head.size - lost.known


@on_sqlite
def test_a_mirror_that_holds_no_more_changes_nothing(lost: Lost, tmp_path: Path) -> None:
    made(tmp_path / "newest.tar")
    restored, _settings = put_back(tmp_path / "newest.tar", tmp_path / "copy", {}, mirror=str(lost.mirror))
    assert restored.recovered is not None
    assert restored.recovered.gone == 0
    assert restored.proof.entries == lost.head.size
    assert any("holds no more than the backup" in line for line in told(restored, tmp_path / "copy"))


def _bundle(lost: Lost) -> Path:
    return max(
        (lost.copy / "tile" / "entries").rglob("*"), key=lambda path: (path.is_file(), path.stat().st_size)
    )


def _other_leaves(lost: Lost) -> None:
    leaves = list(decode_bundle(_bundle(lost).read_bytes()))
    leaves[-1], leaves[-2] = leaves[-2], leaves[-1]
    _bundle(lost).write_bytes(encode_bundle(leaves))


def _flipped(lost: Lost) -> None:
    data = bytearray(_bundle(lost).read_bytes())
    data[-5] ^= 1
    _bundle(lost).write_bytes(data)


def _signed_anew(lost: Lost, signer: note.Signer, size: int, root: bytes) -> None:
    (lost.copy / CHECKPOINT).write_text(signer.sign(Checkpoint(signer.name, size, root).text()))


def _tile(lost: Lost) -> Path:
    return lost.copy / Tile(0, 0, lost.head.size).path


def _own() -> note.Signer:
    return parse_signer(config.current().ledger_signing_key)


HOSTILE: dict[str, tuple[Callable[[Lost], object], str]] = {
    "leaves in another order": (_other_leaves, "other entries than were hashed"),
    "one bit": (_flipped, "entr"),
    "half a tile": (lambda lost: _tile(lost).write_bytes(_tile(lost).read_bytes()[:-7]), "length"),
    "no tile": (lambda lost: _tile(lost).unlink(), "has no tile"),
    "half a bundle": (lambda lost: _bundle(lost).write_bytes(_bundle(lost).read_bytes()[:-7]), "entr"),
    "an endless bundle": (
        lambda lost: _bundle(lost).write_bytes(_bundle(lost).read_bytes() + bytes(MAX_BUNDLE)), "longer"
    ),
    "an endless checkpoint": (
        lambda lost: (lost.copy / CHECKPOINT).write_bytes((lost.copy / CHECKPOINT).read_bytes() * 500), "longer"
    ),
    "no text": (lambda lost: (lost.copy / CHECKPOINT).write_bytes(b"\xff\xfe"), "decode"),
    "a foreign key": (
        lambda lost: _signed_anew(lost, note.generate(_own().name), lost.head.size, lost.head.root), "signed by"
    ),
    "an older head": (
        lambda lost: _signed_anew(lost, _own(), lost.known - 1, bytes(32)), "nothing to bring back"
    ),
    "another root": (lambda lost: _signed_anew(lost, _own(), lost.head.size, bytes(32)), "do not lead"),
    "more than there is": (lambda lost: _signed_anew(lost, _own(), 10**9, lost.head.root), "has no tile"),
    "no copy at all": (lambda lost: shutil.rmtree(lost.copy), "no copy of this log"),
}  # fmt: skip


@on_sqlite
def test_a_mirror_that_lies_puts_nothing_in_place(lost: Lost, tmp_path: Path) -> None:
    for number, (how, (spoil, why)) in enumerate(HOSTILE.items()):
        hostile = replace(lost, mirror=tmp_path / f"mirror-{number}")
        shutil.copytree(lost.mirror, hostile.mirror)
        spoil(hostile)
        with pytest.raises(BackupError) as refused:
            recovered(hostile, tmp_path / "copy", {})
        assert why in str(refused.value), how
        assert sorted(path.name for path in tmp_path.glob("*copy*")) == [], how


def test_another_history_by_the_same_key_is_refused_and_the_database_left_empty(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    forged = History(_own(), leaves(lost.head.size))
    for path, data in {**forged.files(), CHECKPOINT: forged.note().encode()}.items():
        target = lost.copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    with pytest.raises(BackupError, match="another history"):
        recovered(lost, tmp_path / "copy", elsewhere)
    assert not (tmp_path / "copy").exists()
    put_back(lost.file, tmp_path / "copy", elsewhere)


def test_what_fails_in_the_middle_leaves_nothing(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_any: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(suspension, "freeze", stopped)
        with pytest.raises(KeyboardInterrupt):
            recovered(lost, tmp_path / "copy", elsewhere)
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == []
    restored, _settings = recovered(lost, tmp_path / "copy", elsewhere)
    assert not restored.proof.missing


@on_sqlite
def test_a_key_that_signs_no_more_is_no_key_of_the_log(lost: Lost, tmp_path: Path) -> None:
    text = (lost.copy / CHECKPOINT).read_text()
    (lost.copy / CHECKPOINT).write_text(text.replace("exchange.example/log\n", "other.example/log\n", 1))
    with pytest.raises(BackupError):
        recovered(lost, tmp_path / "copy", {})


@on_sqlite
def test_who_has_seen_more_than_the_mirror_keeps_it_from_writing(
    lost: Lost, tmp_path: Path, serving: Serving
) -> None:
    people.applied()
    newer = publishing.publish()
    assert newer is not None
    restored, settings = put_back(
        lost.file, tmp_path / "copy", {}, publishing.folder() / CHECKPOINT, str(lost.mirror)
    )
    assert restored.proof.missing == range(lost.head.size, newer.size)
    assert any("MISSING" in line for line in told(restored, settings.home))
    shutil.copy(publishing.folder() / CHECKPOINT, settings.home / "ledger" / CHECKPOINT)
    app = serving(settings)
    with app.app_context():
        looking = Guard(app, beat=3600)
        looking.start()
        looking.stop(SECONDS)
        assert "qilu restore" in str(db.read_only())


@on_sqlite
def test_a_head_between_backup_and_mirror_is_known_by_its_entries(
    lost: Lost, tmp_path: Path, serving: Serving
) -> None:
    """A second witness may hold one that the mirror has no more; it must not keep the exchange from writing."""
    _restored, settings = recovered(lost, tmp_path / "copy", {})
    between = lost.known + 1
    with serving(settings).app_context():
        with read() as session:
            assert session.get(LedgerCheckpoint, between) is None
        for root, well in ((Tree(lost.hashes).root(between), True), (bytes(32), False)):
            said = guard.contradiction(
                publishing.folder(), publishing.keys(), [Head("a witness", between, root)]
            )
            assert (said is None) is well


@on_sqlite
def test_what_its_witnesses_said_of_the_head_comes_along(lost: Lost, tmp_path: Path) -> None:
    witness, stranger = cosign.generate("w.example"), cosign.generate("s.example")
    path = lost.copy / CHECKPOINT
    text = parse_note(path.read_text())[0]
    lines = [one.cosign(text, 1_790_000_000) for one in (witness, stranger)]
    path.write_text(path.read_text() + "".join(lines))
    policy = tmp_path / "policy"
    policy.write_text(f"witness w {witness.verifier} http://127.0.0.1:9\n")
    current_app.extensions["settings"] = replace(config.current(), ledger_policy=str(policy))
    _restored, copy = recovered(lost, tmp_path / "copy", {})
    engine = db.engine_for(copy.database_url)
    with engine.connect() as connection:
        keys = connection.scalars(select(LedgerCosignature.key)).all()
        sizes = connection.scalars(select(LedgerCheckpoint.size)).all()
    engine.dispose()
    assert list(keys) == [str(witness.verifier)]
    assert max(sizes) == lost.head.size
    published = (copy.home / "ledger" / CHECKPOINT).read_text()
    assert [line.name for line in parse_note(published)[1]] == ["exchange.example/log", "w.example"]
