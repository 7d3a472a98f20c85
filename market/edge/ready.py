"""Whether the exchange can do its work now: what ``/readyz`` answers, looked at afresh each time.

Each part is looked at in a thread of its own, so that one that hangs holds up neither the answer nor the others.
The answer names the part and never quotes an error, since it may be public; the log has the rest.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from flask import Flask, current_app
from sqlalchemy import text

import ledger.entry
from ledger import reader
from market import clock, storage
from market.db import read, read_only

PATIENCE: Final = 1.0
"""Seconds until a part that has not answered counts as failed."""
LAG: Final = timedelta(seconds=60)
"""How old the oldest entry without a signed checkpoint may be; the publisher's beat is one second."""

log = structlog.get_logger()


class Readiness:
    """Looks at every part the exchange needs.

    Args:
        app: the exchange.
        patience: seconds until a part that has not answered counts as failed.
    """

    def __init__(self, app: Flask, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience
        self._lock = threading.Lock()
        self._pending: dict[str, Future[str]] = {}

    def reasons(self) -> list[dict[str, str]]:
        """Return why the exchange is not ready; empty when it is."""
        if is_stopping(self._app):
            return [{"part": "server", "code": "server.stopping", "detail": STOPPING}]
        asked = {part: self._ask(part) for part in PARTS}
        wait(asked.values(), timeout=self._patience)
        found = []
        for part, answer in asked.items():
            code = answer.result() if answer.done() else "silent"
            if code:
                detail = self._app.extensions["read_only"] if code == READ_ONLY else DETAILS[part, code]
                found.append({"part": part, "code": f"{part}.{code}", "detail": detail})
        return found

    def _ask(self, part: str) -> Future[str]:
        """Begin to look at a part, unless somebody is looking at it already."""
        with self._lock:
            pending = self._pending.get(part)
            if pending is None or pending.done():
                pending = self._pending[part] = Future()
                threading.Thread(
                    target=self._look, args=(part, pending), name=f"ready {part}", daemon=True
                ).start()
            return pending

    def _look(self, part: str, answer: Future[str]) -> None:
        try:
            with self._app.app_context():
                answer.set_result(PARTS[part]())
        except Exception:
            log.exception("ready.failed", part=part)
            answer.set_result("failed")


def is_stopping(app: Flask) -> bool:
    """Tell whether the server was asked to stop and only finishes what is in hand."""
    return bool(app.extensions.get("stopping"))


def newest_revision() -> str:
    """Return the newest revision of the schema by its file's name, without loading the migrations."""
    folder = Path(current_app.root_path) / "migrations" / "versions"
    return max(path.name for path in folder.glob("[0-9]*.py")).split("_", 1)[0]


def _database() -> str:
    with read() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    return "" if revision == newest_revision() else "outdated"


def _storage() -> str:
    storage.current().probe()
    return ""


def _ledger() -> str:
    if read_only() is not None:
        return READ_ONLY
    return "behind" if lag() > LAG else ""


def lag() -> timedelta:
    """Return the age of the oldest entry that no signed checkpoint covers; zero when there is none."""
    with read() as session:
        leaf = reader.oldest_beyond(session, reader.latest_checkpoint(session))
    if leaf is None:
        return timedelta()
    return max(clock.now() - ledger.entry.parse(leaf).time, timedelta())


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "database": _database,
    "storage": _storage,
    "ledger": _ledger,
}
"""What is looked at; each returns an empty text when it is well, or a word for what is wrong."""

READ_ONLY: Final = "read_only"
"""Nothing is written or signed; the guard that said so says why."""
STOPPING: Final = "The server was asked to stop and finishes what is in hand."
DETAILS: Final[Mapping[tuple[str, str], str]] = {
    ("database", "failed"): "The database does not answer.",
    ("database", "silent"): f"The database has not answered within {PATIENCE:g} s.",
    ("database", "outdated"): "The schema is not the newest: run `qilu db upgrade`.",
    ("storage", "failed"): "The storage cannot be written and read: look at STORAGE_URL and the disk.",
    ("storage", "silent"): f"The storage has not answered within {PATIENCE:g} s.",
    ("ledger", "failed"): "The ledger cannot be read.",
    ("ledger", "silent"): f"The ledger has not answered within {PATIENCE:g} s.",
    (
        "ledger",
        "behind",
    ): f"Entries older than {LAG.seconds} s are under no checkpoint: is the publisher running?",
}
