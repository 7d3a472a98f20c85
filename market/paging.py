"""Keyset paging: newest first, a cursor instead of an offset, so that a page costs the same at any depth.

What is to be done has an order of its own: of such a list the beginning is shown, and how much follows.
"""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy import Row as Found
from sqlalchemy.orm import InstrumentedAttribute, Session

from market.errors import Invalid
from market.i18n import gettext as _

Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")

SIZE = 20
"""Rows on a page when nobody asks for another number."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list.

    Attributes:
        items: the rows, newest first.
        next: cursor of the following page; None when this is the last.
    """

    items: list[Row]
    next: str | None


def page(
    session: Session,
    query: Select[Row],
    moment: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[Any],
    cursor: str | None,
    size: int = SIZE,
) -> Page[Row]:
    """Return one page of a query.

    Args:
        session: a session.
        query: selects one entity, unordered.
        moment: the column of time it is ordered by, newest first; never null in these rows.
        key: the unique column that decides between equal times.
        cursor: where the page begins; None for the first one.
        size: most rows on the page.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    if cursor is not None:
        query = query.where(tuple_(moment, key) < tuple_(*_parse(cursor)))
    found = list(session.scalars(query.order_by(moment.desc(), key.desc()).limit(size + 1)))
    items = found[:size]
    if len(found) <= size:
        return Page(items, None)
    return Page(items, _cursor(getattr(items[-1], moment.key), getattr(items[-1], key.key)))


@dataclass(frozen=True)
class Beginning(Generic[Row]):
    """The first rows of a list.

    Attributes:
        items: the rows, in the list's own order.
        more: how many follow.
    """

    items: list[Row]
    more: int


def beginning(
    session: Session,
    query: Select[*Columns],
    *order: ColumnElement[Any] | InstrumentedAttribute[Any],
    size: int = SIZE,
) -> Beginning[Found[*Columns]]:
    """Return the first rows of a query, and how many more it has.

    Args:
        session: a session.
        query: unordered.
        order: what comes first.
        size: most rows returned.
    """
    items = list(session.execute(query.order_by(*order).limit(size)))
    if len(items) < size:
        return Beginning(items, 0)
    whole = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return Beginning(items, whole - len(items))


def _cursor(moment: datetime, key: uuid.UUID) -> str:
    milliseconds = round(moment.timestamp() * 1000)
    return base64.urlsafe_b64encode(milliseconds.to_bytes(8) + key.bytes).decode()


def _parse(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        milliseconds = int.from_bytes(raw[:8])
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(
            microsecond=milliseconds % 1000 * 1000
        )
        return moment, uuid.UUID(bytes=raw[8:])
    except (ValueError, OverflowError, OSError, binascii.Error) as error:
        raise Invalid(
            "cursor.invalid",
            _("This is not a cursor of this list; begin with the first page."),
            fields={"cursor": [_("Take it from the previous answer.")]},
        ) from error
