"""The published files of another log, over HTTP."""

import time

import requests

from ledger.mirror import AbsentError
from ledger.witness import BusyError
from market.wire import Wire, WireError, call


class Source:
    """The published files of another log.

    Args:
        url: the log's prefix.
        seconds: how long everything that is fetched may take together.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url.rstrip("/")
        self._until = time.monotonic() + seconds
        self._wire = Wire()

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file (:data:`ledger.mirror.Fetch`).

        Raises:
            AbsentError: the log has none of that name.
            BusyError: it cannot be had within the limits.
        """
        url = f"{self._url}/{path}"
        try:
            answer = call(self._wire, "GET", url, limit=limit, until=self._until)
        except WireError as error:
            raise BusyError(str(error)) from error
        if answer.status in {requests.codes.not_found, requests.codes.gone}:
            raise AbsentError(f"{url}: not there")
        if answer.status != requests.codes.ok:
            raise BusyError(f"{url}: status {answer.status}")
        return answer.body

    def close(self) -> None:
        """Let the connections go."""
        self._wire.close()
