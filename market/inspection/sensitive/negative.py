"""The negative list: what may not be traded, by column names and by words in cells.

The list is data (``negative-1.toml``), its codes are for ever. Light: cells are looked at by what they are
given, so that the server can read reasons without the libraries of the child.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from market.inspection.sensitive.hints import says


@dataclass(frozen=True)
class Entry:
    """One kind of data on the list, its reason in both languages, and how it is noticed."""

    code: str
    reason: Mapping[str, str]
    columns: tuple[str, ...]
    cells: str
    needs: tuple[bytes, ...]


@dataclass(frozen=True)
class Hit:
    """One reason why a file may not be traded.

    Attributes:
        code: the entry's stable code.
        column: the column's name.
        by: ``header`` or ``cells``.
        cells: how many cells bear the mark; 0 when the name alone does.
    """

    code: str
    column: str
    by: str
    cells: int


@cache
def entries() -> tuple[Entry, ...]:
    """Return the list in force, in its own order."""
    with (Path(__file__).parent / "negative-1.toml").open("rb") as file:
        read = tomllib.load(file)
    return tuple(
        Entry(
            entry["code"],
            {"en": entry["en"], "zh": entry["zh"]},
            tuple(entry["columns"]),
            entry.get("cells", ""),
            tuple(word.encode() for word in entry.get("needs", "").split("|") if word),
        )
        for entry in read["entry"]
    )


def reason(code: str) -> Mapping[str, str]:
    """Return the reason of a code, by language (``en``, ``zh``).

    Raises:
        KeyError: no entry has this code.
    """
    return {entry.code: entry.reason for entry in entries()}[code]


def hits(names: Iterable[str], cells: Mapping[str, Mapping[str, int]]) -> list[Hit]:
    """Return why a table is on the list, in the order of its columns.

    Args:
        names: the columns' names.
        cells: for a column's name, how many cells bear each code (``Screen.negative``).
    """
    found = []
    for name in names:
        for entry in entries():
            count = cells.get(name, {}).get(entry.code, 0)
            if count or says(name, entry.columns):
                found.append(Hit(entry.code, name, "cells" if count else "header", count))
    return found


def in_cells(cells: Any, flat: Any) -> dict[str, Any]:
    """Return the cells that bear a mark, as ``negative.<code>`` (child alone).

    Args:
        cells: text (a Polars series), none null.
        flat: their bytes.
    """
    found = {}
    words = _needles().found(flat.joined)
    for entry in entries() if words else ():
        if any(need in words for need in entry.needs):
            at = cells.str.contains(entry.cells).arg_true().to_numpy()
            if len(at):
                found[f"negative.{entry.code}"] = at
    return found


@cache
def _needles() -> Any:
    from market.inspection.sensitive.needles import Needles

    return Needles(need for entry in entries() for need in entry.needs)
