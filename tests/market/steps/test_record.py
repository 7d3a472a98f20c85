"""Recording, repeating and creating once."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select

from ledger.entry import commitment, parse
from ledger.models import LedgerEntry
from market import db, rules, steps
from market.actor import Actor
from market.db import transaction
from market.errors import Conflict
from market.steps import Kind, Step
from tests.market.steps.rows import ACTOR, a_trade, add_trade


def test_the_leaf_commits_to_every_row_and_names_nothing(bare: Flask) -> None:
    with transaction() as session:
        trade, _, step = add_trade(session)
    with db.read() as session:
        leaf = session.scalars(select(LedgerEntry.leaf)).one()
        entry = parse(leaf)
        opened = steps.openings(session, step.id)
        assert {o.field: commitment(o.salt, o.field, o.value) for o in opened} == dict(entry.commitments)
    assert (entry.id, entry.seq, entry.rules, entry.kind) == (step.id, 0, rules.CURRENT, "contract.finalized")
    for secret in (trade.number, "天气", "19900", str(trade.id), trade.id.hex):
        assert secret.encode() not in leaf


def test_steps_of_one_object_are_gapless(bare: Flask) -> None:
    with transaction() as session:
        _, _, first = add_trade(session)
    for _ in range(3):
        with transaction() as session:
            steps.record(session, steps.begin(ACTOR, Kind.CONTRACT_SIGNED, first.handle))
    with db.read() as session:
        assert [step.seq for step in steps.steps_of(session, first.handle)] == [0, 1, 2, 3]


def test_the_same_act_again_is_the_same_step(bare: Flask) -> None:
    with transaction() as session:
        trade, _, made = add_trade(session)
    given = {"number": trade.number}
    with transaction() as session:
        assert steps.repeat(session, ACTOR, Kind.CONTRACT_FINALIZED, made.handle, given).id == made.id
        with pytest.raises(Conflict):
            steps.repeat(session, ACTOR, Kind.CONTRACT_FINALIZED, made.handle, {"number": "other"})
        with pytest.raises(Conflict):
            stranger = Actor(user_id=uuid.uuid4(), organisation_id=ACTOR.organisation_id)
            steps.repeat(session, stranger, Kind.CONTRACT_FINALIZED, made.handle, given)


def test_a_key_makes_one_thing_once(bare: Flask) -> None:
    def create(key: str, given: dict[str, str]) -> uuid.UUID:
        with transaction() as session:
            made = steps.once(session, ACTOR, key, Kind.CONTRACT_REQUESTED, given)
            if made is not None:
                return made
            step = steps.begin(ACTOR, Kind.CONTRACT_REQUESTED, steps.new_handle())
            trade = a_trade(step.id, step.handle)
            session.add(trade)
            steps.remember(session, ACTOR, key, Kind.CONTRACT_REQUESTED, given, trade.id)
            steps.record(session, step, given=given)
            return trade.id

    first = create("k", {"listing": "a"})
    assert create("k", {"listing": "a"}) == first
    assert create("other", {"listing": "a"}) != first
    with pytest.raises(Conflict):
        create("k", {"listing": "b"})
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Step)) == 2
