"""Listings: what a provider offers, and how people find it.

A *listing* offers one revision of one registered asset under a model text: price, promised quality,
permitted use, term. Promises must hold against what the exchange measured when it is published. A
listing is commercial or for the public benefit, never both. What is shown to everybody are measured
facts (rows, columns, empty cells, duplicates), never values out of the data.

The sectors are those of the founding documents. Search cuts Chinese into overlapping pairs of
characters and everything else into words, in Python, so that SQLite and PostgreSQL find the same.
"""
