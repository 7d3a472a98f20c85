"""The request log: what was asked lately and how it was answered, as the platform's dashboard shows it."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MOST = 100_000
"""Requests that are remembered; the log is in memory and begins anew with the process."""


@dataclass(frozen=True)
class Heard:
    """One request to the API.

    Attributes:
        id: its ``Request-Id``.
        method: GET or POST.
        path: the path without the query.
        raw: the form body of a POST, the query otherwise.
        key: the idempotency key.
        version: the API version asked for.
        status: the status that was answered, or would have been.
    """

    id: str
    method: str
    path: str
    raw: str
    key: str
    version: str
    status: int


class Log:
    """The newest requests; safe to write from many threads."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=MOST)

    def add(self, heard: Heard) -> None:
        """Remember a request."""
        self._heard.append(heard)

    def all(self) -> list[Heard]:
        """Return the requests, oldest first."""
        return list(self._heard)

    def find(self, id: str) -> dict[str, Any] | None:
        """Return one request by its id, or None."""
        return next((asdict(heard) for heard in self._heard if heard.id == id), None)
