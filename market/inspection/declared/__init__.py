"""What a provider declares of a table: columns, key, row rules, period.

A declaration is written on a page, read from a Frictionless Table Schema or an Open Data Contract, or drafted
from what was measured; the child process counts how many cells and rows keep it. The server imports all of
this but :mod:`market.inspection.declared.checking`.
"""
