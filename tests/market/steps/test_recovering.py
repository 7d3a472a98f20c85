"""Entries put back without their values: whole as a log, frozen as steps, and excused by their claim alone."""

import uuid
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import store
from ledger.entry import Entry, parse
from ledger.errors import DamagedError
from ledger.merkle import leaf_hash
from ledger.models import LedgerEntry, LedgerLeaf
from market import clock, db, jobs, migrations, steps
from market.actor import Actor
from market.db import read, transaction
from market.errors import Frozen
from market.jobs import Job
from market.migrations import binding
from market.oversight import sequencing
from market.steps import Kind, Step, fsck, recovering
from tests.market.steps.rows import ACTOR, add_trade
from tests.postgres import Urls

LOST = steps.new_handle()
OTHER = steps.new_handle()


def lost(handle: str = LOST, seq: int = 0, kind: str = "contract.signed") -> Entry:
    return Entry(
        uuid.uuid4(), kind, handle, seq, 1, clock.utcnow(), {"step": "ab" * 32, "contract": "cd" * 32}
    )


def put_back(session: Session, *entries: Entry, first: int = 0) -> list[recovering.Gone]:
    return recovering.put_back(session, first, [entry.leaf() for entry in entries])


def claim(session: Session, stretches: Sequence[range]) -> Step:
    step = steps.begin(Actor.system("restore"), Kind.EXCHANGE_RECOVERED, steps.new_handle())
    return steps.record(session, step, public=recovering.claims(stretches))


def faults() -> list[str]:
    with read() as session:
        return [str(found) for found in fsck.check(session, migrations.metadata())]


def placed() -> None:
    """Let every entry have its place."""
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate()


def test_leaves_stand_where_they_stood_and_say_who_is_not_known(bare: Flask) -> None:
    entries = [lost(), lost(OTHER), lost(seq=1)]
    with transaction() as session:
        gone = put_back(session, *entries)
        claim(session, [range(3)])
    placed()
    with read() as session:
        leaves = session.execute(
            select(LedgerLeaf.idx, LedgerLeaf.hash).order_by(LedgerLeaf.idx).limit(3)
        ).all()
        assert [tuple(row) for row in leaves] == [
            (index, leaf_hash(entry.leaf())) for index, entry in enumerate(entries)
        ]
        made = steps.recovered(session)
        assert [step.id for step in made] == [one.entry.id for one in gone] == [entry.id for entry in entries]
        assert {(step.actor, step.via, step.user_id, step.given_digest) for step in made} == {
            ("recovered", "recovery", None, "")
        }
        assert [(step.kind, step.object, step.seq) for step in made][2] == ("contract.signed", LOST, 1)
    assert faults() == []


def test_no_step_follows_one_that_was_recovered(bare: Flask) -> None:
    with transaction() as session:
        _trade, _settlement, begun = add_trade(session)
    placed()
    with transaction() as session:
        put_back(session, lost(begun.handle, seq=1), first=1)
    with pytest.raises(Frozen, match="frozen"), transaction() as session:
        steps.record(session, steps.begin(ACTOR, Kind.CONTRACT_SIGNED, begun.handle))
    with read() as session:
        assert steps.is_frozen(session, begun.handle)
        assert not steps.is_frozen(session, OTHER)
        with pytest.raises(Frozen):
            steps.demand_unfrozen(session, begun.handle)
        assert [step.seq for step in steps.steps_of(session, begun.handle)] == [0, 1]


def test_a_recovered_step_is_nobodys_repetition(bare: Flask) -> None:
    with transaction() as session:
        put_back(session, lost(kind="acceptance.deemed"))
        system = Actor.system("deadline")
        assert steps.taken(session, system, Kind.ACCEPTANCE_DEEMED, LOST, None) is None


def test_the_leaf_itself_says_which_values_are_gone(bare: Flask) -> None:
    with transaction() as session:
        put_back(session, lost(), lost(OTHER))
        step = claim(session, [range(1), range(1, 2)])
    with read() as session:
        leaf = parse(session.scalars(select(LedgerEntry.leaf).where(LedgerEntry.id == step.id)).one())
    assert set(leaf.commitments) == {"step", "recovered.0.1", "recovered.1.2"}


@pytest.mark.parametrize("stretches", [[], [range(1)], [range(1, 2)], [range(2, 3)]])
def test_what_no_claim_covers_is_a_fault(bare: Flask, stretches: list[range]) -> None:
    with transaction() as session:
        first, second = put_back(session, lost(), lost(OTHER))
        claim(session, stretches)
    placed()
    bare_of = [one.entry.id for one in (first, second) if not any(one.index in named for named in stretches)]
    assert sorted(faults()) == sorted(
        f"entry {entry}: {field} cannot be opened and was not erased"
        for entry in bare_of
        for field in ("step", "contract")
    )


