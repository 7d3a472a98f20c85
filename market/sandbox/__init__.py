"""A stateful stand-in that speaks the Stripe API (v1), for development and whole-trade tests.

The official stripe-mock keeps no state and never shows a paid order, so a trade cannot be carried
through with it. This server keeps what it is told (an SQLite file, so that a killed process loses
nothing), takes test money on a pay page of its own, and sends signed webhooks with retries. It is
honest where a client can be wrong: idempotency keys are replayed, compared and locked; unknown or
malformed parameters are refused; errors have the platform's shapes. It covers what a trade and its
exits need: accounts, checkout sessions, payment intents, charges, transfers, refunds, balance, events.

It is its own process on loopback only, started by the command line alone; nothing of the product
imports it. ``/_sandbox/…`` lets tests lose answers, slow calls, hold and reorder webhooks, and falsify
stored objects. Not covered: reversals, disputes, payouts, currency exchange, customers.
"""

from market.sandbox.server import Sandbox, main

__all__ = ["Sandbox", "main"]
