"""Entries get places in order, once, without a gap, on both databases."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ledger import entry as entries
from ledger import reader, sequencer, store, stored
from ledger.errors import DamagedError, NotLoggedError, ProofError, TooLargeError
from ledger.merkle import verify_consistency
from ledger.models import LedgerEntry
from ledger.policy import parse_policy
from tests.ledger.conftest import HANDLE, Log, entry


def test_entries_stand_in_the_order_of_writing(log: Log) -> None:
    made = log.append(3) + log.append(2)
    with log.read() as session:
        assert reader.size(session) == 5
        assert [entries.parse(leaf) for leaf in reader.leaves(session, 0, 9)] == made
        for index, item in enumerate(made):
            assert reader.by_index(session, index) == reader.by_id(session, item.id)
            assert reader.by_id(session, item.id).index == index
        asked = [made[4].id, uuid.uuid4(), made[0].id]
        assert [found.index for found in reader.by_ids(session, asked)] == [0, 4]


def test_index_is_known_at_once_on_sqlite_and_later_on_postgresql(log: Log) -> None:
    first = entry(0)
    with log.transaction() as session:
        index = store.append(session, first)
    here = log.engine.dialect.name == "sqlite"
    with log.read() as session:
        assert index == reader.by_id(session, first.id).index == (0 if here else None)


def test_a_rolled_back_entry_leaves_no_trace(log: Log) -> None:
    log.append(1)
    with log.transaction() as session:
        store.append(session, entry(1))
        session.rollback()
    log.append(1)
    with log.read() as session:
        assert reader.size(session) == 2


def test_the_same_entry_twice_is_refused(log: Log) -> None:
    (made,) = log.append(1)
    with pytest.raises(IntegrityError), log.transaction() as session:
        store.append(session, made)


def test_a_leaf_over_the_limit_is_refused_before_anything_is_written(log: Log) -> None:
    commitments = {f"f{number}": "ab" * 32 for number in range(1000)}
    large = entries.Entry(uuid.uuid4(), "asset.drafted", HANDLE, 0, 1, entry(0).time, commitments)
    with log.transaction() as session:
        with pytest.raises(TooLargeError):
            store.append(session, large)
        assert session.scalar(select(LedgerEntry.id)) is None


def test_proofs_lead_to_the_latest_checkpoint(log: Log) -> None:
    made = log.append(5)
    log.publish()
    (late,) = log.append(1)
    policy = parse_policy(f"log {log.signer.verifier}\nquorum none\n".encode())
    with log.read() as session:
        for item, proof in zip(made, reader.prove(session, range(5)), strict=True):
            assert proof.check(item.leaf(), policy).size == 5
        with pytest.raises(NotLoggedError):
            reader.prove(session, [reader.by_id(session, late.id).index or 0])
        old, new = stored.tree(session, 3).root(), stored.tree(session, 6).root()
        verify_consistency(3, 6, reader.consistency(session, 3, 6), old, new)
        with pytest.raises(ProofError):
            reader.consistency(session, 6, 7)


def test_what_is_not_there_is_said(log: Log) -> None:
    with log.read() as session:
        with pytest.raises(NotLoggedError):
            reader.by_id(session, uuid.uuid4())
        with pytest.raises(NotLoggedError):
            reader.by_index(session, 0)
        with pytest.raises(NotLoggedError):
            reader.prove(session, [0])
        assert reader.latest_checkpoint(session) is None


def test_an_entry_is_put_back_at_the_place_it_had(log: Log) -> None:
    log.append(2)
    made = entry(7)
    with log.transaction() as session:
        store.put_back(session, 2, made.id, made.leaf())
    log.append(1)
    with log.read() as session:
        assert reader.by_index(session, 2).leaf == made.leaf()
        assert reader.size(session) == 4


def test_an_entry_that_waits_for_its_place_gets_it(log: Log) -> None:
    """PostgreSQL: a backup of a moment before the sequencer came by."""
    first, second = entry(0), entry(1)
    with log.transaction() as session:
        placed = [store.append(session, one) for one in (first, second)]
        if placed == [0, 1]:
            return
        store.put_back(session, 0, second.id, second.leaf())
        with pytest.raises(DamagedError):
            store.put_back(session, 1, first.id, second.leaf())
    with log.transaction() as session:
        assert sequencer.integrate(session) == 1
    with log.read() as session:
        assert [reader.by_id(session, one.id).index for one in (first, second)] == [1, 0]
