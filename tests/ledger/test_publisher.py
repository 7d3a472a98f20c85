"""Publishing: what is on disk is complete, crashes are resumed, contradictions are refused."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ledger import durable, fsck, note, publisher, reader
from ledger.checkpoint import parse_checkpoint
from ledger.errors import DamagedError, ProofError, PublishError
from ledger.merkle import leaf_hash, root, verify_consistency
from ledger.models import LedgerCheckpoint, LedgerEntry, LedgerLeaf, LedgerTile
from ledger.note import open_note
from ledger.tiles import decode_bundle, entry_bundles, hash_tiles
from tests.ledger.conftest import Log


def read_back(log: Log) -> int:
    """Rebuild the tree from the published files alone, as any mirror would; return its size."""
    text, _ = open_note((log.folder / "checkpoint").read_text(), [log.signer.verifier])
    head = parse_checkpoint(text)
    leaves: list[bytes] = []
    for tile in entry_bundles(head.size):
        leaves += decode_bundle((log.folder / tile.path).read_bytes())
    assert len(leaves) == head.size
    assert root(leaf_hash(leaf) for leaf in leaves) == head.root
    for tile in hash_tiles(head.size):
        assert len((log.folder / tile.path).read_bytes()) == 32 * tile.width
    return head.size


def findings(log: Log) -> list[str]:
    with log.read() as session:
        return [str(finding) for finding in fsck.check(session, log.folder, log.signer.verifier)]


def test_an_empty_log_publishes_nothing(log: Log) -> None:
    assert log.publish() is None
    assert not (log.folder / "checkpoint").exists()
    assert findings(log) == []


def test_a_growing_log_stays_readable_and_consistent(log: Log) -> None:
    heads = []
    for count in (1, 254, 1, 1, 300):
        log.append(count)
        head = log.publish()
        assert head is not None
        assert read_back(log) == head.size
        heads.append(head)
    assert log.publish() is None
    with log.read() as session:
        for old, new in itertools.pairwise(heads):
            proof = reader.consistency(session, old.size, new.size)
            verify_consistency(old.size, new.size, proof, old.root, new.root)
    assert findings(log) == []


def test_partial_files_go_when_the_full_one_is_there(log: Log) -> None:
    log.append(200)
    log.publish()
    assert (log.folder / "tile/0/000.p/200").exists()
    log.append(100)
    log.publish()
    assert not (log.folder / "tile/0/000.p").exists()
    assert (log.folder / "tile/0/000").stat().st_size == 8192
    assert not list(log.folder.rglob(".new-*"))


class CrashError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("survives", range(8))
def test_a_crash_at_any_file_is_resumed(log: Log, monkeypatch: pytest.MonkeyPatch, survives: int) -> None:
    log.append(256)
    log.publish()
    log.append(2)
    real, left = durable.replace, [survives]

    def fail(path: Path, data: bytes) -> None:
        if not left[0]:
            raise CrashError
        left[0] -= 1
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(publisher, "replace", fail)
        try:
            log.publish()
        except CrashError:
            assert read_back(log) == 256
    again = log.publish()
    assert again is None or again.size == 258
    assert read_back(log) == 258
    assert findings(log) == []


def test_what_was_changed_after_it_was_signed_is_not_published(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(3)

    def fail(_path: Path, _data: bytes) -> None:
        raise CrashError

    with monkeypatch.context() as patch, pytest.raises(CrashError):
        patch.setattr(publisher, "replace", fail)
        log.publish()
    with log.transaction() as session:
        session.execute(update(LedgerEntry).where(LedgerEntry.seq == 2).values(leaf=b"forged"))
    with pytest.raises(PublishError, match="index 1: the leaf does not have the hash"):
        log.publish()
    assert not (log.folder / "tile/entries").exists()
    assert not (log.folder / "checkpoint").exists()


def test_two_copies_of_the_service_sign_one_head(log: Log) -> None:
    log.append(3)
    other = Log(log.engine, log.folder.parent / "elsewhere", log.signer)

    @contextmanager
    def late() -> Iterator[Session]:
        other.publish()  # the other copy, between our reading and our storing
        with log.transaction() as session:
            yield session

    assert log.publish(late) is None
    with log.read() as session:
        assert list(session.scalars(select(LedgerCheckpoint.size))) == [3]
    log.publish()  # what the other copy signed is published here too
    assert read_back(log) == read_back(other) == 3


def test_two_processes_do_not_write_one_folder(log: Log) -> None:
    log.append(3)

    @contextmanager
    def busy() -> Iterator[Session]:
        assert log.publish() is None
        with log.transaction() as session:
            yield session

    head = log.publish(busy)
    assert head is not None
    assert head.size == 3


def test_a_database_behind_its_signed_head_is_not_signed(log: Log) -> None:
    log.append(3)
    log.publish()
    with log.transaction() as session:
        gone = session.scalars(select(LedgerLeaf).where(LedgerLeaf.idx == 2)).one()
        session.delete(gone)
    with pytest.raises(PublishError):
        log.publish()


def test_a_restored_backup_is_not_signed_over_what_was_published(log: Log) -> None:
    log.append(3)
    log.publish()
    with log.transaction() as session:  # a backup from before the first checkpoint, then other business
        session.execute(delete(LedgerCheckpoint))
        session.execute(delete(LedgerLeaf))
        session.execute(delete(LedgerEntry))
    log.append(4)
    with pytest.raises(PublishError):
        log.publish()
    assert read_back(log) == 3


def test_rewritten_history_is_not_signed(log: Log) -> None:
    log.append(3)
    log.publish()
    log.append(1)
    with log.transaction() as session:
        session.execute(update(LedgerLeaf).where(LedgerLeaf.idx == 1).values(hash=bytes(32)))
    with pytest.raises(PublishError):
        log.publish()


def test_another_key_does_not_continue_the_log(log: Log) -> None:
    log.append(3)
    log.publish()
    log.append(1)
    log.signer = note.generate(log.signer.name)
    with pytest.raises(ProofError):
        log.publish()


def test_fsck_names_the_changed_leaf(log: Log) -> None:
    log.append(4)
    log.publish()
    with log.transaction() as session:
        row = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq)).all()[2]
        row.leaf = row.leaf.replace(b'"rules":1', b'"rules":2')
    found = findings(log)
    assert found[0].startswith("index 2: column leaf: does not have the hash")
    assert any(item.startswith("checkpoint 4: the log leads to another root") for item in found)
    assert any("000.p/4 bytes 64-" in item for item in found)


def test_fsck_names_gaps_and_lonely_entries(log: Log) -> None:
    made = log.append(4)
    with log.transaction() as session:
        session.execute(delete(LedgerLeaf).where(LedgerLeaf.idx == 1))
    found = findings(log)
    assert "index 2: gap: the index after 0 is missing" in found
    assert any("seq 2 of object" in item for item in found)
    lonely = f"entry {made[1].id}: column id: has no index" in found
    assert lonely == (log.engine.dialect.name == "sqlite")


def test_fsck_names_the_damaged_file_and_byte(log: Log) -> None:
    log.append(5)
    log.publish()
    tile = log.folder / "tile/0/000.p/5"
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(data)
    (log.folder / "tile/entries/000.p/5").unlink()
    assert findings(log) == [
        f"{tile} bytes 40-40: differs from what the leaves give",
        f"{log.folder}/tile/entries/000.p/5: missing",
    ]
    tile.write_bytes(data[:100])
    assert f"{tile} bytes 40-159: differs from what the leaves give" in findings(log)


def test_fsck_bears_a_log_that_grows_meanwhile(log: Log) -> None:
    log.append(200)
    log.publish()
    old = (log.folder / "checkpoint").read_bytes()
    log.append(100)
    log.publish()
    (log.folder / "checkpoint").write_bytes(old)  # as it was read before the partial tiles were filled up
    assert findings(log) == []
    tile = log.folder / "tile/0/000"
    tile.write_bytes(bytes(byte ^ 255 for byte in tile.read_bytes()))
    assert findings(log) == [f"{tile} bytes 0-6399: differs from what the leaves give"]


def test_fsck_names_a_foreign_checkpoint(log: Log) -> None:
    log.append(2)
    log.publish()
    path = log.folder / "checkpoint"
    good = path.read_text()
    path.write_text(note.generate(log.signer.name).sign(good.split("\n\n")[0] + "\n"))
    assert findings(log) == [f"{path}: the note is not signed by a known key"]
    path.unlink()
    assert findings(log) == [f"{path}: missing, though a checkpoint was signed"]
    with log.transaction() as session:
        session.execute(update(LedgerCheckpoint).values(root=bytes(32)))
    assert "checkpoint 2: column size, root or note: the note says something else than its row" in findings(
        log
    )


def test_witnesses_are_asked_when_the_tiles_lie_ready(log: Log) -> None:
    asked: list[int] = []
    line = "\N{EM DASH} witness.example/w AAAAAAEC\n"

    def cosign(text: str, before: int) -> list[str]:
        size = parse_checkpoint(open_note(text, [log.signer.verifier])[0]).size
        assert all((log.folder / tile.path).exists() for tile in (*hash_tiles(size), *entry_bundles(size)))
        asked.append(before)
        return [line, "no signature line\n"]

    log.append(3)
    assert log.publish(cosign=cosign) is not None
    assert log.publish(cosign=cosign) is None  # asked again, the same line stands once
    assert asked == [0, 3]
    assert (log.folder / "checkpoint").read_text().endswith(f"\n{line}")
    assert (log.folder / "checkpoint").read_text().count(line) == 1
    assert findings(log) == []
    log.append(1)

    def unable(_text: str, _before: int) -> list[str]:
        raise CrashError

    with pytest.raises(CrashError):
        log.publish(cosign=unable)
    assert read_back(log) == 4
    log.publish(cosign=cosign)
    assert (log.folder / "checkpoint").read_text().count(line) == 1
    assert findings(log) == []


def test_every_active_key_signs_a_head(log: Log) -> None:
    old, new = log.signer, note.generate(log.signer.name)
    log.append(1)
    log.publish()
    log.append(1)
    log.signers = [old, new]
    log.publish()
    assert open_note((log.folder / "checkpoint").read_text(), [new.verifier])[1] == {new.verifier}
    log.append(1)
    log.signers = [new]  # the old one is retired: the head it shared is known by the new one
    assert log.publish() is not None


def test_a_forgotten_head_is_adopted_if_the_entries_lead_to_it_and_signing_goes_on(log: Log) -> None:
    log.append(300)
    head = log.publish()
    assert head is not None
    text = (log.folder / "checkpoint").read_text()
    with log.transaction() as session:
        session.execute(delete(LedgerTile))
        session.execute(delete(LedgerCheckpoint))
        with pytest.raises(DamagedError, match="do not lead"):
            publisher.adopt(session, replace(head, root=bytes(32)), text)
        publisher.adopt(session, head, text)
    assert findings(log) == []
    log.append(1)
    assert log.publish() is not None
    assert findings(log) == []
