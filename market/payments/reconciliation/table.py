"""A report as a file for a spreadsheet: the lines it keeps, one row each."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from market import sheets

COLUMNS: Final = (
    "outcome", "at", "currency", "platform", "books", "platform_fee", "books_fee", "difference",
    "type", "source", "trade", "operation",
)  # fmt: skip
"""Amounts are signed minor units of the currency; empty where a side does not have the movement."""


def written(lines: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of the file."""
    return sheets.text([COLUMNS, *([line[name] for name in COLUMNS] for line in lines)])
