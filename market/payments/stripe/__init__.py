"""Our client of the Stripe API (v1), on ``requests``; the only place that knows a Stripe word.

Sources: Stripe API reference at version :data:`VERSION`; "Idempotent requests"; "Verify webhook
signatures". Units: amounts are integers in the currency's minor unit, currencies lower-case ISO 4217.
"""

from market.payments.stripe.client import Stripe
from market.payments.stripe.errors import (
    ApiError,
    AuthError,
    CardError,
    ConnectionFailed,
    IdempotencyError,
    InvalidRequest,
    RateLimited,
    StripeError,
)
from market.payments.stripe.objects import (
    Account,
    AccountLink,
    Balance,
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Dispute,
    Event,
    PaymentIntent,
    Refund,
    Reversal,
    Transfer,
)
from market.payments.stripe.signature import SignatureRefused, verify_signature
from market.payments.stripe.wire import VERSION

__all__ = [
    "VERSION",
    "Account",
    "AccountLink",
    "ApiError",
    "AuthError",
    "Balance",
    "BalanceTransaction",
    "CardError",
    "Charge",
    "CheckoutSession",
    "ConnectionFailed",
    "Dispute",
    "Event",
    "IdempotencyError",
    "InvalidRequest",
    "PaymentIntent",
    "RateLimited",
    "Refund",
    "Reversal",
    "SignatureRefused",
    "Stripe",
    "StripeError",
    "Transfer",
    "verify_signature",
]
