"""Calls to other exchanges: bounded in size and in time, outside of any transaction, never redirected."""

import time
from dataclasses import dataclass
from typing import Final

import requests

from ledger.mirror import AbsentError
from ledger.witness import BusyError
from market import db

CONNECT_SECONDS: Final = 3.0
BLOCK: Final = 65_536


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


def call(
    session: requests.Session, method: str, url: str, *, limit: int, until: float, body: bytes | None = None
) -> Answer:
    """Ask once.

    Args:
        session: kept connections.
        method: GET or POST.
        url: address of the other side.
        limit: bytes of the answer at most.
        until: by when it must be here, as :func:`time.monotonic` counts.
        body: what is sent.

    Raises:
        WireError: there was no answer within these limits.
        RuntimeError: a transaction is open in this thread.
    """
    db.outside()
    left = until - time.monotonic()
    if left <= 0:
        raise WireError(f"{url}: no time left")
    patience = (min(CONNECT_SECONDS, left), left)
    try:
        with session.request(
            method, url, data=body, timeout=patience, stream=True, allow_redirects=False
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_content(BLOCK):
                size += len(part)
                if size > limit:
                    raise WireError(f"{url}: more than {limit} bytes")
                if time.monotonic() > until:
                    raise WireError(f"{url}: too slow")
                parts.append(part)
            return Answer(answer.status_code, answer.headers.get("Content-Type", ""), b"".join(parts))
    except requests.RequestException as error:
        raise WireError(f"{url}: {error}") from error


class Source:
    """The published files of another log.

    Args:
        url: the log's prefix.
        seconds: how long everything that is fetched may take together.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url.rstrip("/")
        self._until = time.monotonic() + seconds
        self._session = requests.Session()

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file (:data:`ledger.mirror.Fetch`).

        Raises:
            AbsentError: the log has none of that name.
            BusyError: it cannot be had within the limits.
        """
        url = f"{self._url}/{path}"
        try:
            answer = call(self._session, "GET", url, limit=limit, until=self._until)
        except WireError as error:
            raise BusyError(str(error)) from error
        if answer.status in {requests.codes.not_found, requests.codes.gone}:
            raise AbsentError(f"{url}: not there")
        if answer.status != requests.codes.ok:
            raise BusyError(f"{url}: status {answer.status}")
        return answer.body

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()
