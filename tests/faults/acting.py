"""A process of one thread that records a trade and publishes the log, again and again, each time in a fork of itself.

Only such a process may fork: in a test run of many threads a fork keeps locks that nobody will ever release. It reads
the name of a folder a line, and answers with the id of the child, which waits to be watched, then with how it ended.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_babel import Babel

from market import db
from market.db import transaction
from market.oversight import publishing
from tests.conftest import settings_for
from tests.market.steps.rows import add_trade
from tests.postgres import Urls

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


def main(key: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _play(Path(line.strip()), key)
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _play(home: Path, key: str) -> None:
    """Wait until somebody watches, act, and end without anything else that a process does when it ends."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1))  # Yama lets ancestors trace only
        os.kill(os.getpid(), signal.SIGSTOP)
        _trade_and_publish(home, key)
        code = 0
    finally:
        os._exit(code)


def _trade_and_publish(home: Path, key: str) -> None:
    with opened(home, key):
        with transaction() as session:
            add_trade(session)
        with (home / "said").open("a") as said:
            said.write("recorded\n")
        publishing.publish()


if __name__ == "__main__":
    main(sys.argv[1])
