"""A first draft of a declaration, from what was measured."""

from collections.abc import Mapping
from typing import Any

from market.inspection.declared.model import COLUMNS, NAME, Declared, DeclaredColumn, fits, visible

FEW = 20
"""Most different values that are taken for a closed set."""


def draft(report: Mapping[str, Any], preview: Mapping[str, Any] | None = None) -> Declared:
    """Return what could be declared of a measured table; its provider decides.

    That a column holds personal data is never drafted: it lifts a stop, so its provider must say it.

    Args:
        report: see :mod:`market.inspection.report`.
        preview: the values seen; None when they may not be shown, and then no bounds are drafted.
    """
    values = preview["columns"] if preview else [{}] * len(report["columns"])
    found = {one["name"]: one["class"] for one in (report.get("sensitive") or {}).get("columns", ())}
    columns = [
        _column(column, value, report["rows"], found.get(column["name"]))
        for column, value in zip(report["columns"], values, strict=True)
        if len(column["name"]) <= NAME
    ]
    return Declared(tuple(columns[:COLUMNS]))


def _column(
    column: Mapping[str, Any], value: Mapping[str, Any], rows: int, personal: str | None
) -> DeclaredColumn:
    kind, filled = column["type"], rows - column["nulls"]
    seen = value if personal is None else {}
    return DeclaredColumn(
        column["name"],
        kind,
        required=column["nulls"] == 0,
        unique=column["distinct"] == rows > 1,
        minimum=_bound(kind, seen.get("minimum")),
        maximum=_bound(kind, seen.get("maximum")),
        allowed=_allowed(kind, column["distinct"], filled, seen.get("frequent") or ()),
    )


def _bound(kind: str, value: str | None) -> str | None:
    bounded = kind in {"integer", "decimal", "float", "date", "timestamp"}
    return value if bounded and value is not None and fits(kind, value) else None


def _allowed(kind: str, distinct: int, filled: int, frequent: Any) -> tuple[str, ...] | None:
    """Return the values of a text column if few of them, each seen more than once on average, cover all."""
    counted = {one["value"]: one["count"] for one in frequent}
    covers = len(counted) == distinct and sum(counted.values()) == filled
    fitting = all(len(value) <= NAME and value.strip() and visible(value) for value in counted)
    if kind != "text" or not covers or not fitting or not 1 <= distinct <= min(FEW, filled // 2):
        return None
    return tuple(sorted(counted))
