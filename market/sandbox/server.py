"""The process: one loopback port, one file, one courier thread."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, abort, request
from werkzeug.serving import make_server

from market.sandbox import control, paypage, sessions
from market.sandbox.api import Api
from market.sandbox.calls import Call
from market.sandbox.delivery import Courier
from market.sandbox.heard import Heard
from market.sandbox.later import catch_up
from market.sandbox.store import Store

_HOSTS = ("localhost", "127.0.0.1")


class Sandbox:
    """A running stand-in; its state outlives it in ``home``.

    Args:
        port: port on loopback; 0 takes a free one.
        home: folder of the state file, made when missing.
        webhook_url: where events are sent; none are sent when empty.
        webhook_secret: signs them.
        clock: the time in seconds, for what it creates, expires and signs.
    """

    def __init__(
        self,
        port: int,
        home: Path,
        webhook_url: str = "",
        webhook_secret: str = "",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._store = Store(home / "sandbox.db")
        if not webhook_url:
            self._store.set("webhooks", "off")
        elif self._store.setting("webhooks", "off") == "off":
            self._store.set("webhooks", "send")
        app = Flask(__name__)
        app.config["MAX_CONTENT_LENGTH"] = 1_000_000
        # Werkzeug's own log names every request; the stand-in stays quiet beside the exchange.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = make_server("127.0.0.1", port, app, threaded=True)
        self.base = f"http://localhost:{self._server.port}"
        self._courier = (
            Courier(self._store, webhook_url, webhook_secret, sweep=self._sweep, clock=clock)
            if webhook_url
            else None
        )
        app.extensions["wake"] = self._courier.wake if self._courier else lambda: None
        self._clock = clock
        api = self._api = Api(self._store, self.base, clock)
        app.before_request(_only_loopback)
        app.after_request(_headers)
        app.register_blueprint(api.blueprint())
        app.register_blueprint(paypage.blueprint(api))
        app.register_blueprint(control.blueprint(api))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def requests(self) -> list[Heard]:
        """The requests to the API since the start, oldest first."""
        return self._api.log.all()

    def start(self) -> "Sandbox":
        """Serve in a thread of this process (tests); :func:`main` serves in the foreground."""
        if self._courier:
            self._courier.start()
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve until the process ends."""
        if self._courier:
            self._courier.start()
        self._server.serve_forever()

    def stop(self) -> None:
        """Stop serving and sending, and close the file."""
        self._server.shutdown()
        self._server.server_close()
        if self._courier:
            self._courier.stop()
        self._store.close()

    def _sweep(self) -> None:
        """Do what is due, and expire pay pages whose time is over."""
        call = Call(self._store, int(self._clock()), {}, self.base)
        catch_up(call)
        with self._store.transaction():
            for session in self._store.every("checkout.session", status="open"):
                sessions.fresh(call, session)


def main(port: int, home: Path, webhook_url: str, webhook_secret: str) -> None:
    """Run the stand-in in the foreground until the process is ended; killing it at any moment is safe.

    Args:
        port: port on loopback.
        home: folder of its state.
        webhook_url: the exchange's webhook address.
        webhook_secret: the secret the exchange was given for it.
    """
    Sandbox(port, home, webhook_url, webhook_secret).serve()


def _only_loopback() -> None:
    """Refuse a name that is not this machine's, so that no foreign page can rebind its way in."""
    if request.host.rsplit(":", 1)[0] not in _HOSTS:
        abort(403)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
