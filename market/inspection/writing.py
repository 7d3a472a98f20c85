"""From what was measured to the documents of an inspection. Child alone."""

from typing import Any

from market.inspection import content, grading
from market.inspection.column import Measured
from market.inspection.preview import Sample, uncertain
from market.inspection.sensitive import negative, reidentify
from market.inspection.sensitive.classes import level
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
            "uncertain": uncertain(one.column, one.finding and one.finding.kind),
        }
        for one in whole.columns
    ]


def preview(whole: Whole, sample: Sample) -> dict[str, Any]:
    """Return the preview: the values of each column, and the sample of rows."""
    kinds = [one.finding and one.finding.kind for one in whole.columns]
    found = values(whole)
    return {"columns": found, "sample": sample.masked(kinds, [one["uncertain"] for one in found])}


def quality(whole: Whole) -> list[dict[str, Any]]:
    """Return what can be told of quality from the bytes alone: of each column, then of the file."""
    of_columns = [figure for one in whole.columns for figure in _of_column(one)]
    of_file = [
        grading.summed("0201", of_columns, "no_cells"),
        grading.summed("0302", of_columns, "no_format"),
        grading.figure("0303", None, whole.distinct_rows, whole.rows),
        grading.summed("0305", of_columns, "no_cells"),
    ]
    return of_columns + of_file


def sensitive(whole: Whole, table: Table) -> dict[str, Any]:
    """Return what was found of sensitive data, and how well people hide among each other."""
    names = [column.name for column in table.columns]
    found = {one.column.name: one.finding for one in whole.columns if one.finding is not None}
    chosen = reidentify.quasi(names, {name: finding.kind for name, finding in found.items()})
    hits = negative.hits(names, {column.name: column.screen.negative() for column in table.columns})
    return {
        "columns": [
            {
                "name": name, "class": finding.kind.value, "level": level(finding.kind).value,
                "cells": finding.hits, "filled": finding.filled, "valid": finding.valid,
                "basis": list(finding.basis), "declared": False,
            }
            for name, finding in found.items()
        ],
        "k": _hidden(table, names, chosen) if chosen else None,
        "negative": [{"code": hit.code, "column": hit.column, "cells": hit.cells} for hit in hits],
    }  # fmt: skip


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


def _of_column(one: Measured) -> list[dict[str, Any]]:
    name, counts = one.column.name, one.column.counts
    found = [grading.figure("0201", name, counts.filled, counts.rows)]
    if not counts.filled:
        return [*found, *(grading.unassessed(code, "no_cells", name) for code in ("0302", "0305"))]
    formatted = max(counts.numbers, counts.dates, counts.moments, counts.booleans)
    found.append(
        grading.figure("0302", name, formatted, counts.filled)
        if one.type != "text" or formatted * 2 > counts.filled
        else grading.unassessed("0302", "no_format", name)
    )
    if one.type in {"binary", "float", "time"}:
        found[-1] = grading.figure("0302", name, counts.filled, counts.filled)
    unclean = min(counts.filled, counts.dirty["any"] + one.placeholders)
    found.append(grading.figure("0305", name, counts.filled - unclean, counts.filled))
    return found