def test_a_claim_excuses_no_step_that_has_its_actor(bare: Flask, urls: Urls) -> None:
    """Or an operator could say of any entry that its values were lost."""
    with transaction() as session:
        _trade, _settlement, made = add_trade(session)
        claim(session, [range(1)])
    placed()
    assert faults() == []
    _behind_the_back(urls, "DELETE FROM vault WHERE field = 'trade'")
    assert any(f"entry {made.id}: trade cannot be opened" in fault for fault in faults())


def test_an_actor_changed_to_nobody_is_seen_as_long_as_anything_opens(bare: Flask, urls: Urls) -> None:
    with transaction() as session:
        _trade, _settlement, made = add_trade(session)
        claim(session, [range(1)])
    placed()
    _behind_the_back(
        urls,
        "UPDATE step SET actor = 'recovered', via = 'recovery', user_id = NULL, organisation_id = NULL, "
        "given_digest = '' WHERE kind = 'contract.finalized'",
    )
    said = faults()
    assert any(f"step {made.id}: column via: is recovery, the ledger has api" in fault for fault in said)
    assert any("is gone, says entry" in fault for fault in said)


def test_a_claim_about_what_comes_after_it_excuses_nothing(bare: Flask) -> None:
    with transaction() as session:
        claim(session, [range(5)])
    placed()
    with transaction() as session:
        put_back(session, lost(), first=1)
    assert len(faults()) == 2


def test_a_leaf_of_a_kind_that_nobody_knows_yet_is_refused(bare: Flask) -> None:
    with pytest.raises(DamagedError, match=r"contract\.dreamt"), transaction() as session:
        put_back(session, lost(kind="contract.dreamt"))
    with pytest.raises(DamagedError, match="index 7"), transaction() as session:
        recovering.put_back(session, 7, [b"{}"])


def test_a_place_that_is_taken_is_refused(bare: Flask) -> None:
    with transaction() as session:
        put_back(session, lost())
    with pytest.raises(IntegrityError), transaction() as session:
        put_back(session, lost(OTHER))


def test_whoever_kept_a_step_brings_it_back_as_it_was(bare: Flask) -> None:
    """The place for a journal: what it knows is no recovered step, and nothing about it is frozen."""
    kept, unknown = lost(), lost(OTHER)

    def bring(session: Session, index: int, leaf: bytes) -> bool:
        entry = parse(leaf)
        if entry.id != kept.id:
            return False
        session.add(
            Step(
                id=entry.id, kind=entry.kind, object=entry.handle, seq=entry.seq, rules=entry.rules, time=entry.time,
                user_id=None, organisation_id=None, actor="system:trade", via="job", given_digest="00" * 32,
            )
        )  # fmt: skip
        session.flush()
        store.put_back(session, index, entry.id, leaf)
        return True

    with transaction() as session:
        gone = recovering.put_back(session, 0, [kept.leaf(), unknown.leaf()], bring)
        assert [one.entry.id for one in gone] == [unknown.id]
        assert recovering.frozen_handles(session, gone) == [OTHER]
        assert not steps.is_frozen(session, LOST)


def test_an_entry_without_a_place_gets_it_and_keeps_its_values(bare: Flask) -> None:
    """PostgreSQL: a backup can be of a moment before the sequencer came by."""
    with transaction() as session:
        if session.get_bind().dialect.name == "sqlite":
            return
        _trade, _settlement, made = add_trade(session)
    with transaction() as session:
        leaf = session.scalars(select(LedgerEntry.leaf).where(LedgerEntry.id == made.id)).one()
        gone = recovering.put_back(session, 0, [lost().leaf(), leaf])
        assert [one.index for one in gone] == [0]
        claim(session, [range(1)])
    placed()
    assert faults() == []


def test_a_job_about_something_frozen_is_tried_once(bare: Flask) -> None:
    with transaction() as session:
        put_back(session, lost())
        jobs.queue(session, "late")

    def late() -> None:
        with transaction() as session:
            steps.record(session, steps.begin(Actor.system("deadline"), Kind.ACCEPTANCE_DEEMED, LOST))

    bare.extensions["handlers"] = {"late": late}
    assert jobs.drain() == 1
    with read() as session:
        [job] = session.scalars(select(Job))
        assert (job.attempt, job.error) == (1, "object.frozen")
        assert job.done_at is not None


def test_stretches_of_indexes() -> None:
    assert recovering.spans([]) == []
    assert recovering.spans([3, 4, 5, 9, 11, 12]) == [range(3, 6), range(9, 10), range(11, 13)]


def _behind_the_back(urls: Urls, statement: str) -> None:
    """Do what no connection of the product can: drop the triggers first, as the owner."""
    engine = db.engine_for(urls.owner)
    with engine.begin() as connection:
        binding.drop(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE vault DROP CONSTRAINT bond_vault"))
        connection.execute(text(statement))
    engine.dispose()
