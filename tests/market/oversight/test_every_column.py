"""Whatever a raw client changes in a finished trade, in any column of any table whose changes are steps, is named."""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, Connection, Enum, Table, delete, inspect, select, text, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import String, TypeDecorator

from market import config, db, migrations
from market.actor import Role
from market.contracting import bargaining
from market.db import transaction
from market.keys import ring
from market.migrations import binding
from market.oversight import checking, publishing
from market.trades import decisions, ending, redressing
from market.trades.dispute import Ruling
from market.trades.grounds import Ground
from tests import (
    assets,
    attestations,
    banking,
    chargebacks,
    deals,
    evidence,
    invoices,
    offers,
    people,
    reports,
    signers,
    waivers,
)
from tests.deals import Deal

GARBAGE = ("'no such value'", "X'00ff'", "1.5")
BOUND = ("step", "step_image", "vault")
"""No matter of their own, but what binds rows to the log."""
LOG = ("ledger_entry", "ledger_leaf", "ledger_checkpoint")
"""The log's own tables, as far as one trade fills them; `tests.ledger.test_fsck` has all of them, value by value."""
UNBOUND = ("writer", "seq", "time")
"""Columns of those that nothing vouches for: the sequencer's, PostgreSQL's own, and the exchange's clock."""


@pytest.fixture(scope="module")
def raw(running: Flask) -> Iterator[Connection]:
    """Everything that a trade can leave behind, open to a client that has put triggers and bonds out of force."""
    deal = deals.requested()
    evidence.in_force(deal)
    evidence.pay(deal)
    evidence.fetch(running, deal)
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "half of the days are missing")
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, Ruling.REFUND, "they are")
    evidence.look()
    reports.signed(chief, people.colleague(chief, Role.OPERATOR))
    _ended(running, deals.requested(deal.provider))
    paid = deals.requested(deal.provider)
    evidence.in_force(paid)
    banking.story(paid)
    offers.accepted(offers.opened(deal.provider), deal.buyer)
    waivers.asked(deal.provider)
    signers.certified(people.colleague(deal.buyer, Role.BUYER))
    deals.approved(deals.requested(deal.provider))
    assets.corrected(assets.appealed(deal.provider))
    assets.declared(deal.provider, assets.stopped(deal.provider))
    content = deals.content()
    measured, body = assets.registered(deal.provider, content), attestations.body()
    attestations.attach(body, str(measured.number), body.file(attestations.measured(content)))
    assets.revised(deal.provider, measured.id)
    assets.cleaned(deal.provider, deals.content())
    publishing.publish()
    engine = db.engine_for(running.extensions["settings"].database_owner_url)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
            connection.connection.cursor().execute("PRAGMA ignore_check_constraints = ON")
        outer = connection.begin()
        binding.drop(connection)
        if connection.dialect.name == "postgresql":
            looked = inspect(connection)
            bonds = (looked.get_multi_foreign_keys(), looked.get_multi_check_constraints())
            named: list[tuple[str, Any]] = [
                (table, bond["name"])
                for found in bonds
                for (_schema, table), listed in found.items()
                for bond in listed
            ]
            for table, name in named:
                connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'))
        yield connection
        outer.rollback()
    engine.dispose()


def _ended(running: Flask, deal: Deal) -> None:
    """Carry a trade, with a word about a clause before, to a redress and an end that leaves data to delete."""
    bargaining.say(deal.buyer, deal.number, deals.of(deal.number).terms_digest, "term", "why so long?")
    evidence.in_force(deal)
    evidence.pay(deal)
    evidence.fetch(running, deal)
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    evidence.look()
    invoices.profile(deal.buyer)
    invoices.issued(invoices.asked(deal), deal.provider, file=invoices.stored())
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 28_000, "a fifth of the days was wrong")
    evidence.look()
    with transaction() as session:
        ending.end(session, deal.provider, deal.number, Ground.GRAVE, "it was passed on")
    chargebacks.questioned(deal.number, amount=20_000)
    evidence.look()


def tables() -> list[Table]:
    """Return every table that only steps may change."""
    return named_tables(*binding.STATEFUL, *BOUND)


