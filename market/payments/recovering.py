"""How much of a refused reversal may be tried again.

The platform reverses a transfer only out of what the provider's account holds at that moment. What it does not hold
is not waited for: it becomes a debt of the provider, which later releases are netted with.
"""

from typing import Final

from market.db import read
from market.payments.accounts import account_of
from market.payments.models import Operation
from market.payments.platform import client
from market.payments.stripe import StripeError

TRIES: Final = 5
"""How many attempts at one reversal are made where the account seems to hold enough."""

CLOSED: Final = "account_invalid"
"""Code of a call about an account that is closed or no longer ours (Stripe, "Error codes")."""


def reversible(found: Operation, attempts: int) -> int:
    """Return the minor units that the next attempt at a refused reversal should take back; 0 for none.

    Args:
        found: the last attempt.
        attempts: how many there were.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if attempts >= TRIES:
        return 0
    with read() as session:
        account = account_of(session, found.organisation_id)
    if account is None or account.stripe_id is None:
        return 0
    try:
        holds = client().balance(account.stripe_id).available
    except StripeError as error:
        if error.refused or error.code == CLOSED:
            return 0
        raise
    return max(min(found.amount, holds.get(found.currency.lower(), 0)), 0)
