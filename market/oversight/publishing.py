"""Signs checkpoints and publishes the log as static files, on a beat."""

import threading
from pathlib import Path
from typing import Final

import structlog
from flask import Flask

from ledger import publisher
from ledger.checkpoint import CHECKPOINT, Checkpoint
from ledger.errors import LedgerError, PublishError
from ledger.note import VerifierKey, open_note
from market import clock, config
from market.db import read, read_only, stop_writing, transaction
from market.keys import ring
from market.oversight import sequencing
from market.witnessing.circle import circle

BEAT: Final = 1.0
"""Seconds between two looks at the log: witnesses cannot agree if every entry makes a new checkpoint."""

_log = structlog.get_logger(__name__)


def folder() -> Path:
    """Return where the log of this exchange is published."""
    return config.current().home / "ledger"


def keys() -> list[VerifierKey]:
    """Return the public keys by which a checkpoint is known as this log's, those in use and those that were."""
    with read() as session:
        return ring.verifiers(session, config.current())


def publish() -> Checkpoint | None:
    """Give waiting entries their index, then sign and publish what has grown.

    Returns:
        The new head, or None when nothing had grown or another process is at it.

    Raises:
        PublishError: the database contradicts what was signed before; nothing was signed.
    """
    settings = config.current()
    if not settings.is_sqlite:
        sequencing.integrate()
    with read() as session:
        signers = ring.signers(session, settings)
    return publisher.publish(read, transaction, folder(), signers, clock.now, circle(folder()).cosign)


def refusal(settings: config.Settings) -> str | None:
    """Return why this exchange must not sign, or None: what is published was signed by another key.

    Args:
        settings: say where the log is published and which key would sign next.
    """
    path = settings.home / "ledger" / CHECKPOINT
    if not path.exists():
        return None
    try:
        open_note(path.read_text("utf-8"), [signer.verifier for signer in ring.private(settings)])
    except (LedgerError, ValueError):
        return (
            f"{path} was not signed by LEDGER_SIGNING_KEY or a key beside it: set the key that signed it; "
            "a log whose key changes without a word is not believed by anybody"
        )
    return None


class Publisher:
    """Publishes in a thread of its own.

    Args:
        app: the application whose log it is.
        beat: seconds between two looks.
    """

    def __init__(self, app: Flask, beat: float = BEAT) -> None:
        self._app = app
        self._beat = beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin; after a fork, never before."""
        self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """Publish what is left and end.

        Args:
            seconds: how long at most; what is not published by then is published after the next start.
        """
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        """Publish at once, on every beat, and a last time when it ends."""
        self._once()
        while not self._ended.wait(self._beat):
            self._once()
        self._once()

    def _once(self) -> None:
        """Publish once; whatever goes wrong is told to the operator and tried again from durable state.

        A contradiction is not tried again: from then on nothing is written here until somebody has looked.
        """
        with self._app.app_context():
            self._publish()

    def _publish(self) -> None:
        if read_only() is not None:
            return
        try:
            head = publish()
        except PublishError as error:
            stop_writing(f"{error}; nothing is written or signed: `qilu doctor` says what to do")
            _log.critical("ledger.read_only", why=str(error))
        except LedgerError as error:
            _log.critical("ledger.not_published", why=str(error))
        except Exception:
            _log.exception("ledger.publishing_failed")
        else:
            if head is not None:
                _log.info("ledger.published", size=head.size)
