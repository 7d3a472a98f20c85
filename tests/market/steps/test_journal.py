"""Records of the journal: every column comes back as it was, and nothing that does not open is written."""

import enum
import unicodedata
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.exc import IntegrityError

from ledger import canonical, reader
from ledger.canonical import Json
from ledger.entry import commitment, parse
from ledger.errors import FormError, ProofError
from market import db, jobs, migrations
from market.db import read, transaction
from market.oversight import sequencing
from market.steps import images, journal
from market.steps.journal import Opening, Record
from tests.market.steps.rows import add_person, add_trade

TABLES = journal.stateful(migrations.metadata())
COLUMNS = {name: [column for column in table.c if column.name != "step_id"] for name, table in TABLES.items()}

EXTRA = [Column("amount", Numeric(30, 6)), Column("raw", LargeBinary), Column("word", Enum("a", "b"))]
"""Types that an image may hold and no table has yet."""

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
TIMES = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - it wants a naive bound
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def values_of(column: Column[Any]) -> st.SearchStrategy[Any]:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    found: st.SearchStrategy[Any]
    match kind:
        case Enum():
            found = st.sampled_from(list(kind.enum_class or kind.enums))
        case Integer():
            found = st.integers(-(2**63), 2**63 - 1)
        case Uuid():
            found = st.uuids()
        case DateTime():
            found = TIMES
        case Numeric():
            found = st.decimals(allow_nan=False, allow_infinity=False)
        case LargeBinary():
            found = st.binary(max_size=40)
        case JSON():
            found = PLAIN.filter(lambda value: value is not None)
        case Boolean():
            found = st.booleans()
        case _:
            assert isinstance(kind, String)
            found = TEXTS
    return found | st.none() if column.nullable else found


@settings(max_examples=20)
@given(data=st.data())
@pytest.mark.parametrize("columns", [*COLUMNS.values(), EXTRA], ids=[*COLUMNS, "types of no table"])
def test_every_column_comes_back_from_its_image(columns: list[Column[Any]], data: st.DataObject) -> None:
    for column in columns:
        value = data.draw(values_of(column))
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            value = unicodedata.normalize("NFC", value)
        try:
            plain = images.plain(value)
            canonical.encode(plain)
        except FormError:  # text inside of JSON that is not NFC has no image either
            continue
        found = images.stored(column, plain)
        assert found == value
        assert type(found) is type(value)


WRONG: dict[str, list[Json]] = {
    "trade.amount": ["1", 1.5, None, True, "9007199254740993x"],  # type: ignore[list-item]
    "trade.id": ["", "x", 7, None, "{00000000-0000-0000-0000-000000000001}"],
    "trade.began_at": ["2026-11-22", 7, None, "2026-11-22T11:00:00Z"],
    "trade.title": [7, None, ["x"]],
    "settlement.state": ["NONE", 7, None],
    "access_grant.funded": [1, "true", None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, many in WRONG.items() for value in many])
def test_a_value_that_the_column_cannot_hold_is_refused(name: str, value: Json) -> None:
    table, _dot, column = name.partition(".")
    with pytest.raises(FormError):
        images.stored(TABLES[table].c[column], value)


def test_great_numbers_come_back_from_text() -> None:
    column = TABLES["trade"].c.amount
    assert images.stored(column, str(2**60)) == 2**60
    assert images.stored(Column("x", Numeric), "1.10") == Decimal("1.10")


def test_tables_that_others_refer_to_come_first() -> None:
    order = list(TABLES)
    for table in TABLES.values():
        for key in table.foreign_keys:
            other = key.column.table.name
            assert other == table.name or order.index(other) < order.index(table.name)


def _records() -> list[Record]:
    """Make a person and a trade, and return their records."""
    with transaction() as session:
        add_person(session)
    with transaction() as session:
        jobs.queue(session, "early", number="1")
        _trade, _settlement, step = add_trade(session)
        jobs.queue(session, "late", due_at=step.time + timedelta(days=1), turn=2)
    _place()
    with read() as session:
        return journal.pages(session, 0, 10)


def _place() -> None:
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate()


