"""Planted findings: a stand-in for the child that measures, for tests of what follows from what it found."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from market.inspection.report import canonical
from market.inspection.service import Measured

COLUMNS = ("姓名", "电话", "金额")


def found(column: str, kind: str, *, cells: int = 3, declared: str | None = None) -> dict[str, Any]:
    """Return a finding as the report holds it."""
    level = {"resident_id": "sensitive_personal", "uscc": "not_personal"}.get(kind, "personal")
    return {
        "name": column, "class": kind, "level": level, "cells": cells, "filled": 4, "valid": 0,
        "basis": ["pattern", "header"], "declared": declared,
    }  # fmt: skip


def hit(code: str, column: str | None = None, cells: int = 1) -> dict[str, Any]:
    """Return a hit on the negative list as the report holds it."""
    return {"code": code, "column": column, "cells": cells}


def hidden(k: int) -> dict[str, Any]:
    """Return how rows hide, as the report holds it."""
    return {"columns": ["姓名", "金额"], "k": k, "groups": 2, "rows_below": k}


def report(
    *columns: dict[str, Any],
    k: dict[str, Any] | None = None,
    negative: tuple[dict[str, Any], ...] = (),
    file: bytes = b"",
) -> str:
    """Return a report of four rows with findings."""
    facts = {"type": "text", "nulls": 0, "distinct": 4}
    digest = hashlib.sha256(file).hexdigest()
    return canonical({
        "rows": 4, "duplicate_rows": 0, "content_digest": digest,
        "columns": [{"name": name, **facts} for name in COLUMNS],
        "file": {"digest": digest, "media_type": "text/csv", "encoding": "utf-8", "size": len(file)},
        "sensitive": {"columns": list(columns), "k": k, "negative": list(negative)},
    })  # fmt: skip


def measuring(*columns: dict[str, Any], **others: Any) -> Callable[..., Measured]:
    """Return what measures any file as having findings."""
    preview = {
        "columns": [
            {"name": name, "examples": ["张**"] if name in {one["name"] for one in columns} else []}
            for name in COLUMNS
        ]
    }

    def measure(path: Path, _media_type: str, **_others: Any) -> Measured:
        return Measured(report(*columns, file=path.read_bytes(), **others), canonical(preview), {}, ())

    return measure
