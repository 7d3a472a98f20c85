"""One row in every table that the database guards, so that a trigger that fires for rows has one to fire for."""

import enum
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Enum, Table, TypeDecorator, insert, make_url, text

from market import db, migrations
from market.migrations import binding
from tests.postgres import Urls

STEP = uuid.UUID(int=7)
"""The one step and entry that all of them name; it is written."""

SAMPLES: dict[type, Any] = {
    uuid.UUID: STEP,
    int: 1,
    bool: True,
    bytes: b"\0" * 32,
    datetime: datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
    object: {},
}
OWN: dict[str, dict[str, Any]] = {
    "operation": {"netted": 0},
    "redress": {"fee": 0},
    "bank_line": {"confirmed_by": None},
    "chargeback": {"covered": 0},
    "settlement": {"amount": 3},
    "reconciliation": {"ends_at": SAMPLES[datetime] + timedelta(days=1)},
}
"""What a table's own checks ask for, by its name."""


def guarded() -> dict[str, Table]:
    """Return every guarded table, those last that refuse others once they have a row."""
    tables = {table.name: table for metadata in migrations.metadata() for table in metadata.sorted_tables}
    last = ["step", "ledger_entry", "ledger_leaf"]
    first = sorted({*binding.STATEFUL, *binding.APPEND_ONLY} - set(last))
    return {name: tables[name] for name in [*first, *last]}


def sample(table: Table, **values: Any) -> dict[str, Any]:
    """Return a row whose values have the types of their columns and no other meaning."""
    made = {column.name: _value(column) for column in table.columns if column.identity is None}
    return {**made, **({"idx": 0} if "idx" in made else {}), **OWN.get(table.name, {}), **values}


def fill(urls: Urls) -> None:
    """Write a row into each guarded table; what they refer to is not there, so foreign keys are aside meanwhile."""
    url = make_url(urls.owner)
    if url.get_backend_name() == "postgresql":
        url, aside = url.set(username="postgres"), "SET session_replication_role = replica"
    else:
        aside = "PRAGMA foreign_keys = OFF"
    engine = db.engine_for(url.render_as_string())
    connection = engine.connect()
    cursor = connection.connection.cursor()
    cursor.execute(aside)
    connection.commit()
    with connection.begin():
        for table in guarded().values():
            connection.execute(insert(table).values(sample(table)))
    assert connection.scalar(text("SELECT count(*) FROM step")) == 1
    connection.close()
    engine.dispose()


def _value(column: "Column[Any]") -> Any:
    if isinstance(column.type, Enum):
        chosen = column.type.enum_class
        return next(iter(chosen)) if chosen and issubclass(chosen, enum.Enum) else column.type.enums[0]
    plain = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    kind, length = plain.python_type, getattr(plain, "length", None)
    return column.name[:length] if kind is str else SAMPLES[kind]
