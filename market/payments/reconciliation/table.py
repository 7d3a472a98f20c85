"""A report as a file for a spreadsheet: the lines it keeps, one row each (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Response

COLUMNS: Final = (
    "outcome", "at", "currency", "platform", "books", "platform_fee", "books_fee", "difference",
    "type", "source", "trade", "operation",
)  # fmt: skip
"""Amounts are signed minor units of the currency; empty where a side does not have the movement."""

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it a spreadsheet takes the file for something else than UTF-8."""


def written(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the file; no text of it begins a formula."""
    out = io.StringIO()
    out.write(_BYTE_ORDER_MARK)
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows([_cell(line[name]) for name in COLUMNS] for line in lines)
    return out.getvalue().encode()


def attachment(lines: Iterable[Mapping[str, Any]], name: str) -> Response:
    """Return the file as one to be kept, not shown."""
    answer = Response(written(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _cell(value: object) -> str | int:
    """Return a cell; a number is our own, a text may be anybody's."""
    if isinstance(value, int):
        return value
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
