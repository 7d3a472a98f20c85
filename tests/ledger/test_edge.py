"""Publishing and proving read the edge of the tree: damage there is found, what lies deeper costs nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger import publisher, reader, stored
from ledger.errors import ClockError, DamagedError, PublishError
from ledger.merkle import Tree
from ledger.models import LedgerCheckpoint, LedgerEntry, LedgerTile
from ledger.policy import parse_policy
from ledger.tiles import Tile
from tests.ledger.conftest import Log

SIZE = 600


@pytest.fixture
def grown(log: Log) -> Log:
    """A published log of three tiles, and one entry more that is not."""
    log.append(SIZE)
    log.publish()
    log.append(1)
    return log


def heads(log: Log) -> list[int]:
    with log.read() as session:
        return list(session.scalars(select(LedgerCheckpoint.size).order_by(LedgerCheckpoint.size)))


def _without_end(data: bytes) -> bytes:
    return data[:-7]


def _with_a_flipped_bit(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def _cut(path: Path) -> None:
    path.write_bytes(_without_end(path.read_bytes()))


def _flip(path: Path) -> None:
    path.write_bytes(_with_a_flipped_bit(path.read_bytes()))


def test_what_is_read_does_not_grow_with_the_log(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    leaves, hashes = reader.leaves, stored.hashes

    def count(session: Session, width: int) -> None:
        if session.get_bind() is log.engine:  # another log of this process may publish on a thread of its own
            read.append(width)

    def count_leaves(session: Session, first: int, end: int) -> list[bytes]:
        count(session, end - first)
        return leaves(session, first, end)

    def count_hashes(session: Session, tile: Tile) -> bytes:
        count(session, tile.width)
        return hashes(session, tile)

    monkeypatch.setattr(reader, "leaves", count_leaves)
    monkeypatch.setattr(stored, "hashes", count_hashes)
    most = []
    for size in (300, 1324):  # as far into their last tile
        log.append(size - log.seq)
        log.publish()
        log.append(1)
        read.clear()
        assert log.publish() is not None
        most.append(sum(read))
    assert most[1] - most[0] <= 2 * (1324 - 300) // 256


def test_proofs_and_roots_are_those_of_the_whole_tree(log: Log) -> None:
    log.append(SIZE)
    log.publish()
    policy = parse_policy(f"log {log.signer.verifier}\nquorum none\n".encode())
    with log.read() as session:
        whole = Tree(reader.leaf_hashes(session, SIZE))
        leaves = reader.leaves(session, 0, SIZE)
        for _warm in range(2):
            for index, proof in enumerate(reader.prove(session, range(SIZE))):
                assert list(proof.hashes) == whole.inclusion(index)
                assert proof.check(leaves[index], policy).size == SIZE
        for old in (1, 255, 256, 257, 512, 599, 600):
            assert reader.consistency(session, old, SIZE) == whole.consistency(old)
            assert stored.tree(session, SIZE).root(old) == whole.root(old)


def test_a_log_from_before_there_were_tiles_goes_on(log: Log) -> None:
    log.append(SIZE)
    log.publish()
    with log.transaction() as session:
        for row in session.scalars(select(LedgerTile)).all():
            session.delete(row)
    with log.read() as session:
        assert len(reader.prove(session, [0, 300, 599])) == 3
    log.append(1)
    assert log.publish() is not None
    with log.read() as session:
        assert [(row.level, row.number) for row in session.scalars(select(LedgerTile))] == [(0, 0), (0, 1)]


def test_a_changed_tile_in_the_database_is_not_signed_over(grown: Log) -> None:
    with grown.transaction() as session:
        session.execute(update(LedgerTile).where(LedgerTile.number == 1).values(root=bytes(32)))
    with pytest.raises(PublishError):
        grown.publish()
    assert heads(grown) == [SIZE]


def test_a_damaged_tile_gives_no_proof(grown: Log) -> None:
    for damage in (_without_end, _with_a_flipped_bit):
        with grown.transaction() as session:
            row = session.scalars(select(LedgerTile).where(LedgerTile.number == 0)).one()
            whole, row.hashes = row.hashes, damage(row.hashes)
        with grown.read() as session:
            stored.forget(session)
            with pytest.raises(DamagedError, match="tile/0/000"):
                reader.prove(session, [5])
            assert len(reader.prove(session, [SIZE - 1])) == 1
        with grown.transaction() as session:
            session.execute(update(LedgerTile).where(LedgerTile.number == 0).values(hashes=whole))


def test_a_root_that_nobody_signed_gives_no_proof(grown: Log) -> None:
    with grown.transaction() as session:
        session.execute(update(LedgerCheckpoint).values(root=bytes(32)))
    with grown.read() as session, pytest.raises(DamagedError):
        reader.prove(session, [5])


def test_a_damaged_file_at_the_edge_is_not_signed_over(grown: Log) -> None:
    for name in ("tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"):
        path = grown.folder / name
        whole = path.read_bytes()
        for damage in (_cut, _flip, Path.unlink):
            damage(path)
            with pytest.raises(PublishError, match="run fsck"):
                grown.publish()
            path.write_bytes(whole)
    assert heads(grown) == [SIZE]
    assert grown.publish() is not None


def test_a_leaf_that_changed_before_it_was_signed_is_not_signed(grown: Log) -> None:
    with grown.transaction() as session:
        row = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc()).limit(1)).one()
        row.leaf = row.leaf.replace(b'"rules":1', b'"rules":2')
    with pytest.raises(PublishError, match=f"index {SIZE}: the leaf"):
        grown.publish()
    assert heads(grown) == [SIZE]


def test_a_clock_before_the_last_head_signs_nothing(grown: Log) -> None:
    before = datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(ClockError):
        publisher.publish(grown.read, grown.transaction, grown.folder, [grown.signer], lambda: before)
    assert heads(grown) == [SIZE]
    assert grown.publish() is not None


def test_what_a_killed_writer_left_is_swept(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(3)

    def die(_path: Path, _data: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publisher, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            log.publish()
    left = log.folder / "tile" / ".new-abc"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    log.publish()
    assert not left.exists()
