"""Sensitive data: which columns hold it, with evidence, after reading every cell.

:mod:`kernels` and :mod:`shapes` mark cells (a mark says what a cell holds and depends on that cell alone);
:mod:`screen` counts the marks of a column; :mod:`deciding` makes a finding of the counts and the column's
name. So the same table in other batches gives the same finding, and parts can be merged. Only
:mod:`classes`, :mod:`hints` and :mod:`negative` are light enough for the server.

A finding is a reason to ask a person, not a verdict: levels are modelled on GB/T 43697-2024, no conformity
is claimed.
"""
