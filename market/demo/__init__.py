"""The demo: one whole trade on real data, through a running exchange, over HTTP only.

It starts the payment sandbox and the server as children, joins three invented organisations, registers
and lists data, signs, pays on the sandbox's page, fetches, accepts, exports the evidence and verifies it
offline, with keys it noted down elsewhere.
"""

from market.demo.running import DemoEnded, DemoFailed, run

__all__ = ["DemoEnded", "DemoFailed", "run"]
