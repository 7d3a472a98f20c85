"""The canonical after-image of a stateful row: what an entry commits to and fsck compares.

Personal columns (``info={"personal": "<subject column>"}``) stand outside the row's image, each as a
field of its own with one subject, so that erasing one person's data leaves the rest provable.
"""

import enum
import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    Select,
    String,
    Table,
    TypeDecorator,
    Uuid,
    bindparam,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from ledger import canonical
from ledger.canonical import Json
from ledger.entry import parse_time
from ledger.errors import FormError
from ledger.prepared import Prepared
from market import clock

SAFE_INTEGER = 2**53


@dataclass(frozen=True)
class Part:
    """One committed value of a row.

    Attributes:
        suffix: "" for the row itself, else the personal column's name.
        subject: whom a personal value concerns (a user or organisation id), else None.
        value: the canonical value.
    """

    suffix: str
    subject: uuid.UUID | None
    value: Json


def parts(session: Session, table: Table, row_id: uuid.UUID) -> list[Part]:
    """Return the committed values of a row as the database holds it now; empty when it is gone."""
    row = _one(table).row(session.connection(), {"row": row_id})
    return [] if row is None else parts_of(table, row)


@functools.cache
def _one(table: Table) -> Prepared:
    return Prepared(query(table).where(table.c.id == bindparam("row")))


def query(table: Table) -> Select[Any]:
    """Return the query for a table's rows as stored: an enum's text even when it is none of the enum's."""
    columns = [
        type_coerce(column, String).label(column.key) if isinstance(column.type, Enum) else column
        for column in table.c
    ]
    return select(*columns)


def parts_of(table: Table, row: Sequence[Any]) -> list[Part]:
    """Return the committed values of a row already read: one value a column, as :func:`query` gives them."""
    values = dict(zip(table.c.keys(), row, strict=True))
    image: dict[str, Json] = {"table": table.name}
    personal: list[Part] = []
    for column in table.c:
        value = plain(values[column.key])
        subject = column.info.get("personal")
        if subject is not None:
            personal.append(Part(column.name, values[subject], value))
        elif column.name != "step_id":
            image[column.name] = value
    return [Part("", None, image), *personal]


def plain(value: object) -> Json:
    """Write a column value in the canonical profile.

    Raises:
        TypeError: the value has no canonical form (floats have none).
    """
    match value:
        case enum.Enum():
            return str(value.value)
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < SAFE_INTEGER else str(value)
        case uuid.UUID() | Decimal():
            return str(value)
        case datetime():
            return clock.text(value)
        case bytes():
            return value.hex()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")


def stored(column: Column[Any], value: Json) -> Any:
    """Return the value of a column from its canonical form: what :func:`plain` made that from.

    Raises:
        FormError: a column of this type cannot hold such a value.
    """
    try:
        found = None if value is None else _of_type(column, value)
        same = canonical.encode(plain(found)) == canonical.encode(value)
    except (AttributeError, ArithmeticError, TypeError, ValueError) as error:
        raise FormError(f"{column} cannot hold {str(value)[:60]!r}") from error
    if not same or (found is None and not column.nullable):
        raise FormError(f"{column} cannot hold {str(value)[:60]!r}")
    return found


def _of_type(column: Column[Any], value: Any) -> Any:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    match kind:
        case Enum():
            return (kind.enum_class or str)(value)
        case Integer():
            return int(value)
        case Uuid():
            return uuid.UUID(value)
        case DateTime():
            return parse_time(value)
        case Numeric():
            return Decimal(value)
        case LargeBinary():
            return bytes.fromhex(value)
        case JSON():
            return value
        case String() if isinstance(value, str):
            return value
        case Boolean() if isinstance(value, bool):
            return value
        case _:
            raise TypeError(f"{kind} has no such value")
