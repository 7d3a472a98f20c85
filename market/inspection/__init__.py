"""Measuring bytes: what a file holds is found by the exchange, never taken from the provider's word.

The bytes are hostile until measured, so they are opened only in a child process under limits
(:mod:`market.inspection.measure`); this package itself imports neither DuckDB nor anything else heavy.

One inspection gives two documents. The *report* holds facts that a public listing may show (rows,
columns, types, empty cells, duplicates, digests). The *ranges* hold values out of the data (smallest
and largest of each column) and are for owner and reviewer alone, since the data are not screened.

Words: report, ranges, indicator (a measured figure a promise can be made about), content digest (the
same table gives the same digest in any row order, column order, encoding or file format).
"""
