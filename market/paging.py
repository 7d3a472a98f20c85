"""Keyset paging: newest first, a cursor instead of an offset, so that a page costs the same at any depth."""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from market.errors import Invalid
from market.i18n import gettext as _

Row = TypeVar("Row")

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
            fields={"cursor": [_("Take it from the answer before.")]},
        ) from error
