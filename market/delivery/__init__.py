"""Grants and bytes out. This room knows no trade: it is told what is granted, to whom and on which grounds.

A grant is opened in the same step that brings a contract into force, and changed in the same transaction
as whatever changes its grounds (payment, cancellation, suspension of the asset or of a party). So the
:mod:`~market.delivery.gate` never looks up the house: the grant row and its counters are all it reads, at
each request for bytes and again before every MiB.

What was handed over is counted in tables that are not stateful (``grant_usage``, ``coverage``), each time
in a short transaction of its own: none is open while bytes travel. When the ranges sent cover the file,
the job ``delivery.covered`` is queued, and the room above turns it into the one step
``delivery.completed`` with its receipt. Words: grant, gate, transfer (in the Dataspace Protocol's sense),
coverage, receipt.
"""
