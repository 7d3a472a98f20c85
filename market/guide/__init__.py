"""The documentation that the exchange serves of itself: pages only, public, in both languages.

Nothing here is told twice. The API reference is read out of the OpenAPI document, the machines are drawn
from the tables that ``advance`` uses, kinds and problem codes come from their lists; a test compares what
is said about each of them with what there is. The session of ``/docs/trade`` and the commands of
``/docs/verify`` are one text each (``trade/``, ``verify.toml``), and a test takes them out of the page and
runs them against a real exchange.
"""