def named_tables(*names: str) -> list[Table]:
    """Return tables by name."""
    found = {table.name: table for source in migrations.metadata() for table in source.sorted_tables}
    return [found[name] for name in names]


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Take back what was changed."""
    savepoint = connection.begin_nested()
    yield
    savepoint.rollback()


def findings(connection: Connection) -> list[str]:
    """Return what fsck finds, both halves, as the connection sees the rows."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        keys = ring.verifiers(session, config.current())
        return checking.examine(session, publishing.folder(), keys).faults


def chance_of(*names: str) -> random.Random:
    """Return the chance of a table or column: the same in whatever order tests are run."""
    return random.Random(" ".join(names))


def other(column: Column[Any], value: Any) -> Any:
    """Return another value that the column can hold."""
    chance = chance_of(column.table.name, column.name)
    match value:
        case None:
            return made(column)
        case bool():
            return not value
        case int():
            return value + 1000
        case str():
            return value[:-1] + ("y" if value.endswith("x") else "x") if value else "x"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case dict() | list():
            return {"other": 1}
        case datetime():
            return value + timedelta(milliseconds=chance.choice((1, -1)), microseconds=chance.choice((0, 1)))
        case uuid.UUID():
            return uuid.uuid4()
    raise TypeError(f"no other value for {value!r}")


