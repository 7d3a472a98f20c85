"""A process of one thread that records trades and publishes the log, again and again, each time in a fork of itself.

Only such a process may fork: in a test run of many threads a fork keeps locks that nobody will ever release. It reads
the name of a folder a line, and answers with the id of the child, which waits to be watched, then with how it ended.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import Flask, current_app
from flask_babel import Babel
from sqlalchemy.exc import SQLAlchemyError

from market import db
from market.db import transaction
from market.oversight import publishing
from market.turn import Turn
from tests.conftest import settings_for
from tests.market.steps.rows import add_trade
from tests.postgres import Urls
from tests.waiting import SECONDS, joined, until

_PR_SET_PTRACER = 0x59616D61


@contextmanager
def opened(home: Path, key: str) -> Iterator[None]:
    """Open the exchange in a folder: its doors and its log, nothing else."""
    url = f"sqlite:///{home / 'qilu.db'}"
    app = Flask("log")
    app.extensions["settings"] = settings_for(Urls(app=url, owner=url), home, LEDGER_SIGNING_KEY=key)
    Babel(app)
    engine = db.open_database(app, url)
    with app.app_context():
        yield
    engine.dispose()


def main(key: str, writers: int) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _play(Path(line.strip()), key, writers)
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _play(home: Path, key: str, writers: int) -> None:
    """Wait until somebody watches, act, and end without anything else that a process does when it ends."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1))  # Yama lets ancestors trace only
        os.kill(os.getpid(), signal.SIGSTOP)
        _trade_and_publish(home, key, writers)
        code = 0
    finally:
        os._exit(code)


def _trade_and_publish(home: Path, key: str, writers: int) -> None:
    with opened(home, key):
        _trade(home, writers)
        publishing.publish()


def _trade(home: Path, writers: int) -> None:
    """Record a trade for each writer, all in one group, of which this thread is the last: strace watches it alone."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    queue = app.extensions["turn"] = Turn(SECONDS, longest=SECONDS)
    began = threading.Event()

    def record() -> None:
        with transaction() as session:
            if not began.is_set():
                began.set()
                until(lambda: queue.waiting == writers - 1, "a queue")
            add_trade(session)
        with (home / "said").open("a") as said:
            said.write("recorded\n")

    def write() -> None:
        with app.app_context(), suppress(SQLAlchemyError):
            record()

    others = [threading.Thread(target=write) for _writer in range(writers - 1)]
    for place, thread in enumerate(others):
        thread.start()
        _stand(queue, place, began)
    try:
        record()
    finally:
        joined(others)


def _stand(queue: Turn, place: int, began: threading.Event) -> None:
    until(lambda: began.is_set() and queue.waiting == place, "a place in the queue")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
