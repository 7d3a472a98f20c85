"""The first page and the rule book: what waits for me and until when, or what the exchange offers.

It only reads, by the services of the rooms below.
"""
