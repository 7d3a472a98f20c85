"""The operator's own acts: guarding the log against a rollback, backup, restore, the drill.

A log whose database was put back to yesterday would sign a second history over the first, and everybody who kept a
checkpoint would see the exchange contradict itself for ever. So :mod:`market.governance.guard` compares, at the start
and on a beat, what the database remembers with what was already shown to others, and shuts the door for writing before
anything else could be signed. A backup (:mod:`market.governance.backup`) is one file, taken while the exchange works;
a restored one (:mod:`market.governance.restore`) proves itself against a checkpoint kept elsewhere before it is
believed. Nobody knows that a backup can be restored until it was: :mod:`market.governance.drill` does it, as an entry.
"""
