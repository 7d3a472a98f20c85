"""Which stretches of a file were handed over: as few rows as there are gaps, and only so many gaps.

A stretch is joined to its neighbours alone, so it costs the same however many there are; and a buyer who
picks a file apart byte by byte is told to go on where a piece ends, before that becomes a burden to others.
"""

import uuid
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from market.delivery.models import Coverage
from market.delivery.ranges import Span
from market.errors import Conflict
from market.i18n import _

MOST_PIECES: Final = 1_000
"""Stretches of one file with gaps between them; a client that resumes or loads in parallel makes a few dozen."""


def join(session: Session, grant_id: uuid.UUID, handed: Span) -> Span:
    """Join a stretch to those handed over before that overlap or touch it.

    Args:
        session: the session of the transaction; the counter of the grant is locked.
        grant_id: whose file.
        handed: what was handed over just now, at least one byte.

    Returns:
        The whole stretch that it is now a part of.
    """
    near = [handed, *_before(session, grant_id, handed.start), *_within(session, grant_id, handed)]
    whole = Span(min(span.start for span in near), max(span.stop for span in near))
    gone = delete(Coverage).where(
        Coverage.grant_id == grant_id, Coverage.start >= whole.start, Coverage.start < whole.stop
    )
    session.execute(gone)
    session.execute(insert(Coverage).values(grant_id=grant_id, start=whole.start, stop=whole.stop))
    return whole


def refuse_another_piece(session: Session, grant_id: uuid.UUID, wanted: Span) -> None:
    """Refuse a range that would leave one more gap where there are too many already.

    Raises:
        Conflict: ``delivery.too_many_pieces``: go on where a piece ends, or fetch the whole file.
    """
    if wanted.start == 0 or _before(session, grant_id, wanted.start):
        return
    pieces = select(Coverage.start).where(Coverage.grant_id == grant_id).limit(MOST_PIECES)
    if len(session.scalars(pieces).all()) >= MOST_PIECES:
        message = _(
            "The file was fetched in too many pieces. Go on where a piece ends, or fetch the whole file."
        )
        raise Conflict("delivery.too_many_pieces", message)


def _before(session: Session, grant_id: uuid.UUID, position: int) -> list[Span]:
    """Return the stretch that a position lies in or at the end of, if there is one: stretches never touch."""
    query = (
        select(Coverage.start, Coverage.stop)
        .where(Coverage.grant_id == grant_id, Coverage.start <= position)
        .order_by(Coverage.start.desc())
        .limit(1)
    )
    return [Span(start, stop) for start, stop in session.execute(query) if stop >= position]


def _within(session: Session, grant_id: uuid.UUID, handed: Span) -> list[Span]:
    """Return the stretches that begin inside another or right behind it."""
    query = select(Coverage.start, Coverage.stop).where(
        Coverage.grant_id == grant_id, Coverage.start > handed.start, Coverage.start <= handed.stop
    )
    return [Span(start, stop) for start, stop in session.execute(query)]
