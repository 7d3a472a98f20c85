"""Statements compiled once and executed as text: what every step does costs the driver's time and little more.

SQLAlchemy looks a statement up in its cache and builds a result around it at every execution, which takes several
times as long as SQLite does. Here the text and the conversions of the columns' own types are kept for each dialect;
events, error classes and parameters hidden from logs stay as for any other statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Convert: TypeAlias = Callable[[Any], Any] | None


class Prepared:
    """One statement.

    Args:
        statement: with every value as a named parameter, none in the text.
        names: the columns that an INSERT gets; not for others.
    """

    def __init__(
        self, statement: Insert | Select[*tuple[Any, ...]], names: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._names = names
        self._kept: dict[str, _Compiled] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it with one set of values."""
        made = self._for(connection.dialect)
        return connection.exec_driver_sql(made.text, made.parameters(values))

    def execute_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it with each of several sets of values; they must not be none."""
        made = self._for(connection.dialect)
        connection.exec_driver_sql(made.text, [made.parameters(values) for values in rows])

    def row(self, connection: Connection, values: Mapping[str, Any]) -> list[Any] | None:
        """Return the one row of a SELECT, each value as its column's type gives it, or None."""
        found = self.execute(connection, values).one_or_none()
        return None if found is None else self._for(connection.dialect).converted(found)

    def _for(self, dialect: Dialect) -> "_Compiled":
        made = self._kept.get(dialect.name)
        if made is None:
            made = self._kept[dialect.name] = _Compiled(self._statement, self._names, dialect)
        return made


class _Compiled:
    """A statement's text for one dialect, and how values go in and come out."""

    def __init__(
        self, statement: Insert | Select[*tuple[Any, ...]], names: Sequence[str] | None, dialect: Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names) if names else None)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("not a statement")
        self.text = compiled.string
        self._order = compiled.positiontup
        self._into = [
            (name, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for name, bind in compiled.binds.items()
        ]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._out = [_out(column.type, dialect) for column in columns]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them: by place or by name."""
        ready = {
            name: values[name] if convert is None else convert(values[name]) for name, convert in self._into
        }
        return tuple(ready[name] for name in self._order) if self._order is not None else ready

    def converted(self, row: Sequence[Any]) -> list[Any]:
        """Return a row's values as their types give them."""
        return [
            value if convert is None else convert(value)
            for value, convert in zip(row, self._out, strict=True)
        ]


def _out(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
