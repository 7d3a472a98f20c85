"""Signed webhooks to one endpoint, at least once and in no promised order, by a thread of its own."""

import hmac
import threading
import time
from collections.abc import Callable

import requests

from market.sandbox.store import Store

MOST_ATTEMPTS = 40
"""About half an hour; Stripe gives up after three days."""

LONGEST_PAUSE = 60.0
"""Seconds between two attempts, at most."""


class Courier(threading.Thread):
    """Sends what is due until it is stopped.

    Args:
        store: where deliveries wait.
        url: the webhook endpoint.
        secret: its secret.
        sweep: called about once a second (expires old pay pages).
        clock: the time in seconds, by which deliveries are due and which signatures carry.
    """

    def __init__(
        self, store: Store, url: str, secret: str, *, sweep: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        super().__init__(name="sandbox-courier", daemon=True)
        self._store = store
        self._url = url
        self._secret = secret
        self._sweep = sweep
        self._clock = clock
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._session = requests.Session()
        self._session.trust_env = False

    def wake(self) -> None:
        """Look for due deliveries now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the delivery under way and end."""
        self._stopped.set()
        self._wake.set()
        self.join(timeout=10)

    def run(self) -> None:
        """Send what is due, sweep, sleep a little."""
        swept = 0.0
        while not self._stopped.is_set():
            for place, body, attempts in self._store.due(self._clock()):
                if self._stopped.is_set():
                    return
                self._send(place, body, attempts)
            if time.monotonic() - swept > 1:
                self._sweep()
                swept = time.monotonic()
            self._wake.wait(0.5)
            self._wake.clear()

    def _send(self, place: int, body: str, attempts: int) -> None:
        stamp = int(self._clock())
        signature = hmac.new(self._secret.encode(), f"{stamp}.{body}".encode(), "sha256").hexdigest()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": f"t={stamp},v1={signature}",
            "User-Agent": "Stripe/1.0 (qilu sandbox)",
        }
        try:
            answer = self._session.post(
                self._url, data=body.encode(), headers=headers, timeout=10, allow_redirects=False
            )
            accepted = answer.status_code < 300
        except requests.RequestException:
            accepted = False
        if accepted:
            self._store.delivered(place, "done", 0)
        else:
            pause = min(0.5 * 2.0**attempts, LONGEST_PAUSE)
            state = "waiting" if attempts + 1 < MOST_ATTEMPTS else "failed"
            self._store.delivered(place, state, self._clock() + pause)
