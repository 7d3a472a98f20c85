"""Reads rows value by value, so that one that a raw client spoilt is named and the rest is still looked at.

The types of the models stand between database and program: they raise on what is no UUID or time, and read two
spellings of one value alike. Whoever looks for changes must see both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Enum, Integer, String, Table, column, quoted_name, select
from sqlalchemy.orm import Session

BATCH = 1000
"""Rows fetched at a time."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        values: By column; what cannot be read stands there as stored. An enum's value is its text.
        wrong: Column to what is wrong with the value.
    """

    values: dict[str, Any]
    wrong: dict[str, str]


def scan(
    session: Session, table: Table, *, order: str | None = None, where: ColumnElement[bool] | None = None
) -> Iterator[Row]:
    """Yield every row of a table.

    Args:
        session: A reading session.
        table: As its model declares it.
        order: Column to order by.
        where: Which rows; all when None.
    """
    plain: list[ColumnElement[Any]] = [column(quoted_name(item.name, True)) for item in table.c]
    query = select(*plain).select_from(table).execution_options(yield_per=BATCH)
    if order is not None:
        query = query.order_by(table.c[order])
    if where is not None:
        query = query.where(where)
    readers = [_Reader(session, item.type) for item in table.c]
    names = table.c.keys()
    for stored in session.execute(query):
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for name, reader, raw in zip(names, readers, stored, strict=True):
            values[name], fault = reader.read(raw)
            if fault:
                wrong[name] = fault
        yield Row(values, wrong)


class _Reader:
    """Turns a column's stored value into the program's, and back to see that it has one spelling."""

    def __init__(self, session: Session, kind: Any) -> None:
        dialect = session.get_bind().dialect
        self._read: Callable[[Any], Any] | None = None
        self._write: Callable[[Any], Any] | None = None
        self._kind: type[Any] = object
        if isinstance(kind, String | Integer):
            self._kind = str if isinstance(kind, Enum) else kind.python_type
        else:
            found = kind.dialect_impl(dialect)
            self._read = found.result_processor(dialect, None)
            if dialect.name == "sqlite":  # PostgreSQL's columns hold what their type allows, in one form
                self._write = found.bind_processor(dialect)

    def read(self, raw: Any) -> tuple[Any, str | None]:
        """Return the value and what is wrong with it."""
        if raw is None or self._read is None:
            return raw, None if isinstance(raw, self._kind | None) else "is of another type"
        try:
            value = self._read(raw)
            again = self._write(value) if self._write else raw
        except Exception as error:  # whatever a type makes of a value that is none of its own
            return raw, f"cannot be read ({type(error).__name__})"
        return value, None if again == raw else "is stored in another form than the product writes"
