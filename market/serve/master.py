"""gunicorn with our settings: a master that stops as asked, workers that no slow client can hold, JSON logs.

**Limits.** The request line and each header have at most 8 KiB, and there are at most 100 headers. A thread serves
one request at a time; a connection on which nothing comes for five seconds waits outside the threads (gunicorn), and
one that stops in the middle of a request, or takes nothing of its answer, is dropped after :data:`SLOW_SECONDS`. Where
several processes serve, each is replaced after some :data:`MOST_REQUESTS` requests, so that no leak grows for ever; on
SQLite the one process stays, because replacing it would interrupt the jobs.

**Stopping.** SIGTERM or SIGINT: no new connection is taken, answers in flight go on for :data:`ANSWER_SECONDS` at most,
then the job in hand is finished and the rest of the log is published; after :data:`GRACE_SECONDS` nothing waits any
more. A second signal ends it at once, which loses nothing: what was not committed is done again.
"""

import shutil
import signal
import socket
import struct
import sys
from typing import Any, Final, Protocol

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from market.app import create_app
from market.config import Settings
from market.edge.metrics import FOLDER

THREADS: Final = 8
"""Requests served at a time by one process; slow uploads hold a thread, not the process."""
SLOW_SECONDS: Final = 60
"""How long a connection may stand still in the middle of a request or an answer."""
MOST_REQUESTS: Final = 50_000
GRACE_SECONDS: Final = 30
ANSWER_SECONDS: Final = 16
"""Leaves the rest of the grace to the jobs in hand and to publishing."""
KEEP_SECONDS: Final = 15
"""How long a proxy may keep an unused connection for its next request."""


class Background(Protocol):
    """Something that runs in a thread of its own."""

    def start(self) -> None:
        """Begin; after a fork, never before."""

    def stop(self) -> None:
        """Finish what is in hand and end."""


class Behind(Protocol):
    """Makes what works behind an application, not yet started."""

    def __call__(self, app: Flask) -> list[Background]:
        """Return it for this application."""


class Server(BaseApplication):  # type: ignore[misc]
    """The exchange as a gunicorn application.

    Args:
        settings: the exchange's settings.
        host: address to listen on.
        port: TCP port to listen on.
        processes: server processes; SQLite takes exactly one.
        behind: makes what works behind the application in each server process.
        slow: seconds that a connection may stand still.
    """

    def __init__(
        self,
        settings: Settings,
        host: str,
        port: int,
        processes: int,
        behind: Behind,
        slow: int = SLOW_SECONDS,
    ) -> None:
        self._settings = settings
        self._behind = behind
        self._background: list[Background] = []
        self._counters = settings.home / "metrics" / str(port)  # the port is ours alone
        Worker.slow = slow
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": processes,
            "worker_class": Worker,
            "threads": THREADS,
            "keepalive": KEEP_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "max_requests": 0 if settings.is_sqlite else MOST_REQUESTS,
            "max_requests_jitter": MOST_REQUESTS // 10,
            "limit_request_line": 8190,
            "limit_request_field_size": 8190,
            "limit_request_fields": 100,
            "forwarded_allow_ips": "",  # market.edge.proxy decides whom to believe
            "loglevel": "warning",
            "logger_class": Log,
            "control_socket_disable": True,
            "raw_env": [f"PROMETHEUS_MULTIPROC_DIR={self._counters}"],
            "post_worker_init": self._begin,
            "worker_exit": self._end,
            "child_exit": self._buried,
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn our options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the worker process."""
        app = create_app(self._settings)
        app.extensions[FOLDER] = self._counters
        return app

    def run(self) -> None:
        """Serve until a signal ends it."""
        shutil.rmtree(self._counters, ignore_errors=True)
        self._counters.mkdir(parents=True)
        Master(self).run()

    def _begin(self, worker: Any) -> None:
        worker.cfg.set(
            "graceful_timeout", ANSWER_SECONDS
        )  # this process's copy; the master keeps the whole grace
        self._background = self._behind(worker.app.wsgi())
        for part in self._background:
            part.start()

    def _end(self, _arbiter: Any, _worker: Any) -> None:
        for part in self._background:
            part.stop()

    def _buried(self, _arbiter: Any, worker: Any) -> None:
        """Forget what a dead process had in use; what it counted stays."""
        for path in self._counters.glob(f"gauge_live*_{worker.pid}.db"):
            path.unlink(missing_ok=True)


class Master(Arbiter):  # type: ignore[misc]
    """gunicorn's master; any first signal to end is gentle, any second one is not."""

    _stopping = False

    def signal(self, number: int, frame: Any) -> None:
        """Queue a signal; while stopping, one to end means at once."""
        if self._stopping and number in {signal.SIGTERM, signal.SIGINT}:
            number = signal.SIGQUIT
        super().signal(number, frame)

    def handle_int(self) -> None:
        """End gently, as for SIGTERM."""
        self.handle_term()

    def stop(self, graceful: bool = True) -> None:
        """End the workers."""
        self._stopping = True
        super().stop(graceful)


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, deaf to Ctrl-C (the master hears it), and impatient with connections that hang."""

    slow = SLOW_SECONDS

    def init_signals(self) -> None:
        """Leave SIGINT, which a terminal sends to the whole group, to the master."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop: from now on the exchange says that it is not ready."""
        app = getattr(self, "wsgi", None)
        if app is not None:
            app.extensions["stopping"] = True
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections or not; a stopping process lets go of the port, so that callers are refused, not ignored."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection to the threads, with an end to every wait for its other side."""
        patience = struct.pack("ll", self.slow, 0)
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, direction, patience)
        super().enqueue_req(conn)


class Log(Logger):  # type: ignore[misc]
    """gunicorn's own messages, through the one handler that writes JSON (:mod:`market.logs`)."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's handlers away and let the messages rise to the root."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def exception(self, msg: str, *args: object, **kwargs: object) -> None:
        """Write a fault with its traceback; a client that was too slow is none."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.warning("a client stood still and was dropped")
        else:
            super().exception(msg, *args, **kwargs)
