"""Calls to others' servers: bounded in size and in time, outside of any transaction, never redirected.

``requests`` bounds each wait for bytes and so nothing that a server sends in drops. Here every read from the
connection, of head and body alike, has what is left until one deadline.
"""

import http.client
import io
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from market import db

CONNECT_SECONDS: Final = 3.0
BLOCK: Final = 65_536

_until: ContextVar[float] = ContextVar("until")


class WireError(Exception):
    """No usable answer: the other side is unreachable, too slow, or says too much."""


@dataclass(frozen=True)
class Answer:
    """What the other side said.

    Attributes:
        status: HTTP status.
        media_type: its Content-Type.
        body: at most as many bytes as were allowed.
    """

    status: int
    media_type: str
    body: bytes


class _Reads(io.RawIOBase):
    """What comes in on a connection, until a deadline."""

    def __init__(self, raw: Any, sock: socket.socket, until: float) -> None:
        self._raw = raw
        self._sock = sock
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow")
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that is read until the deadline of the call in hand."""

    def __init__(self, sock: socket.socket, *how: Any, **more: Any) -> None:
        super().__init__(sock, *how, **more)
        self.fp = io.BufferedReader(_Reads(self.fp.detach(), sock, _until.get()))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *how: Any, **more: Any) -> None:
        super().init_poolmanager(*how, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *how: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(*how, **more)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


class Wire(requests.Session):
    """Kept connections for :func:`call`."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())


def call(
    wire: Wire,
    method: str,
    url: str,
    *,
    limit: int,
    until: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask once.

    Args:
        wire: kept connections.
        method: GET or POST.
        url: address of the other side.
        limit: bytes of the answer at most.
        until: by when it must be here, as :func:`time.monotonic` counts.
        body: what is sent.
        headers: what is said about that.

    Raises:
        WireError: there was no answer within these limits.
        RuntimeError: a transaction is open in this thread.
    """
    db.outside()
    left = until - time.monotonic()
    if left <= 0:
        raise WireError(f"{url}: no time left")
    deadline = _until.set(until)
    try:
        with wire.request(
            method,
            url,
            data=body,
            headers=headers,
            timeout=(min(CONNECT_SECONDS, left), left),
            stream=True,
            allow_redirects=False,
        ) as answer:
            media_type = answer.headers.get("Content-Type", "")
            return Answer(answer.status_code, media_type, _body(answer, url, limit))
    except (requests.RequestException, HTTPError, OSError) as error:
        raise WireError(f"{url} does not answer: {error}") from error
    finally:
        _until.reset(deadline)


def _body(answer: requests.Response, url: str, limit: int) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(BLOCK):
        size += len(part)
        if size > limit:
            raise WireError(f"{url}: more than {limit} bytes")
        parts.append(part)
    return b"".join(parts)
