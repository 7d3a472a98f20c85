"""Looks at the watched logs on a beat, so that a copy catches up by itself and a log that asks nobody is seen too."""

import threading
import time
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Flask

from ledger.errors import LedgerError
from ledger.witness import BusyError
from market.db import read_only
from market.keys import service as keys
from market.witnessing import keeping, service

BEAT: Final = 3.0
"""Seconds between two looks at a log."""
LONGEST_PAUSE: Final = 60.0
"""Seconds at most until a log that could not be reached is looked at again."""
CLEARING: Final = 3600.0
"""Seconds between two looks for what of the journals is too old to be kept."""

_log = structlog.get_logger(__name__)


@dataclass
class _Standing:
    failures: int = 0
    not_before: float = 0.0
    said: str = ""


class Mirroring:
    """Follows the watched logs in a thread of its own; without any it ends at once.

    Args:
        app: the application that watches.
        beat: seconds between two looks.
    """

    def __init__(self, app: Flask, beat: float = BEAT) -> None:
        self._app = app
        self._beat = beat
        self._ended = threading.Event()
        self._standing: dict[str, _Standing] = {}
        self._clear_at = 0.0
        self._thread = threading.Thread(target=self._run, name="mirroring", daemon=True)

    def start(self) -> None:
        """Begin; after a fork, never before."""
        if self._app.extensions["settings"].ledger_witnessed:
            self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """End.

        Args:
            seconds: how long at most; what is not mirrored by then is mirrored after the next start.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        begun = False
        while True:
            with self._app.app_context():
                if read_only() is None:  # what is looked at must be stored
                    begun = begun or self._begin()
                    self._look_round()
                self._clear()
            if self._ended.wait(self._beat):
                return

    def _begin(self) -> bool:
        """Publish our key, and whatever a crash left unpublished; False when that must be tried again."""
        try:
            keys.publish_witness()
            for key in service.watched().logs:
                service.name(key.name)
        except Exception:
            _log.exception("mirror.failed")
            return False
        return True

    def _clear(self) -> None:
        """Drop what of the journals that are kept here is older than a backup may be, now and then."""
        if time.monotonic() < self._clear_at:
            return
        self._clear_at = time.monotonic() + CLEARING
        try:
            keeping.drop_old()
        except Exception:
            _log.exception("journal.not_cleared")

    def _look_round(self) -> None:
        """Look at each log that the file names now; one that is just being saved is read at the next beat."""
        try:
            origins = list(service.addressed(service.watched()))
        except Exception:
            _log.exception("mirror.failed")
            return
        for origin in origins:
            if not self._ended.is_set():
                self._look(origin)

    def _look(self, origin: str) -> None:
        """Look once; whatever goes wrong is told, once while it lasts, and tried again later."""
        standing = self._standing.setdefault(origin, _Standing())
        if time.monotonic() < standing.not_before:
            return
        try:
            size = service.look(origin)
        except BusyError as error:
            self._failed(origin, standing, str(error))
        except LedgerError as error:
            _log.critical("mirror.refused", origin=origin, why=str(error))
            self._failed(origin, standing, "")
        except Exception:
            _log.exception("mirror.failed", origin=origin)
            self._failed(origin, standing, "")
        else:
            if standing.failures:
                _log.info("mirror.back", origin=origin)
            self._standing[origin] = _Standing()
            if size is not None:
                _log.info("mirror.held", origin=origin, size=size)

    def _failed(self, origin: str, standing: _Standing, why: str) -> None:
        standing.failures += 1
        standing.not_before = time.monotonic() + min(2.0 ** min(standing.failures, 9) / 2, LONGEST_PAUSE)
        if why and not standing.said:
            _log.warning("mirror.behind", origin=origin, why=why)
        standing.said = why
