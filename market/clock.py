"""What time it is. Order comes from the ledger, never from here; a clock only starts deadlines."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import current_app, has_app_context

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """Return the present as aware UTC, cut to whole milliseconds (what the ledger leaf can say)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now() -> datetime:
    """Return the time of the application's clock (aware UTC, milliseconds)."""
    if has_app_context():
        clock: Clock = current_app.extensions.get("clock", utcnow)
        return clock()
    return utcnow()


def text(moment: datetime) -> str:
    """Write a moment as the ledger and the API do: ``2026-11-22T11:00:00.000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
