"""An inspection as lines of text, for the command line. Light."""

from collections.abc import Iterator, Mapping
from typing import Any

from market.i18n import percent
from market.inspection.grading import INDICATORS, REASONS
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS, Sensitive


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured: digests, totals, grade, quality, columns, findings.

    Args:
        document: of :func:`market.inspection.service.document`.
    """
    yield f"report {document['report_digest']}"
    yield f"file {document['file']['digest']}, {document['file']['size']} bytes"
    yield f"content {document['content_digest']}"
    grade = document["grade"]
    yield (
        f"{document['rows']} rows, {len(document['columns'])} columns, "
        f"{document['duplicate_rows']} duplicates, grade {grade['letter']} ({grade['score']})"
    )
    yield "quality"
    yield from (f"  {_figure(one)}" for one in document["quality"] if one["column"] is None)
    yield "columns"
    for column in document["columns"]:
        yield (
            f"  {column['name']}: {TYPE_LABELS[column['type']]}, {column['nulls']} empty, "
            f"{column['distinct']} distinct"
        )
    yield from _sensitive(document["sensitive"])


def _figure(figure: Mapping[str, Any]) -> str:
    name = f"{figure['code']} {INDICATORS[figure['code']]}"
    if "reason" in figure:
        return f"{name}: not assessable, {REASONS[figure['reason']]}"
    numerator, denominator = figure["numerator"], figure["denominator"]
    return f"{name}: {numerator} of {denominator}, {percent(numerator, denominator)}"


def _sensitive(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["columns"] and not found["negative"]:
        yield "nothing sensitive was found"
        return
    yield "sensitive"
    for one in found["columns"]:
        kind = LABELS[Sensitive(one["class"])]
        yield f"  {one['name']}: {kind}, {one['cells']} of {one['filled']} cells"
    if found["k"]:
        names = ", ".join(found["k"]["columns"])
        yield f"  smallest group of rows alike in {names}: {found['k']['k']}"
    for hit in found["negative"]:
        yield f"  on the negative list: {hit['code']}, {hit['column'] or 'the whole file'}"
