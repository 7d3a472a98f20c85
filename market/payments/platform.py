"""The payment platform as this exchange is set up to reach it, and how long a call may be repeated."""

from datetime import datetime, timedelta

from market import clock, config, db
from market.payments.stripe import ApiError, IdempotencyError, Stripe, StripeError

REPLAYABLE = timedelta(hours=23)
"""How long after planning a call is repeated with its key: the platform forgets keys after a day."""

GRACE = timedelta(minutes=15)
"""How long a key that answers with a failure of the platform is repeated before we look instead."""


def client(retries: int = 3) -> Stripe:
    """Return a client for one outside call or a few.

    Args:
        retries: how often a call without an answer is repeated; 0 where somebody waits for a page and nothing is moved.

    Raises:
        SettingsError: the key is missing or does not fit the address.
        RuntimeError: a transaction is open: no outside call inside one.
    """
    db.outside()
    settings = config.current()
    settings.demand("stripe_secret_key")
    return Stripe(settings.stripe_api_base, settings.stripe_secret_key, retries=retries)


def too_old(planned_at: datetime) -> bool:
    """Tell whether a blind repetition could be done twice, because the key may be forgotten."""
    return clock.now() - planned_at >= REPLAYABLE


def stuck(error: StripeError, planned_at: datetime) -> bool:
    """Tell whether the key will only ever repeat this failure: the platform keeps a 500 like any result."""
    old = clock.now() - planned_at >= GRACE
    return old and isinstance(error, ApiError | IdempotencyError)
