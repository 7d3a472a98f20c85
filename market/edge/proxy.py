"""Who is really asking: the trusted proxy, the right host, and callers on this machine.

There is no setting for it. When ``BASE_URL`` is public, the exchange stands behind a proxy on the same machine
(nginx, say), so a caller that reaches it from this machine, over loopback or a unix socket, and brings forwarding
headers is that proxy: the last hop of ``X-Forwarded-For`` is the person's address, which limits count by, and
``X-Forwarded-Proto`` the scheme. From anybody else, and while ``BASE_URL`` is loopback, such headers are dropped
before anything reads them, so an address cannot be made up.
"""

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

from market import config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDING: Final = (
    "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_REAL_IP",
)  # fmt: skip
"""Headers by which a proxy speaks about the one that it serves."""

TRUSTED: Final = "qilu.proxy"
"""In the environment of a request: the proxy of this exchange sent it."""
LOCAL: Final = "qilu.local"
"""In the environment of a request: a program of this machine sent it, for itself and for nobody else."""

_PORTS: Final = {"http": "80", "https": "443"}


class Front:
    """WSGI middleware that finds out who asks before the application looks.

    Args:
        app: the application.
        base_url: how people reach the exchange (``BASE_URL``).
    """

    def __init__(self, app: "WSGIApplication", base_url: str) -> None:
        self._app = app
        self._behind = ProxyFix(app, x_for=1, x_proto=1, x_host=0, x_port=0, x_prefix=0)
        self._public = not config.is_loopback(base_url)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass a request on with the address and scheme of the one who really asks."""
        here = is_here(environ.get("REMOTE_ADDR", ""))
        forwarded = any(name in environ for name in FORWARDING)
        environ[TRUSTED] = here and forwarded and self._public
        environ[LOCAL] = here and not forwarded
        if environ[TRUSTED]:
            return self._behind(environ, start_response)
        for name in FORWARDING:
            environ.pop(name, None)
        return self._app(environ, start_response)


def is_here(address: str) -> bool:
    """Tell whether a peer's address is this machine's; a unix socket has an empty one."""
    try:
        return not address or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class Hosts:
    """Which names the exchange answers to: a foreign ``Host`` could put itself into links and caches.

    Args:
        base_url: how people reach the exchange; if it is loopback, any loopback name and port will do.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._own = None if config.is_loopback(base_url) else self._plain(parts.netloc)

    def answers_to(self, host: str) -> bool:
        """Tell whether a request with this ``Host`` header is for us."""
        if self._own is None:
            return is_local_name(host)
        return self._plain(host) == self._own

    def _plain(self, host: str) -> str:
        return host.lower().removesuffix(f":{_PORTS.get(self._scheme, '')}")


def is_local_name(host: str) -> bool:
    """Tell whether a ``Host`` header can only mean this machine."""
    try:
        return bool(host) and config.is_loopback(f"//{host}")
    except ValueError:
        return False
