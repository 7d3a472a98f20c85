"""Gives committed entries their place soon after the commit (PostgreSQL), in a thread of its own."""

import threading
from typing import Final

import structlog
from flask import Flask

from ledger import sequencer
from market.db import read_only, transaction

BUSY: Final = 0.01
"""Seconds until the next look after one that found entries."""
IDLE: Final = 0.02
"""Seconds between looks when nothing happens; the pause grows up to it, so an entry never waits for longer."""
AFTER_A_FAULT: Final = 1.0
"""Seconds until the database is asked again when it failed."""

_log = structlog.get_logger(__name__)


def integrate(*, everything: bool = False) -> int | None:
    """Give every committed entry its place.

    Args:
        everything: look at all entries, not only beyond the sequencer's mark.

    Returns:
        How many were given one; None when another process is at it.
    """
    total = 0
    while True:
        with transaction() as session:
            placed = sequencer.integrate(session, everything=everything)
        if placed is None:
            return None
        total += placed
        if placed < sequencer.BATCH:
            return total


class Sequencer:
    """Looks for entries without a place again and again, at everything until it was elected once.

    Args:
        app: the application whose log it is, on PostgreSQL.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        """Begin; after a fork, never before."""
        self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """End; what waits then is given its place after the next start.

        Args:
            seconds: how long to wait for the look in hand.
        """
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause, first = 0.0, True
        with self._app.app_context():
            while not self._ended.wait(pause):
                try:
                    placed = None if read_only() else integrate(everything=first)
                except Exception:  # the database is away, or was: nothing is lost, it waits in the tables
                    _log.exception("ledger.sequencing_failed")
                    pause = AFTER_A_FAULT
                    continue
                first = first and placed is None
                pause = BUSY if placed else min(max(2 * pause, BUSY), IDLE)
