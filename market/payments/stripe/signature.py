"""Whether a webhook came from the platform: HMAC-SHA256 over ``<time>.<raw body>``.

Source: Stripe, "Verify webhook signatures manually".
"""

import hmac

TOLERANCE = 300
"""Seconds a signature's time may be away from our clock, to either side."""


class SignatureRefused(Exception):
    """The webhook is not proved to come from the platform: answer 400 and keep nothing of it."""


def verify_signature(body: bytes, header: str, secret: str, now: float) -> None:
    """Accept a webhook body or refuse it.

    Args:
        body: the raw bytes as received, before any parsing.
        header: the ``Stripe-Signature`` header; several ``v1`` are usual while a secret is rolled,
            other schemes are ignored.
        secret: the endpoint's secret, never empty.
        now: our clock in seconds since the epoch.

    Raises:
        SignatureRefused: header unreadable, no signature of ours, or older or further in the future
            than :data:`TOLERANCE` (Stripe's SDK accepts any future time; we do not).
    """
    if not secret:
        raise SignatureRefused("no webhook secret is set")
    stamp, given = _parts(header)
    expected = sign(body, secret, stamp).encode()
    matches = [hmac.compare_digest(expected, signature.encode("utf-8", "replace")) for signature in given]
    if not any(matches):
        raise SignatureRefused("no signature of this endpoint")
    if abs(now - stamp) > TOLERANCE:
        raise SignatureRefused("the signature's time is too far from now")


def sign(body: bytes, secret: str, stamp: int) -> str:
    """Return the v1 signature (64 hex) of a body at a time in whole seconds."""
    return hmac.new(secret.encode(), str(stamp).encode() + b"." + body, "sha256").hexdigest()


def _parts(header: str) -> tuple[int, list[str]]:
    """Read ``t=…,v1=…[,v1=…]``; the time must stand exactly once."""
    pairs = [item.partition("=") for item in header.split(",")]
    stamps = [value for name, _, value in pairs if name.strip() == "t"]
    given = [value for name, _, value in pairs if name.strip() == "v1"]
    if (
        len(stamps) != 1
        or not stamps[0].isascii()
        or not stamps[0].isdigit()
        or len(stamps[0]) > 12
        or not given
    ):
        raise SignatureRefused("the signature header cannot be read")
    return int(stamps[0]), given
