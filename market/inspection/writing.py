"""From what was measured to the documents of an inspection. Child alone."""

from typing import Any

from market.inspection import content
from market.inspection.column import Measured
from market.inspection.declared.model import Declared
from market.inspection.preview import Sample, uncertain
from market.inspection.sensitive import negative, reidentify
from market.inspection.sensitive.classes import Sensitive, level
from market.inspection.table import Table, Whole

SMALL_GROUP = 5
"""Rows of a group below which its people are counted as standing out."""


def columns(whole: Whole) -> list[dict[str, Any]]:
    """Return the columns as the report has them."""
    return [
        {
            "name": one.column.name,
            "type": one.type,
            "stored": one.column.stored,
            "nulls": one.column.counts.rows - one.column.counts.filled,
            "distinct": one.distinct,
            "digest": one.digest,
            "shortest": one.column.shortest,
            "longest": one.column.longest,
            "dirty": one.column.counts.dirty | {"placeholder": one.placeholders},
        }
        for one in whole.columns
    ]


def values(whole: Whole) -> list[dict[str, Any]]:
    """Return the values out of the data, a column each."""
    return [
        {
            "name": one.column.name,
            "minimum": one.extremes[0],
            "maximum": one.extremes[1],
            "frequent": [{"value": text, "count": count} for text, count in one.frequent.items()],
            "histogram": one.histogram,
            "examples": list(one.finding.examples) if one.finding else [],
            "uncertain": uncertain(one.column, _kind(one)),
        }
        for one in whole.columns
    ]


def preview(whole: Whole, sample: Sample) -> dict[str, Any]:
    """Return the preview: the values of each column, and the sample of rows."""
    kinds = [_kind(one) for one in whole.columns]
    found = values(whole)
    return {"columns": found, "sample": sample.masked(kinds, [one["uncertain"] for one in found])}


def sensitive(whole: Whole, table: Table, declared: Declared | None) -> dict[str, Any]:
    """Return what was found of sensitive data, and how well people hide among each other."""
    names = [column.name for column in table.columns]
    personal = {one.name: one.personal for one in declared.columns} if declared else {}
    said = {one.name for one in declared.columns if one.quasi} if declared else set()
    found = {one.column.name: one.finding for one in whole.columns if one.finding is not None}
    likely = reidentify.quasi(names, {name: finding.kind for name, finding in found.items()})
    chosen = tuple(name for name in names if name in likely or name in said)
    hits = negative.hits(names, {column.name: column.screen.negative() for column in table.columns})
    return {
        "columns": [
            {
                "name": name, "class": finding.kind.value, "level": level(finding.kind).value,
                "cells": finding.hits, "filled": finding.filled, "valid": finding.valid,
                "basis": list(finding.basis), "declared": personal.get(name),
            }
            for name, finding in found.items()
        ],
        "k": _hidden(table, names, chosen) if chosen else None,
        "negative": [{"code": hit.code, "column": hit.column, "cells": hit.cells} for hit in hits],
    }  # fmt: skip


def _kind(one: Measured) -> Sensitive | None:
    return one.finding.kind if one.finding else None


def _hidden(table: Table, names: list[str], chosen: tuple[str, ...]) -> dict[str, Any]:
    found = table.hidden([names.index(name) for name in chosen], SMALL_GROUP)
    return {"columns": list(chosen), "k": found.k, "groups": found.groups, "rows_below": found.rows_below}


def table(whole: Whole) -> dict[str, Any]:
    """Return the facts of the report that are about the table."""
    return {
        "rows": whole.rows,
        "duplicate_rows": whole.rows - whole.distinct_rows,
        "columns": columns(whole),
        "content_digest": whole.content_digest,
        "content_rule": content.RULE,
    }
