"""Runs the exchange: the web server by gunicorn, and the threads or processes that work behind it.

On SQLite one server process does everything: a worker thread does the jobs and a publisher thread signs
checkpoints, both started after the fork. On PostgreSQL ``qilu worker`` processes do that, as many as wanted.
"""

import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flask import Flask
from sqlalchemy.exc import OperationalError

from market import db, logs
from market.app import create_app
from market.config import Settings, SettingsError
from market.governance import drill, heads
from market.governance.guard import Guard
from market.governance.heads import Head
from market.jobs import Worker
from market.keys.stamping import Stamping
from market.oversight import publishing
from market.oversight.publishing import Publisher
from market.oversight.sequencing import Sequencer
from market.serve.master import Background, Server
from market.witnessing.journaling import Journaling
from market.witnessing.mirroring import Mirroring

__all__ = ["Background", "alone", "background", "port_is_free", "serve", "work"]


def serve(settings: Settings, *, host: str, port: int, processes: int) -> None:
    """Serve until a signal ends it.

    Raises:
        SettingsError: a setting is missing or unsafe, several processes are asked for on SQLite, or the port is taken.
    """
    refuse(settings)
    if settings.is_sqlite and processes != 1:
        raise SettingsError("SQLite takes one server process; set DATABASE_URL to PostgreSQL for more")
    if not port_is_free(host, port):
        raise SettingsError(f"port {port} is taken: stop what listens there, or choose another with --port")
    logs.as_json()
    drill.sweep(settings.home)
    with alone(settings):
        Server(settings, host, port, processes, background if settings.is_sqlite else guarding).run()


def work(settings: Settings) -> None:
    """Do jobs and publish checkpoints until a signal ends it (``qilu worker``, PostgreSQL).

    Raises:
        SettingsError: a setting is missing or unsafe, or the database is SQLite (its server works itself).
    """
    refuse(settings)
    if settings.is_sqlite:
        raise SettingsError("on SQLite `qilu serve` does the jobs itself; workers are for PostgreSQL")
    logs.as_json()
    drill.sweep(settings.home)
    parts = background(create_app(settings))
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            os._exit(1)  # a second signal: at once; leases end and what was in hand is done again
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    for part in parts:
        part.start()
    ended.wait()
    for part in parts:
        part.stop()


def refuse(settings: Settings) -> None:
    """Refuse a start that would be dangerous; the doctor explains the same, and more.

    Raises:
        SettingsError: settings are missing or unsafe, another key signed what is published, or the application's
            role could change what is written.
    """
    settings.demand_all()
    if because := publishing.refusal(settings):
        raise SettingsError(because)
    if not settings.is_sqlite:
        _refuse_rights(settings)


def _refuse_rights(settings: Settings) -> None:
    from market.migrations import rights

    engine = db.engine_for(settings.database_url)
    try:
        with engine.connect() as connection:
            excess = next(rights.excess(connection), None)
    except OperationalError:
        return  # a database that is not there yet dangers nothing; /readyz says it
    finally:
        engine.dispose()
    if excess:
        raise SettingsError(
            f"the role of DATABASE_URL {excess}: what is written could be changed; run `qilu doctor` for what to do"
        )


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep a second server away from an SQLite exchange; on PostgreSQL there may be many.

    Raises:
        SettingsError: another server works on this folder.
    """
    if not settings.is_sqlite:
        yield
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(f"another server works in {settings.home}: stop it first") from error
        yield


def background(app: Flask) -> list[Background]:
    """Return what works behind an application, not yet started; the guard looks before the others begin."""
    settings: Settings = app.extensions["settings"]
    placing = [] if settings.is_sqlite else [Sequencer(app)]
    return [
        *guarding(app),
        Worker(app, alone=settings.is_sqlite),
        *placing,
        Publisher(app),
        Mirroring(app),
        Journaling(app),
        Stamping(app),
    ]


def guarding(app: Flask) -> list[Background]:
    """Return what stands behind a server process whose jobs others do."""
    settings: Settings = app.extensions["settings"]

    def ask() -> list[Head]:
        return heads.witnessed(settings, publishing.keys())

    return [Guard(app, ask if heads.has_witnesses(settings) else None)]


def port_is_free(host: str, port: int) -> bool:
    """Tell whether one can listen on a TCP port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
