"""The database itself binds row, step and entry, against every wrong order and trick."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from market import db, steps
from market.db import transaction
from market.steps import Kind, Step, StepImage
from market.trades.models import Settlement, Trade
from tests.conftest import postgres_server
from tests.market.steps.rows import ACTOR, a_trade, add_trade
from tests.postgres import Urls


def test_a_step_commits_rows_step_and_entry(bare: Flask) -> None:
    with transaction() as session:
        trade, settlement, step = add_trade(session)
    with db.read() as session:
        images = {image.row_id: image.field for image in session.scalars(select(StepImage))}
        assert images == {trade.id: "trade", settlement.id: "settlement"}
        opened = {opening.field: opening.value for opening in steps.openings(session, step.id)}
        assert set(opened) == {"step", "trade", "settlement"}
        assert opened["settlement"]["amount"] == 19900  # type: ignore[call-overload]


def test_a_change_without_a_step_is_refused(bare: Flask) -> None:
    with transaction() as session:
        _trade, settlement, _ = add_trade(session)
    with pytest.raises(IntegrityError, match="sealed"), transaction() as session:
        db.locked(session, Settlement, settlement.id).fee = 0


def test_a_table_of_the_same_name_hides_no_step(bare: Flask, urls: Urls, lane: str) -> None:
    if lane == "postgresql":  # which the role of life cannot make at all, see test_tricks
        with postgres_server().superuser(urls) as connection:
            connection.execute(f'GRANT TEMP ON DATABASE "{make_url(urls.app).database}" TO qilu_app')
    with transaction() as session:
        add_trade(session)
    with pytest.raises(IntegrityError, match="sealed"), transaction() as session:
        session.execute(text("CREATE TEMP TABLE step (id uuid)"))
        session.execute(text("UPDATE settlement SET amount = amount + 1"))


def test_a_row_under_an_old_step_is_refused(bare: Flask) -> None:
    with transaction() as session:
        _, _, step = add_trade(session)
    with pytest.raises(IntegrityError, match="sealed"), transaction() as session:
        session.add(a_trade(step.id, steps.new_handle()))


def test_a_step_of_another_row_does_not_cover_a_row(bare: Flask) -> None:
    with transaction() as session:
        first, _, _ = add_trade(session)
    with pytest.raises(IntegrityError), transaction() as session:
        step = steps.begin(ACTOR, Kind.CONTRACT_FINALIZED, steps.new_handle())
        session.execute(
            text("UPDATE trade SET step_id = :step, amount = 1 WHERE id = :id").bindparams(
                step=_id(session, step.id), id=_id(session, first.id)
            )
        )
        session.add(a_trade(step.id, step.handle))
        steps.record(session, step)


def test_a_row_changed_after_its_step_was_written_is_refused(bare: Flask) -> None:
    with pytest.raises(IntegrityError, match="sealed"), transaction() as session:
        trade, _, _ = add_trade(session)
        trade.amount = 1
        session.flush()


def test_a_row_without_any_step_is_refused(bare: Flask) -> None:
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(a_trade(uuid.uuid4(), steps.new_handle()))


def test_a_step_without_an_entry_is_refused(bare: Flask) -> None:
    with transaction() as session:
        _, _, step = add_trade(session)
        row = session.execute(select(Step.__table__).where(Step.id == step.id)).mappings().one()
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(insert(Step).values({**row, "id": uuid.uuid4(), "seq": 1}))


def test_an_entry_without_a_step_is_refused(bare: Flask) -> None:
    with pytest.raises(IntegrityError, match="needs its step"), transaction() as session:
        session.execute(
            text("INSERT INTO ledger_entry (id, leaf, hash) VALUES (:id, :leaf, :hash)").bindparams(
                id=_id(session, uuid.uuid4()), leaf=b"{}", hash=b"\0" * 32
            )
        )


def test_an_opening_cannot_be_added_to_a_written_step(bare: Flask) -> None:
    with transaction() as session:
        _, _, step = add_trade(session)
    with pytest.raises(IntegrityError, match="sealed"), transaction() as session:
        session.add(StepImage(step_id=step.id, row_id=uuid.uuid4(), table="trade", field="trade.9"))


def test_replace_and_upsert_do_not_slip_past(bare: Flask) -> None:
    with transaction() as session:
        trade, _, _ = add_trade(session)
    tricks = [
        "INSERT INTO trade SELECT * FROM trade WHERE true ON CONFLICT (id) DO UPDATE SET amount = 1",
        "INSERT INTO ledger_leaf SELECT * FROM ledger_leaf WHERE true ON CONFLICT (idx) DO UPDATE SET hash = ''",
    ]
    if db.engine().dialect.name == "sqlite":
        tricks += [
            f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}"' for table in ("trade", *_FILLED)
        ]
        tricks += [f'REPLACE INTO "{table}" SELECT * FROM "{table}"' for table in ("settlement", *_FILLED)]
    for trick in tricks:
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(trick))
    with db.read() as session:
        assert session.get_one(Trade, trade.id).amount == 19900


def test_the_index_of_the_log_has_no_gap(bare: Flask) -> None:
    with transaction() as session:
        _, _, step = add_trade(session)
    for index in (-1, 7):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(
                text("INSERT INTO ledger_leaf (idx, entry_id, hash) VALUES (:idx, :id, :hash)").bindparams(
                    idx=index, id=_id(session, step.id), hash=b"\0" * 32
                )
            )


def test_the_reading_door_cannot_write(bare: Flask) -> None:
    with pytest.raises(DBAPIError), db.read() as session:
        add_trade(session)


def test_a_door_does_not_open_inside_a_door(bare: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError, match="inside a transaction"):
        db.outside()
    db.outside()


def test_a_failing_block_leaves_nothing(bare: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        add_trade(session)
        raise ZeroDivisionError
    with db.read() as session:
        assert session.scalars(select(Trade)).all() == []
        assert session.scalars(select(Step)).all() == []


_FILLED = ("step", "step_image", "vault", "ledger_entry", "ledger_leaf")


def _id(session: Session, value: uuid.UUID) -> object:
    return value.hex if session.get_bind().dialect.name == "sqlite" else value
