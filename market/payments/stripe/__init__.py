"""Our client of the Stripe API (v1), on ``requests``; the only place that knows a Stripe word.

Sources: Stripe API reference at version :data:`VERSION`; "Idempotent requests"; "Verify webhook
signatures". Units: amounts are integers in the currency's minor unit, currencies lower-case ISO 4217.
"""

from market.payments.stripe.client import VERSION, Stripe
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
    Balance,
    CheckoutSession,
    Event,
    PaymentIntent,
    Refund,
    Reversal,
    Transfer,
)
from market.payments.stripe.signature import SignatureRefused, verify_signature

__all__ = [
    "VERSION",
    "Account",
    "ApiError",
    "AuthError",
    "Balance",
    "CardError",
    "CheckoutSession",
    "ConnectionFailed",
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
