"""A stateful stand-in that speaks the Stripe API (v1), for development and whole-trade tests.

The official stripe-mock keeps no state and never shows a paid order, so a trade cannot be carried
through with it. This server keeps what it is told (an SQLite file, so that a killed process loses
nothing), takes test money on a pay page of its own, and sends signed webhooks with retries. It is
honest where a client can be wrong: idempotency keys are replayed, compared and locked; unknown or
malformed parameters are refused; errors have the platform's shapes. It covers what a trade and its
exits need: accounts and their onboarding, checkout sessions, payment intents with Stripe's test cards, Alipay and
WeChat Pay, charges, disputes, transfers, refunds, balance, events. Stripe's own SDK drives it in the tests, and
what it takes is held against Stripe's own description of the API.

What comes later by itself (a wallet's money, a bank's dispute, funds that become available) is planned by
the stand-in's clock and done at the next request or sweep after its time.

It is its own process on loopback only, started by the command line alone; nothing of the product
imports it. ``/_sandbox/…`` (see ``control``) lets tests lose answers, slow calls, hold, double, drop and
delay webhooks, decide disputes and refunds, and falsify stored objects. Not covered: payouts,
currency exchange, customers, manual capture.
"""

from market.sandbox.server import Sandbox, main

__all__ = ["Sandbox", "main"]