def test_a_record_has_one_form(bare: Flask) -> None:
    for record in _records():
        data = record.encode()
        assert journal.decode(data) == record
        for other in (data + b" ", data[:-1], data.replace(b'"v":1', b'"v":2'), b"[]", b"{}", b"7"):
            with pytest.raises(FormError):
                journal.decode(other)


def test_work_stands_with_the_step_that_queued_it(bare: Flask) -> None:
    person, trade = _records()
    assert person.jobs == ()
    assert [(one.name, one.payload) for one in trade.jobs] == [
        ("early", {"number": "1"}),
        ("late", {"turn": 2}),
    ]


def test_a_job_that_no_step_queued_has_no_cause(bare: Flask) -> None:
    with transaction() as session:
        jobs.queue(session, "alone")
    with read() as session:
        assert session.query(jobs.Job).one().cause_id is None


def test_of_two_steps_in_one_transaction_each_has_its_own_work(bare: Flask) -> None:
    with transaction() as session:
        jobs.queue(session, "first")
        add_trade(session)
        jobs.queue(session, "second")
        session.flush()
        add_trade(session)
    _place()
    with read() as session:
        found = journal.pages(session, 0, 10)
    assert [[one.name for one in record.jobs] for record in found] == [["first"], ["second"]]


def test_what_is_there_already_is_not_written_twice(bare: Flask) -> None:
    records = _records()
    with pytest.raises(FormError, match="does not follow"), transaction() as session:
        journal.replay(session, records[1], TABLES)
    with pytest.raises(IntegrityError), transaction() as session:
        journal.replay(session, replace(records[1], index=2), TABLES)
    with read() as session:
        assert reader.size(session) == 2


def _changed(record: Record, name: str, **changes: Any) -> Record:
    openings = tuple(replace(one, **changes) if one.field == name else one for one in record.openings)
    assert openings != record.openings
    return replace(record, openings=openings, index=2)


def test_nothing_that_does_not_open_is_written(bare: Flask) -> None:
    person, trade = _records()
    spoilt = [
        _changed(trade, "trade", salt=bytes(32)),
        _changed(trade, "trade", value='"x"'),
        _changed(trade, "settlement", field="settlement.2"),
        _changed(trade, "trade", value="{ }"),
        replace(trade, index=2, openings=trade.openings[1:]),
        replace(trade, index=2, openings=()),
        replace(trade, index=2, openings=(*trade.openings, Opening("posting", bytes(32), '"x"'))),
        replace(trade, index=2, openings=person.openings),
        replace(trade, index=2, leaf=person.leaf),
        replace(trade, index=2, leaf=b"x"),
    ]
    for record in spoilt:
        with pytest.raises((FormError, ProofError)), transaction() as session:
            journal.replay(session, record, TABLES)
    with read() as session:
        assert reader.size(session) == 2


def test_an_image_of_other_columns_or_of_no_such_table_is_refused(bare: Flask) -> None:
    """A leaf may be right and its images of another version of the tables, or of tables that steps never write."""
    strange: list[tuple[str, Json]] = [
        ("trade", {"table": "trade", "id": str(uuid.uuid4())}),
        ("vault", {"table": "vault", "id": str(uuid.uuid4())}),
        ("job", {"table": "job", "id": str(uuid.uuid4())}),
        ("trade", {"table": "settlement", "id": str(uuid.uuid4())}),
        ("note", "x"),
    ]
    with transaction() as session:
        add_trade(session)
    _place()
    with read() as session:
        kept = journal.pages(session, 0, 1)[0]
    about = next(one for one in kept.openings if one.field == "step")
    for field, value in strange:
        entry = parse(kept.leaf)
        opened = [about, Opening(field, bytes(32), canonical.encode(value).decode())]
        made = replace(
            entry,
            id=uuid.uuid4(),
            seq=1,
            commitments={
                "step": entry.commitments["step"],
                field: commitment(bytes(32), field, value),
            },
        )
        with pytest.raises(FormError), transaction() as session:
            journal.replay(session, Record(1, made.leaf(), tuple(opened)), TABLES)