def made(column: Column[Any]) -> Any:
    """Return a value where none was."""
    values = {
        str: "x", int: 7, bool: True, object: ["other"],
        uuid.UUID: uuid.uuid4(), datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return next(iter(kind.enum_class))
    return values[kind.python_type]


def one(connection: Connection, table: Table) -> dict[str, Any]:
    """Return a row of a table, as the product reads it."""
    columns = [
        type_coerce(item, String).label(item.key) if isinstance(item.type, Enum) else item for item in table.c
    ]
    rows = connection.execute(select(*columns)).mappings().all()
    assert rows, f"{table.name} is empty: this trade does not show what it holds"
    return dict(chance_of(table.name).choice(rows))


def is_row(table: Table, row: dict[str, Any]) -> Any:
    """Return the condition that names one row."""
    where = [column == row[column.key] for column in table.primary_key.columns]
    return where[0] if len(where) == 1 else where[0] & where[1]


def test_an_honest_exchange_is_clean(raw: Connection) -> None:
    assert findings(raw) == []


def rounds() -> list[list[tuple[Table, Column[Any]]]]:
    """Return every column of every table; those of different tables are changed together, for they cannot mix."""
    apart = [[(table, column)] for table in tables() if table.name in BOUND for column in table.c]
    rows = [[(table, column) for column in table.c] for table in tables() if table.name not in BOUND]
    return apart + [[pair for pair in together if pair] for together in zip_longest(*rows)]


def test_every_changed_column_is_named(raw: Connection) -> None:
    missed = []
    for together in rounds():
        with undone(raw):
            changed = [(table, column, *changing(raw, table, column)) for table, column in together]
            told = findings(raw)
        missed += [
            (table.name, column.name, row[column.key], value, told[:3])
            for table, column, row, value in changed
            if not named(table, column, row, value, told)
        ]
    assert missed == []


def test_every_changed_column_of_the_log_is_found(raw: Connection) -> None:
    for table in named_tables(*LOG):
        for column in table.c:
            if column.name not in UNBOUND:
                with undone(raw):
                    changing(raw, table, column)
                    assert findings(raw), (table.name, column.name)


@pytest.mark.parametrize("value", ["x", ""])
def test_a_spoilt_column_of_the_log_key_or_a_head_is_named_and_ends_nothing(
    raw: Connection, value: str
) -> None:
    """These are read by fsck itself to know by which keys the log is signed."""
    found = {table.name: table for table in named_tables("key", "ledger_checkpoint")}
    for name, columns, where in (
        ("key", ("public_key", "state", "algorithm"), "purpose = 'log'"),
        ("ledger_checkpoint", ("note",), "1 = 1"),
        *([("key", ("published_at",), "purpose = 'log'")] if raw.dialect.name == "sqlite" else []),
        *([("ledger_checkpoint", ("time",), "1 = 1")] if raw.dialect.name == "sqlite" else []),
    ):
        for column in columns:
            with undone(raw):
                raw.execute(text(f"UPDATE {found[name].name} SET {column} = '{value}' WHERE {where}"))
                told = findings(raw)
            assert any(
                name.removeprefix("ledger_") in line and f"column {column}" in line for line in told
            ), told[:3]


def changing(connection: Connection, table: Table, column: Column[Any]) -> tuple[dict[str, Any], Any]:
    """Change one value of one row; return the row as it was, and the value."""
    row = one(connection, table)
    value = other(column, row[column.key])
    stored = type_coerce(value, String) if isinstance(column.type, Enum) else value
    connection.execute(update(table).where(is_row(table, row)).values({column.name: stored}))
    return row, value


def named(table: Table, column: Column[Any], row: dict[str, Any], value: Any, told: list[str]) -> bool:
    """Tell whether a finding names table, row and column; a row that lost its name goes by the old or the new one."""
    keys = [item for item in table.primary_key.columns if item is not column]
    either = (str(row[column.key]), str(value)) if column.primary_key else ("",)
    return any(
        line.startswith(f"{table.name} ")
        and f"column {column.name}" in line.replace("value or salt", "value, column salt")
        and all(str(row[item.key]) in line for item in keys)
        and any(name in line for name in either)
        for line in told
    )


@pytest.mark.parametrize("act", ["delete", "insert"])
def test_every_row_put_in_or_taken_out_is_named(raw: Connection, act: str) -> None:
    matters = [table for table in tables() if table.name not in BOUND]
    for together in (matters, *([table] for table in tables() if table.name in BOUND)):
        with undone(raw):
            names = {
                table.name: taken(raw, table) if act == "delete" else put(raw, table) for table in together
            }
            told = findings(raw)
        for table, name in names.items():
            assert any(name in line and (table in line or table in BOUND) for line in told), (
                table,
                name,
                told[:3],
            )


def taken(connection: Connection, table: Table) -> str:
    """Take a row out; return what it is named by: the step whose image list it was in, else its own key."""
    row = one(connection, table)
    connection.execute(delete(table).where(is_row(table, row)))
    return str(row[next(iter(table.primary_key.columns)).key])


def put(connection: Connection, table: Table) -> str:
    """Put a copy of a row in, under another key; return the key."""
    name = uuid.uuid4()
    row = one(connection, table)
    connection.execute(copy(connection, table, row, next(iter(table.primary_key.columns)).name, name))
    return str(name)


def copy(connection: Connection, table: Table, row: dict[str, Any], key: str, name: uuid.UUID) -> Any:
    """Return the statement that puts a row in a second time, under another name and where that must be, a number."""
    unique = {
        column
        for constraint in inspect(connection).get_unique_constraints(table.name)
        for column in constraint["column_names"]
    } | {
        column
        for index in inspect(connection).get_indexes(table.name)
        if index["unique"]
        for column in index["column_names"]
    }
    values = {}
    for column in table.c:
        value = row[column.key]
        if column.name in unique and value is not None:
            value = other(column, value)
        values[column.name] = type_coerce(value, String) if isinstance(column.type, Enum) else value
    return table.insert().values({**values, key: name})


def test_a_value_that_its_type_cannot_hold_is_named(raw: Connection) -> None:
    """SQLite keeps whatever is written; PostgreSQL refuses it."""
    if raw.dialect.name == "postgresql":
        return
    seen: set[type] = set()
    for table in tables():
        for column in table.c:
            if type(column.type) in seen or column.primary_key:
                continue
            seen.add(type(column.type))
            row = one(raw, table)
            garbage = GARBAGE[len(seen) % len(GARBAGE)]
            key = row.get("id") or row["entry_id"]
            name = "id" if "id" in table.c else "entry_id"
            with undone(raw):
                raw.execute(
                    text(f'UPDATE "{table.name}" SET "{column.name}" = {garbage} WHERE {name} = :id'),
                    {"id": key.hex},
                )
                told = findings(raw)
            assert any("column" in line and column.name in line for line in told), (
                table.name,
                column.name,
                told[:3],
            )
    assert len(seen) > 5
