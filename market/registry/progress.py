"""How far the measuring of a file is: told by whoever measures, shown to whoever waits."""

import time
import uuid
from collections.abc import Callable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from market.db import transaction
from market.registry.models import Measuring

_EVERY = 1.0
"""Seconds between two things that are written."""


def teller(revision_id: uuid.UUID) -> Callable[[int], None]:
    """Return what notes how far the measuring of a revision is, in thousandths, each time in its own transaction.

    What comes sooner than a second after the last is left out, so that the database is not kept busy.
    """
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY:
            last = now
            with transaction() as session:
                session.merge(Measuring(revision_id=revision_id, done=done))

    return tell


def done(session: Session, revision_id: uuid.UUID) -> int:
    """Return how far it is, in thousandths; 0 where nothing was told."""
    row = session.get(Measuring, revision_id)
    return row.done if row else 0


def forget(session: Session, revision_id: uuid.UUID) -> None:
    """Take away what was noted: the measuring has ended."""
    session.execute(delete(Measuring).where(Measuring.revision_id == revision_id))
