"""What tests do to a stand-in from outside: its control surface and the payer's clicks."""

import time
from typing import Any

import requests

from market.payments.stripe import CheckoutSession, PaymentIntent, Stripe

KEY = "sk_test_sandbox"
EXPIRES = int(time.time()) + 80_000
"""Less than a day, the longest that a page may be open, and more than a whole run of the tests takes."""


class Watch:
    """The stand-in's clock: the real one, and what a test moves it on."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._ahead += seconds


class Control:
    """The control surface of a stand-in."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.base}/_sandbox/{path}", json=body, auth=(KEY, ""), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.base}/_sandbox/{path}", auth=(KEY, ""), timeout=60)
        answer.raise_for_status()
        return answer.json()


def open_checkout(
    client: Stripe, *, key: str = "checkout:1:1", amount: int = 12_345, means: tuple[str, ...] = ()
) -> CheckoutSession:
    return client.open_checkout(
        key=key,
        amount=amount,
        currency="cny",
        description="每日气象 Daily weather",
        transfer_group="trade-handle",
        success_url="http://localhost:8080/back?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://localhost:8080/trades/X",
        expires_at=EXPIRES,
        metadata={"operation": "1"},
        means=means,
    )


def click(session: CheckoutSession, outcome: str, method: str = "") -> requests.Response:
    data = {"outcome": outcome, "method": method}
    return requests.post(session.url, data=data, allow_redirects=False, timeout=60)


def paid(client: Stripe, method: str = "pm_card_visa", *, key: str = "paid:1:1") -> PaymentIntent:
    """Pay on a page with a test card and return the payment."""
    session = open_checkout(client, key=key)
    assert click(session, "pay", method).status_code == 303
    return client.payment_intent(client.checkout(session.id).payment_intent)
